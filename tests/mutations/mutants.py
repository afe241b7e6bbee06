"""Deliberate bugs of a real plugin, each as a patch of `indox_mistral`: what strangers get wrong.

They were written before the contract's last checks; the list is not trimmed to what it catches.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One bug: in `module`, `old` stands once and becomes `new`."""

    name: str
    module: str
    old: str
    new: str


_ANSWERED = """\
        if response.is_success:
            return response
        response.read()
"""

MUTANTS: tuple[Mutant, ...] = (
    # What is sent
    Mutant("drops the system messages", "_encode",
           "                system.append(wire)\n", ""),
    Mutant("moves a late system message in silence", "_encode",
           '                    adaptations.append(Adaptation(path=path, kind="moved", '
           "reason=reason))\n", ""),
    Mutant("drops an empty turn of the user", "_encode",
           "    content = message.text if plain and len(chunks) <= 1 else chunks\n",
           "    content = message.text if plain and len(chunks) <= 1 else chunks\n"
           "    if not message.text:\n        return []\n"),
    Mutant("ignores temperature", "_encode", '        ("temperature", "temperature"),\n', ""),
    Mutant("ignores seed", "_encode", '        ("seed", "random_seed"),\n', ""),
    Mutant("clamps max_tokens in silence", "_encode",
           "            body[wire_name] = value\n",
           '            body[wire_name] = min(value, 1024) if name == "max_tokens" else value\n'),
    Mutant("sends no stop sequences", "_encode", "list(request.stop)", "[]"),
    Mutant("ignores tool_choice", "_encode",
           '            body["tool_choice"] = _choice_to_mistral(request.tool_choice)',
           "            pass"),
    Mutant("takes required for auto", "_encode",
           "    return choice.mode\n",
           '    return "auto" if choice.mode == "required" else choice.mode\n'),
    Mutant("ignores parallel_tool_calls", "_encode",
           '            body["parallel_tool_calls"] = request.parallel_tool_calls',
           "            pass"),
    Mutant("asks for JSON without the schema", "_encode",
           '{"type": "json_schema", "json_schema": fields}', '{"type": "json_object"}'),
    Mutant("ignores metadata", "_encode",
           '        body["metadata"] = request.metadata', "        pass"),
    Mutant("drops cache in silence", "_encode",
           '        adaptations.append(dropped("cache", reason, request.cache))', "        pass"),
    Mutant("ignores reasoning_effort", "_encode",
           '        ("reasoning_effort", "reasoning_effort"),\n', ""),
    Mutant("never asks for a stream", "_encode", '        body["stream"] = True', "        pass"),
    Mutant("loses a tool's description", "_encode",
           '        function["description"] = tool.description', "        pass"),
    Mutant("answers every call under one id", "_encode",
           '    wire = {"role": "tool", "tool_call_id": identifier, "content": content}',
           '    wire = {"role": "tool", "tool_call_id": "000000000", "content": content}'),
    Mutant("renames ids in silence", "_encode",
           """    adaptations.append(
        Adaptation(
            path=path,
            kind="renamed",""",
           """    list[Adaptation]().append(
        Adaptation(
            path=path,
            kind="renamed","""),
    Mutant("renames a call's id and not its result's", "_encode",
           '    identifier = _own_id(part.tool_call_id, f"{path}.tool_call_id", adaptations)',
           "    identifier = part.tool_call_id"),
    Mutant("sends another vendor's state", "_encode",
           "        state = part.state_of(PROVIDER)\n",
           "        state = part.provider_state.data if part.provider_state else None\n"),
    Mutant("leaves out another vendor's reasoning in silence", "_encode",
           '            adaptations.append(dropped(where, "Mistral takes back only its own '
           'state"))',
           "            pass"),
    Mutant("does not send its own reasoning back", "_encode",
           "            chunks.append(merged(state, part.own_options))", "            pass"),
    Mutant("encodes a call's arguments twice", "_encode",
           '"arguments": arguments_text(part)}',
           '"arguments": __import__("json").dumps(arguments_text(part))}'),
    Mutant("loses a failed tool's mark in silence", "_encode",
           '        adaptations.append(dropped(f"{path}.is_error", reason, True))',
           "        pass"),
    Mutant("says that it takes names, and loses them", "_provider",
           'frozenset({"web_search", "names"})', 'frozenset({"web_search"})'),
    Mutant("sends a document's name and not its data", "_encode",
           '"document_url": part.document.data_url}', '"document_url": str(part.document.name)}'),
    Mutant("loses the detail of an image", "_encode",
           '        if part.detail is not None:\n            image["detail"] = part.detail\n', ""),
    Mutant("changes the request", "_encode",
           "    adaptations: list[Adaptation] = []\n    options",
           "    adaptations: list[Adaptation] = []\n"
           "    request.metadata and request.metadata.clear()\n"
           "    for tool in request.tools:\n        tool.parameters.clear()\n    options"),
    Mutant("gives another call each time", "_encode",
           "    return Call(OPERATION,",
           '    body["safe_prompt"] = next(_TICKS)\n    return Call(OPERATION,')
    ,
    # What is read
    Mutant("invents a finish reason", "_decode",
           '_FINISH.get(str(raw), "unknown")', '_FINISH.get(str(raw), "stop")'),
    Mutant("loses the vendor's own word for the finish", "_decode",
           "    return Finish(unified, raw if isinstance(raw, str) else None)",
           "    return Finish(unified)"),
    Mutant("takes a cut answer for a whole one", "_decode",
           '    "length": "length",', '    "length": "stop",'),
    Mutant("counts cached tokens twice", "_decode",
           "        input=prompt,", "        input=(prompt or 0) + (read or 0),"),
    Mutant("does not see cached tokens", "_decode",
           "        cache_read=read,", "        cache_read=None,"),
    Mutant("counts no output", "_decode",
           '    completion = count(usage.get("completion_tokens"))',
           '    completion = count(usage.get("completion_tokens"))\n    completion = 0'),
    Mutant("reads only the first call", "_decode",
           '    calls = message.get("tool_calls") or ()\n',
           '    calls = (message.get("tool_calls") or ())[:1]\n'),
    Mutant("loses the ids of calls", "_decode",
           '                id=call_id(call) or f"{MADE_UP_CALL}{index}",',
           '                id=f"{MADE_UP_CALL}{index}",'),
    Mutant("takes broken arguments for none", "_decode",
           '                **parse_arguments(function.get("arguments")),',
           '                arguments=parse_arguments(function.get("arguments"))'
           '.get("arguments") or {},'),
    Mutant("drops the thinking of a whole answer", "_decode",
           "            parts.append(thinking_part(chunk))", "            pass"),
    Mutant("keeps no state of its thinking", "_decode",
           "        text=thinking_text(chunk), provider_state=ProviderState(provider=PROVIDER, "
           "data=chunk)\n", "        text=thinking_text(chunk)\n"),
    Mutant("fails at a block that it does not know", "_decode",
           "            parts.append(opaque_part(chunk))",
           '            raise ProviderFailure(Failure("malformed", "what is this"))'),
    Mutant("fails at a field that it does not know", "_decode",
           "    choices = body[\"choices\"]\n",
           "    choices = body[\"choices\"]\n    if len(body) > 6:\n"
           '        raise ProviderFailure(Failure("malformed", "what is this"))\n'),
    Mutant("takes an error inside a 200 for an answer", "_decode",
           '    if not isinstance(body, dict) or body.get("object") == "error" or "choices" not in '
           "body:\n        raise ProviderFailure(failure_of(body))\n",
           '    if not isinstance(body, dict) or "choices" not in body:\n'
           '        return Reply(parts=(), finish="stop")\n'),
    Mutant("loses the vendor's id", "_decode", '        id=body.get("id"),', "        id=None,"),
    Mutant("eats the body that it reads", "_decode",
           '        usage=usage_of(body.get("usage")),',
           '        usage=usage_of(body.pop("usage", None)),'),
    # Streams
    Mutant("takes the end of the connection for the end of the answer", "_stream",
           "    def finish(self) -> list[ChatEvent]:\n        return []",
           "    def finish(self) -> list[ChatEvent]:\n"
           '        return [] if self.finished else self.push("[DONE]")'),
    Mutant("merges parallel calls", "_stream",
           "    number = calls.number(call_id(call), call.get(\"index\"))",
           '    number = calls.number(call_id(call), call.get("index")) * 0'),
    Mutant("strips the pieces of a text", "_stream",
           'TextDelta(chunk["text"], self._part, number)',
           'TextDelta(chunk["text"].strip(), self._part, number)'),
    Mutant("shows thinking as text", "_stream",
           "return [ReasoningDelta(text, self._part, number)] if text else []",
           "return [TextDelta(text, self._part, number)] if text else []"),
    Mutant("gives no usage of a stream", "_stream",
           "            events.append(UsageSnapshot(usage))", "            pass"),
    Mutant("keeps one decoder for all streams", "_provider",
           "        return MistralDecoder()", "        return _DECODER"),
    # Errors
    Mutant("calls every refusal an API error", "_decode",
           "    return Refusal.read(body, status).failure(RULES)",
           '    return Failure("api", "refused", status)'),
    Mutant("lets the SDK's exceptions through", "_provider",
           "        return failure_from_mistral(error)", "        return None"),
    Mutant("loses the id of a refused request", "_errors",
           "    return with_headers(failure, error.raw_response)",
           "    return Failure(failure.kind, failure.message, failure.status_code)"),
    Mutant("does not read how long to wait", "_errors",
           "    return with_headers(failure, error.raw_response)",
           "    return __import__('dataclasses').replace(\n"
           "        with_headers(failure, error.raw_response), retry_after_s=None\n    )"),
    # The connection
    Mutant("does not look at the status in async", "_connection",
           "        response: httpx2.Response = await client.chat.do_request_async(\n"
           "            self._context(client, access), request, _never, stream=True\n        )\n"
           "        if response.is_success:",
           "        response: httpx2.Response = await client.chat.do_request_async(\n"
           "            self._context(client, access), request, _never, stream=True\n        )\n"
           "        if response:"),
    Mutant("tries again by itself", "_connection",
           _ANSWERED,
           "        if response.status_code == 503:\n"
           "            response.close()\n"
           "            response = self._settings.http_client.send(\n"
           "                _request(self._settings.http_client, client, call, access),\n"
           "                stream=True\n"
           "            )\n" + _ANSWERED),
    Mutant("reads a stream to its end before it gives it", "_connection",
           _ANSWERED,
           "        if response.is_success:\n            response.read()\n"
           "            return response\n        response.read()\n"),
    Mutant("follows a redirect", "_connection",
           _ANSWERED,
           '        if "location" in response.headers:\n'
           "            response.close()\n"
           '            access = __import__("dataclasses").replace(\n'
           '                access, base_url=response.headers["location"])\n'
           "            return self._open(call, access)\n" + _ANSWERED),
    Mutant("calls the vendor's own address only", "_connection",
           "        access.base_url + _PATHS[call.operation],",
           '        "http://127.0.0.1:9" + _PATHS[call.operation],'),
    Mutant("prefers the key of the environment", "_connection",
           '            "Authorization": access.bearer,\n            **call.headers,',
           '            "Authorization": __import__("os").environ.get("MISTRAL_API_KEY")'
           " or access.bearer,\n            **call.headers,"),
    Mutant("puts the key into the address", "_connection",
           "        access.base_url + _PATHS[call.operation],",
           '        access.base_url + _PATHS[call.operation] + "?key=" + access.key_text,'),
    Mutant("prints the key", "_connection",
           "        request = _request(self._settings.http_client, client, call, access)\n",
           "        request = _request(self._settings.http_client, client, call, access)\n"
           "        print(str(access.bearer))\n"),
    Mutant("does not send the headers that the user configured", "_connection",
           "            **access.headers,\n        },\n        timeout",
           "        },\n        timeout"),
    Mutant("imports its SDK when it is named", "_provider",
           "from ._stream import MistralDecoder",
           "from ._connection import connection_of as _early  # noqa\n"
           "from ._stream import MistralDecoder"),
    Mutant("is written for a contract that nobody knows", "_provider",
           "        contract=1,", "        contract=99,"),
    Mutant("has another name than its entry point", "_provider",
           '        name="mistral",', '        name="mistrals",'),
)  # fmt: skip

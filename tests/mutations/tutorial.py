"""Deliberate bugs of the tutorial's plugin, each as a patch of `indox_lantern`.

They are what a plugin's author gets wrong on a first day, and were written before the promises that
catch them; the list is not trimmed to what is caught.
"""

from __future__ import annotations

from mutants import Mutant

_BODY = '    return Call("/v1/talks", body)'
_TURNS = "    turns = [turn for message in request.messages for turn in _turns(message)]\n"
_CALLS = '    if message.tool_calls:\n        turn["calls"] = ['
_PUSH = "    def push(self, event: JSON) -> list[ChatEvent]:\n"
_REPLY = '    turn = body["turn"]\n'
_CONNECT = (
    "        return HTTPConnection(\n"
    "            settings, failure_of, lambda access: {\"X-Lantern-Key\": access.key_text}\n"
    "        )\n"
)  # fmt: skip


def _connection(methods: str, headers: str = '{"X-Lantern-Key": access.key_text}') -> str:
    """A connection of the plugin's own, in the place of the core's."""
    return (
        "        class Mine(HTTPConnection):\n"
        f"{methods}\n"
        f"        return Mine(settings, failure_of, lambda access: {headers})\n"
    )


def _of(module: str, *bugs: tuple[str, str, str]) -> tuple[Mutant, ...]:
    return tuple(Mutant(name, module, old, new) for name, old, new in bugs)


_SENT = _of(
    "_encode",
    ("sends a system message as a user's", '"system": "guide"', '"system": "human"'),
    ("sends an assistant's message as a user's", '"assistant": "lantern"', '"assistant": "human"'),
    ("sends only the last ten messages", "for message in request.messages for",
     "for message in request.messages[-10:] for"),
    ("leaves out a message that was said before", _TURNS,
     _TURNS + "    turns = [t for n, t in enumerate(turns) if t not in turns[:n]]\n"),
    ("cuts a long text at 2,000 characters", '"say": message.text}', '"say": message.text[:2000]}'),
    ("cuts a long text at 65,535 characters", '"say": message.text}',
     '"say": message.text[:65535]}'),
    ("strips the text", '"say": message.text}', '"say": message.text.strip()}'),
    ("joins the lines of a text", '"say": message.text}',
     '"say": message.text.replace("\\r\\n", "\\n")}'),
    ("loses what is not ASCII", '"say": message.text}',
     '"say": message.text.encode("ascii", "ignore").decode()}'),
    ("loses what is beyond the first plane", '"say": message.text}',
     '"say": "".join(c for c in message.text if ord(c) < 65536)}'),
    ("normalises the text", '"say": message.text}',
     '"say": __import__("unicodedata").normalize("NFKC", message.text)}'),
    ("escapes the text as HTML", '"say": message.text}',
     '"say": __import__("html").escape(message.text)}'),
    ("sends the first part of a text only", '"say": message.text}',
     '"say": getattr((message.content or [None])[0], "text", "")}'),
    ("names one model always", '{"engine": request.model,', '{"engine": "lantern-2",'),
    ("changes the case of the model", '{"engine": request.model,',
     '{"engine": request.model.lower(),'),
    ("drops a temperature of 0", "if request.temperature is not None:",
     "if request.temperature:"),
    ("rounds the temperature", '= request.temperature\n', '= round(request.temperature, 1)\n'),
    ("caps the temperature at 1", '= request.temperature\n', '= min(request.temperature, 1.0)\n'),
    ("caps the length at 4,096", '= request.max_tokens\n', '= min(request.max_tokens, 4096)\n'),
    ("sends the length as text", '= request.max_tokens\n', '= str(request.max_tokens)\n'),
    ("sends the first stop sequence only", "list(request.stop)", "list(request.stop[:1])"),
    ("strips the stop sequences", "list(request.stop)", "[s.strip() for s in request.stop]"),
    ("sorts the stop sequences", "list(request.stop)", "list({*request.stop})"),
    ("asks for a length of its own", 'request.stream}\n', 'request.stream, "limit": 1024}\n'),
    ("sorts the tools", "for tool in request.tools\n",
     "for tool in sorted(request.tools, key=lambda tool: tool.name)\n"),
    ("sends only eight tools", "for tool in request.tools\n", "for tool in request.tools[:8]\n"),
    ("cuts a tool's description", "tool.description or \"\"", "tool.description[:100]"),
    ("loses what a schema says beside its properties", '"input": tool.parameters}',
     '"input": {k: v for k, v in tool.parameters.items() if k in ("type", "properties", '
     '"required")}}'),
    ("closes a tool's schema", '"input": tool.parameters}',
     '"input": {**tool.parameters, "additionalProperties": False}}'),
    ("lowers the names of tools", '{"tool": tool.name,', '{"tool": tool.name.lower(),'),
    ("takes a tool by name for any tool", '{"tool": choice.name} if choice.name is not None else ',
     ""),
    ("takes none for auto", '"none": "never"', '"none": "may"'),
    ("loses that a tool has failed", '"failed": part.is_error}', '"failed": False}'),
    ("answers with the first text of a result", '"say": part.text,',
     '"say": getattr((part.content or [None])[0], "text", ""),'),
    ("answers only the last call", "            if isinstance(part, ToolResultPart)\n        ]",
     "            if isinstance(part, ToolResultPart)\n        ][-1:]"),
    ("names a call by its tool", '{"ref": call.id, "tool"', '{"ref": call.name, "tool"'),
    ("sends the arguments sorted and spelled anew", '"with": arguments_text(call)}',
     '"with": str(call.arguments)}'),
    ("loses arguments that were broken", '"with": arguments_text(call)}',
     '"with": __import__("json").dumps(call.arguments or {})}'),
    ("loses the text beside a call", _CALLS, _CALLS.replace(
        "\n", '\n        turn["say"] = ""\n', 1)),
    ("calls one tool of several", "for call in message.tool_calls\n",
     "for call in message.tool_calls[:1]\n"),
    ("reads the environment while it encodes", _BODY,
     '    body["engine"] = __import__("os").environ.get("LANTERN_ENGINE", request.model)\n'
     + _BODY),
    ("reads a setting by getenv where there are tools", "    if request.tools:\n",
     '    if request.tools:\n        __import__("os").getenv("LANTERN_TOOLS")\n'),
    ("reads a file while it encodes", _BODY,
     '    open(__file__).close()\n' + _BODY),
    ("waits before it encodes", _BODY, '    __import__("time").sleep(0.01)\n' + _BODY),
    ("waits by an event", _BODY,
     '    __import__("threading").Event().wait(0.01)\n' + _BODY),
    ("resolves a host while it encodes", _BODY,
     '    __import__("socket").getaddrinfo("localhost", 80)\n' + _BODY),
    ("starts a thread while it encodes", _BODY,
     '    __import__("threading").Thread(target=int).start()\n' + _BODY),
    ("reads the clock while it encodes", _BODY, '    __import__("time").time()\n' + _BODY),
    ("prints the request", _BODY, "    print(body)\n" + _BODY),
    ("writes the request to stderr", _BODY,
     '    __import__("sys").stderr.write(str(turns))\n' + _BODY),
    ("logs the request at debug", _BODY,
     '    __import__("logging").getLogger("lantern.private").debug("sent %s", body)\n' + _BODY),
    ("warns of what it does not know", "    if request.stop:\n",
     '    if request.stop:\n        __import__("warnings").warn("stop is new")\n'),
    ("remembers the first request", "def request_to_lantern(request: ChatRequest) -> Call:\n",
     "_KEPT: dict[str, Any] = {}\n\n\ndef request_to_lantern(request: ChatRequest) -> Call:\n"
     '    request = _KEPT.setdefault("request", request)\n'),
    ("gives a random name to each talk", _BODY,
     '    body["talk"] = __import__("uuid").uuid4().hex\n' + _BODY),
    ("changes the schema of a tool", "    if request.tools:\n",
     "    if request.tools:\n"
     "        for tool in request.tools:\n"
     '            tool.parameters.setdefault("title", tool.name)\n'),
)  # fmt: skip

_READ = _of(
    "_decode",
    ("loses the text beside a call it reads", '        parts=(*text, *calls),',
     '        parts=(*(calls or text),),'),
    ("puts the calls before the text", '        parts=(*text, *calls),',
     '        parts=(*calls, *text),'),
    ("reads a text no further than 2,000 characters", 'TextPart(text=turn["say"])',
     'TextPart(text=turn["say"][:2000])'),
    ("strips the answer", 'TextPart(text=turn["say"])', 'TextPart(text=turn["say"].strip())'),
    ("reads the answer as ASCII", 'TextPart(text=turn["say"])',
     'TextPart(text=turn["say"].replace("\\u200d", ""))'),
    ("fails where there are no calls", 'turn.get("calls") or ()', 'turn["calls"]'),
    ("fails where calls are null", 'turn.get("calls") or ()', 'turn.get("calls", ())'),
    ("parses arguments without care", '**parse_arguments(call["with"]))\n        for',
     'arguments=__import__("json").loads(call["with"]))\n        for'),
    ("takes broken arguments for none", '**parse_arguments(call["with"]))\n        for',
     'arguments=parse_arguments(call["with"])["arguments"] or {})\n        for'),
    ("makes ids of its own", 'ToolCallPart(id=call["ref"],',
     'ToolCallPart(id="c" + str(len(call["with"])) + call["tool"] + call["with"],'),
    ("reads no id of an answer", '        id=body.get("talk"),', "        id=None,"),
    ("reads no model of an answer", '        model=body.get("engine"),', "        model=None,"),
    ("reads no id or model anywhere", '        start = ChatStart(end.get("talk"), end.get("engine'
     '"))', '        start = ChatStart()'),
    ("takes full for done", '"full": "length"', '"full": "stop"'),
    ("takes calls for done", '"calls": "tool_calls"', '"calls": "stop"'),
    ("takes what it does not know for done", '_WHY.get(str(why), "unknown")',
     '_WHY.get(str(why), "stop")'),
    ("fails at a reason it does not know", '_WHY.get(str(why), "unknown")', "_WHY[str(why)]"),
    ("loses the vendor's word for the end", '"unknown"), why)', '"unknown"))'),
    ("swaps what was read and written", '(input=count(tokens.get("in")), output=count(tokens.get('
     '"out")))', '(input=count(tokens.get("out")), output=count(tokens.get("in")))'),
    ("takes a count of 0 for none", 'count(tokens.get("out"))',
     'count(tokens.get("out") or None)'),
    ("takes no counts for 0", "    if tokens is None:\n        return None\n",
     "    tokens = tokens or {\"in\": 0, \"out\": 0}\n"),
    ("fails without counts", '    tokens = body.get("tokens")', '    tokens = body["tokens"]'),
    ("changes the body that it reads", _REPLY, '    turn = body["turn"]\n    body["turn"] = {}\n'),
    ("takes an empty body for an answer", 'or "turn" not in body:', 'or body.get("oops"):'),
    ("answers an error in a 200 with an empty reply", "        raise ProviderFailure(failure_of("
     "body, 200))\n    turn", '        return Reply(parts=(), finish="error")\n    turn'),
    ("prints the answer", _REPLY, "    print(body)\n" + _REPLY),
    ("logs the answer", _REPLY,
     '    __import__("logging").getLogger(__name__).info("%s", body)\n' + _REPLY),
    ("reads the environment while it decodes", _REPLY,
     '    "LANTERN_RAW" in __import__("os").environ\n' + _REPLY),
    ("waits while it decodes", _REPLY, '    __import__("time").sleep(0.001)\n' + _REPLY),
)  # fmt: skip

_STREAMED = _of(
    "_decode",
    ("swallows an error event", '                raise ProviderFailure(failure_of(event, 200))\n'
     "        return", "                return []\n        return"),
    ("ends a stream at an error", '                raise ProviderFailure(failure_of(event, 200))\n'
     "        return", '                self.finished = True\n'
     '                return [ChatEnd(Finish("error"))]\n        return'),
    ("never says that it is finished", "                self.finished = True\n", ""),
    ("says that it is finished at the first text", "                return [TextDelta(text)]",
     "                self.finished = True\n                return [TextDelta(text)]"),
    ("says that a cut stream is complete", "        return []  # no `done` was there",
     '        return [ChatEnd(Finish("stop"))]  # no `done` was there'),
    ("strips each piece of a stream", "[TextDelta(text)]", "[TextDelta(text.strip())]"),
    ("drops a piece that is a space", "                return [TextDelta(text)]",
     "                return [TextDelta(text)] if text.strip() else []"),
    ("cuts a piece of a stream", "[TextDelta(text)]", "[TextDelta(text[:1000])]"),
    ("keeps the text until the end", "                return [TextDelta(text)]",
     '                self._kept = [*getattr(self, "_kept", []), TextDelta(text)]\n'
     "                return []\n"
     '            case {"done": {}} if getattr(self, "_kept", None):\n'
     "                kept, self._kept = self._kept, []\n"
     "                return [*kept, *self.push(event)]"),
    ("tells a piece twice in a while", "[TextDelta(text)]",
     "[TextDelta(text)] * (1 + (len(text) > 4000))"),
    ("gives all calls of a stream one part", "                self._calls += 1\n",
     "                self._calls = 1\n"),
    ("loses the id of a call of a stream", 'ToolCallDelta(self._calls, call["ref"],',
     "ToolCallDelta(self._calls, None,"),
    ("loses the text of a stream that holds a call", "                self._calls += 1\n",
     "                self._calls += 1\n                return [PartEnd(TextPart(text=''), 0), "
     "ToolCallDelta(self._calls, call['ref'], call['tool'], call['with'])]\n"),
    ("fails at an event that it does not know", "        return []  # an event that is newer than "
     "this plugin", "        raise ProviderFailure(failure_of(event, 200))"),
    ("fails at a field that it does not know", '            case {"say": text}:',
     '            case {"say": text} if len(event) == 1:'),
    ("loses the counts of a stream", "                return [start, *told, ChatEnd(_finish(end))]",
     "                return [start, ChatEnd(_finish(end))]"),
    ("invents the end of a stream", "ChatEnd(_finish(end))]", 'ChatEnd(Finish("stop"))]'),
    ("ends a stream twice", "ChatEnd(_finish(end))]",
     "ChatEnd(_finish(end)), ChatEnd(_finish(end))]"),
    ("counts its calls for all streams together", "    def __init__(self) -> None:\n"
     "        self.finished = False\n        self._calls = 0\n",
     "    _calls = 0\n    _texts: list[str] = []\n\n    def __init__(self) -> None:\n"
     "        self.finished = False\n        self._texts.append('')\n"
     "        LanternDecoder._calls += 1\n        self._calls = LanternDecoder._calls % 3\n"),
    ("parses the arguments of a stream without care", 'call["tool"], call["with"])]',
     'call["tool"], __import__("json").dumps(__import__("json").loads(call["with"])))]'),
    ("changes the events that it reads", _PUSH, _PUSH +
     "        if isinstance(event, dict):\n            event['seen'] = True\n"),
    ("prints each event", _PUSH, _PUSH + "        print(event)\n"),
    ("logs each event", _PUSH, _PUSH +
     '        __import__("logging").getLogger("x").debug("%s", event)\n'),
    ("waits at each event", _PUSH, _PUSH + '        __import__("time").sleep(0.001)\n'),
)  # fmt: skip

_REFUSED = _of(
    "_decode",
    ("calls no credit an API error", ', "empty_purse": "credits"', ""),
    ("calls no credit a limit of rate", '"empty_purse": "credits"', '"empty_purse": "rate_limit"'),
    ("calls an unknown engine an API error", '"engine_unknown": "not_found"',
     '"engine_unknown": "api"'),
    ("calls all refusals invalid", "    kind = _OOPS.get(code) or (kind_of_status(status) if "
     "status >= 400", '    kind = _OOPS.get(code) or ("invalid" if status >= 400'),
    ("calls every refusal by its status",
     "    kind = _OOPS.get(code) or (kind", "    kind = (kind"),
    ("loses the code of a refusal", "str(oops.get(\"text\")), code=code)",
     "str(oops.get(\"text\")))"),
    ("fails where a refusal is no object", "body.get(\"oops\") if isinstance(body, dict) else None",
     "body[\"oops\"]"),
    ("fails where a refusal is null", "    if not isinstance(oops, dict):\n",
     "    if oops == {}:\n"),
    ("calls what is no JSON malformed, whatever the status",
     '        kind = kind_of_status(status) if status >= 400 else "malformed"',
     '        kind: FailureKind = "malformed"'),
)  # fmt: skip

_CONNECTED = _of(
    "__init__",
    ("sends no key", '{"X-Lantern-Key": access.key_text}',
     '{"X-Lantern-Key": "lantern"}'),
    ("keeps the first key", _CONNECT,
     "        kept: dict[str, str] = {}\n"
     "        return HTTPConnection(\n"
     "            settings, failure_of,\n"
     '            lambda access: {"X-Lantern-Key": kept.setdefault("key", access.key_text)},\n'
     "        )\n"),
    ("keeps the key of the call under way", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                self.access = access\n"
        '                __import__("time").sleep(0.02)\n'
        "                return super()._request(client, call, self.access)\n")),
    ("sends no headers that were configured", _CONNECT, _connection(
        "            def _all_headers(self, call, access):\n"
        "                return self._headers(access)\n")),
    ("asks another path in async", _CONNECT, _connection(
        "            async def _aopen(self, call, access):\n"
        "                call = Call('/v1/talk', call.arguments)\n"
        "                return await super()._aopen(call, access)\n")),
    ("blocks the loop in async", _CONNECT, _connection(
        "            async def _aopen(self, call, access):\n"
        "                return self._open(call, access)\n")),
    ("tries again by itself", _CONNECT, _connection(
        "            def _open(self, call, access):\n"
        "                try:\n"
        "                    return super()._open(call, access)\n"
        "                except Exception:\n"
        "                    return super()._open(call, access)\n")),
    ("puts the key into the address", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                call = Call(f'{call.operation}?key={access.key_text}', call.arguments)\n"
        "                return super()._request(client, call, access)\n")),
    ("asks one server always", _CONNECT,
     "        import dataclasses\n\n" + _connection(
        "            def _request(self, client, call, access):\n"
        "                known = LanternProvider.__dict__.get('at') or access.base_url\n"
        "                LanternProvider.at = known\n"
        "                access = dataclasses.replace(access, base_url=known)\n"
        "                return super()._request(client, call, access)\n")),
    ("loses the path of a base URL", _CONNECT,
     "        import dataclasses\n        from urllib.parse import urljoin\n\n" + _connection(
        "            def _request(self, client, call, access):\n"
        "                access = dataclasses.replace(access, base_url=urljoin(access.base_url, "
        "'/').rstrip('/'))\n"
        "                return super()._request(client, call, access)\n")),
    ("keeps the key of its last call", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                self.last = access\n"
        "                return super()._request(client, call, access)\n")),
    ("prints what it sends", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                print('sending', call.arguments)\n"
        "                return super()._request(client, call, access)\n")),
    ("logs what it sends at debug", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                __import__('logging').getLogger('lantern').debug(call.arguments)\n"
        "                return super()._request(client, call, access)\n")),
    ("closes the pools it was lent", _CONNECT, _connection(
        "            def close(self):\n"
        "                self._settings.http_client.close()\n")),
    ("sends a cookie back", _CONNECT, _connection(
        "            def _open(self, call, access):\n"
        "                response = super()._open(call, access)\n"
        "                self.cookie = response.headers.get('set-cookie')\n"
        "                return response\n"
        "            def _request(self, client, call, access):\n"
        "                request = super()._request(client, call, access)\n"
        "                if getattr(self, 'cookie', None):\n"
        "                    request.headers['cookie'] = self.cookie\n"
        "                return request\n")),
    ("sends less than it was told", _CONNECT, _connection(
        "            def _request(self, client, call, access):\n"
        "                sent = {k: v for k, v in call.arguments.items() if k != 'ends'}\n"
        "                return super()._request(client, Call(call.operation, sent), access)\n")),
    ("reads a stream to its end before it gives it", _CONNECT, _connection(
        "            def _open(self, call, access):\n"
        "                response = super()._open(call, access)\n"
        "                response.read()\n"
        "                return response\n")),
    ("keeps one decoder", "    def decoder(self, operation: str) -> StreamDecoder:\n        return "
     "LanternDecoder()", "    _decoder = LanternDecoder()\n\n"
     "    def decoder(self, operation: str) -> StreamDecoder:\n        return self._decoder"),
    ("says that it has images", '{"tools", "temperature",', '{"images", "tools", "temperature",'),
    ("says that it lacks tools and stop alone", '- {"tools", "temperature", "max_tokens", "stop", '
     '"finish_reasons", "usage"}', '- {"top_p", "seed", "tools", "temperature", "max_tokens", '
     '"stop", "finish_reasons", "usage"}'),
    ("names an address without TLS", '"https://api.lantern.example"',
     '"http://api.lantern.example"'),
    ("has another name than its entry point", 'name="lantern"', 'name="lanterns"'),
    ("is of a contract that nobody knows", "contract=1", "contract=7"),
)  # fmt: skip

TUTORIAL_MUTANTS = (*_SENT, *_READ, *_STREAMED, *_REFUSED, *_CONNECTED)

"""The Responses API: the canonical request to its JSON, and its JSON to a reply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    Adaptation,
    Call,
    ChatEnd,
    ChatEvent,
    ChatRequest,
    ChatStart,
    Citation,
    CitationFound,
    ContentPart,
    DocumentPart,
    Failure,
    Finish,
    FinishReason,
    ImagePart,
    Message,
    PartEnd,
    ProviderFailure,
    ProviderState,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    Reply,
    TextDelta,
    TextPart,
    TokenUsage,
    Tool,
    ToolCallDelta,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
    UnsupportedFeatureError,
    UsageSnapshot,
    arguments_text,
    as_object,
    count,
    dropped,
    media_part,
    merged,
    parse_arguments,
)

from ._options import PENALTIES, OpenAIOptions, effort_of, reasons, sampling
from ._shared import (
    expect_object,
    failure_of,
    file_of,
    json_format,
    note_cache,
    note_is_error,
    strict_schema,
    usage_of,
)

OPERATION = "responses"


# Request


def request_to_responses(request: ChatRequest, adaptations: list[Adaptation]) -> Call:
    """The body of POST /responses."""
    options = request.options_as(OpenAIOptions)
    custom: set[str] = set()  # the ids of calls whose input is free text
    body: dict[str, Any] = {
        "model": request.model,
        "input": [
            item
            for number, message in enumerate(request.messages)
            for item in _message_to_items(message, number, custom, adaptations)
        ],
        # Answers are kept for 30 days unless this says no:
        # https://developers.openai.com/api/docs/guides/your-data
        "store": False,
        **sampling(request, adaptations),
    }
    if reasons(request):
        body["include"] = ["reasoning.encrypted_content"]
    _leave_out_what_chat_has(request, adaptations)
    if request.seed is not None:
        adaptations.append(dropped("seed", "the Responses API takes no seed", request.seed))
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    tools = [
        _tool_to_responses(tool, f"tools.{number}", adaptations)
        for number, tool in enumerate(request.tools)
    ]
    if request.web_search:
        tools.append({"type": "web_search"})
    if tools:
        body["tools"] = tools
        if request.tool_choice is not None:
            body["tool_choice"] = _choice_to_responses(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    text: dict[str, Any] = {}
    if request.response_schema is not None:
        schema = json_format(request.response_schema, adaptations)
        text["format"] = {"type": "json_schema", **schema}
    if options.verbosity is not None:
        text["verbosity"] = options.verbosity
    if text:
        body["text"] = text
    effort = effort_of(request, adaptations)
    reasoning = {"effort": effort, "summary": options.reasoning_summary}
    if any(reasoning.values()):
        body["reasoning"] = {name: value for name, value in reasoning.items() if value is not None}
    if request.metadata:
        body["metadata"] = request.metadata
    note_cache(request, adaptations)
    if request.stream:
        body["stream"] = True
    for name in ("service_tier", "prompt_cache_key", "safety_identifier"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations))


def _leave_out_what_chat_has(request: ChatRequest, adaptations: list[Adaptation]) -> None:
    options = request.options_as(OpenAIOptions)
    asked = [name for name, value in (("stop", request.stop), ("n", options.n)) if value]
    if asked:
        raise UnsupportedFeatureError(
            f"openai: the Responses API takes no {' and no '.join(asked)}. Leave it out, or "
            'name provider_options "api": "chat".'
        )
    for name in PENALTIES:
        if (value := getattr(options, name)) is not None:
            reason = f"the Responses API takes no {name}"
            adaptations.append(dropped(f"provider_options.openai.{name}", reason, value))


def _message_to_items(
    message: Message, number: int, custom: set[str], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    if message.name is not None:
        reason = "the Responses API takes no names"
        adaptations.append(dropped(f"messages.{number}.name", reason, message.name))
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [_result_to_item(part, number, custom, adaptations) for part in results]
    if message.role == "assistant":
        return _assistant_to_items(message, number, custom, adaptations)
    if all(isinstance(part, TextPart) for part in message.content) and len(message.content) <= 1:
        return [{"role": message.role, "content": message.text}]
    parts = [
        _part_to_responses(part, f"messages.{number}.content.{index}", adaptations)
        for index, part in enumerate(message.content)
    ]
    return [{"role": message.role, "content": parts}]


def _assistant_to_items(
    message: Message, number: int, custom: set[str], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """Text, reasoning and calls are items of their own, in the order in which they came."""
    items: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        state = part.state_of("openai", OPERATION)
        if state is None and (part.provider_state is not None or part.type not in _TAKEN_BACK):
            reason = f"OpenAI takes back only its own state, and of others no {part.type}"
            adaptations.append(dropped(f"messages.{number}.content.{index}", reason))
        if isinstance(part, TextPart) and part.text:
            # Models that tell commentary from the final answer want that back.
            phase = {"phase": state["phase"]} if state is not None and "phase" in state else {}
            items.append({"role": "assistant", "content": part.text, **phase})
        elif isinstance(part, ToolCallPart) and state is not None:
            custom.add(part.id)
            items.append({**state, "call_id": part.id})
        elif isinstance(part, ToolCallPart):
            items.append(
                {
                    "type": "function_call",
                    "call_id": part.id,
                    "name": part.name,
                    "arguments": arguments_text(part),
                }
            )
        elif state is not None:
            items.append(dict(state))
    if not items and all(isinstance(part, TextPart) for part in message.content):
        adaptations.append(dropped(f"messages.{number}", "OpenAI takes no empty message back"))
    return items


_TAKEN_BACK = ("text", "tool_call")


def _result_to_item(
    part: ToolResultPart, number: int, custom: set[str], adaptations: list[Adaptation]
) -> dict[str, Any]:
    note_is_error(part, number, adaptations)
    path = f"messages.{number}"
    output: Any = part.text
    if any(isinstance(item, ImagePart) for item in part.content):
        output = [_part_to_responses(item, path, adaptations) for item in part.content]
    kind = "custom_tool_call_output" if part.tool_call_id in custom else "function_call_output"
    return {"type": kind, "call_id": part.tool_call_id, "output": output}


def _part_to_responses(
    part: ContentPart, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, ImagePart):
        detail = part.detail or "auto"
        return {"type": "input_image", "image_url": part.image.data_url, "detail": detail}
    if isinstance(part, DocumentPart):
        if part.document.url is not None:
            if part.document.name is not None:
                reason = "OpenAI takes no name for a document that it fetches"
                adaptations.append(dropped(f"{path}.document.name", reason, part.document.name))
            return {"type": "input_file", "file_url": part.document.url}
        return {"type": "input_file", **file_of(part.document)}
    raise UnsupportedFeatureError(
        f"{path}: the Responses API takes no {part.type}. "
        'Leave out provider_options "api", or name "chat".'
    )


def _tool_to_responses(tool: Tool, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    schema, strict = strict_schema(
        tool.parameters, bool(tool.strict), f"{path}.parameters", adaptations
    )
    wire: dict[str, Any] = {
        "type": "function",
        "name": tool.name,
        "parameters": schema,
        # Left out, it would be true, and OpenAI would refuse every optional argument.
        "strict": strict,
    }
    if tool.description:
        wire["description"] = tool.description
    return wire


def _choice_to_responses(choice: ToolChoice) -> Any:
    if choice.name is not None:
        return {"type": "function", "name": choice.name}
    return choice.mode


# Answer


def responses_to_reply(body: JSON) -> Reply:
    """A `response` object."""
    body = expect_object(body)
    if body.get("status") == "failed":
        raise ProviderFailure(failure_of(body.get("error")))
    if not isinstance(body.get("output"), list):
        raise ProviderFailure(Failure("malformed", "the answer has no output"))
    parts: list[ContentPart] = []
    refusals: list[str] = []
    for item in body.get("output") or ():
        parts += _parts_of_item(item, refusals)
    has_calls = any(isinstance(part, ToolCallPart) for part in parts)
    return Reply(
        parts=tuple(parts),
        finish=_finish(body, has_calls, bool(refusals)),
        usage=_usage(body),
        id=body.get("id"),
        model=body.get("model"),
        refusal="".join(refusals) or None,
        citations=_citations(body),
    )


def _parts_of_item(item: dict[str, Any], refusals: list[str]) -> list[ContentPart]:
    kind = item.get("type")
    if kind == "message":
        content = item.get("content") or ()
        refusals += [str(c.get("refusal")) for c in content if c.get("type") == "refusal"]
        return [part for c in content if (part := _content_part(c, item)) is not None]
    if kind in ("function_call", "custom_tool_call"):
        return [_call_part(item)]
    if kind == "reasoning":
        return [_reasoning_part(item)]
    if kind == "image_generation_call" and item.get("result"):
        return [media_part(item["result"], None, _state(item))]
    # The calls of tools that OpenAI runs itself: the next turn wants them back.
    return [TextPart(text="", provider_state=_state(item))]


def _content_part(content: dict[str, Any], item: dict[str, Any]) -> TextPart | None:
    """One content of a message; of a kind that is not known here, it stays opaque."""
    kind = content.get("type")
    if kind == "refusal" or (kind == "output_text" and not content.get("text")):
        return None
    if kind == "output_text":
        phase = item.get("phase")
        return TextPart(
            text=content["text"], provider_state=_state({"phase": phase}) if phase else None
        )
    state = ProviderState(provider="openai", api="responses.content", data=content)
    return TextPart(text="", provider_state=state)


def _call_part(item: dict[str, Any]) -> ToolCallPart:
    """A call of a function, or of a custom tool, whose input is free text."""
    identifier = item.get("call_id") or item.get("id") or f"{MADE_UP_CALL}0"
    name = item.get("name") or ""
    if item.get("type") == "custom_tool_call":
        return ToolCallPart(
            id=identifier,
            name=name,
            arguments_raw=item.get("input") or "",
            provider_state=_state(item),
        )
    return ToolCallPart(id=identifier, name=name, **parse_arguments(item.get("arguments")))


def _reasoning_part(item: dict[str, Any]) -> ReasoningPart:
    """The readable text, and the item itself for the next turn."""
    texts = item.get("content") or item.get("summary") or ()
    text = "\n\n".join(t["text"] for t in texts if isinstance(t, dict) and t.get("text"))
    # What OpenAI did not write itself, it does not take back.
    kept = {name: item[name] for name in ("type", "id", "summary", "encrypted_content")
            if item.get(name) is not None}  # fmt: skip
    kept.setdefault("summary", [])
    return ReasoningPart(
        text=text,
        provider_state=_state(kept) if item.get("encrypted_content") else None,
    )


def _state(item: dict[str, Any]) -> ProviderState:
    return ProviderState(provider="openai", api=OPERATION, data=item)


def _finish(body: dict[str, Any], has_calls: bool, refused: bool) -> Finish:
    status = body.get("status")
    reason = (body.get("incomplete_details") or {}).get("reason")
    if status == "incomplete":
        if reason in ("max_output_tokens", "max_messages"):
            return Finish("length", reason)
        unified: FinishReason = "content_filter" if reason == "content_filter" else "unknown"
        return Finish(unified, reason or status)
    if status == "completed":
        return Finish("refusal" if refused else "tool_calls" if has_calls else "stop", status)
    return Finish("error" if status == "cancelled" else "unknown", status)


def _usage(body: dict[str, Any]) -> TokenUsage | None:
    searches = as_object(as_object(body.get("tool_usage")).get("web_search")).get("num_requests")
    if searches is None:
        searches = sum(
            item.get("type") == "web_search_call"
            and (item.get("action") or {}).get("type", "search") == "search"
            for item in body.get("output") or ()
        )
    return usage_of(
        body.get("usage"),
        ("input_tokens", "output_tokens"),
        body.get("service_tier"),
        count(searches),
    )


def _citations(body: dict[str, Any]) -> tuple[Citation, ...]:
    return tuple(
        Citation(url=note.get("url"), title=note.get("title"))
        for item in body.get("output") or ()
        for content in item.get("content") or ()
        for note in content.get("annotations") or ()
        if note.get("type") == "url_citation"
    )


class ResponsesDecoder:
    """The typed events of a response to chat events."""

    def __init__(self) -> None:
        self.finished = False
        self._texts: set[int] = set()
        self._items: set[int] = set()
        self._refused = False
        self._thought: dict[int, Any] = {}
        self._handlers: dict[str, Callable[[dict[str, Any]], list[ChatEvent]]] = {
            "response.created": self._start,
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._reasoning,
            "response.reasoning_text.delta": self._reasoning,
            "response.output_item.added": self._item_added,
            "response.function_call_arguments.delta": self._arguments,
            "response.custom_tool_call_input.delta": self._arguments,
            "response.output_item.done": self._item_done,
            "response.completed": self._end,
            "response.incomplete": self._end,
            "response.failed": self._end,
            "error": self._error,
        }

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return []
        if not isinstance(event, dict) or (event.get("error") and "type" not in event):
            expect_object(event)
        handler = self._handlers.get(event.get("type"))
        return handler(event) if handler is not None else []

    def finish(self) -> list[ChatEvent]:
        return []

    def _start(self, event: dict[str, Any]) -> list[ChatEvent]:
        response = event.get("response") or {}
        return [ChatStart(response.get("id"), response.get("model"))]

    def _text(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = _part_number(event, event.get("content_index"))
        self._texts.add(number)
        return [TextDelta(event["delta"], number)] if event.get("delta") else []

    def _refusal(self, event: dict[str, Any]) -> list[ChatEvent]:
        self._refused = True
        return [RefusalDelta(event.get("delta") or "")]

    def _reasoning(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = _part_number(event)
        block = event.get("summary_index", event.get("content_index"))
        apart = self._thought.setdefault(number, block) != block  # a paragraph of its own
        self._thought[number] = block
        return [ReasoningDelta(("\n\n" if apart else "") + (event.get("delta") or ""), number)]

    def _item_added(self, event: dict[str, Any]) -> list[ChatEvent]:
        item = event.get("item") or {}
        if item.get("type") not in ("function_call", "custom_tool_call"):
            return []
        identifier = item.get("call_id") or item.get("id")
        return [ToolCallDelta(_part_number(event), identifier, item.get("name"))]

    def _arguments(self, event: dict[str, Any]) -> list[ChatEvent]:
        return [ToolCallDelta(_part_number(event), arguments=event.get("delta") or "")]

    def _item_done(self, event: dict[str, Any]) -> list[ChatEvent]:
        """The whole item replaces its deltas; text has arrived in full already, as a rule."""
        self._items.add(event.get("output_index") or 0)
        item = event.get("item") or {}
        if item.get("type") != "message":
            parts = _parts_of_item(item, [])
            return [PartEnd(part, _part_number(event)) for part in parts]
        events: list[ChatEvent] = []
        for index, content in enumerate(item.get("content") or ()):
            number, part = _part_number(event, index), _content_part(content, item)
            if part is not None and (part.provider_state is not None or number not in self._texts):
                events.append(PartEnd(part, number))
            elif content.get("type") == "refusal" and not self._refused:
                events.append(RefusalDelta(str(content.get("refusal"))))
        return events

    def _end(self, event: dict[str, Any]) -> list[ChatEvent]:
        reply = responses_to_reply(event.get("response"))
        self.finished = True
        events: list[ChatEvent] = [ChatStart(reply.id, reply.model)]
        for index, item in enumerate(event["response"]["output"]):
            if index not in self._items:
                events += self._item_done({"output_index": index, "item": item})
        events += [CitationFound(citation) for citation in reply.citations]
        if reply.usage is not None:
            events.append(UsageSnapshot(reply.usage))
        return [*events, ChatEnd(reply.first.finish)]

    def _error(self, event: dict[str, Any]) -> list[ChatEvent]:
        raise ProviderFailure(failure_of(event.get("error") or event))


def _part_number(event: dict[str, Any], content_index: int | None = 0) -> int:
    """One number for an item and a content part within it."""
    return int(event.get("output_index") or 0) * 1000 + int(content_index or 0)

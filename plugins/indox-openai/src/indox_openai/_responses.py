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
    ImagePart,
    Media,
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
    count,
    dropped,
    parse_arguments,
)

from ._options import OpenAIOptions, reasons, sampling
from ._shared import (
    expect_object,
    failure_of,
    file_of,
    json_format,
    note_cache,
    note_is_error,
    usage_of,
)

OPERATION = "responses"


# Request


def request_to_responses(request: ChatRequest, adaptations: list[Adaptation]) -> Call:
    """The body of POST /responses."""
    options = request.options_as(OpenAIOptions)
    body: dict[str, Any] = {
        "model": request.model,
        "input": [
            item
            for number, message in enumerate(request.messages)
            for item in _message_to_items(message, number, adaptations)
        ],
        # Answers are kept for 30 days unless this says no:
        # https://developers.openai.com/api/docs/guides/your-data
        "store": False,
        **sampling(request, adaptations),
    }
    if reasons(request):
        body["include"] = ["reasoning.encrypted_content"]
    _refuse_what_chat_has(request)
    if request.seed is not None:
        adaptations.append(dropped("seed", "the Responses API takes no seed", request.seed))
    if request.max_tokens is not None:
        body["max_output_tokens"] = request.max_tokens
    tools = [_tool_to_responses(tool) for tool in request.tools]
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
    reasoning = {"effort": request.reasoning_effort, "summary": options.reasoning_summary}
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
    body.update(options.extra_body)
    return Call(OPERATION, body, tuple(adaptations))


def _refuse_what_chat_has(request: ChatRequest) -> None:
    options = request.options_as(OpenAIOptions)
    asked = [name for name in ("presence_penalty", "frequency_penalty", "n")
             if getattr(options, name) is not None]  # fmt: skip
    if request.stop:
        asked.insert(0, "stop")
    if asked:
        raise UnsupportedFeatureError(
            f"openai: the Responses API takes no {', '.join(asked)}. "
            'Leave out provider_options "api", or name "chat".'
        )


def _message_to_items(
    message: Message, number: int, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    if message.name is not None:
        reason = "the Responses API takes no names"
        adaptations.append(dropped(f"messages.{number}.name", reason, message.name))
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [_result_to_item(part, number, adaptations) for part in results]
    if message.role == "assistant":
        return _assistant_to_items(message, number, adaptations)
    if all(isinstance(part, TextPart) for part in message.content) and len(message.content) <= 1:
        return [{"role": message.role, "content": message.text}]
    parts = [_part_to_responses(part, number) for part in message.content]
    return [{"role": message.role, "content": parts}]


def _assistant_to_items(
    message: Message, number: int, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """Text, reasoning and calls are items of their own, in the order in which they came."""
    items: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        state = part.state_of("openai", OPERATION)
        if state is None and (part.provider_state is not None or part.type not in _TAKEN_BACK):
            reason = f"OpenAI takes back only its own state, and of others no {part.type}"
            adaptations.append(dropped(f"messages.{number}.content.{index}", reason))
        if isinstance(part, TextPart) and part.text:
            items.append({"role": "assistant", "content": part.text})
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
    return items


_TAKEN_BACK = ("text", "tool_call")


def _result_to_item(
    part: ToolResultPart, number: int, adaptations: list[Adaptation]
) -> dict[str, Any]:
    note_is_error(part, number, adaptations)
    output: Any = part.text
    if any(isinstance(item, ImagePart) for item in part.content):
        output = [_part_to_responses(item, 0) for item in part.content]
    return {"type": "function_call_output", "call_id": part.tool_call_id, "output": output}


def _part_to_responses(part: ContentPart, number: int) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    if isinstance(part, ImagePart):
        detail = part.detail or "auto"
        return {"type": "input_image", "image_url": part.image.data_url, "detail": detail}
    if isinstance(part, DocumentPart):
        if part.document.url is not None:
            return {"type": "input_file", "file_url": part.document.url}
        return {"type": "input_file", **file_of(part.document)}
    raise UnsupportedFeatureError(
        f"messages.{number}: the Responses API takes no {part.type}. "
        'Leave out provider_options "api", or name "chat".'
    )


def _tool_to_responses(tool: Tool) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "type": "function",
        "name": tool.name,
        "parameters": tool.parameters,
        # Left out, it would be true, and OpenAI would refuse every optional argument.
        "strict": bool(tool.strict),
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
        texts = (c.get("text") for c in content if c.get("type") == "output_text")
        return [TextPart(text=text) for text in texts if text]
    if kind == "function_call":
        return [_call_part(item)]
    if kind == "reasoning":
        return [_reasoning_part(item)]
    if kind == "image_generation_call" and item.get("result"):
        return [ImagePart(image=Media(data=item["result"]))]
    # The calls of tools that OpenAI runs itself: the next turn wants them back.
    return [TextPart(text="", provider_state=_state(item))] if item.get("id") else []


def _call_part(item: dict[str, Any]) -> ToolCallPart:
    return ToolCallPart(
        id=item.get("call_id") or item.get("id") or f"{MADE_UP_CALL}0",
        name=item.get("name") or "",
        **parse_arguments(item.get("arguments")),
    )


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
        return Finish("content_filter" if reason == "content_filter" else "unknown", reason)
    if status == "completed":
        return Finish("refusal" if refused else "tool_calls" if has_calls else "stop", status)
    return Finish("error" if status == "cancelled" else "unknown", status)


def _usage(body: dict[str, Any]) -> TokenUsage | None:
    searches = ((body.get("tool_usage") or {}).get("web_search") or {}).get("num_requests")
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
        self._handlers: dict[str, Callable[[dict[str, Any]], list[ChatEvent]]] = {
            "response.created": self._start,
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._reasoning,
            "response.reasoning_text.delta": self._reasoning,
            "response.output_item.added": self._item_added,
            "response.function_call_arguments.delta": self._arguments,
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
        return [TextDelta(event["delta"], _part_number(event))] if event.get("delta") else []

    def _refusal(self, event: dict[str, Any]) -> list[ChatEvent]:
        return [RefusalDelta(event.get("delta") or "")]

    def _reasoning(self, event: dict[str, Any]) -> list[ChatEvent]:
        return [ReasoningDelta(event.get("delta") or "", event.get("output_index") or 0)]

    def _item_added(self, event: dict[str, Any]) -> list[ChatEvent]:
        item = event.get("item") or {}
        if item.get("type") != "function_call":
            return []
        number = event.get("output_index") or 0
        return [ToolCallDelta(number, item.get("call_id") or item.get("id"), item.get("name"))]

    def _arguments(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = event.get("output_index") or 0
        return [ToolCallDelta(number, arguments=event.get("delta") or "")]

    def _item_done(self, event: dict[str, Any]) -> list[ChatEvent]:
        """The whole item replaces its deltas; text has arrived in full already."""
        item = event.get("item") or {}
        if item.get("type") == "message":
            return []
        number = event.get("output_index") or 0
        return [PartEnd(part, number) for part in _parts_of_item(item, [])]

    def _end(self, event: dict[str, Any]) -> list[ChatEvent]:
        reply = responses_to_reply(event.get("response"))
        self.finished = True
        events: list[ChatEvent] = [ChatStart(reply.id, reply.model)]
        events += [CitationFound(citation) for citation in reply.citations]
        if reply.usage is not None:
            events.append(UsageSnapshot(reply.usage))
        return [*events, ChatEnd(reply.first.finish)]

    def _error(self, event: dict[str, Any]) -> list[ChatEvent]:
        raise ProviderFailure(failure_of(event.get("error") or event))


def _part_number(event: dict[str, Any]) -> int:
    """One number for an item and a content part within it."""
    return int(event.get("output_index") or 0) * 1000 + int(event.get("content_index") or 0)

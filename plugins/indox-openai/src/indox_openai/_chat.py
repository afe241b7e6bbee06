"""Chat Completions: the canonical request to its JSON, and its JSON to a reply."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    Adaptation,
    AudioPart,
    Call,
    CallNumbers,
    ChatEnd,
    ChatEvent,
    ChatRequest,
    ChatStart,
    Choice,
    Citation,
    CitationFound,
    ContentPart,
    DocumentPart,
    Failure,
    Finish,
    FinishReason,
    ImagePart,
    Message,
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

from ._options import OpenAIOptions, effort_of, is_openai_itself, reasons, sampling
from ._shared import (
    expect_object,
    file_of,
    json_format,
    note_cache,
    note_is_error,
    strict_schema,
    usage_of,
)

OPERATION = "chat.completions"

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


# Request


def request_to_chat(request: ChatRequest, adaptations: list[Adaptation]) -> Call:
    """The body of POST /chat/completions."""
    options = request.options_as(OpenAIOptions)
    own = is_openai_itself(request.base_url)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            wire
            for number, message in enumerate(request.messages)
            for wire in _message_to_chat(message, number, adaptations)
        ],
        **sampling(request, adaptations),
    }
    if request.web_search:
        raise UnsupportedFeatureError(
            f"{request.provider}: Chat Completions has no web search. At OpenAI the Responses API "
            'has: leave out provider_options "api", stop, n and audio.'
        )
    if request.max_tokens is not None:
        # The older name is the one that other servers know; reasoning models refuse it.
        body["max_completion_tokens" if own else "max_tokens"] = request.max_tokens
    if request.stop:
        if own and reasons(request):
            raise UnsupportedFeatureError(f"openai: {request.model} takes no stop sequences.")
        body["stop"] = list(request.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = [
            _tool_to_chat(tool, f"tools.{number}", adaptations)
            for number, tool in enumerate(request.tools)
        ]
        if request.tool_choice is not None:
            body["tool_choice"] = _choice_to_chat(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_schema is not None:
        schema = json_format(request.response_schema, adaptations)
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if (effort := effort_of(request, adaptations)) is not None:
        body["reasoning_effort"] = effort
    if request.metadata:
        # OpenAI takes metadata only with answers that it stores.
        reason = "Chat Completions keeps metadata only with stored answers"
        adaptations.append(dropped("metadata", reason, request.metadata))
    note_cache(request, adaptations)
    if own:
        body["store"] = False
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    names = ("service_tier", "verbosity", "presence_penalty", "frequency_penalty", "n")
    for name in (*names, "prompt_cache_key", "safety_identifier"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    if options.reasoning_summary is not None:
        raise UnsupportedFeatureError(
            f"{request.provider}: Chat Completions gives no reasoning_summary."
        )
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations))


def _message_to_chat(
    message: Message, number: int, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [_result_to_chat(part, number, adaptations) for part in results]
    wire: dict[str, Any] = {"role": message.role}
    if message.name is not None:
        wire["name"] = message.name
    if message.role != "assistant":
        parts = [_part_to_chat(part, number) for part in message.content]
        only_text = all(isinstance(part, TextPart) for part in message.content)
        wire["content"] = message.text if only_text and len(parts) <= 1 else parts
        return [wire]
    for index, part in enumerate(message.content):
        if not isinstance(part, TextPart | ToolCallPart):
            reason = f"Chat Completions takes no {part.type} back in an assistant message"
        elif part.provider_state is not None:
            reason = "Chat Completions takes no state back"
        else:
            continue
        adaptations.append(dropped(f"messages.{number}.content.{index}", reason))
    wire["content"] = message.text
    if message.tool_calls:
        wire["content"] = message.text or None
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": arguments_text(call)},
            }
            for call in message.tool_calls
        ]
    return [wire]


def _result_to_chat(
    part: ToolResultPart, number: int, adaptations: list[Adaptation]
) -> dict[str, Any]:
    note_is_error(part, number, adaptations)
    if any(isinstance(item, ImagePart) for item in part.content):
        raise UnsupportedFeatureError(
            f"messages.{number}: Chat Completions takes only text in a tool result. "
            "Send the image in a user message."
        )
    return {"role": "tool", "tool_call_id": part.tool_call_id, "content": part.text}


def _part_to_chat(part: ContentPart, number: int) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        detail = {"detail": part.detail} if part.detail is not None else {}
        return {"type": "image_url", "image_url": {"url": part.image.data_url, **detail}}
    if isinstance(part, DocumentPart) and part.document.url is None:
        return {"type": "file", "file": file_of(part.document)}
    if isinstance(part, AudioPart):
        formats = {"audio/wav": "wav", "audio/mpeg": "mp3"}
        if (name := formats.get(part.audio.media_type or "")) is not None:
            return {"type": "input_audio", "input_audio": {"data": part.audio.data, "format": name}}
        raise UnsupportedFeatureError(f"messages.{number}: OpenAI takes audio as wav or mp3.")
    raise UnsupportedFeatureError(
        f"messages.{number}: Chat Completions takes no URL of a document. Pass its bytes as data."
    )


def _tool_to_chat(tool: Tool, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    schema, strict = strict_schema(
        tool.parameters, bool(tool.strict), f"{path}.parameters", adaptations
    )
    function: dict[str, Any] = {"name": tool.name, "parameters": schema}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = strict
    return {"type": "function", "function": function}


def _choice_to_chat(choice: ToolChoice) -> Any:
    if choice.name is not None:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


# Answer


def chat_to_reply(body: JSON) -> Reply:
    """A `chat.completion` object."""
    body = expect_object(body)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ProviderFailure(Failure("malformed", "the answer has no choices"))
    read = [_choice(item) for item in choices]
    first = read[0]
    return Reply(
        parts=first.parts,
        finish=first.finish,
        usage=chat_usage(body),
        id=body.get("id"),
        model=body.get("model"),
        refusal=first.refusal,
        citations=(*_citations(choices[0].get("message") or {}), *_sources(body)),
        more_choices=tuple(read[1:]),
    )


def chat_usage(body: dict[str, Any]) -> TokenUsage | None:
    usage = body.get("usage")
    if usage is None:  # Groq's streams say it there
        usage = as_object(body.get("x_groq")).get("usage")
    searches = count(as_object(usage).get("num_search_queries"))  # Perplexity's
    names = ("prompt_tokens", "completion_tokens")
    return usage_of(usage, names, body.get("service_tier"), searches)


def _choice(choice: Any) -> Choice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise ProviderFailure(Failure("malformed", "a choice has no message"))
    parts: list[ContentPart] = []
    if thought := _reasoning(message):
        parts.append(ReasoningPart(text=thought))
    if text := _text(message.get("content")):
        parts.append(TextPart(text=text))
    if isinstance(sound := message.get("audio"), dict):
        opaque = ProviderState(provider="openai", api=OPERATION, data={"audio": sound})
        parts.append(media_part(sound.get("data"), None, opaque))
    calls = list(message.get("tool_calls") or ())
    if message.get("function_call"):  # before tools there were functions, one call and no id
        calls.append({"function": message["function_call"]})
    for index, call in enumerate(calls):
        function = call.get("function") or call.get("custom") or {}
        parts.append(
            ToolCallPart(
                id=call.get("id") or f"{MADE_UP_CALL}{index}",
                name=function.get("name") or "",
                **parse_arguments(function.get("arguments", function.get("input"))),
            )
        )
    refusal = message.get("refusal") or None
    return Choice(
        tuple(parts), finish_of(choice.get("finish_reason"), bool(calls), bool(refusal)), refusal
    )


def finish_of(raw: Any, has_calls: bool, refused: bool) -> Finish:
    """Our word for the finish reason. A forced tool call ends with `stop` on the wire."""
    unified = _FINISH.get(str(raw), "unknown")
    if unified == "stop" and refused:
        unified = "refusal"
    elif unified == "stop" and has_calls:
        unified = "tool_calls"
    return Finish(unified, None if raw is None else str(raw))


def _text(content: Any) -> str:
    """The text of a content that is a string or, on some servers, a list of parts."""
    if isinstance(content, list):
        return "".join(
            item if isinstance(item, str) else str(item.get("text") or "") for item in content
        )
    return content if isinstance(content, str) else ""


def _reasoning(message: dict[str, Any]) -> str:
    """DeepSeek's and llama.cpp's name for it, then OpenRouter's."""
    value = message.get("reasoning_content") or message.get("reasoning")
    return value if isinstance(value, str) else ""


def _citations(message: dict[str, Any]) -> tuple[Citation, ...]:
    found = (item.get("url_citation") for item in message.get("annotations") or ())
    return tuple(Citation(url=c.get("url"), title=c.get("title")) for c in found if c)


def _sources(body: dict[str, Any]) -> tuple[Citation, ...]:
    """What Perplexity's answers quote stands beside the choices."""
    found = body.get("search_results")
    if isinstance(found, list):
        return tuple(Citation(url=s.get("url"), title=s.get("title")) for s in found)
    return tuple(Citation(url=url) for url in body.get("citations") or () if isinstance(url, str))


class ChatDecoder:
    """`chat.completion.chunk` objects to chat events."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._sources: list[Citation] = []
        self._choices: dict[int, _ChoiceState] = {}

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return self._end_open_choices()
        body = expect_object(event)
        events: list[ChatEvent] = []
        if not self._started and (body.get("id") or body.get("model")):
            self._started = True
            events.append(ChatStart(body.get("id"), body.get("model")))
        for choice in body.get("choices") or ():
            self._push_choice(choice, events)
        for source in _sources(body):
            if source not in self._sources:  # each chunk repeats them
                self._sources.append(source)
                events.append(CitationFound(source))
        if (usage := chat_usage(body)) is not None:
            events.append(UsageSnapshot(usage))
        return events

    def finish(self) -> list[ChatEvent]:
        return []

    def _push_choice(self, choice: dict[str, Any], events: list[ChatEvent]) -> None:
        number = choice.get("index") or 0
        state = self._choices.setdefault(number, _ChoiceState())
        delta = choice.get("delta") or {}
        if thought := _reasoning(delta):
            events.append(ReasoningDelta(thought, 0, number))
        if text := _text(delta.get("content")):
            events.append(TextDelta(text, 0, number))
        if refusal := delta.get("refusal"):
            state.refused = True
            events.append(RefusalDelta(refusal, number))
        calls = delta.get("tool_calls") or ()
        if delta.get("function_call"):
            calls = ({"index": 0, "function": delta["function_call"]},)
        for call in calls:
            events.append(_call_delta(call, state.calls, number))
        events += [CitationFound(citation) for citation in _citations(delta)]
        if raw := choice.get("finish_reason"):
            state.ended = True
            events.append(ChatEnd(finish_of(raw, bool(state.calls), state.refused), number))

    def _end_open_choices(self) -> list[ChatEvent]:
        """`[DONE]` ends what no finish reason has ended."""
        return [
            ChatEnd(finish_of(None, bool(state.calls), state.refused), number)
            for number, state in self._choices.items()
            if not state.ended
        ]


class _ChoiceState:
    """What one choice has had so far."""

    def __init__(self) -> None:
        self.calls = CallNumbers()
        self.refused = False
        self.ended = False


def _call_delta(call: dict[str, Any], calls: CallNumbers, choice: int) -> ToolCallDelta:
    identifier = call.get("id") or None
    number = calls.number(identifier, call.get("index"))
    function = call.get("function") or call.get("custom") or {}
    arguments = function.get("arguments", function.get("input"))
    if isinstance(arguments, dict):
        arguments = to_json(arguments).decode()
    return ToolCallDelta(number, identifier, function.get("name"), arguments or "", choice)

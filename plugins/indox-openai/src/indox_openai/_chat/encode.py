"""The canonical request to the JSON of Chat Completions."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    Adaptation,
    AudioPart,
    Call,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    Message,
    TextPart,
    Tool,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
    UnsupportedFeatureError,
    arguments_text,
    dropped,
    merged,
)
from indox_openai._options import OpenAIOptions, effort_of, is_openai_itself, reasons, sampling
from indox_openai._shared import (
    file_of,
    json_format,
    note_cache,
    note_is_error,
    strict_schema,
)

OPERATION = "chat.completions"


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

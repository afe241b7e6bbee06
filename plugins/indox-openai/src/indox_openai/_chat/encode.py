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
from indox_openai._models import facts_of, is_openai_itself
from indox_openai._options import (
    CHAT_PARTS,
    OpenAIOptions,
    chat_takes_tools,
    own_words,
    penalties,
    sampling,
)
from indox_openai._shared import (
    file_of,
    json_format,
    note_cache,
    note_is_error,
    plain_text,
)
from indox_openai._strict import strict_schema

OPERATION = "chat.completions"


def request_to_chat(request: ChatRequest, adaptations: list[Adaptation]) -> Call:
    """The body of POST /chat/completions."""
    options = request.options_as(OpenAIOptions)
    own = is_openai_itself(request.base_url)
    facts = facts_of(request)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            wire
            for number, message in enumerate(request.messages)
            for wire in _message_to_chat(message, number, facts.system, adaptations)
        ],
        **sampling(request, adaptations),
    }
    if request.web_search:
        if not facts.search_options:
            raise UnsupportedFeatureError(
                f"{request.provider}: Chat Completions has no web search. At OpenAI the Responses "
                'API has: leave out provider_options "api", stop, n and audio.'
            )
        body["web_search_options"] = {}
    if request.max_tokens is not None:
        # The older name is the one that other servers know; reasoning models refuse it.
        body["max_completion_tokens" if own else "max_tokens"] = request.max_tokens
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        if not chat_takes_tools(request):
            raise UnsupportedFeatureError(_no_tools(request))
        body["tools"] = [
            _tool_to_chat(tool, f"tools.{number}", adaptations)
            for number, tool in enumerate(request.tools)
        ]
        if request.tool_choice is not None:
            body["tool_choice"] = _choice_to_chat(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if (answer := json_format(request, adaptations)) is not None:
        kind = answer.pop("type")
        body["response_format"] = {"type": kind, **({kind: answer} if answer else {})}
    if request.reasoning_effort is not None:
        body["reasoning_effort"] = request.reasoning_effort
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
    body.update(penalties(request, adaptations))
    for name in ("service_tier", "verbosity", "n", "prompt_cache_key", "safety_identifier"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    if options.reasoning_summary is not None:
        raise UnsupportedFeatureError(
            f"{request.provider}: Chat Completions gives no reasoning_summary."
        )
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations))


def _no_tools(request: ChatRequest) -> str:
    only = "" if facts_of(request).chat_tools == "never" else ' with reasoning_effort="none", or'
    return (
        f"{request.provider}: {request.model} calls no tools on Chat Completions. Call them{only} "
        'on the Responses API: leave out provider_options "api", n, stop and audio.'
    )


def _message_to_chat(
    message: Message, number: int, system: bool, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    if (text := plain_text(message)) is not None and (system or message.role != "system"):
        return [{"role": message.role, "content": text}]
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [
            merged(
                merged(_result_to_chat(part, number, adaptations), part.own_options),
                message.own_options,
            )
            for part in results
        ]
    wire: dict[str, Any] = {"role": message.role}
    if message.role == "system" and not system:
        wire["role"] = "user"
        adaptations.append(
            Adaptation(
                path=f"messages.{number}.role",
                kind="moved",
                before="system",
                after="user",
                reason="the model reads no system messages",
            )
        )
    if message.name is not None:
        wire["name"] = message.name
    if message.role != "assistant":
        parts = [merged(_part_to_chat(part, number), part.own_options) for part in message.content]
        only_text = all(isinstance(part, TextPart) for part in message.content)
        own = any(own_words(part, CHAT_PARTS) or part.own_options for part in message.content)
        wire["content"] = message.text if only_text and len(parts) <= 1 and not own else parts
        return [merged(wire, message.own_options)]
    for index, part in enumerate(message.content):
        if not isinstance(part, TextPart | ToolCallPart):
            reason = f"Chat Completions takes no {part.type} back in an assistant message"
        elif part.provider_state is not None:
            reason = "Chat Completions takes no state back"
        else:
            continue
        adaptations.append(dropped(f"messages.{number}.content.{index}", reason))
    texts = [part for part in message.content if isinstance(part, TextPart) and part.text]
    wire["content"] = message.text
    if any(part.own_options for part in texts):
        wire["content"] = [
            merged({"type": "text", "text": part.text}, part.own_options) for part in texts
        ]
    if message.tool_calls:
        wire["content"] = wire["content"] or None
        wire["tool_calls"] = [
            merged(
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": arguments_text(call)},
                },
                call.own_options,
            )
            for call in message.tool_calls
        ]
    return [merged(wire, message.own_options)]


def _result_to_chat(
    part: ToolResultPart, number: int, adaptations: list[Adaptation]
) -> dict[str, Any]:
    note_is_error(part, number, adaptations)
    if any(isinstance(item, ImagePart) for item in part.content):
        raise UnsupportedFeatureError(
            f"messages.{number}: Chat Completions takes only text in a tool result. "
            "Send the image in a user message."
        )
    content: Any = part.text
    if any(item.own_options for item in part.content):
        content = [merged(_part_to_chat(item, number), item.own_options) for item in part.content]
    return {"role": "tool", "tool_call_id": part.tool_call_id, "content": content}


def _part_to_chat(part: ContentPart, number: int) -> dict[str, Any]:
    if (own := own_words(part, CHAT_PARTS)) is not None:
        return own
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
    return merged({"type": "function", "function": function}, tool.own_options)


def _choice_to_chat(choice: ToolChoice) -> Any:
    if choice.name is not None:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode

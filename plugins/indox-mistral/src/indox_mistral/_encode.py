"""The canonical request to the chat completions API's JSON."""

from __future__ import annotations

import hashlib
import re
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
    ReasoningPart,
    TextPart,
    Tool,
    ToolCallPart,
    ToolChoice,
    ToolResultPart,
    UnsupportedFeatureError,
    arguments_text,
    clamped,
    dropped,
    merged,
)

from ._options import MistralOptions
from ._schema import schema_to_mistral

PROVIDER = "mistral"
OPERATION = "chat"
_OWN_ID = re.compile(r"[a-zA-Z0-9]{9}")
_OPTIONS = (
    "service_tier", "top_k", "n", "presence_penalty", "frequency_penalty", "prompt_cache_key",
    "prompt_mode", "safe_prompt",
)  # fmt: skip


def request_to_mistral(request: ChatRequest) -> Call:
    """The body of POST /v1/chat/completions."""
    adaptations: list[Adaptation] = []
    options = request.options_as(MistralOptions)
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _conversation(request, adaptations),
    }
    for name, wire_name in (
        ("temperature", "temperature"),
        ("top_p", "top_p"),
        ("max_tokens", "max_tokens"),
        ("seed", "random_seed"),
        ("reasoning_effort", "reasoning_effort"),
    ):
        if (value := getattr(request, name)) is not None:
            body[wire_name] = value
    if request.seed is not None and request.seed < 0:
        body["random_seed"] = request.seed % 2**31
        adaptations.append(
            clamped("seed", "Mistral takes no negative seed", request.seed, body["random_seed"])
        )
    if request.stop:
        body["stop"] = list(request.stop)
    if request.tools:
        body["tools"] = [_tool_to_mistral(tool) for tool in request.tools]
        if request.tool_choice is not None:
            body["tool_choice"] = _choice_to_mistral(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_schema is not None:
        fields = schema_to_mistral(request.response_schema, adaptations)
        body["response_format"] = {"type": "json_schema", "json_schema": fields}
    if request.metadata:
        body["metadata"] = request.metadata
    if request.cache:
        reason = "Mistral caches by prompt_cache_key, a provider option"
        adaptations.append(dropped("cache", reason, request.cache))
    if request.stream:
        body["stream"] = True
    for name in _OPTIONS:
        if (value := getattr(options, name)) is not None:
            body[name] = value
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations))


def _conversation(request: ChatRequest, adaptations: list[Adaptation]) -> list[dict[str, Any]]:
    """The messages in an order that Mistral takes; what had to change for it is recorded.

    System messages come first, an assistant's follows a tool's, and an assistant's at the end is
    one that the model goes on with.
    https://docs.mistral.ai/capabilities/function_calling and the API's errors 3230 and 3240.
    """
    system: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for number, message in enumerate(request.messages):
        path = f"messages.{number}"
        for wire in _message_to_mistral(message, number, adaptations):
            if wire["role"] == "system":
                if messages:
                    reason = "Mistral takes system messages only before the conversation"
                    adaptations.append(Adaptation(path=path, kind="moved", reason=reason))
                system.append(wire)
                continue
            if messages and (messages[-1]["role"], wire["role"]) == ("tool", "user"):
                messages.append({"role": "assistant", "content": _ACKNOWLEDGED})
                reason = "Mistral wants an assistant's message between a tool's and a user's"
                adaptations.append(
                    Adaptation(path=path, kind="synthesised", after=_ACKNOWLEDGED, reason=reason)
                )
            messages.append(wire)
    if messages and messages[-1]["role"] == "assistant" and "tool_calls" not in messages[-1]:
        messages[-1]["prefix"] = True
        reason = "Mistral goes on with an assistant's last message only where it is marked so"
        path = f"messages.{len(request.messages) - 1}.prefix"
        adaptations.append(Adaptation(path=path, kind="synthesised", after=True, reason=reason))
    return [*system, *messages]


_ACKNOWLEDGED = "OK."


def _message_to_mistral(
    message: Message, number: int, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    path = f"messages.{number}"
    if message.role == "tool":
        results = (part for part in message.content if isinstance(part, ToolResultPart))
        return [
            merged(
                merged(_result_to_mistral(part, path, adaptations), part.own_options),
                message.own_options,
            )
            for part in results
        ]
    if message.role == "assistant":
        wires = _assistant_to_mistral(message, path, adaptations)
        return [merged(wire, message.own_options) for wire in wires]
    chunks = [merged(_chunk(part, path), part.own_options) for part in message.content]
    plain = all(isinstance(p, TextPart) and not p.own_options for p in message.content)
    content = message.text if plain and len(chunks) <= 1 else chunks
    return [merged({"role": message.role, "content": content}, message.own_options)]


def _assistant_to_mistral(
    message: Message, path: str, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    chunks: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    for index, part in enumerate(message.content):
        where = f"{path}.content.{index}"
        state = part.state_of(PROVIDER)
        if part.provider_state is not None and state is None:
            adaptations.append(dropped(where, "Mistral takes back only its own state"))
        if state is not None:
            chunks.append(merged(state, part.own_options))
        elif isinstance(part, TextPart):
            if part.text:
                chunks.append(merged({"type": "text", "text": part.text}, part.own_options))
        elif isinstance(part, ToolCallPart):
            function = {"name": part.name, "arguments": arguments_text(part)}
            identifier = _own_id(part.id, f"{where}.id", adaptations)
            call = {"id": identifier, "type": "function", "function": function}
            calls.append(merged(call, part.own_options))
        elif part.provider_state is None:
            reason = f"Mistral takes no {part.type} of others in an assistant message"
            adaptations.append(dropped(where, reason))
    wire: dict[str, Any] = {"role": "assistant"}
    if all(chunk.keys() == {"type", "text"} for chunk in chunks):
        wire["content"] = message.text
    else:
        wire["content"] = chunks
    if calls:
        wire["tool_calls"] = calls
    elif not chunks:
        if not any(isinstance(part, ReasoningPart) for part in message.content):
            adaptations.append(dropped(path, "Mistral takes no empty message of an assistant"))
        return []  # else it held only foreign reasoning, which is recorded as left out
    return [wire]


def _result_to_mistral(
    part: ToolResultPart, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    if part.is_error:
        reason = "Mistral marks no tool result as an error"
        adaptations.append(dropped(f"{path}.is_error", reason, True))
    content: Any = part.text
    if any(isinstance(item, ImagePart) or item.own_options for item in part.content):
        content = [merged(_chunk(item, path), item.own_options) for item in part.content]
    identifier = _own_id(part.tool_call_id, f"{path}.tool_call_id", adaptations)
    wire = {"role": "tool", "tool_call_id": identifier, "content": content}
    return {**wire, "name": part.name} if part.name is not None else wire


def _own_id(identifier: str, path: str, adaptations: list[Adaptation]) -> str:
    """Mistral's ids have nine letters and digits; one of another kind gets one made of it."""
    if _OWN_ID.fullmatch(identifier):
        return identifier
    own = hashlib.sha256(identifier.encode()).hexdigest()[:9]
    adaptations.append(
        Adaptation(
            path=path,
            kind="renamed",
            before=identifier,
            after=own,
            reason="Mistral's ids have nine letters and digits",
        )
    )
    return own


def _chunk(part: ContentPart, path: str) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if isinstance(part, ImagePart):
        image: dict[str, Any] = {"url": part.image.data_url}
        if part.detail is not None:
            image["detail"] = part.detail
        return {"type": "image_url", "image_url": image}
    if isinstance(part, DocumentPart):
        chunk = {"type": "document_url", "document_url": part.document.data_url}
        name = part.document.name
        return {**chunk, "document_name": name} if name is not None else chunk
    if isinstance(part, AudioPart):
        return {"type": "input_audio", "input_audio": part.audio.url or part.audio.data}
    raise UnsupportedFeatureError(f"{path}: Mistral takes no {part.type}.")


def _tool_to_mistral(tool: Tool) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name, "parameters": tool.parameters}
    if tool.description:
        function["description"] = tool.description
    if tool.strict is not None:
        function["strict"] = tool.strict
    return merged({"type": "function", "function": function}, tool.own_options)


def _choice_to_mistral(choice: ToolChoice) -> Any:
    if choice.name is not None:
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode

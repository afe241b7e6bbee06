"""The canonical request to the Messages API's JSON."""

from __future__ import annotations

import re
from typing import Any

from indox_core.plugin import (
    Adaptation,
    Call,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    Message,
    ReasoningEffort,
    TextPart,
    Tool,
    ToolCallPart,
    ToolResultPart,
    UnsupportedFeatureError,
    ValidationError,
    clamped,
    dropped,
    merged,
)

from ._options import (
    OLDER_VERSION,
    SCHEMA,
    SCHEMA_REASON,
    AnthropicOptions,
    default_max_tokens,
    is_sampler,
    takes_one_sampler_only,
    thinks_by,
)

PROVIDER = "anthropic"
OPERATION = "messages"
_BUDGETS: dict[ReasoningEffort, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


def request_to_messages(request: ChatRequest) -> Call:
    """The body of POST /v1/messages, and its headers."""
    adaptations: list[Adaptation] = []
    options = request.options_as(AnthropicOptions)
    headers: dict[str, str] = {}
    system, messages = _conversation(request, adaptations)
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens or default_max_tokens(request.model),
        "messages": messages,
    }
    if system:
        body["system"] = system
    _add_thinking(request, body, adaptations)
    display = options.thinking_display
    if display is not None and "display" not in body.get("thinking", {}):
        path = "provider_options.anthropic.thinking_display"
        adaptations.append(dropped(path, "the model is not asked to think", display))
    if request.max_tokens is None:
        adaptations.append(
            Adaptation(
                path="max_tokens",
                kind="synthesised",
                after=body["max_tokens"],
                reason="Anthropic wants a limit with every request",
            )
        )
    _add_sampling(request, body, headers, adaptations)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    _add_tools(request, body, adaptations)
    if request.response_schema is not None:
        if not request.response_schema.json_schema.keys() - {"type", "description"}:
            raise UnsupportedFeatureError(
                "response_schema: Claude closes every object, and one without properties could "
                "only be {}. Give the properties."
            )
        schema = SCHEMA.apply(request.response_schema.json_schema)
        if schema != request.response_schema.json_schema:
            adaptations.append(clamped("response_schema.json_schema", SCHEMA_REASON))
        if not request.response_schema.strict:
            reason = "Claude keeps to every schema"
            adaptations.append(dropped("response_schema.strict", reason, False))
        body.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": schema}
    if request.cache:
        ttl = request.cache if isinstance(request.cache, str) else "5m"
        body["cache_control"] = {"type": "ephemeral", "ttl": ttl}
    _add_metadata(request, body, adaptations)
    if request.stream:
        body["stream"] = True
    for name in ("service_tier", "speed", "inference_geo"):
        if (value := getattr(options, name)) is not None:
            body[name] = value
    if options.betas:
        headers["anthropic-beta"] = ",".join(options.betas)
    return Call(OPERATION, merged(body, options.extra_body), tuple(adaptations), headers)


def _add_thinking(
    request: ChatRequest, body: dict[str, Any], adaptations: list[Adaptation]
) -> None:
    effort, way = request.reasoning_effort, thinks_by(request.model)
    display = request.options_as(AnthropicOptions).thinking_display
    if effort is None:
        if display is not None and way == "effort":
            body["thinking"] = {"type": "adaptive", "display": display}
        return
    if way == "nothing":
        if effort != "none":
            reason = f"{request.model} does not think before it answers"
            adaptations.append(dropped("reasoning_effort", reason, effort))
    elif effort == "none":
        body["thinking"] = {"type": "disabled"}
    elif way == "budget":
        _add_budget(request, effort, body, adaptations)
    else:
        body["thinking"] = {"type": "adaptive", **({"display": display} if display else {})}
        if effort == "minimal":
            adaptations.append(
                clamped(
                    "reasoning_effort",
                    "the lowest effort that Anthropic knows is low",
                    "minimal",
                    "low",
                )
            )
        body["output_config"] = {"effort": "low" if effort == "minimal" else effort}


def _add_budget(
    request: ChatRequest,
    effort: ReasoningEffort,
    body: dict[str, Any],
    adaptations: list[Adaptation],
) -> None:
    """Thinking by a number of tokens, where the request leaves room for it."""
    budget, limit = _BUDGETS[effort], request.max_tokens
    problem = None
    if request.tool_choice is not None and request.tool_choice.mode == "required":
        # https://platform.claude.com/docs/en/build-with-claude/extended-thinking
        problem = "Claude does not think where a tool must be called"
    elif _is_in_a_loop_without_thinking(body["messages"]):
        problem = "Claude goes on thinking only after a call that it had thought about"
    elif limit is not None and limit <= 1024:
        problem = "thinking takes at least 1024 tokens and must fit into max_tokens"
    if problem is not None:
        adaptations.append(dropped("reasoning_effort", problem, effort))
        return
    if limit is None:
        body["max_tokens"] += budget  # thinking counts towards the limit
    elif budget >= limit:
        budget = limit - 1
        adaptations.append(
            clamped("reasoning_effort", "thinking must fit into max_tokens", effort, budget)
        )
    display = request.options_as(AnthropicOptions).thinking_display
    shown = {"display": display} if display is not None else {}
    body["thinking"] = {"type": "enabled", "budget_tokens": budget, **shown}


def _is_in_a_loop_without_thinking(messages: list[dict[str, Any]]) -> bool:
    """Whether the last calls, whose results now follow, were made without a thought."""
    if len(messages) < 2 or not _holds_results(messages[-1]):
        return False
    first = messages[-2]["content"][0] if messages[-2]["content"] else {}
    return first.get("type") not in ("thinking", "redacted_thinking")


def _add_sampling(
    request: ChatRequest,
    body: dict[str, Any],
    headers: dict[str, str],
    adaptations: list[Adaptation],
) -> None:
    """temperature, top_p and top_k, as far as the model takes them.

    https://platform.claude.com/docs/en/api/versioning: from 2026-10-21 on the API refuses them.
    """
    top_k = request.options_as(AnthropicOptions).top_k
    asked = {"temperature": request.temperature, "top_p": request.top_p, "top_k": top_k}
    reason = f"{request.model} takes no sampling parameters"
    if is_sampler(request.model):
        if asked["temperature"] is not None and asked["temperature"] > 1:
            adaptations.append(
                clamped(
                    "temperature", "Anthropic's highest temperature is 1", request.temperature, 1.0
                )
            )
            asked["temperature"] = 1.0
        thinking = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
        if not thinking:
            if takes_one_sampler_only(request.model) and request.temperature is not None:
                if request.top_p is not None:
                    why = f"{request.model} takes temperature or top_p, not both"
                    adaptations.append(dropped("top_p", why, request.top_p))
                asked["top_p"] = None
            given = {name: value for name, value in asked.items() if value is not None}
            if given:
                headers["anthropic-version"] = OLDER_VERSION
                body.update(given)
            return
        reason = f"{request.model} takes no sampling parameters while it thinks"
    adaptations.extend(
        dropped(name, reason, value) for name, value in asked.items() if value is not None
    )


def _add_tools(request: ChatRequest, body: dict[str, Any], adaptations: list[Adaptation]) -> None:
    tools = [
        _tool_to_anthropic(tool, f"tools.{number}", adaptations)
        for number, tool in enumerate(request.tools)
    ]
    if request.web_search:
        modern = thinks_by(request.model) == "effort"
        version = "web_search_20260318" if modern else "web_search_20250305"
        tools.append({"type": version, "name": "web_search"})
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    wire: dict[str, Any] = {}
    if choice is not None:
        if choice.name is not None:
            wire = {"type": "tool", "name": choice.name}
        else:
            wire = {"type": "any" if choice.mode == "required" else choice.mode}
    if request.parallel_tool_calls is False and wire.get("type") != "none":
        wire = {**(wire or {"type": "auto"}), "disable_parallel_tool_use": True}
    if wire:
        body["tool_choice"] = wire


def _tool_to_anthropic(tool: Tool, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    schema = {"type": "object", **tool.parameters}
    if tool.strict:
        strict = SCHEMA.apply(schema)
        if strict != schema:
            where = f"{path}.parameters"
            adaptations.append(clamped(where, SCHEMA_REASON))
        schema = strict
    wire: dict[str, Any] = {"name": tool.name, "input_schema": schema}
    if tool.description:
        wire["description"] = tool.description
    if tool.strict is not None:
        wire["strict"] = tool.strict
    return wire


def _add_metadata(
    request: ChatRequest, body: dict[str, Any], adaptations: list[Adaptation]
) -> None:
    rest = {name: value for name, value in request.metadata.items() if name != "user_id"}
    if rest:
        adaptations.append(dropped("metadata", "Anthropic takes only user_id", rest))
    if "user_id" in request.metadata:
        body["metadata"] = {"user_id": request.metadata["user_id"]}


# Messages


def _conversation(
    request: ChatRequest, adaptations: list[Adaptation]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The system blocks and the messages; a later system message keeps its place."""
    system: list[dict[str, Any]] = []
    messages: list[dict[str, Any]] = []
    for number, message in enumerate(request.messages):
        blocks = [
            block
            for index, part in enumerate(message.content)
            for block in _blocks(message, part, f"messages.{number}.content.{index}", adaptations)
        ]
        if not blocks:
            continue
        if message.role == "system" and not messages:
            system += blocks
        elif message.role == "tool":
            # All results of one turn belong in the one user message that follows it.
            if messages and _holds_results(messages[-1]):
                messages[-1]["content"] += blocks
            else:
                messages.append({"role": "user", "content": blocks})
        else:
            messages.append({"role": message.role, "content": blocks})
    if not messages:
        raise ValidationError("messages: Anthropic needs at least one user or assistant message.")
    return system, messages


def _holds_results(message: dict[str, Any]) -> bool:
    return all(block["type"] == "tool_result" for block in message["content"])


def _blocks(
    message: Message, part: ContentPart, path: str, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    state = part.state_of(PROVIDER)
    if state is not None:
        return [dict(state)]  # thinking and server tools go back as they came
    if part.provider_state is not None:
        adaptations.append(dropped(path, "Anthropic takes back only its own state"))
    if isinstance(part, TextPart):
        # A user's turn is never left out: that would change whose turn it is.
        if part.text or (message.role == "user" and not _has_content(message)):
            return [{"type": "text", "text": part.text}]
        if part.provider_state is None:
            adaptations.append(dropped(path, "Anthropic refuses an empty text"))
    elif isinstance(part, ToolCallPart):
        return [_call_block(part, path, adaptations)]
    elif isinstance(part, ToolResultPart):
        return [_result_block(part, path, adaptations)]
    elif message.role == "assistant":
        if part.provider_state is None:
            reason = f"Anthropic takes no {part.type} of others in an assistant message"
            adaptations.append(dropped(path, reason))
    elif isinstance(part, ImagePart | DocumentPart):
        return [_media_block(part, path, adaptations)]
    else:
        raise UnsupportedFeatureError(f"{path}: Anthropic takes no {part.type}.")
    return []


def _has_content(message: Message) -> bool:
    return any(not isinstance(part, TextPart) or part.text for part in message.content)


def _media_block(
    part: ImagePart | DocumentPart, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    media = part.image if isinstance(part, ImagePart) else part.document
    if isinstance(part, ImagePart) and part.detail is not None:
        reason = "Anthropic decides itself how closely it looks"
        adaptations.append(dropped(f"{path}.detail", reason, part.detail))
    source: dict[str, Any]
    if media.url is not None:
        source = {"type": "url", "url": media.url}
    elif isinstance(part, ImagePart) and media.media_type not in _IMAGE_TYPES:
        raise UnsupportedFeatureError(f"{path}: Anthropic takes jpeg, png, gif and webp images.")
    elif isinstance(part, DocumentPart) and media.media_type != "application/pdf":
        raise UnsupportedFeatureError(f"{path}: Anthropic takes documents as PDF.")
    else:
        source = {"type": "base64", "media_type": media.media_type, "data": media.data}
    block: dict[str, Any] = {"type": part.type, "source": source}
    if isinstance(part, DocumentPart) and media.name is not None:
        block["title"] = media.name
    return block


def _call_block(part: ToolCallPart, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    arguments = part.arguments
    if arguments is None:
        arguments = {}
        reason = "Anthropic takes arguments only as an object"
        adaptations.append(dropped(f"{path}.arguments_raw", reason))
    identifier = _own_id(part.id, f"{path}.id", adaptations)
    return {"type": "tool_use", "id": identifier, "name": part.name, "input": arguments}


def _result_block(part: ToolResultPart, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    content = [
        {"type": "text", "text": item.text}
        if isinstance(item, TextPart)
        else _media_block(item, path, adaptations)
        for item in part.content
        if not isinstance(item, TextPart) or item.text
    ]
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": _own_id(part.tool_call_id, f"{path}.tool_call_id", adaptations),
        "content": content,
    }
    if part.is_error:
        block["is_error"] = True
    return block


def _own_id(identifier: str, path: str, adaptations: list[Adaptation]) -> str:
    """Anthropic's ids hold letters, digits, `_` and `-`; those of others are spelt that way."""
    own = re.sub(r"[^a-zA-Z0-9_-]", "_", identifier) or "_"
    if own != identifier:
        adaptations.append(
            Adaptation(
                path=path,
                kind="renamed",
                before=identifier,
                after=own,
                reason="Anthropic takes letters, digits, _ and - in an id",
            )
        )
    return own

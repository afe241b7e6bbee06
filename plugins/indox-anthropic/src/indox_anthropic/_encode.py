"""The canonical request to the Messages API's JSON."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    Adaptation,
    Call,
    ChatRequest,
    ReasoningEffort,
    Tool,
    UnsupportedFeatureError,
    clamped,
    dropped,
    merged,
)

from ._conversation import conversation, holds_results
from ._models import MODELS, OLDER_VERSION, ClaudeFacts
from ._options import AnthropicOptions
from ._schemas import Unfit, strict_schema

OPERATION = "messages"
_BUDGETS: dict[ReasoningEffort, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 24576,
    "max": 32000,
}


def request_to_messages(request: ChatRequest) -> Call:
    """The body of POST /v1/messages, and its headers."""
    adaptations: list[Adaptation] = []
    options, facts = request.options_as(AnthropicOptions), MODELS.of(request.model)
    headers: dict[str, str] = {}
    system, messages = conversation(request, facts.late_system, adaptations)
    body: dict[str, Any] = {
        "model": request.model,
        "max_tokens": request.max_tokens or facts.default_max_tokens,
        "messages": messages,
    }
    if system:
        body["system"] = system
    _add_thinking(request, facts, body, adaptations)
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
    _add_sampling(request, facts, body, headers, adaptations)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    _add_tools(request, facts, body, adaptations)
    _add_schema(request, body, adaptations)
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
    request: ChatRequest,
    facts: ClaudeFacts,
    body: dict[str, Any],
    adaptations: list[Adaptation],
) -> None:
    effort, display = (
        request.reasoning_effort,
        request.options_as(AnthropicOptions).thinking_display,
    )
    if effort is None:
        if display is not None and facts.thinks_unasked:
            body["thinking"] = {"type": "adaptive", "display": display}
    elif effort == "none":
        if facts.off is not None:
            body["thinking"] = {"type": facts.off}
        if facts.off == "between_tools" and (request.tools or request.web_search):
            reason = f"{request.model} goes on thinking between calls"
            adaptations.append(clamped("reasoning_effort", reason, effort, facts.off))
    elif facts.thinks_by == "budget":
        _add_budget(request, facts, effort, body, adaptations)
    else:
        body["thinking"] = {"type": "adaptive", **({"display": display} if display else {})}
        body["output_config"] = {"effort": effort}


def _add_budget(
    request: ChatRequest,
    facts: ClaudeFacts,
    effort: ReasoningEffort,
    body: dict[str, Any],
    adaptations: list[Adaptation],
) -> None:
    """Thinking by a number of tokens, where the request leaves room for it.

    It counts towards the limit, so a fifth of that is kept for the answer: 256 tokens at least,
    since thinking takes no less than 1024.
    https://platform.claude.com/docs/en/build-with-claude/extended-thinking#budget-rules-and-tuning
    """
    asked = _BUDGETS[effort]
    limit = request.max_tokens or min(body["max_tokens"] + asked, facts.most_output)
    budget = min(asked, limit * 4 // 5)
    problem = None
    if request.tool_choice is not None and request.tool_choice.mode == "required":
        problem = "Claude does not think where a tool must be called"
    elif _is_in_a_loop_without_thinking(body["messages"]):
        problem = "Claude goes on thinking only after a call that it had thought about"
    elif budget < 1024:
        problem = (
            "thinking takes at least 1024 tokens and leaves a fifth of max_tokens to the answer"
        )
    if problem is not None:
        adaptations.append(dropped("reasoning_effort", problem, effort))
        return
    if budget < asked:
        reason = "thinking leaves a fifth of max_tokens to the answer"
        adaptations.append(clamped("reasoning_effort", reason, effort, budget))
    body["max_tokens"] = limit
    display = request.options_as(AnthropicOptions).thinking_display
    shown = {"display": display} if display is not None else {}
    body["thinking"] = {"type": "enabled", "budget_tokens": budget, **shown}


def _is_in_a_loop_without_thinking(messages: list[dict[str, Any]]) -> bool:
    """Whether the last calls, whose results now follow, were made without a thought."""
    if len(messages) < 2 or not holds_results(messages[-1]):
        return False
    first = messages[-2]["content"][0] if messages[-2]["content"] else {}
    return first.get("type") not in ("thinking", "redacted_thinking")


def _add_sampling(
    request: ChatRequest,
    facts: ClaudeFacts,
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
    if facts.sampling != "none":
        if asked["temperature"] is not None and asked["temperature"] > 1:
            adaptations.append(
                clamped(
                    "temperature", "Anthropic's highest temperature is 1", request.temperature, 1.0
                )
            )
            asked["temperature"] = 1.0
        thinking = body.get("thinking", {}).get("type") in ("enabled", "adaptive")
        if not thinking:
            if facts.sampling == "one" and request.temperature is not None:
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


def _add_tools(
    request: ChatRequest,
    facts: ClaudeFacts,
    body: dict[str, Any],
    adaptations: list[Adaptation],
) -> None:
    tools = [
        _tool_to_anthropic(tool, f"tools.{number}", request.model, facts, adaptations)
        for number, tool in enumerate(request.tools)
    ]
    if request.web_search:
        tools.append({"type": facts.web_search, "name": "web_search"})
    if not tools:
        return
    body["tools"] = tools
    choice = request.tool_choice
    wire: dict[str, Any] = {}
    if choice is not None:
        if choice.mode == "required" and not facts.forced_tools:
            raise UnsupportedFeatureError(
                f"tool_choice: {request.model} cannot be made to call a tool. Take auto and say in "
                "the prompt when to call it, response_schema for a fixed form, or another model."
            )
        if choice.name is not None:
            wire = {"type": "tool", "name": choice.name}
        else:
            wire = {"type": "any" if choice.mode == "required" else choice.mode}
    if request.parallel_tool_calls is False and wire.get("type") != "none":
        wire = {**(wire or {"type": "auto"}), "disable_parallel_tool_use": True}
    if wire:
        body["tool_choice"] = wire


def _tool_to_anthropic(
    tool: Tool, path: str, model: str, facts: ClaudeFacts, adaptations: list[Adaptation]
) -> dict[str, Any]:
    schema, strict = {"type": "object", **tool.parameters}, tool.strict
    if strict and "response_schema" in facts.lacks:
        adaptations.append(dropped(f"{path}.strict", f"{model} keeps to no schema", strict))
        strict = None
    elif strict:
        try:
            schema = strict_schema(schema, f"{path}.parameters", adaptations)
        except Unfit as unfit:
            strict = False
            reason = f"Claude has no strict schema for this ({unfit})"
            adaptations.append(clamped(f"{path}.strict", reason, True, False))
    wire: dict[str, Any] = {"name": tool.name, "input_schema": schema}
    if tool.description:
        wire["description"] = tool.description
    if strict is not None:
        wire["strict"] = strict
    return merged(wire, tool.own_options)


def _add_schema(request: ChatRequest, body: dict[str, Any], adaptations: list[Adaptation]) -> None:
    asked, path = request.response_schema, "response_schema.json_schema"
    if asked is None:
        return
    try:
        schema = strict_schema(asked.described, path, adaptations)
    except Unfit as unfit:
        raise UnsupportedFeatureError(
            f"{unfit}. Claude keeps to schemas whose objects have named fields and end somewhere. "
            "Name the fields, ask for a list of objects with a key and a value, or give the schema "
            "to a tool that is not strict."
        ) from None
    if asked.strict is False:
        adaptations.append(dropped("response_schema.strict", "Claude keeps to every schema", False))
    body.setdefault("output_config", {})["format"] = {"type": "json_schema", "schema": schema}


def _add_metadata(
    request: ChatRequest, body: dict[str, Any], adaptations: list[Adaptation]
) -> None:
    rest = {name: value for name, value in request.metadata.items() if name != "user_id"}
    if rest:
        adaptations.append(dropped("metadata", "Anthropic takes only user_id", rest))
    if "user_id" in request.metadata:
        body["metadata"] = {"user_id": request.metadata["user_id"]}

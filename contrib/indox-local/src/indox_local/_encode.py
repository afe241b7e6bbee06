"""The canonical request to the engine's JSON."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    Adaptation,
    Call,
    ChatRequest,
    dropped,
)

OPERATION = "chat"

DEFAULT_MAX_TOKENS = 256
"""Without a limit so small a model may never stop."""


def request_to_local(request: ChatRequest) -> Call:
    """The body of a chat completion as llama.cpp takes it."""
    adaptations: list[Adaptation] = []
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [
            {"role": message.role, "content": message.text} for message in request.messages
        ],
        "temperature": request.temperature if request.temperature is not None else 0.0,
        "max_tokens": request.max_tokens or DEFAULT_MAX_TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    for name, value, reason in (
        ("temperature", 0.0, "a small model wanders off when it may be creative"),
        ("max_tokens", DEFAULT_MAX_TOKENS, "without a limit so small a model may never stop"),
    ):
        if getattr(request, name) is None:
            adaptations.append(
                Adaptation(path=name, kind="synthesised", after=value, reason=reason)
            )
    if request.top_p is not None:
        body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None:
        body["seed"] = request.seed % 2**32
    if request.response_schema is not None:
        schema = {"name": "response", "schema": request.response_schema.described}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if request.response_schema.strict is False:
            reason = "the engine keeps to every schema"
            adaptations.append(dropped("response_schema.strict", reason, False))
    return Call(OPERATION, body, tuple(adaptations))

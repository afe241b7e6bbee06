"""What a provider may lack, and what becomes of a request that asks for it."""

from __future__ import annotations

from typing import Any, Literal, get_args

from indox_core._errors import UnsupportedFeatureError
from indox_core._schema import (
    Adaptation,
    ChatRequest,
    ContentPart,
    Message,
    TextPart,
    dropped,
    with_results,
)

Capability = Literal[
    "tools",
    "images",
    "documents",
    "audio",
    "response_schema",
    "stop",
    "max_tokens",
    "web_search",
    "reasoning",
    "temperature",
    "top_p",
    "seed",
    "parallel_tool_calls",
    "cache",
    "metadata",
    "names",
    "finish_reasons",
    "usage",
]
CAPABILITIES: frozenset[Capability] = frozenset(get_args(Capability))
"""All of them, for a provider that reads and writes text alone.

The last two are about answers: a provider without `finish_reasons` always says `stop`, one without
`usage` counts no tokens.
"""

# What asks for a guarantee is refused, what tunes the answer is dropped and recorded.
_GUARANTEES: tuple[Capability, ...] = (
    "tools", "response_schema", "stop", "max_tokens", "web_search",
)  # fmt: skip
_TUNING: dict[str, Capability] = {
    "temperature": "temperature",
    "top_p": "top_p",
    "seed": "seed",
    "reasoning_effort": "reasoning",
    "cache": "cache",
    "metadata": "metadata",
    "parallel_tool_calls": "parallel_tool_calls",
    "tool_choice": "tools",
}
_OFF = (("cache", False), ("reasoning_effort", "none"))
"""What asks for nothing: whoever lacks it does that already."""
_PARTS: dict[str, Capability] = {
    "image": "images",
    "document": "documents",
    "audio": "audio",
    "tool_call": "tools",
    "tool_result": "tools",
}


def without(
    request: ChatRequest, lacks: frozenset[Capability], who: str | None = None
) -> ChatRequest:
    """The request without what the provider lacks, or what `who` does.

    Tuning is dropped and recorded. Raises `UnsupportedFeatureError` for a guarantee and for
    content that the provider cannot read.
    """
    if not lacks:
        return request
    who = who or request.provider
    for name in _GUARANTEES:
        if name in lacks and getattr(request, name):
            raise UnsupportedFeatureError(
                f"{who} has no {name}. Leave it out or use another model."
            )
    changes: dict[str, Any] = {}
    adaptations: list[Adaptation] = []
    for field, capability in _TUNING.items():
        value = getattr(request, field)
        off = value is None or value == {} or (field, value) in _OFF
        if capability in lacks and not off:
            changes[field] = ChatRequest.model_fields[field].get_default(
                call_default_factory=True, validated_data={}
            )
            before = None if field == "tool_choice" else value
            adaptations.append(dropped(field, f"{who} has no {capability}", before))
    messages = tuple(
        message
        if message.name is None
        and len(message.content) == 1
        and type(message.content[0]) is TextPart
        else _message(message, f"messages.{number}", who, lacks, adaptations)
        for number, message in enumerate(request.messages)
    )
    if not adaptations:
        return request
    recorded = request.adaptations + tuple(adaptations)
    return request.model_copy(update={**changes, "messages": messages, "adaptations": recorded})


def _message(
    message: Message,
    path: str,
    who: str,
    lacks: frozenset[Capability],
    adaptations: list[Adaptation],
) -> Message:
    if message.name is None and all(type(part) is TextPart for part in message.content):
        return message
    kept: list[ContentPart] = []
    for index, part in enumerate(message.content):
        if part.type == "reasoning" and "reasoning" in lacks:
            reason = f"{who} takes no reasoning back"
            adaptations.append(dropped(f"{path}.content.{index}", reason))
            continue
        for inner in with_results((part,)):
            if _PARTS.get(inner.type) in lacks:
                raise UnsupportedFeatureError(
                    f"{path}: {who} takes no part of type {inner.type}. Use another model."
                )
        kept.append(part)
    changes: dict[str, Any] = {}
    if message.name is not None and "names" in lacks:
        adaptations.append(dropped(f"{path}.name", f"{who} takes no names", message.name))
        changes["name"] = None
    if len(kept) < len(message.content):
        changes["content"] = tuple(kept)
    return message.model_copy(update=changes) if changes else message

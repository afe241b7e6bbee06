"""Messages, and the spellings that we accept for one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import field_validator

from .base import JSON, Frozen, Text, WithOptions
from .content import (
    ContentPart,
    TextPart,
    ToolCallPart,
)

Role = Literal["system", "user", "assistant", "tool"]


class Message(WithOptions):
    """One message of a conversation."""

    role: Role
    content: tuple[ContentPart, ...]
    name: Text | None = None

    @field_validator("content", mode="before")
    @classmethod
    def _read_text(cls, value: Any) -> Any:
        return ({"type": "text", "text": value},) if isinstance(value, str) else value

    @property
    def text(self) -> str:
        """All text parts, joined."""
        return "".join(part.text for part in self.content if isinstance(part, TextPart))

    @property
    def tool_calls(self) -> tuple[ToolCallPart, ...]:
        return tuple(part for part in self.content if isinstance(part, ToolCallPart))


MessageLike: TypeAlias = Message | Mapping[str, Any]


class Adaptation(Frozen):
    """One change that was made to a request so that the provider takes it."""

    path: str
    """Where in the request, such as `messages.2` or `temperature`."""
    kind: Literal["renamed", "clamped", "dropped", "moved", "synthesised"]
    reason: str
    before: JSON = None
    after: JSON = None


def clamped(path: str, reason: str, before: JSON = None, after: JSON = None) -> Adaptation:
    """Something was set to what the provider takes."""
    return Adaptation(path=path, kind="clamped", reason=reason, before=before, after=after)


def dropped(path: str, reason: str, before: JSON = None) -> Adaptation:
    """Something was left out of the request."""
    return Adaptation(path=path, kind="dropped", before=before, reason=reason)

"""The engine's chunks to chat events."""

from __future__ import annotations

from indox_core.plugin import (
    JSON,
    ChatEnd,
    ChatEvent,
    ChatStart,
    TextDelta,
    UsageSnapshot,
)

from ._decode import finish_of, first_choice, usage_of


class LocalDecoder:
    """One text, one finish reason, then the counts."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False

    def push(self, event: JSON) -> list[ChatEvent]:
        choice = first_choice(event)
        events: list[ChatEvent] = []
        if not self._started:
            self._started = True
            events.append(ChatStart(event.get("id")))
        if text := (choice.get("delta") or {}).get("content"):
            events.append(TextDelta(text))
        if raw := choice.get("finish_reason"):
            events.append(ChatEnd(finish_of(raw)))
        if usage := usage_of(event):
            events.append(UsageSnapshot(usage))
        return events

    def finish(self) -> list[ChatEvent]:
        return []

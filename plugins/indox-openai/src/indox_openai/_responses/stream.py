"""The Responses API's events to chat events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from indox_core.plugin import (
    JSON,
    ChatEnd,
    ChatEvent,
    ChatStart,
    CitationFound,
    PartEnd,
    ProviderFailure,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageSnapshot,
)
from indox_openai._shared import expect_object, failure_of

from .decode import content_part, parts_of_item, responses_to_reply


class ResponsesDecoder:
    """The typed events of a response to chat events."""

    def __init__(self) -> None:
        self.finished = False
        self._texts: set[int] = set()
        self._items: set[int] = set()
        self._refused = False
        self._thought: dict[int, Any] = {}
        self._handlers: dict[str, Callable[[dict[str, Any]], list[ChatEvent]]] = {
            "response.created": self._start,
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.reasoning_summary_text.delta": self._reasoning,
            "response.reasoning_text.delta": self._reasoning,
            "response.output_item.added": self._item_added,
            "response.function_call_arguments.delta": self._arguments,
            "response.custom_tool_call_input.delta": self._arguments,
            "response.output_item.done": self._item_done,
            "response.completed": self._end,
            "response.incomplete": self._end,
            "response.failed": self._end,
            "error": self._error,
        }

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return []
        if not isinstance(event, dict) or (event.get("error") and "type" not in event):
            expect_object(event)
        handler = self._handlers.get(event.get("type"))
        return handler(event) if handler is not None else []

    def finish(self) -> list[ChatEvent]:
        return []

    def _start(self, event: dict[str, Any]) -> list[ChatEvent]:
        response = event.get("response") or {}
        return [ChatStart(response.get("id"), response.get("model"))]

    def _text(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = _part_number(event, event.get("content_index"))
        self._texts.add(number)
        return [TextDelta(event["delta"], number)] if event.get("delta") else []

    def _refusal(self, event: dict[str, Any]) -> list[ChatEvent]:
        self._refused = True
        return [RefusalDelta(event.get("delta") or "")]

    def _reasoning(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = _part_number(event)
        block = event.get("summary_index", event.get("content_index"))
        apart = self._thought.setdefault(number, block) != block  # a paragraph of its own
        self._thought[number] = block
        return [ReasoningDelta(("\n\n" if apart else "") + (event.get("delta") or ""), number)]

    def _item_added(self, event: dict[str, Any]) -> list[ChatEvent]:
        item = event.get("item") or {}
        if item.get("type") not in ("function_call", "custom_tool_call"):
            return []
        identifier = item.get("call_id") or item.get("id")
        return [ToolCallDelta(_part_number(event), identifier, item.get("name"))]

    def _arguments(self, event: dict[str, Any]) -> list[ChatEvent]:
        return [ToolCallDelta(_part_number(event), arguments=event.get("delta") or "")]

    def _item_done(self, event: dict[str, Any]) -> list[ChatEvent]:
        """The whole item replaces its deltas; text has arrived in full already, as a rule."""
        self._items.add(event.get("output_index") or 0)
        item = event.get("item") or {}
        if item.get("type") != "message":
            parts = parts_of_item(item, [])
            return [PartEnd(part, _part_number(event)) for part in parts]
        events: list[ChatEvent] = []
        for index, content in enumerate(item.get("content") or ()):
            number, part = _part_number(event, index), content_part(content, item)
            if part is not None and (part.provider_state is not None or number not in self._texts):
                events.append(PartEnd(part, number))
            elif content.get("type") == "refusal" and not self._refused:
                events.append(RefusalDelta(str(content.get("refusal"))))
        return events

    def _end(self, event: dict[str, Any]) -> list[ChatEvent]:
        reply = responses_to_reply(event.get("response"))
        self.finished = True
        events: list[ChatEvent] = [ChatStart(reply.id, reply.model)]
        for index, item in enumerate(event["response"]["output"]):
            if index not in self._items:
                events += self._item_done({"output_index": index, "item": item})
        events += [CitationFound(citation) for citation in reply.citations]
        if reply.usage is not None:
            events.append(UsageSnapshot(reply.usage))
        return [*events, ChatEnd(reply.first.finish)]

    def _error(self, event: dict[str, Any]) -> list[ChatEvent]:
        raise ProviderFailure(failure_of(event))


def _part_number(event: dict[str, Any], content_index: int | None = 0) -> int:
    """One number for an item and a content part within it."""
    return int(event.get("output_index") or 0) * 1000 + int(content_index or 0)

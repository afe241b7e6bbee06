"""The Messages API's events to chat events."""

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
    parse_arguments,
)

from ._decode import (
    citations_of,
    failure_of,
    finish_of,
    parts_of_block,
    refusal_of,
    usage_of,
)


class MessagesDecoder:
    """Puts the blocks together: the whole block is what goes back in the next turn."""

    def __init__(self) -> None:
        self.finished = False
        self._blocks: dict[int, dict[str, Any]] = {}
        self._arguments: dict[int, list[str]] = {}
        self._texts: dict[int, list[str]] = {}
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}
        self._handlers: dict[str, Callable[[dict[str, Any]], list[ChatEvent]]] = {
            "message_start": self._start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._end,
            "error": self._error,
        }

    def push(self, event: JSON) -> list[ChatEvent]:
        if not isinstance(event, dict):
            raise ProviderFailure(failure_of(event))
        handler = self._handlers.get(str(event.get("type")))
        return handler(event) if handler is not None else []

    def finish(self) -> list[ChatEvent]:
        return []

    def _start(self, event: dict[str, Any]) -> list[ChatEvent]:
        message = event.get("message") or {}
        started: list[ChatEvent] = [ChatStart(message.get("id"), message.get("model"))]
        return [*started, *self._count(message.get("usage"))]

    def _count(self, usage: Any) -> list[ChatEvent]:
        """Counts are cumulative: a later one replaces the earlier, a missing one leaves it."""
        known = {k: v for k, v in (usage or {}).items() if v is not None}
        self._usage.update(known)
        counts = usage_of(self._usage)
        return [UsageSnapshot(counts)] if known and counts is not None else []

    def _block_start(self, event: dict[str, Any]) -> list[ChatEvent]:
        number, block = event["index"], dict(event["content_block"])
        self._blocks[number] = block
        if block["type"] == "tool_use":
            return [ToolCallDelta(number, block["id"], block["name"])]
        if block["type"] == "text" and block.get("text"):
            return [TextDelta(block["text"], number)]
        return []

    def _block_delta(self, event: dict[str, Any]) -> list[ChatEvent]:
        number, delta = event["index"], event["delta"]
        block, kind = self._blocks[number], delta["type"]
        if kind == "text_delta":
            self._texts.setdefault(number, []).append(delta["text"])
            return [TextDelta(delta["text"], number)] if delta["text"] else []
        if kind == "input_json_delta":
            self._arguments.setdefault(number, []).append(delta["partial_json"])
            if block["type"] == "tool_use" and delta["partial_json"]:
                return [ToolCallDelta(number, arguments=delta["partial_json"])]
        elif kind == "thinking_delta":
            self._texts.setdefault(number, []).append(delta["thinking"])
            return [ReasoningDelta(delta["thinking"], number)] if delta["thinking"] else []
        elif kind == "signature_delta":
            block["signature"] = delta["signature"]
        elif kind == "citations_delta":
            # A new list: the one in the block may be the event's own.
            block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
            return [CitationFound(citation) for citation in citations_of([delta["citation"]])]
        else:  # of blocks that only go back, such as a compaction
            block.update({name: value for name, value in delta.items() if name != "type"})
        return []

    def _block_stop(self, event: dict[str, Any]) -> list[ChatEvent]:
        number = event["index"]
        block = self._blocks[number]
        if block["type"] == "text" and not block.get("citations"):
            return []
        if pieces := self._texts.get(number):
            name = block["type"]  # text and thinking are fields of the same name
            block[name] = (block.get(name) or "") + "".join(pieces)
        if raw := "".join(self._arguments.get(number, ())):
            parsed = parse_arguments(raw)
            if parsed["arguments"] is None:
                return []  # the pieces have arrived; they stay text
            block["input"] = parsed["arguments"]
        return [PartEnd(part, number) for part in parts_of_block(block)]

    def _message_delta(self, event: dict[str, Any]) -> list[ChatEvent]:
        said = event.get("delta") or {}
        self._stop.update({name: value for name, value in said.items() if value is not None})
        return self._count(event.get("usage"))

    def _end(self, event: dict[str, Any]) -> list[ChatEvent]:
        self.finished = True
        details = self._stop.get("stop_details")
        finish, refusal = finish_of(self._stop.get("stop_reason"), details), refusal_of(details)
        if finish.unified == "refusal" and refusal is not None:
            return [RefusalDelta(refusal), ChatEnd(finish)]
        return [ChatEnd(finish)]

    def _error(self, event: dict[str, Any]) -> list[ChatEvent]:
        raise ProviderFailure(failure_of(event))

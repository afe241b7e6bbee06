"""The chat completions API's chunks to chat events."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from indox_core.plugin import (
    JSON,
    CallNumbers,
    ChatEnd,
    ChatEvent,
    ChatStart,
    CitationFound,
    PartEnd,
    ProviderFailure,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageSnapshot,
)

from ._decode import (
    call_id,
    check_errors,
    chunks_of,
    citations_of,
    failure_of,
    finish_of,
    is_newer,
    opaque_part,
    thinking_part,
    thinking_text,
    usage_of,
)


class MistralDecoder:
    """`chat.completion.chunk` objects to chat events."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._choices: dict[int, _ChoiceState] = {}

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return [e for n, s in self._choices.items() if not s.ended for e in s.end(None, n)]
        if is_newer(event):
            return []
        choices = event.get("choices") if isinstance(event, dict) else None
        if not isinstance(choices, list) and not (choices is None and _counts(event)):
            raise ProviderFailure(failure_of(event))
        check_errors(event)
        events: list[ChatEvent] = []
        if not self._started:
            self._started = True
            events.append(ChatStart(event.get("id"), event.get("model")))
        for choice in choices or ():
            number = choice.get("index") or 0
            state = self._choices.setdefault(number, _ChoiceState())
            events += state.push(choice, number)
        if (usage := usage_of(event.get("usage"))) is not None:
            events.append(UsageSnapshot(usage))
        return events

    def finish(self) -> list[ChatEvent]:
        return []


class _ChoiceState:
    """One choice: its thinking comes in pieces and goes back as one chunk."""

    def __init__(self) -> None:
        self.ended = False
        self._thinking: dict[str, Any] | None = None
        self._part = 0
        self._calls = CallNumbers()

    def push(self, choice: dict[str, Any], number: int) -> list[ChatEvent]:
        delta = choice.get("delta") or {}
        content = delta.get("content")
        events: list[ChatEvent] = []
        for chunk in chunks_of(content):
            events += self._chunk(chunk, number)
        events += [CitationFound(citation) for citation in citations_of(content)]
        for call in delta.get("tool_calls") or ():
            events.append(_call_delta(call, self._calls, number))
        if (raw := choice.get("finish_reason")) is not None:
            events += self.end(raw, number)
        return events

    def end(self, raw: Any, number: int) -> list[ChatEvent]:
        self.ended = True
        finish = finish_of(raw, len(self._calls) > 0)
        return [*self._close_thinking(number), ChatEnd(finish, number)]

    def _chunk(self, chunk: dict[str, Any], number: int) -> list[ChatEvent]:
        if chunk.get("type") == "thinking":
            text = thinking_text(chunk)
            if self._thinking is None:
                self._part += 1
                self._thinking = {**chunk, "thinking": [{"type": "text", "text": ""}]}
            self._thinking["thinking"][0]["text"] += text
            self._thinking.update({k: v for k, v in chunk.items() if k != "thinking"})
            return [ReasoningDelta(text, self._part, number)] if text else []
        if chunk.get("type") == "text":
            if not chunk.get("text"):
                return []
            closed = self._close_thinking(number)
            return [*closed, TextDelta(chunk["text"], self._part, number)]
        closed = self._close_thinking(number)
        self._part += 2  # of its own, so that the text that follows is another part
        return [*closed, PartEnd(opaque_part(chunk), self._part - 1, number)]

    def _close_thinking(self, number: int) -> list[ChatEvent]:
        thinking, self._thinking = self._thinking, None
        if thinking is None:
            return []
        return [PartEnd(thinking_part(thinking), self._part, number)]


def _counts(event: Any) -> bool:
    return isinstance(event, dict) and isinstance(event.get("usage"), dict)


def _call_delta(call: dict[str, Any], calls: CallNumbers, choice: int) -> ToolCallDelta:
    function = call.get("function") or {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        arguments = to_json(arguments).decode()
    number = calls.number(call_id(call), call.get("index"))
    return ToolCallDelta(number, call_id(call), function.get("name"), arguments or "", choice)

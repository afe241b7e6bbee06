"""Chat Completions' chunks to chat events."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from indox_core.plugin import (
    JSON,
    CallNumbers,
    ChatEnd,
    ChatEvent,
    ChatStart,
    Citation,
    CitationFound,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageSnapshot,
)
from indox_openai._shared import expect_object

from .decode import chat_usage, citations_of, finish_of, reasoning_of, sources_of, text_of


class ChatDecoder:
    """`chat.completion.chunk` objects to chat events."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._sources: list[Citation] = []
        self._choices: dict[int, _ChoiceState] = {}

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return self._end_open_choices()
        body = expect_object(event)
        events: list[ChatEvent] = []
        if not self._started and (body.get("id") or body.get("model")):
            self._started = True
            events.append(ChatStart(body.get("id"), body.get("model")))
        for choice in body.get("choices") or ():
            self._push_choice(choice, events)
        for source in sources_of(body):
            if source not in self._sources:  # each chunk repeats them
                self._sources.append(source)
                events.append(CitationFound(source))
        if (usage := chat_usage(body)) is not None:
            events.append(UsageSnapshot(usage))
        return events

    def finish(self) -> list[ChatEvent]:
        return []

    def _push_choice(self, choice: dict[str, Any], events: list[ChatEvent]) -> None:
        number = choice.get("index") or 0
        state = self._choices.setdefault(number, _ChoiceState())
        delta = choice.get("delta") or {}
        if thought := reasoning_of(delta):
            events.append(ReasoningDelta(thought, 0, number))
        if text := text_of(delta.get("content")):
            events.append(TextDelta(text, 0, number))
        if refusal := delta.get("refusal"):
            state.refused = True
            events.append(RefusalDelta(refusal, number))
        calls = delta.get("tool_calls") or ()
        if delta.get("function_call"):
            calls = ({"index": 0, "function": delta["function_call"]},)
        for call in calls:
            events.append(_call_delta(call, state.calls, number))
        events += [CitationFound(citation) for citation in citations_of(delta)]
        if raw := choice.get("finish_reason"):
            state.ended = True
            events.append(ChatEnd(finish_of(raw, bool(state.calls), state.refused), number))

    def _end_open_choices(self) -> list[ChatEvent]:
        """`[DONE]` ends what no finish reason has ended."""
        return [
            ChatEnd(finish_of(None, bool(state.calls), state.refused), number)
            for number, state in self._choices.items()
            if not state.ended
        ]


class _ChoiceState:
    """What one choice has had so far."""

    def __init__(self) -> None:
        self.calls = CallNumbers()
        self.refused = False
        self.ended = False


def _call_delta(call: dict[str, Any], calls: CallNumbers, choice: int) -> ToolCallDelta:
    identifier = call.get("id") or None
    number = calls.number(identifier, call.get("index"))
    function = call.get("function") or call.get("custom") or {}
    arguments = function.get("arguments", function.get("input"))
    if isinstance(arguments, dict):
        arguments = to_json(arguments).decode()
    return ToolCallDelta(number, identifier, function.get("name"), arguments or "", choice)

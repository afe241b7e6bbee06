"""Chat Completions' chunks to chat events."""

from __future__ import annotations

import binascii
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
    PartEnd,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageSnapshot,
    as_object,
)
from indox_openai._shared import expect_object

from .decode import calls_of, chat_usage, check_choice, finish_of, function_of, sound_part
from .message import (
    citations_of,
    media_of,
    name_of,
    objects,
    once,
    reasoning_of,
    sources_of,
    text_of,
)


class ChatDecoder:
    """`chat.completion.chunk` objects to chat events.

    What a choice ended with is told at the end of the stream: some servers say it in every chunk,
    or before the last piece.
    """

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._sources: dict[str, Citation] = {}
        self._choices: dict[int, _ChoiceState] = {}

    def push(self, event: JSON) -> list[ChatEvent]:
        if event == "[DONE]":
            self.finished = True
            return self._ends(all_of_them=True)
        if not event:  # keeps the connection alive
            return []
        body = expect_object(event)
        events: list[ChatEvent] = []
        if not self._started and (body.get("id") or body.get("model")):
            self._started = True
            events.append(ChatStart(body.get("id"), body.get("model")))
        citations = sources_of(body)
        for choice in objects(body.get("choices")):
            citations += self._push_choice(choice, events)
        if citations:
            events += self._new(citations)
        if (usage := chat_usage(body)) is not None:
            events.append(UsageSnapshot(usage))
        return events

    def finish(self) -> list[ChatEvent]:
        return self._ends()

    def _push_choice(self, choice: dict[str, Any], events: list[ChatEvent]) -> list[Citation]:
        check_choice(choice)
        number = choice.get("index") or 0
        state = self._choices.get(number)
        if state is None:
            state = self._choices[number] = _ChoiceState()
        delta = state.delta_of(choice)
        if thought := reasoning_of(delta):
            events.append(ReasoningDelta(thought, 0, number))
        if text := text_of(delta.get("content")):
            events.append(TextDelta(text, 0, number))
        for address, part in media_of(delta):
            if address not in state.media:
                state.media.add(address)
                events.append(PartEnd(part, len(state.media), number))
        if sound := delta.get("audio"):
            state.hear(as_object(sound))
        if refusal := delta.get("refusal"):
            state.refused = True
            events.append(RefusalDelta(refusal, number))
        events += [_call_delta(call, state.calls, number) for call in calls_of(delta)]
        state.finish = choice.get("finish_reason") or state.finish
        return citations_of(delta)

    def _new(self, citations: list[Citation]) -> list[ChatEvent]:
        """The sources that were not told yet: each chunk repeats them.

        One without a title waits for it, as another list may give it.
        """
        told: list[ChatEvent] = []
        for citation in once(citations):
            name = name_of(citation)
            known = self._sources.get(name)
            if known is None or (known.title is None and citation.title is not None):
                self._sources[name] = citation
                if citation.title is not None:
                    told.append(CitationFound(citation))
        return told

    def _ends(self, all_of_them: bool = False) -> list[ChatEvent]:
        """The ends that were said, each once; `[DONE]` ends what no finish reason has ended."""
        events: list[ChatEvent] = [
            CitationFound(source) for source in self._sources.values() if source.title is None
        ]
        self._sources.clear()
        for number, state in self._choices.items():
            if not state.ended and (state.finish or all_of_them):
                state.ended = True
                if sound := state.sound():
                    events.append(PartEnd(sound_part(sound), len(state.media) + 1, number))
                finish = finish_of(state.finish, bool(state.calls), state.refused)
                events.append(ChatEnd(finish, number))
        return events


class _ChoiceState:
    """What one choice has had so far."""

    def __init__(self) -> None:
        self.calls = CallNumbers()
        self.media: set[str] = set()
        self._sound: dict[str, Any] = {}
        self.refused = False
        self.finish: str | None = None
        self.ended = False
        self._has_deltas = False

    def hear(self, piece: dict[str, Any]) -> None:
        """A piece of the sound: its data and its words go on, the rest stands."""
        for name, value in piece.items():
            if name in ("data", "transcript"):
                self._sound.setdefault(name, []).append(str(value or ""))
            else:
                self._sound[name] = value

    def sound(self) -> dict[str, Any]:
        """The sound so far, as an answer in one piece has it."""
        sound = dict(self._sound)
        if "transcript" in sound:
            sound["transcript"] = "".join(sound["transcript"])
        if "data" in sound:
            sound["data"] = _joined(sound["data"])
        return sound

    def delta_of(self, choice: dict[str, Any]) -> dict[str, Any]:
        """The piece of a chunk. Some servers call it `message`, or `text` as older ones do.

        Perplexity's chunks have both, and their message is all that came so far.
        """
        delta = choice.get("delta")
        if isinstance(delta, dict) and any(delta[key] for key in delta if key != "role"):
            self._has_deltas = True
            return delta
        if self._has_deltas:
            return {}
        message = as_object(choice.get("message"))
        return message or {"content": choice.get("text")}


def _joined(pieces: list[str]) -> str:
    """Base64 texts as one: each is whole in itself."""
    try:
        data = b"".join(binascii.a2b_base64(piece) for piece in pieces)
    except ValueError:
        return "".join(pieces)
    return binascii.b2a_base64(data, newline=False).decode()


def _call_delta(call: dict[str, Any], calls: CallNumbers, choice: int) -> ToolCallDelta:
    identifier = call.get("id") or None
    number = calls.number(identifier, call.get("index"))
    function = function_of(call)
    arguments = function.get("arguments", function.get("input"))
    if isinstance(arguments, dict):
        arguments = to_json(arguments).decode()
    return ToolCallDelta(number, identifier, function.get("name"), arguments or "", choice)

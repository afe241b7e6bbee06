"""What is read of a stream."""

from __future__ import annotations

import copy
import json
from itertools import zip_longest
from typing import Any, get_args

import pytest

from indox_core.plugin import (
    ChatEnd,
    ChatEvent,
    ProviderFailure,
    ReasoningDelta,
    TextDelta,
)
from indox_core.testing._scenarios import TEXT

from .answers import THOUGHT
from .core import Fold
from .recordings import Recordings, calls_of, text_of
from .samples import TEXTS
from .tree import pieces, reworded, with_unknown_fields

_NEWER: tuple[Any, ...] = (
    {"indox_unknown": {"new": [1]}},
    {"type": "indox.unknown", "event": "indox.unknown", "object": "indox.unknown"},
)


class Streams(Recordings):
    """What is read of a stream"""

    def test_what_is_told_whole_is_told_as_a_stream(self) -> None:
        """Who streams calls must have shown that its decoder reads them."""
        self._needs("tools")
        if not self._has_decoder() or self._events("text") is None:
            pytest.skip(f"{self.provider.spec.name} has no decoder of its own, or no text.sse")
        assert self._events("tool_call") or self._events("parallel_tool_calls"), self._wanted(
            "tool_call", "stream"
        )

    def test_a_decoder_gives_our_events(self) -> None:
        """Each as a list of chat events; the end once for each choice, and nothing after it."""
        for name, events in self._streams().items():
            ends: list[int] = []
            for step in self._steps(events):
                for event in step:
                    assert isinstance(event, get_args(ChatEvent)), f"{name}: {event!r} is no event."
                    if isinstance(event, ChatEnd):
                        ends.append(event.choice)
            assert len(ends) == len(set(ends)), f"{name}: the end is told more than once."

    @pytest.mark.parametrize("kind", TEXTS)
    def test_pieces_are_read_as_they_are(self, kind: str) -> None:
        """A piece may be a space, a line break, half a word or a page."""
        new = TEXTS[kind]
        for name, text in (("text", TEXT), ("reasoning", THOUGHT)):
            events = self._events(name)
            for piece in pieces(events, text) if events is not None else ():
                for other in (new, " ", "\n\n"):
                    fold = self._fold(reworded(events, piece, other))
                    reply = fold.reply()
                    thoughts = "".join(p.text for p in reply.parts if p.type == "reasoning")
                    read = text_of(reply) if name == "text" else thoughts
                    assert read == text.replace(piece, other), (
                        f"{name}: {json.dumps(other)[:80]} in place of {piece!r} is read as "
                        f"{json.dumps(read)[:120]} ({len(read)} characters)."
                    )

    def test_pieces_are_given_as_they_come(self) -> None:
        """Who keeps them to the end makes a stream as slow as a whole answer."""
        for name, kind in (("text", TextDelta), ("reasoning", ReasoningDelta)):
            events = self._events(name)
            text = TEXT if name == "text" else THOUGHT
            told = pieces(events, text) if events is not None else []
            if events is None or len(told) < 2:
                continue
            first = next(n for n, event in enumerate(events) if told[0] in json.dumps(
                event, ensure_ascii=False))  # fmt: skip
            steps = list(self._steps(events))[: first + 1]
            assert any(isinstance(event, kind) for step in steps for event in step), (
                f"{name}: nothing is given of {told[0]!r} when it comes."
            )

    def test_the_end_signal_finishes_a_decoder(self) -> None:
        """`finished` tells the core that it need not wait for the connection to close."""
        self._needs_address()
        steps = list(self._steps(self._needs_stream("text")))
        if any(isinstance(event, ChatEnd) for event in steps[-1]):
            pytest.skip("a stream of this vendor ends with its connection")
        for name, events in self._streams().items():
            decoder, ended_at = self._decoder(), None
            for number, event in enumerate(copy.deepcopy(events)):
                assert not decoder.finished or event == "[DONE]", (
                    f"{name}: the decoder is finished before event {number} of {len(events)}."
                )
                ours = decoder.push(event)
                if any(isinstance(each, ChatEnd) for each in ours):
                    ended_at = number
            assert decoder.finished or ended_at is None, (
                f"{name}: after the last event and its ChatEnd, decoder.finished is still False."
            )

    def test_nothing_is_lost_after_finished(self) -> None:
        """The core reads no further: counts that come later would not be paid for."""
        for name, events in self._streams().items():
            fold = Fold()
            for step in self._steps(events):
                for ours in step:
                    fold.add(ours)
            assert fold.reply() == self._fold(events).reply(), (
                f"{name}: what comes after decoder.finished changes the answer."
            )

    def test_events_that_are_newer_cost_nothing(self) -> None:
        """Vendors add events and fields without notice; an answer must survive that."""
        for name, events in self._streams().items():
            plain = self._fold(events).reply()
            arguments = [call.arguments for call in calls_of(plain)]  # a field in them is one more
            longer = [with_unknown_fields(event, arguments) for event in events]
            self._reads_the_same(f"{name} with unknown fields", longer, plain)
            for newer in _NEWER:
                for place in {0, len(events) // 2, len(events) - 1}:
                    more = [*events[:place], newer, *events[place:]]
                    self._reads_the_same(f"{name} with an unknown event", more, plain)

    def _reads_the_same(self, what: str, events: list[Any], plain: Any) -> None:
        fold = self._fold(events)
        reply = fold.reply()
        assert fold.ended, f"{what}: the stream does not end."
        assert text_of(reply) == text_of(plain), f"{what}: another text is read."
        assert reply.first.finish == plain.first.finish, f"{what}: another finish is read."
        assert reply.usage == plain.usage, f"{what}: other counts are read."
        calls = [[(call.name, call.arguments) for call in calls_of(r)] for r in (reply, plain)]
        assert calls[0] == calls[1], f"{what}: other calls are read."

    def test_an_error_event_is_a_failure(self) -> None:
        """First or in the middle of a text: what follows it is no answer."""
        body, events = self._body("error"), self._events("text")
        if body is None or events is None or not self._has_decoder():
            pytest.skip("no recorded/error.json or text.sse, or no decoder of its own")
        for place in range(len(events)):
            decoder = self._decoder()
            for event in copy.deepcopy(events[:place]):
                decoder.push(event)
            if decoder.finished:
                break
            with pytest.raises(ProviderFailure):
                pytest.fail(
                    f"After {place} events, push({body}) gives {decoder.push(copy.deepcopy(body))}"
                    ": raise ProviderFailure for an error event."
                )

    def test_a_cut_stream_is_never_complete(self) -> None:
        """Every SDK reports half a stream as a success; the end signal alone ends one."""
        for name in ("text", "tool_call", "reasoning"):
            events = self._events(name)
            if events is None:
                continue
            whole = self._fold(events)
            for length in range(len(events)):
                fold = self._fold(events[:length])
                if fold.ended:
                    assert fold.reply().parts == whole.reply().parts, (
                        f"{name}.sse: after {length} of {len(events)} events the stream counts as "
                        "complete, and is not."
                    )

    def test_streams_do_not_mix(self) -> None:
        """A decoder that is kept for all streams mixes two users' answers."""
        recorded = list(self._streams().values())
        if not recorded:
            pytest.skip(f"{self.provider.spec.name} has no recorded stream")
        operation = self._operation(stream=True)
        provider = self.provider()
        for streams in zip(recorded, [*recorded[1:], recorded[0]], strict=True):
            folds, decoders = [Fold(), Fold()], [provider.decoder(operation) for _ in streams]
            for turn in zip_longest(*streams):
                for decoder, fold, event in zip(decoders, folds, turn, strict=True):
                    if event is not None and not decoder.finished:
                        for ours in decoder.push(copy.deepcopy(event)):
                            fold.add(ours)
            alone = [self._fold(events).reply() for events in streams]
            for decoder, fold, reply in zip(decoders, folds, alone, strict=True):
                for ours in decoder.finish():
                    fold.add(ours)
                assert fold.reply() == reply, "Two streams at once are read otherwise than alone."

"""What is read of a whole answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from indox_core.plugin import ProviderFailure, ReasoningPart
from indox_core.testing._scenarios import SCENARIOS, TEXT, Scenario

from .recordings import Recordings, calls_of, text_of
from .samples import ARGUMENTS, TEXTS
from .subject import Recorder
from .tree import leaves, renumbered, reworded, with_arguments, with_nulls, with_unknown_fields

THOUGHT = "France has a capital."


class Answers(Recordings):
    """What is read of an answer"""

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_an_answer_is_read_right(self, record_property: Recorder, scenario: Scenario) -> None:
        """In whole or as a stream, the same content is read the same."""
        self._shows(record_property, f"answer: {scenario.name}")
        replies = self._replies(scenario)
        if not replies:
            self._skip_or_fail(scenario)
        for reply in replies:
            self._check(scenario, reply)
        if len(replies) == 2:
            plain, stream = replies
            assert plain.parts == stream.parts, "The stream folds into other parts."
            assert plain.first.finish == stream.first.finish
            assert (plain.usage, plain.refusal) == (stream.usage, stream.refusal)
            assert plain.citations == stream.citations
            assert (plain.id, plain.model) == (stream.id, stream.model)

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
    def test_unknown_fields_cost_nothing(self, scenario: Scenario) -> None:
        """Vendors add fields without notice; an answer must survive that."""
        body = self._body(scenario.name)
        if body is None:
            pytest.skip(f"no recorded/{scenario.name}.json")
        plain = self._decode(body)
        written = [call.arguments for call in calls_of(plain)]
        reply = self._decode(with_unknown_fields(body, written))
        assert text_of(reply) == text_of(plain)
        assert reply.first.finish == plain.first.finish
        assert reply.usage == plain.usage
        assert [call.name for call in calls_of(reply)] == [call.name for call in calls_of(plain)]

    def test_null_is_nothing(self) -> None:
        """Vendors say null for what an answer has not, today or tomorrow."""
        bodies = self._bodies()
        names = ("text", "tool_call", "parallel_tool_calls", "reasoning", "length")
        known = {name: bodies[name] for name in names if name in bodies}
        for name, body in known.items():
            others = [other for other in known.values() if other is not body]
            reply, plain = self._decode(with_nulls(body, others)), self._decode(body)
            assert text_of(reply) == text_of(plain), f"{name}: another text where fields are null."
            calls = [[(call.name, call.arguments) for call in calls_of(r)] for r in (reply, plain)]
            assert calls[0] == calls[1], f"{name}: other calls where fields are null."
            assert reply.first.finish == plain.first.finish

    def test_what_is_recorded_is_not_lacking(self) -> None:
        """Who says that the provider lacks something keeps it from all users."""
        if self._has("tools"):
            return
        recorded = [s.name for s in SCENARIOS if s.capability == "tools" and self._body(s.name)]
        assert not recorded, f"{recorded} is recorded, and spec.lacks names tools."

    @pytest.mark.parametrize("kind", TEXTS)
    def test_a_text_is_read_as_it_is(self, kind: str) -> None:
        """Of any length and in any script, with its spaces and line breaks."""
        body, text = self._body("text"), TEXTS[kind]
        assert body is not None, self._wanted("text", "json")
        if not any(isinstance(leaf, str) and TEXT in leaf for leaf in leaves(body)):
            pytest.skip("the text of recorded/text.json does not stand in one piece")
        read = text_of(self._decode(reworded(body, TEXT, text)))
        assert read == text, f"{kind}: {_short(text)} is read as {_short(read)}."
        thinking = self._body("reasoning")
        if thinking is None or THOUGHT not in leaves(thinking) or not text.strip():
            return
        reply = self._decode(reworded(thinking, THOUGHT, text))
        thoughts = [part.text for part in reply.parts if isinstance(part, ReasoningPart)]
        assert thoughts == [text], f"{kind}: the reasoning is read as {_short(str(thoughts))}."

    @pytest.mark.parametrize("number", range(len(ARGUMENTS)), ids=[a[0][:12] for a in ARGUMENTS])
    def test_arguments_are_read_with_care(self, number: int) -> None:
        """Models write broken JSON; what they wrote is kept, and is no failure of the call."""
        self._needs("tools")
        written, meant, kept = ARGUMENTS[number]
        tried = 0
        for name in ("tool_call", "parallel_tool_calls"):
            for replies in (self._body(name), self._events(name)):
                other = None if replies is None else with_arguments(
                    replies, {"city": "Paris"}, written)  # fmt: skip
                if other is None:
                    continue
                tried += 1
                whole = replies is not None and not isinstance(replies, list)
                reply = self._decode(other) if whole else self._fold(other).reply()
                call = calls_of(reply)[0]
                assert call.name == "get_weather"
                assert (call.arguments, call.arguments_raw) == (meant, kept), (
                    f"{name}: the arguments {_short(written)} are read as "
                    f"{call.arguments!r}, arguments_raw {call.arguments_raw!r}; parse_arguments() "
                    "of indox_core.plugin gives both."
                )
        if not tried:
            pytest.skip(f"{self.provider.spec.name} gives the arguments of a call as an object")

    def test_names_and_ids_of_calls_are_kept(self) -> None:
        """The result of a call is sent back under them."""
        self._needs("tools")
        for name in ("tool_call", "parallel_tool_calls"):
            body = self._body(name)
            for call in calls_of(self._decode(body)) if body is not None else ():
                for old, new in ((call.name, "A-other_Name9"), (call.id, "other-Id_0.1:x")):
                    if old not in list(leaves(body)):
                        continue  # an id of our own
                    reply = self._decode(reworded(body, old, new))
                    read = [word for c in calls_of(reply) for word in (c.name, c.id)]
                    assert new in read, f"{name}: {new!r} in place of {old!r} is read as {read}."

    def test_counts_are_read_as_they_are(self) -> None:
        """Also great ones, and 0, which is a count."""
        self._needs("usage")
        for numbers in ({24: 50024, 7: 30007, 31: 80031}, {7: 0, 31: 24}):
            for replies in (self._body("text"), self._events("text")):
                if replies is None or not {24, 7} <= set(filter(_is_number, leaves(replies))):
                    continue
                other = renumbered(replies, numbers)
                whole = not isinstance(replies, list)
                usage = (self._decode(other) if whole else self._fold(other).reply()).usage
                read = None if usage is None else (usage.input, usage.output)
                wanted = (numbers.get(24, 24), numbers.get(7, 7))
                assert read == wanted, f"{wanted} tokens read and written, not {read}."

    def test_what_was_answered_by_whom_is_kept(self) -> None:
        """The vendor's id is asked for in support cases; the model may not be the one named."""
        self._needs_address()
        body = self._body("text")
        assert body is not None, self._wanted("text", "json")
        reply = self._decode(body)
        unread = [
            key for key, value in body.items() if isinstance(value, str) and
            self._decode({**body, key: f"{value}-canary"}) == reply
        ] if isinstance(body, dict) else []  # fmt: skip
        for name in ("id", "model"):
            value = getattr(reply, name)
            if value is None and name not in self.never_says:
                assert not unread, (
                    f"Reply.{name} is None, and {unread} of recorded/text.json is read by nobody. "
                    f'If none of it is the {name}: never_says = {{"{name}": "why"}}.'
                )
            if value in list(leaves(body)):
                other = self._decode(reworded(body, value, f"{value}-canary"))
                assert getattr(other, name) == f"{value}-canary", f"Reply.{name} is made up."

    def test_no_reason_is_no_stop(self) -> None:
        """An answer whose end has no reason may have been cut."""
        self._needs("finish_reasons")
        body = self._body("text")
        assert body is not None, self._wanted("text", "json")
        raw = self._decode(body).first.finish.raw
        if raw is None or list(leaves(body)).count(raw) != 1:
            pytest.skip("the reason for the end stands in no one place of recorded/text.json")
        assert self._decode(reworded(body, raw, f"{raw}_2")).first.finish.unified != "stop", (
            f"The reason {raw}_2, which the vendor has not, is read as stop."
        )

    def test_a_stored_answer_is_told_by_its_shape(self) -> None:
        """client.receipt() knows only the body."""
        body = self._body("text")
        assert body is not None, self._wanted("text", "json")
        assert self.provider().decode(body) == self._decode(body)

    def test_what_is_no_answer_is_no_reply(self) -> None:
        """Proxies answer 200 with anything."""
        bodies: list[Any] = [[], {}, "text", 5, None, {"error": {"message": "no", "type": "t"}}]
        for body in bodies:
            try:
                reply = self._decode(body)
            except (ProviderFailure, LookupError, TypeError, AttributeError):
                continue
            pytest.fail(f"decode({body!r}) gives {reply}: raise ProviderFailure for what is none.")


def _is_number(leaf: Any) -> bool:
    return type(leaf) in (int, float)


def _short(text: str) -> str:
    shown = json.dumps(text, ensure_ascii=False)
    return shown if len(shown) < 80 else f"{shown[:70]}... ({len(text)} characters)"

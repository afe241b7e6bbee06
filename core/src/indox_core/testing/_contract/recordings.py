"""The recorded answers, and how they are read."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indox_core.plugin import ChatEvent, Provider, ReasoningPart, Reply, TextPart, ToolCallPart
from indox_core.testing._scenarios import CANARY, SCENARIOS, Scenario

from .core import Fold, LineParser, SSEParser
from .samples import HELLO
from .subject import Subject
from .tree import beside


def text_of(reply: Reply) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, TextPart))


def calls_of(reply: Reply) -> list[ToolCallPart]:
    return [part for part in reply.parts if isinstance(part, ToolCallPart)]


class Recordings(Subject):
    """Reads `recorded/NAME.json` and `recorded/NAME.sse` as the core would."""

    def _file(self, name: str, suffix: str) -> Path:
        return self.recorded / f"{name}.{self.stream_format if suffix == 'stream' else suffix}"

    def _bytes(self, name: str, suffix: str) -> bytes:
        sent = CANARY if self.provider.spec.key_variable is not None else "no-key"
        return re.sub(rb"\bKEY\b", sent.encode(), self._file(name, suffix).read_bytes())

    def _body(self, name: str) -> Any:
        if not self._file(name, "json").is_file():
            return None
        return json.loads(self._bytes(name, "json"))

    def _events(self, name: str) -> list[Any] | None:
        """The events of a recorded stream; `None` if there is none."""
        if not self._file(name, "stream").is_file():
            return None
        parser = SSEParser() if self.stream_format == "sse" else LineParser()
        return [*parser.feed(self._bytes(name, "stream")), *parser.close()]

    def _decode(self, body: Any) -> Reply:
        reply = self.provider().decode(copy.deepcopy(body), self._operation())
        assert isinstance(reply, Reply), f"decode() must return a Reply, not {type(reply)}."
        return reply

    def _operation(self, stream: bool = False) -> str:
        return self.encode(self.request(HELLO, stream=stream)).operation

    def _decoder(self) -> Any:
        return self.provider().decoder(self._operation(stream=True))

    def _steps(self, events: list[Any]) -> Iterator[list[ChatEvent]]:
        """What a decoder makes of each event, and at last of the end of the stream."""
        decoder = self._decoder()
        for event in copy.deepcopy(events):
            yield list(decoder.push(event))
        yield list(decoder.finish())

    def _fold(self, events: list[Any]) -> Fold:
        """As the core reads a stream: no further than to its end."""
        decoder = self._decoder()
        fold = Fold()
        for event in copy.deepcopy(events):
            for ours in decoder.push(event):
                fold.add(ours)
            if decoder.finished:
                break
        for ours in decoder.finish():
            fold.add(ours)
        return fold

    def _streams(self) -> dict[str, list[Any]]:
        """The events of every recorded stream."""
        found = {scenario.name: self._events(scenario.name) for scenario in SCENARIOS}
        return {name: events for name, events in found.items() if events is not None}

    def _bodies(self) -> dict[str, Any]:
        """Every recorded whole answer."""
        found = {scenario.name: self._body(scenario.name) for scenario in SCENARIOS}
        return {name: body for name, body in found.items() if body is not None}

    def _replies(self, scenario: Scenario) -> list[Reply]:
        body, events = self._body(scenario.name), self._events(scenario.name)
        replies = [] if body is None else [self._decode(body)]
        if events is not None:
            fold = self._fold(events)
            assert fold.ended, f"{scenario.name}.sse ends without the vendor's end signal."
            replies.append(fold.reply())
        if not replies and scenario.name == "text_and_tool_call":
            replies = self._made_of_two()
        return replies

    def _made_of_two(self) -> list[Reply]:
        """An answer with text and a call, made of the two that are recorded."""
        text, call = self._body("text"), self._body("tool_call")
        if text is None or call is None:
            return []
        reply = self._decode(beside(call, text))
        (scenario,) = [s for s in SCENARIOS if s.name == "text_and_tool_call"]
        whole = text_of(reply) == scenario.text and len(calls_of(reply)) == 1
        return [reply] if whole else []

    def _check(self, scenario: Scenario, reply: Reply) -> None:
        about = f"recorded/{scenario.name} is {scenario.about}"
        finish = reply.first.finish
        if "finish_reasons" not in self.provider.spec.lacks:
            assert finish.unified in scenario.finish, f"{about}; read: {finish}."
        if scenario.raw_finish is not None:
            assert finish.raw == scenario.raw_finish, f"The vendor's own word is lost: {finish}."
        if scenario.name != "refusal":
            assert text_of(reply) == scenario.text, f"{about}; read: {text_of(reply)!r}."
        thoughts = [p.text for p in reply.parts if isinstance(p, ReasoningPart) and p.text]
        assert ("\n\n".join(thoughts) or None) == scenario.reasoning, f"{about}; read: {thoughts}."
        calls = calls_of(reply)
        read = tuple((call.name, call.arguments) for call in calls)
        assert read == scenario.calls, f"{about}; read: {read}."
        assert len({call.id for call in calls}) == len(calls), "Two calls have the same id."
        assert all(call.id for call in calls), "A call has no id; make one up (MADE_UP_CALL)."
        if scenario.arguments_raw is not None:
            assert calls[0].arguments_raw == scenario.arguments_raw
        self._check_usage(scenario, reply)
        if scenario.cited is not None:
            assert scenario.cited in [citation.url for citation in reply.citations]

    def _check_usage(self, scenario: Scenario, reply: Reply) -> None:
        if "usage" in self.provider.spec.lacks:
            return
        usage = reply.usage
        tokens = (None, None) if usage is None else (usage.input, usage.output)
        assert tokens == scenario.tokens, (
            f"recorded/{scenario.name}: {scenario.tokens} tokens read and written (cached ones and "
            f"reasoning included), not {tokens}."
        )
        if usage is not None:
            assert (usage.cache_read or 0) == scenario.cache_read
            assert (usage.web_searches or 0) == scenario.searches

    def _wanted(self, name: str, suffix: str) -> str:
        about = {scenario.name: scenario.about for scenario in SCENARIOS}.get(
            name, "a refusal that says no more than its status"
        )
        missing = self._file(name, suffix).name
        return (
            f"recorded/{missing} is missing. In your vendor's shape it says: {about}. If the "
            f'vendor truly cannot say that: never_says = {{"{name}": "why"}}.'
        )

    def _skip_or_fail(self, scenario: Scenario) -> None:
        name = self.provider.spec.name
        if scenario.capability in self.provider.spec.lacks:
            pytest.skip(f"{name} lacks {scenario.capability} (spec.lacks)")
        if scenario.name in self.never_says:
            pytest.skip(f"{name} cannot say that: {self.never_says[scenario.name]}")
        if scenario.capability in self.refuses:
            pytest.skip(
                f"{name} is not asked for {scenario.capability} here: `options` rule it out"
            )
        asked = scenario.asked_with is not None and self._has(scenario.asked_with)
        if not scenario.required and not asked:
            pytest.skip(f"no recorded/{scenario.name}.json or .sse: {name} does not say that")
        pytest.fail(self._wanted(scenario.name, "json"))

    def _has_decoder(self) -> bool:
        """Whether the provider reads streams by itself."""
        return self.provider.decoder is not Provider.decoder

    def _needs_stream(self, name: str) -> list[Any]:
        events = self._events(name)
        if events is None:
            pytest.skip(f"no recorded/{self._file(name, 'stream').name}: add it if it streams")
        return events

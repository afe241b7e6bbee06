"""How the recorded answers are read."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from indox_core.plugin import ChatEvent, Provider, ReasoningPart, Reply, TextPart, ToolCallPart
from indox_core.testing._scenarios import SCENARIOS, Scenario

from .core import Fold
from .library import Library
from .samples import HELLO
from .tree import beside


def text_of(reply: Reply) -> str:
    return "".join(part.text for part in reply.parts if isinstance(part, TextPart))


def calls_of(reply: Reply) -> list[ToolCallPart]:
    return [part for part in reply.parts if isinstance(part, ToolCallPart)]


class Recordings(Library):
    """Reads them as the core would."""

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

    def _has_decoder(self) -> bool:
        """Whether the provider reads streams by itself."""
        return self.provider.decoder is not Provider.decoder

"""What its translators never do: they neither act nor remember."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from indox_core import UnsupportedFeatureError
from indox_core.plugin import Call, ModelLister, Rates, TokenCounter

from .recordings import Recordings
from .samples import HELLO, tool_turn
from .watch import Watch

_NEVER = "What is pure prints, logs, waits, reads and starts nothing; the core does all of that."


class Purity(Recordings):
    """What its translators never do"""

    def test_encode_is_pure(self) -> None:
        """The core encodes for explain() and for chat() alike: both must show the same call."""
        request = self.request([*HELLO, *tool_turn()] if self._has("tools") else HELLO)
        before = request.model_dump()
        first, second = self.encode(request), self.encode(request)
        assert isinstance(first, Call), "encode() must return a Call."
        assert first == second, "encode() gives another call for the same request."
        assert request.model_dump() == before, "encode() has changed the request."
        json.dumps(first.arguments, allow_nan=False)

    def test_encode_does_nothing_else(self) -> None:
        """Who prints, logs, waits or reads the environment there does it in every call."""
        provider = self.provider()
        for what, request in self.corpus():
            self._watched(f"encode() of {what}", partial(provider.encode, request))

    def test_encode_changes_no_request(self) -> None:
        """The same request is encoded again: for a retry, a fallback, for explain()."""
        provider = self.provider()
        for what, request in self.corpus():
            before, calls = copy.deepcopy(request), []
            for _ in range(2):
                try:
                    calls.append(provider.encode(request))
                except UnsupportedFeatureError:
                    break
            assert request == before, f"encode() has changed the request: {what}."
            assert calls in ([], calls[:1] * 2), f"encode() gives another call: {what}."
            for call in calls:
                assert isinstance(call, Call), "encode() must return a Call."
                json.dumps(call.arguments, allow_nan=False)

    def test_one_instance_serves_all(self) -> None:
        """What it kept of one user's request would be sent for another's."""
        shared = self.provider()
        for what, request in self.corpus():
            try:
                alone = self.provider().encode(request)
            except UnsupportedFeatureError:
                continue
            assert shared.encode(request) == alone, f"It remembers an earlier request: {what}."

    def test_reading_does_nothing_else(self) -> None:
        """An answer is somebody's: it is not printed, logged or kept."""
        operation, provider = self._operation(), self.provider()
        for name, body in self._bodies().items():
            self._watched(f"decode() of {name}", partial(provider.decode, body, operation))
        operation = self._operation(stream=True)
        for name, events in self._streams().items():
            decoder = self._watched("decoder()", partial(provider.decoder, operation))
            for event in events:
                self._watched(f"push() of {name}", partial(decoder.push, event))
            self._watched("finish()", decoder.finish)

    def test_reading_changes_no_answer(self) -> None:
        """`raw_response` shows what the vendor said, and a body may be read again."""
        operation = self._operation()
        for name, body in self._bodies().items():
            before = copy.deepcopy(body)
            replies = [self.provider().decode(body, operation) for _ in range(2)]
            assert body == before, f"decode() has changed the body of {name}."
            assert replies[0] == replies[1], f"decode() reads {name} otherwise the second time."
        for name, events in self._streams().items():
            decoder, before = self._decoder(), copy.deepcopy(events)
            for event in events:
                decoder.push(event)
            assert events == before, f"push() has changed an event of {name}."

    def test_judging_and_pricing_do_nothing_else(self) -> None:
        """They run in the middle of a failing call, and in every receipt."""
        provider, now = self.provider(), datetime(2026, 1, 2, tzinfo=UTC)
        for error in (ValueError("no"), OSError(5, "no"), RuntimeError()):
            self._watched("classify()", partial(provider.classify, error))
        rates = self._watched("rates()", partial(provider.rates, self.model, now))
        assert rates is None or isinstance(rates, Rates), "rates() must return Rates or None."
        assert rates == provider.rates(self.model, now), "rates() gives others for the same day."

    def test_other_abilities_do_nothing_else(self) -> None:
        """A list of models and a count of tokens are calls like any other."""
        provider, request = self.provider(), self.request(HELLO)
        asked = 0
        if isinstance(provider, ModelLister):
            asked += 1
            self._watched("models_call()", partial(provider.models_call, request.base_url))
        if isinstance(provider, TokenCounter):
            asked += 1
            self._watched("count_call()", partial(provider.count_call, request))
        if not asked:
            pytest.skip(f"{self.provider.spec.name} lists no models and counts no tokens")

    def _watched(self, what: str, act: Callable[[], Any]) -> Any:
        result: Any = None
        with Watch() as watch:
            try:
                result = act()
            except UnsupportedFeatureError:
                result = None
        assert not watch.seen, f"{what} {', '.join(watch.seen)}. {_NEVER}"
        return result

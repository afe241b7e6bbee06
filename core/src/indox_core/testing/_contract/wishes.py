"""What is sent of the caller's wishes."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from indox_core.plugin import Adaptation, Call

from .recordings import Recordings
from .samples import FIELDS, HELLO, SCHEMA, VALUES
from .subject import Recorder
from .tree import at, leaves, means, nodes, place_of, same, strings, values, wire


class Wishes(Recordings):
    """What is sent of the caller's wishes"""

    @pytest.mark.parametrize("name", FIELDS)
    def test_a_field_is_used_adapted_or_refused(self, record_property: Recorder, name: str) -> None:
        """A parameter that is ignored in silence is the commonest bug of all."""
        capability, options, canaries = FIELDS[name]
        base = {key: value for key, value in options.items() if key != name}
        call = self._asked(record_property, name, capability, HELLO, **options)
        if call is None:
            return
        model = self.models_without.get(capability)
        plain = self.encode(self.request(HELLO, model=model, **base))
        recorded = [i for i in call.adaptations if i.path.partition(".")[0] == name]
        used = call.arguments != plain.arguments or call.operation != plain.operation
        assert used or recorded, (
            f"{name} changes neither the call nor the adaptations: use it, record it as dropped, "
            f"raise UnsupportedFeatureError, or name {capability} in spec.lacks."
        )
        if not any(item.kind in ("dropped", "clamped") for item in recorded):
            known = list(values(wire(call)))
            missing = [canary for canary in canaries if canary not in known]
            assert not missing, f"{name}: {missing} of what the caller said is not in the call."

    @pytest.mark.parametrize(("name", "zero"), [("temperature", 0.0), ("top_p", 0.0), ("seed", 0)])
    def test_zero_is_a_wish_too(self, name: str, zero: Any) -> None:
        """`if request.temperature:` loses the commonest wish of all, an answer without chance."""
        asked: dict[str, Any] = {name: zero}
        plain, call = self.encode(self.request(HELLO)), self.encode(self.request(HELLO, **asked))
        told = call.arguments != plain.arguments or call.adaptations != plain.adaptations
        assert told, f"{name}={zero} is lost in silence."

    @pytest.mark.parametrize("name", VALUES)
    def test_every_value_arrives_as_it_is(self, name: str) -> None:
        """A value that is rounded, capped or shortened is another wish than the caller's."""
        for value, call in self._calls_of(name):
            found = list(nodes(wire(call)))
            wanted = _exact(value)
            missing = [item for item in wanted if not any(means(n, item) for n in found)]
            assert not missing or _told(call, name), (
                f"{name}={value!r}: {missing} is not in the call, and no adaptation says so."
            )

    @pytest.mark.parametrize("name", VALUES)
    def test_two_wishes_are_two_calls(self, name: str) -> None:
        """A table that maps two values to one loses the difference in silence."""
        for (one, first), (two, second) in itertools.combinations(self._calls_of(name), 2):
            told = _told(first, name) or _told(second, name)
            assert not same(first, second) or told, (
                f"{name}={one!r} and {name}={two!r} give the same call."
            )

    def test_the_model_is_the_one_that_was_named(self) -> None:
        """Another model answers otherwise, and costs otherwise."""
        self._needs_address()
        names = ("canary-Model.v1:free", "ft/Canary_model-2@2026")
        calls = [self.encode(self.request(HELLO, model=name)) for name in names]
        for name, call in zip(names, calls, strict=True):
            found = any(isinstance(leaf, str) and name in leaf for leaf in leaves(wire(call)))
            assert found, f"The model {name!r} is not in the call as it was named."

    def test_strictness_is_a_wish(self) -> None:
        """Whether the schema must hold exactly is said, or recorded where there is one way."""
        self._needs("response_schema")
        asked = [
            {"type": "json_schema", "name": "a", "schema": SCHEMA, "strict": strict}
            for strict in (True, False)
        ]
        calls = [self.attempt(HELLO, response_schema=schema) for schema in asked]
        if calls[0] is None or calls[1] is None:
            pytest.skip(f"{self.provider.spec.name} refuses one of the two")
        told = any(_told(call, "response_schema") for call in calls if call is not None)
        assert not same(calls[0], calls[1]) or told, "strict is lost in silence."

    def test_nothing_is_asked_that_the_caller_did_not_ask(self) -> None:
        """A default of the plugin's own is a wish of nobody, unless it is recorded."""
        for name in ("temperature", "top_p", "max_tokens", "seed", "stop"):
            capability, options, canaries = FIELDS[name]
            if not self._has(capability) or capability in {*self.refuses, *self.models_without}:
                continue
            asked = self.encode(self.request(HELLO, **options))
            plain = self.encode(self.request(HELLO))
            place = place_of(canaries[0], asked.arguments)
            made_up = place is not None and at(place, plain.arguments) is not None
            recorded = any(item.path == name for item in plain.adaptations)
            assert not made_up or recorded, f"{name} is sent, although the caller has not set it."

    def test_extra_body_is_sent_as_it_is(self) -> None:
        """What the vendor added yesterday must not wait for a release of the plugin."""
        options = self.provider.spec.options
        if options is None or "extra_body" not in options.model_fields:
            pytest.skip(f"{self.provider.spec.name} has no option extra_body")
        own = self.options.get("provider_options", {}).get(self.provider.spec.name, {})
        given = {self.provider.spec.name: {**own, "extra_body": {"canary_field": "canary-extra"}}}
        call = self.encode(self.request(HELLO, provider_options=given))
        assert {"canary_field", "canary-extra"} <= set(strings(call.arguments))

    def test_a_stream_asks_for_the_same(self) -> None:
        """What holds of a whole answer holds of its stream."""
        for name, (capability, options, canaries) in FIELDS.items():
            model = self.models_without.get(capability)
            pair = [self.attempt(HELLO, model=model, stream=s, **options) for s in (False, True)]
            if pair[0] is None or pair[1] is None:
                assert pair == [None, None], f"{name} is refused only in one of chat and stream."
                continue
            assert pair[0].adaptations == pair[1].adaptations
            if not _told(pair[1], name):
                known = list(values(wire(pair[1])))
                missing = [canary for canary in canaries if canary not in known]
                assert not missing, f"{name}: {missing} is lost where a stream is asked for."

    def test_a_documented_request_is_sent_so(self) -> None:
        """A field under another name than the vendor's is a field that nobody reads."""
        if not self._file("requests", "json").is_file():
            pytest.skip(
                "no recorded/requests.json: add what your vendor documents, a list of objects with "
                '"asked" (arguments of Client.chat), "operation" and "arguments" of the call'
            )
        for row in json.loads(self._bytes("requests", "json")):
            asked = dict(row["asked"])
            call = self.encode(self.request(asked.pop("messages"), **asked))
            made = {"operation": call.operation, "arguments": call.arguments}
            wanted = {name: row[name] for name in made}
            assert made == wanted, f"{row['asked']} is sent as {made}, not as {wanted}."

    def test_an_adaptation_is_true(self) -> None:
        """Who reads that something was dropped must not find it sent."""
        for name, (capability, options, canaries) in FIELDS.items():
            model = self.models_without.get(capability)
            call = self.attempt(HELLO, model=model, **options)
            if call is None:
                continue
            assert isinstance(call.adaptations, tuple), "Call.adaptations must be a tuple."
            assert all(isinstance(item, Adaptation) for item in call.adaptations)
            dropped = any(i.path == name and i.kind == "dropped" for i in call.adaptations)
            sent = [canary for canary in canaries if canary in list(values(wire(call)))]
            assert not dropped or not sent, f"{name} is recorded as dropped, and {sent} is sent."

    def _calls_of(self, name: str) -> list[tuple[Any, Call]]:
        """A call for each value of the field that the provider does not refuse."""
        capability, options, _ = FIELDS[name]
        self._needs(capability)
        model = self.models_without.get(capability)
        asked = [
            (value, self.attempt(HELLO, model=model, **{**options, name: value}))
            for value in VALUES[name]
        ]
        return [(value, call) for value, call in asked if call is not None]


def _told(call: Call, name: str) -> bool:
    return any(item.path.partition(".")[0] == name for item in call.adaptations)


def _exact(value: Any) -> list[Any]:
    """What of a value must be found as it is; words of ours may have others at the vendor's."""
    if isinstance(value, bool) or value in ("none", "5m", "1h"):
        return []
    if isinstance(value, str):
        return []
    if isinstance(value, dict):
        return [item for item in leaves(value) if item == "canary" or str(item)[:7] == "canary-"]
    return [value]

"""The recorded answers, as files of a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from indox_core.testing._scenarios import CANARY, SCENARIOS, Scenario

from .core import LineParser, SSEParser
from .subject import Subject


class Library(Subject):
    """Finds `recorded/NAME.json` and `recorded/NAME.sse`."""

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

    def _streams(self) -> dict[str, list[Any]]:
        """The events of every recorded stream."""
        found = {scenario.name: self._events(scenario.name) for scenario in SCENARIOS}
        return {name: events for name, events in found.items() if events is not None}

    def _bodies(self) -> dict[str, Any]:
        """Every recorded whole answer."""
        found = {scenario.name: self._body(scenario.name) for scenario in SCENARIOS}
        return {name: body for name, body in found.items() if body is not None}

    def _needs_stream(self, name: str) -> list[Any]:
        events = self._events(name)
        if events is None:
            pytest.skip(f"no recorded/{self._file(name, 'stream').name}: add it if it streams")
        return events

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

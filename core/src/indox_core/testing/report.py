"""Writes what the contract showed as JSON.

    pytest -p indox_core.testing.report --contract-report FILE

The file maps each provider to its rows, each row to `yes`, `refused`, `dropped`, `lacks`, `not
shown` or `fails`. A row is only `yes` where a test has passed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

# The weakest outcome of a row counts, but what one of two APIs can do, the provider can.
_ORDER = ("fails", "yes", "dropped", "refused", "lacks", "not shown")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--contract-report", metavar="FILE", help="write the contract's outcomes")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--contract-report")
    # With pytest-xdist the workers' reports come to the process that started them; it alone writes.
    if path and not hasattr(config, "workerinput"):
        if not Path(path).parent.is_dir():
            raise pytest.UsageError(f"--contract-report: there is no folder {Path(path).parent}")
        config.pluginmanager.register(_Report(Path(path)))


class _Report:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        facts = dict(report.user_properties)
        if "indox_row" not in facts or (report.when != "call" and not report.skipped):
            return
        outcome = str(facts.get("indox_outcome", "yes"))
        if report.failed:
            outcome = "fails"
        elif report.skipped:
            outcome = "lacks" if "(spec.lacks)" in str(report.longrepr) else "not shown"
        rows = self._rows.setdefault(str(facts["indox_provider"]), {})
        row = str(facts["indox_row"])
        rows[row] = min(rows.get(row, outcome), outcome, key=_ORDER.index)

    def pytest_sessionfinish(self) -> None:
        self._path.write_text(json.dumps(self._rows, indent=2, sort_keys=True) + "\n")

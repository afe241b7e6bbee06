"""The page of what providers are proved to do: `python -m indox_core.testing.matrix REPORT...`.

A REPORT comes from `pytest -p indox_core.testing.report --contract-report REPORT`, of one plugin or
of many; the page goes to standard output.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ._contract import FIELDS, PARTS, WAYS
from ._scenarios import SCENARIOS

INTRODUCTION = """\
# What each provider is proved to do

Made from the outcomes of the contract's tests, not from what a plugin says of itself.

- **yes**: a test has shown it.
- dropped: the provider has no such setting; it is left out and recorded in `response.adaptations`.
- refused: `UnsupportedFeatureError` before anything is sent.
- lacks: the provider says so in its spec, and no answer of it can show it.
- unproved: no test has shown it.

Where a provider has several APIs, a row counts for the one that has it.
"""
SECTIONS = {
    "Calls": (*WAYS, "errors"),
    "What is sent": ("roles", "names", *PARTS, *FIELDS, "reasoning in the next turn"),
    "What is read": tuple(f"answer: {scenario.name}" for scenario in SCENARIOS),
}


def page(report: dict[str, dict[str, str]]) -> str:
    names = sorted(report)
    lines = [INTRODUCTION]
    for title, rows in SECTIONS.items():
        lines += [f"## {title}", "", f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        lines += [_line(row, [report[name].get(row, "not shown") for name in names])
                  for row in rows]  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def _line(row: str, outcomes: list[str]) -> str:
    shown = {"yes": "**yes**", "not shown": "unproved", "fails": "**fails**"}
    words = " | ".join(shown.get(outcome, outcome) for outcome in outcomes)
    return f"| {row.removeprefix('answer: ').replace('_', ' ')} | {words} |"


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("Usage: python -m indox_core.testing.matrix REPORT...")
    merged: dict[str, dict[str, str]] = {}
    for path in sys.argv[1:]:
        for name, rows in json.loads(Path(path).read_text()).items():
            merged.setdefault(name, {}).update(rows)
    print(page(merged), end="")

"""How many cost cases are exact: `uv run python tests/cost_cases.py FOLDER`.

FOLDER holds `cost-cases.json`. Every count, every part, the status and the total must be equal.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from indox_core import Client

COUNTS = (
    "tokens_prompt", "tokens_completion", "tokens_total", "cache_read_tokens",
    "cache_write_tokens", "reasoning_tokens", "web_search_count", "request_count",
)  # fmt: skip


def load(folder: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((folder / "cost-cases.json").read_text())["cases"]
    return cases


def differences(case: dict[str, Any]) -> dict[str, Any]:
    """What came out otherwise than expected: what came out and what should have."""
    model, expected = f"{case['provider']}/{case['model']}", case["expected"]
    prices = {model: case["price_override"]} if case["price_override"] else None
    noon = datetime.fromisoformat(f"{case['date']}T12:00:00").replace(tzinfo=UTC)
    with Client(prices=prices) as client:
        receipt = client.receipt(
            model=model, body=case["body"], at=noon, service_tier=case["tier_hint"]
        )
    parts = expected["cost_breakdown"] or dict.fromkeys(receipt.breakdown)
    pairs = {
        **{name: (getattr(receipt.usage, name), expected[name]) for name in COUNTS},
        **{name: (receipt.breakdown[name], _decimal(value)) for name, value in parts.items()},
        "total": (receipt.total, _decimal(expected["cost"])),
        "status": (receipt.status, expected["cost_status"]),
    }
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


if __name__ == "__main__":
    every = load(Path(sys.argv[1]))
    wrong = {case["id"]: found for case in every if (found := differences(case))}
    print(f"{len(every) - len(wrong)} of {len(every)} cases exact")
    for identifier, found in wrong.items():
        print(identifier, *(f"{name}: {got} not {want}" for name, (got, want) in found.items()),
              sep="\n    ")  # fmt: skip

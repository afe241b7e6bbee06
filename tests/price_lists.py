"""Hold our prices against a second public list, for whoever keeps them.

`uv run --isolated --all-packages --with litellm python tests/price_lists.py`

Prints every rate of the four vendors that the two give otherwise, and the names that only the
second list prices; fails if a rate differs that `SETTLED` does not name. The second list is right
more often than not: where it is not, `SETTLED` holds the vendor's page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from indox_core._engine import Question, quote
from indox_core._money import read_overrides
from indox_core._plugins import Registry
from indox_core._schema import TokenUsage

VENDORS = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "mistral": "mistral",
}
MILLION = 1_000_000
RATES = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_audio_token": "input_audio",
    "output_cost_per_audio_token": "output_audio",
}
LONG = ("_above_128k_tokens", "_above_200k_tokens", "_above_272k_tokens", "_above_256k_tokens")
SETTLED = {
    "google/gemini-2.5-pro-preview-tts": "It reads text alone, so that none is billed: "
    "https://ai.google.dev/gemini-api/docs/pricing#gemini-2.5-pro-preview-tts",
    "mistral/open-mistral-nemo": "https://docs.mistral.ai/models/mistral-nemo-12b-24-07",
}
"""Models whose rate differs though ours is right, and the vendor's page that says so."""


def second_list() -> dict[str, Any]:
    found = find_spec("litellm")
    if found is None or found.origin is None:
        sys.exit("litellm is not installed here: see the command in this file.")
    path = Path(found.origin).with_name("model_prices_and_context_window_backup.json")
    listed: dict[str, Any] = json.loads(path.read_text())
    return listed


def per_million(value: Any) -> Decimal | None:
    """The list writes prices as floats: what was meant has at most six digits."""
    return None if value is None else Decimal(f"{float(value) * MILLION:.6g}")


def compared(listed: dict[str, Any]) -> Iterator[tuple[str, str, Decimal, Decimal | None]]:
    """Model, rate, their price and ours."""
    registry, none, at = Registry(), read_overrides(None), datetime.now(UTC)
    for key, entry in listed.items():
        vendor = VENDORS.get(entry.get("litellm_provider"))
        name = key.rpartition("/")[2]
        if vendor is None or key.count("/") > 1 or entry.get("mode") not in (None, "chat"):
            continue
        provider = registry.provider(vendor)
        for suffix, size in (("", 0), *((suffix, MILLION) for suffix in LONG)):
            usage = TokenUsage(input=size, output=0)
            ours = quote(Question(provider, name, None, usage, at), none, None)
            for field, rate in RATES.items():
                theirs = per_million(entry.get(field + suffix))
                if theirs is not None:
                    mine = None if ours is None else getattr(ours.rates, rate)
                    yield f"{vendor}/{name}", rate + suffix, theirs, mine


def main() -> None:
    differs, missing, same = [], dict[str, list[str]](), 0
    for model, rate, theirs, ours in sorted(set(compared(second_list()))):
        if ours is None:
            missing.setdefault(model, []).append(rate)
        elif ours == theirs:
            same += 1
        else:
            differs.append((model, rate, theirs, ours))
    for model, rate, theirs, ours in differs:
        print(f"{model} {rate}: ours {ours:f}, theirs {theirs:f}. {SETTLED.get(model, 'WHICH?')}")
    for model, rates in missing.items():
        print(f"{model}: no rate of ours for {', '.join(rates)}")
    open_ones = [row for row in differs if row[0] not in SETTLED]
    print(f"{same} rates are the same, {len(differs)} differ, {len(open_ones)} of them unsettled.")
    sys.exit(bool(open_ones))


if __name__ == "__main__":
    main()

"""What pricing a call costs in CPU: `uv run python tests/benchmarks/pricing.py`."""

from __future__ import annotations

import statistics
import time
from datetime import UTC, datetime

from indox_core import TokenUsage
from indox_core._engine.pricing import Question, listed_quote, own_quote
from indox_core._money.library import load
from indox_core._money.overrides import read_overrides
from indox_core._money.receipts import settle
from indox_core._plugins.registry import Registry

MODELS = ("openai/gpt-5-mini", "anthropic/claude-sonnet-5", "google/gemini-2.5-pro",
          "mistral/mistral-small-latest")  # fmt: skip


def main() -> None:
    load()
    registry, none = Registry(), read_overrides(None)
    usage = TokenUsage(input=1000, output=500, cache_read=400, reasoning=100)
    for name in MODELS:
        provider, model = registry.provider(name.partition("/")[0]), name.partition("/")[2]

        def price(provider=provider, model=model) -> None:  # type: ignore[no-untyped-def]
            question = Question(provider, model, None, usage, datetime.now(UTC))
            quote = own_quote(question, none, None) or listed_quote(question)
            assert settle(usage, quote, model).total

        price()
        rounds = []
        for _ in range(20):
            began = time.process_time()
            for _ in range(500):
                price()
            rounds.append((time.process_time() - began) / 500 * 1e6)
        low, middle, high = statistics.quantiles(rounds, n=4)
        print(f"{name:32} {middle:5.1f} us of CPU (quartiles {low:.1f} to {high:.1f})")


if __name__ == "__main__":
    main()

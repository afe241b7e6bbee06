"""Usage and rates to a receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from indox_core import Rates, TokenUsage
from indox_core._money.library import library_quote
from indox_core._money.quote import Quote
from indox_core._money.receipts import settle

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def receipt(model, **counts):
    usage = TokenUsage(**counts)
    return settle(usage, library_quote("openai", model, AT, usage), model)


def test_the_worked_example():
    found = receipt("gpt-4o-mini", input=24, output=7)
    assert found.total == Decimal("0.0000078")
    assert found.breakdown["input_tokens"] == Decimal("0.0000036")
    assert found.breakdown["output_tokens"] == Decimal("0.0000042")
    assert found.status == "priced"


def test_the_parts_are_a_partition():
    found = receipt("gpt-5-mini", input=1000, output=500, cache_read=400, reasoning=300)
    quantities = {line.component: line.quantity for line in found.lines}
    assert quantities["input_tokens"] == 600
    assert quantities["output_tokens"] == 200
    assert sum(found.breakdown.values()) == found.total


def test_a_dated_name_is_priced_as_its_model():
    assert receipt("gpt-4o-mini-2024-07-18", input=24, output=7).total == Decimal("0.0000078")


def test_an_unknown_model_has_no_price_and_says_so():
    found = receipt("released-tomorrow", input=1, output=1)
    assert (found.status, found.total) == ("unknown", None)
    assert "released-tomorrow" in found.reason


def test_no_counts_is_no_usage():
    assert settle(None, None, "m").status == "no_usage"
    assert settle(TokenUsage(), None, "m").status == "no_usage"


def test_a_count_without_a_rate_makes_the_total_unknown_and_names_it():
    rates = Rates(input=Decimal(1), output=Decimal(2))
    found = settle(TokenUsage(input=10, output=1, web_searches=2), Quote(rates), "m")
    assert (found.status, found.total) == ("partial", None)
    assert "web searches" in found.reason
    assert found.breakdown["input_tokens"] == Decimal("0.00001")


def test_a_tier_without_a_rate_is_an_estimate():
    found = receipt("gpt-4o-mini", input=24, output=7, service_tier="scale")
    assert found.status == "estimated"
    assert found.total == Decimal("0.0000078")


def test_a_tier_with_a_rate_uses_it():
    assert receipt("gpt-5-mini", input=1000, output=0, service_tier="flex").total < (
        receipt("gpt-5-mini", input=1000, output=0).total
    )


@pytest.mark.parametrize("count", [0, 1, 10**9])
def test_free_is_zero_and_known(count):
    found = settle(TokenUsage(input=count, output=count), Quote(Rates.free("mine")), "m")
    assert (found.total, found.status) == (Decimal(0), "priced")

"""What the user's own list leaves out: no discount, and nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from indox_core import Client, Rates, TokenUsage
from indox_core._money import of_the_users, settle

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
TEXT = {"input": "2", "output": "8"}

# The list, what was used, the rate of each item that the list does not name, the cost. Before, each
# of them was `partial`, without a total.
STAND_INS = [
    ("cached input", TEXT, {"cache_read": 400}, {"cached text": "2"}, "0.0028"),
    ("cache writes", TEXT, {"cache_write": 400}, {"cache writes": "2"}, "0.0028"),
    ("hour-long writes", TEXT, {"cache_write": 400, "cache_write_1h": 400},
     {"hour-long cache writes": "2"}, "0.0028"),
    ("hour-long writes beside a rate for others", {**TEXT, "cache_write": "3"},
     {"cache_write": 400, "cache_write_1h": 400}, {"hour-long cache writes": "3"}, "0.0032"),
    ("reasoning", TEXT, {"reasoning": 60}, {"reasoning": "8"}, "0.0028"),
    ("cached sound", {**TEXT, "input_audio": "5"},
     {"cache_read": 400, "input_audio": 400, "cache_read_audio": 400}, {"cached sound": "5"},
     "0.0040"),
    ("all at once", TEXT, {"cache_read": 200, "cache_write": 300, "reasoning": 100},
     {"cached text": "2", "cache writes": "2", "reasoning": "8"}, "0.0028"),
    ("free", {"input": "0", "output": "0"}, {"cache_read": 400}, {"cached text": "0"}, "0"),
]  # fmt: skip


def receipt(prices, **used):
    usage = TokenUsage(input=1000, output=100, **used)
    rates = Rates(**prices, source="Client(prices=...)")
    return settle(usage, of_the_users(rates), "mine")


@pytest.mark.parametrize(
    ("prices", "used", "rates", "total"),
    [row[1:] for row in STAND_INS],
    ids=[row[0] for row in STAND_INS],
)
def test_a_rate_left_out_is_that_of_input_or_output_and_its_line_says_so(
    prices, used, rates, total
):
    found = receipt(prices, **used)
    lines = {line.item: line for line in found.lines}
    assert (found.status, found.total) == ("priced", Decimal(total))
    for item, rate in rates.items():
        assert lines[item].unit_price == Decimal(rate)
        assert f"it has no rate for {item}, which is billed at that of" in lines[item].source
    assert lines["text"].source == "Client(prices=...)"


def test_a_rate_that_is_given_holds_and_its_line_names_the_list_alone():
    prices = {**TEXT, "cache_read": "0.5", "cache_write": "2.5"}
    found = receipt(prices, cache_read=400, cache_write=100)
    lines = {line.item: line for line in found.lines}
    assert found.total == Decimal("0.00225")
    assert lines["cached text"].source == lines["cache writes"].source == "Client(prices=...)"


UNKNOWN = [
    ("sound", {"input_audio": 10}, TEXT),
    ("spoken output", {"output_audio": 10}, TEXT),
    ("image output", {"output_image": 10}, TEXT),
    ("video output", {"output_video": 10}, TEXT),
    ("web searches", {"web_searches": 1}, TEXT),
    ("cached sound", {"cache_read": 10, "input_audio": 10, "cache_read_audio": 10}, TEXT),
    ("sound", {"audio_seconds": 10}, TEXT),
    ("cached text", {"cache_read": 10}, {"output": "8"}),
    ("reasoning", {"reasoning": 10}, {"input": "2"}),
]


@pytest.mark.parametrize(("item", "used", "prices"), UNKNOWN)
def test_what_is_no_text_stays_unknown_unless_given(item, used, prices):
    found = receipt(prices, **used)
    assert (found.status, found.total) == ("partial", None)
    assert item in found.reason


def test_a_cached_answer_of_a_vendor_is_billed_as_input_under_a_list_without_cache_read(tmp_path):
    body = {
        "object": "chat.completion", "model": "gpt-4o-mini",
        "choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100,
                  "prompt_tokens_details": {"cached_tokens": 900}},
    }  # fmt: skip
    path = tmp_path / "prices.toml"
    path.write_text('["openai/gpt-4o-*"]\ninput = "2"\noutput = "8"\n')
    totals = {}
    for prices in ({"openai/gpt-4o-mini": TEXT}, path):
        with Client(prices=prices) as client:
            found = client.receipt("openai/gpt-4o-mini", body, AT)
        line = next(line for line in found.lines if line.item == "cached text")
        totals[str(prices)] = (found.status, found.total)
        assert line.source.startswith(str(path) if prices is path else "Client(prices=...)")
        assert "billed at that of input" in line.source
    assert set(totals.values()) == {("priced", Decimal("0.0028"))}

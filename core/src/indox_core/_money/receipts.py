"""From usage and rates to a receipt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from indox_core._schema import (
    COMPONENTS,
    EXACT,
    CostBreakdown,
    CostStatus,
    Receipt,
    ReceiptLine,
    TokenUsage,
    Usage,
    exact_sum,
)

from .library import no_price
from .quote import Quote

_MILLION = 1_000_000


QuoteOf: TypeAlias = Callable[[TokenUsage], "Quote | None"]
"""What a call of a certain size is priced with: rates differ by size."""


def settle(
    usage: TokenUsage | None, quote: Quote | None, model: str, provider: str = ""
) -> Receipt:
    """The receipt of one call. Every part that has no rate is named, none is taken as free."""
    if usage is None or (usage.input is None and usage.output is None):
        return Receipt("no_usage", reason="the vendor sent no token counts")
    if quote is None:
        return Receipt("unknown", reason=no_price(provider, model))
    notes: list[str] = []
    lines = _lines(usage, quote, notes)
    missing = [line.item for line in lines if line.amount is None]
    uncounted = [n for n, c in (("input", usage.input), ("output", usage.output)) if c is None]
    known = exact_sum(line.amount for line in lines)
    status: CostStatus = "priced"
    reason, high = "", known
    if uncounted:
        status, reason = "partial", f"the vendor sent no count of {', '.join(uncounted)} tokens"
    elif missing:
        status, reason = "partial", f"no rate is known for {', '.join(missing)}"
    elif quote.standard_for is not None:
        status = "estimated"
        reason = f"no rate is known for {quote.standard_for}; the standard one is used"
    return Receipt(
        status,
        lines,
        reason,
        _breakdown(lines),
        tuple(notes),
        low=None if status == "estimated" else known,
        high=high if status == "priced" else None,
    )


def estimate(
    usages: tuple[TokenUsage, TokenUsage, TokenUsage | None],
    quote_of: QuoteOf,
    model: str,
    reason: str,
    provider: str = "",
) -> Receipt:
    """The receipt of counts that are guessed: the likely ones between the least and the most."""
    likely, low = (settle(usage, quote_of(usage), model, provider) for usage in usages[:2])
    most = usages[2]
    if likely.status not in ("priced", "estimated"):
        return replace(likely, reason=f"{likely.reason}; {reason}")
    return replace(
        likely,
        status="estimated",
        reason=reason,
        low=low.total,
        high=None if most is None else settle(most, quote_of(most), model).total,
        counted=usages[0],
    )


_NOTHING = Decimal(0)


def _breakdown(lines: tuple[ReceiptLine, ...]) -> dict[str, Decimal | None]:
    """The amount of each component; `None` if one of its lines has none."""
    amounts: dict[str, Decimal | None] = dict.fromkeys(COMPONENTS, _NOTHING)
    for line in lines:
        before, amount = amounts[line.component], line.amount
        if amount is None or before is None:
            amounts[line.component] = None
        elif amount:
            amounts[line.component] = EXACT.add(before, amount)
    return amounts


def _part(value: int | None, whole: int, what: str, notes: list[str]) -> int:
    """A part of a count. It cannot be larger than its whole: clamped, and noted."""
    part = value or 0
    if part > whole:
        notes.append(f"the vendor counted {part} tokens of {what} in {whole}")
        return whole
    return part


def _lines(usage: TokenUsage, quote: Quote, notes: list[str]) -> tuple[ReceiptLine, ...]:
    rates = quote.rates
    input_, output = usage.input or 0, usage.output or 0
    read = _part(usage.cache_read, input_, "cached input", notes)
    written = _part(usage.cache_write, input_ - read, "cache writes", notes)
    for_an_hour = _part(usage.cache_write_1h, written, "hour-long cache writes", notes)
    sound_read = _part(usage.cache_read_audio, read, "cached sound", notes)
    sound = _part(usage.input_audio, input_ - written, "sound", notes)
    fresh_sound = min(max(sound - sound_read, 0), input_ - read - written)
    fresh_text = input_ - read - written - fresh_sound
    thought = _part(usage.reasoning, output, "reasoning", notes)
    spoken = _part(usage.output_audio, output - thought, "spoken output", notes)
    drawn = _part(usage.output_image, output - thought - spoken, "image output", notes)
    filmed = _part(usage.output_video, output - thought - spoken - drawn, "video output", notes)
    searches = usage.web_searches or 0
    if rates.search_once:
        searches = min(searches, 1)
    written_text = output - thought - spoken - drawn - filmed
    timed = rates.audio_hour is not None and usage.audio_seconds is not None
    items: list[tuple[Any, str, int, Any, int, str]] = [
        ("input_tokens", "text", fresh_text, "token", _MILLION, "input"),
        ("output_tokens", "text written", written_text, "token", _MILLION, "output"),
        ("cache_read", "cached text", read - sound_read, "token", _MILLION, "cache_read"),
        ("cache_write", "cache writes", written - for_an_hour, "token", _MILLION, "cache_write"),
        ("cache_write", "hour-long cache writes", for_an_hour, "token", _MILLION,
         "cache_write_1h"),
        ("reasoning", "reasoning", thought, "token", _MILLION, "reasoning"),
        ("web_search", "web searches", searches, "search", 1, "web_search"),
        ("request", "requests", 1, "request", 1, "request"),
    ]  # fmt: skip
    if timed or (usage.audio_seconds and not sound):
        items.append(
            ("input_tokens", "sound", usage.audio_seconds or 0, "second", 3600, "audio_hour")
        )
    elif sound:
        items.append(("input_tokens", "sound", fresh_sound, "token", _MILLION, "input_audio"))
    if sound_read:
        items.append(
            ("cache_read", "cached sound", sound_read, "token", _MILLION, "cache_read_audio")
        )
    if spoken:
        items.append(("output_tokens", "spoken output", spoken, "token", _MILLION, "output_audio"))
    if drawn:
        items.append(("output_tokens", "image output", drawn, "token", _MILLION, "output_image"))
    if filmed:
        items.append(("output_tokens", "video output", filmed, "token", _MILLION, "output_video"))
    return tuple(_line(*item, quote) for item in items)


def _line(
    component: Any, item: str, quantity: int, unit: Any, per: int, rate: str, quote: Quote
) -> ReceiptLine:
    """`rate` is the name of its rate; no list has one of its own for reasoning."""
    rates = quote.rates
    price: Decimal | None = getattr(rates, "output" if rate == "reasoning" else rate)
    if quantity == 0:
        amount: Decimal | None = _NOTHING
    elif price is None:
        amount = None
    else:
        amount = EXACT.divide(EXACT.multiply(Decimal(quantity), price), Decimal(per))
    source, other = rates.source, quote.stand_ins.get(rate)
    if other is not None:
        source = f"{source}; it has no rate for {item}, which is billed at that of {other}"
    return ReceiptLine(
        component, item, quantity, unit, per, price, amount, quote.tier, source, rates.as_of
    )


def usage_of(usage: TokenUsage | None, receipt: Receipt, seconds: float = 0.0) -> Usage:
    """The counts and the money as callers see them; money is rounded to floats here, once."""
    timestamp = datetime.now(UTC).isoformat()
    money = {part: None if x is None else float(x) for part, x in receipt.breakdown.items()}
    total = receipt.total
    common: dict[str, Any] = {
        "latency": seconds,
        "timestamp": timestamp,
        "cost": None if total is None else float(total),
        "cost_breakdown": CostBreakdown(**money),
        "cost_status": receipt.status,
    }
    if usage is None or (usage.input is None and usage.output is None):
        return Usage(**common)
    return Usage(
        tokens_prompt=usage.input,
        tokens_completion=usage.output,
        tokens_total=(
            None if usage.input is None or usage.output is None else usage.input + usage.output
        ),
        cache_read_tokens=usage.cache_read or 0,
        cache_write_tokens=usage.cache_write or 0,
        reasoning_tokens=usage.reasoning or 0,
        web_search_count=usage.web_searches or 0,
        **common,
    )

"""Rates for one call, with what tiers, speeds and regions do to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from indox_core._schema import EXACT, Rates, Surcharge, TokenUsage

STANDARD = frozenset({None, "", "default", "standard", "auto"})
"""The tiers and speeds that have no price of their own."""


_TOKEN_RATES = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "input_audio",
    "cache_read_audio", "output_audio", "output_image", "output_video", "audio_hour",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """Rates for one call."""

    rates: Rates
    tier: str = "standard"
    standard_for: str | None = None
    """The tier or speed that has no rate of its own, so that the standard one stands in."""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """The rates that were not given, and the rate that is taken for each."""


# What a rate that the user's list leaves out is billed as; the first that is known is taken. Sound,
# images and searches have none: their price is no multiple of that of text.
_STAND_INS = {
    "cache_read": ("input",),
    "cache_write": ("input",),
    "cache_write_1h": ("cache_write", "input"),
    "cache_read_audio": ("input_audio",),
}


def of_the_users(rates: Rates) -> Quote:
    """The quote of a user's own list, which is the whole truth: what it leaves out is no discount.

    Cached and written input is billed as input, reasoning as output.
    """
    stand_ins = {"reasoning": "output"} if rates.output is not None else {}
    for name, others in _STAND_INS.items():
        known = (other for other in others if getattr(rates, other) is not None)
        if getattr(rates, name) is None and (other := next(known, None)) is not None:
            stand_ins[name] = other
    filled = {n: getattr(rates, other) for n, other in stand_ins.items() if n in _STAND_INS}
    return Quote(replace(rates, **filled), stand_ins=stand_ins)


def surcharged(quote: Quote, surcharges: Iterable[Surcharge], usage: TokenUsage) -> Quote:
    """The quote with every token rate multiplied by what the plugin knows of tier, speed, region.

    A tier that the quote has a price for already is not multiplied again.
    """
    for surcharge in surcharges:
        asked = getattr(usage, surcharge.covers)
        if surcharge.covers != "region" and quote.standard_for != asked:
            continue
        rates = quote.rates
        changed: dict[str, Any] = {
            name: EXACT.multiply(rate, surcharge.factor)
            for name in _TOKEN_RATES
            if (rate := getattr(rates, name)) is not None and name not in surcharge.except_rates
        }
        source = f"{rates.source}; x{surcharge.factor} {asked}: {surcharge.source}"
        names = [name for name in (quote.tier, asked) if name != "standard"]
        quote = Quote(
            replace(rates, **changed, source=source),
            ", ".join(names),
            None if surcharge.covers != "region" else quote.standard_for,
        )
    return quote

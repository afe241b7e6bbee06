"""Rates for one call, with what tiers, speeds and regions do to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
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

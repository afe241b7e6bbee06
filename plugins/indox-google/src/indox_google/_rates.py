"""What Google's rules and tiers do to its prices, where the price library does not say it.

https://ai.google.dev/gemini-api/docs/pricing and https://ai.google.dev/gemini-api/docs/optimization
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from indox_core.plugin import Rates, Surcharge, TokenUsage

_PRICES = "https://ai.google.dev/gemini-api/docs/pricing"
_TIERS = "https://ai.google.dev/gemini-api/docs/optimization"
# The price page has one price for both names of each.
LISTED_AS = {
    "gemini-1.5-flash-8b": "gemini-flash-1.5-8b",
    "gemini-1.5-flash-8b-001": "gemini-flash-1.5-8b",
    "gemini-1.5-flash-8b-latest": "gemini-flash-1.5-8b",
    "gemini-3.1-pro-preview-customtools": "gemini-3.1-pro-preview",
    "gemini-3.8-live-extended-thinking": "gemini-3.8-live",
    "gemini-live-2.5-flash-native-audio": "gemini-live-2.5-flash",
    "gemini-live-2.5-flash-preview-native-audio-09-2025": "gemini-live-2.5-flash",
}
# Every size of them is free; the library has one entry for all.
_FREE = re.compile(r"gemma-3n?-e?\d+b-it")
# Their cached tokens cost in the cheaper tiers what they cost in the standard one.
_CACHE_STAYS = ("gemini-2.5", "gemini-3-", "gemini-3.1-pro")
# What priority costs more is published for these alone; for others it is an estimate.
_PRIORITY = ("gemini-3.7", "gemini-3.8", "gemini-4-argon")


def rates_of(model: str) -> Rates | None:
    return Rates.free(f"{_PRICES}, free") if _FREE.fullmatch(model.rpartition("/")[2]) else None


def completed(model: str, rates: Rates) -> Rates:
    """Sound costs what text does unless it has a rate of its own, and so does a voice's output.

    Gemini 3 and later bill each search, earlier ones a prompt however many it made.
    """
    name = model.rpartition("/")[2]
    return replace(
        rates,
        input_audio=rates.input if rates.input_audio is None else rates.input_audio,
        cache_read_audio=(
            rates.cache_read if rates.cache_read_audio is None else rates.cache_read_audio
        ),
        output_audio=rates.output if rates.output_audio is None else rates.output_audio,
        search_once=name.startswith(("gemini-1", "gemini-2")),
    )


def surcharges_of(model: str, usage: TokenUsage) -> tuple[Surcharge, ...]:
    name, tier = model.rpartition("/")[2], usage.service_tier
    if tier in ("flex", "batch"):
        stays = ("cache_read", "cache_read_audio") if name.startswith(_CACHE_STAYS) else ()
        return (_surcharge("0.5", stays),)
    if tier == "priority" and name.startswith(_PRIORITY):
        return (_surcharge("1.8"),)
    return ()


def _surcharge(factor: str, stays: tuple[str, ...] = ()) -> Surcharge:
    return Surcharge(
        factor=Decimal(factor), covers="service_tier", source=_TIERS, except_rates=stays
    )

"""Prices that the price library lacks or gives for an older model, each with its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from indox_core.plugin import Rates, Surcharge, TokenUsage

_PRICES = "https://mistral.ai/pricing"
_TIERS = "https://docs.mistral.ai/capabilities/service_tiers"
_CARDS = "https://docs.mistral.ai/models"


def _since(
    day: str, model: str, text: tuple[str, str, str], source: str = _PRICES
) -> tuple[datetime, Rates]:
    rates = Rates(
        input=Decimal(text[0]),
        output=Decimal(text[1]),
        cache_read=Decimal(text[2]),
        source=f"{source}, {model}",
        as_of=day,
    )
    return datetime.fromisoformat(day).replace(tzinfo=UTC), rates


_MEDIUM_3_5 = ("Medium 3.5", ("1.5", "7.5", "0.15"), f"{_CARDS}/mistral-medium-3-5-26-04")
_SMALL_4 = ("Small 4", ("0.15", "0.6", "0.015"), f"{_CARDS}/mistral-small-4-0-26-03")
_MAGISTRAL_MEDIUM = ("Magistral Medium", ("2", "5", "0.2"), f"{_CARDS}/magistral-medium-1-2-25-09")
_MAGISTRAL_SMALL = (
    "Magistral Small",
    ("0.5", "1.5", "0.05"),
    f"{_CARDS}/magistral-small-1-2-25-09",
)

# Names that the library has not, or still takes for the model before: since when, and the rates for
# input, output and cached input; where the name has moved, each in its turn. The cards of the
# Magistrals and of Medium 3.1 name the day of retirement and the replacement, which the names have
# stood for since.
SUPPLEMENTS: dict[str, tuple[tuple[datetime, Rates], ...]] = {
    "mistral-large-latest": (_since("2025-12-02", "Large 3", ("0.5", "1.5", "0.05")),),
    "mistral-medium": (_since("2026-09-01", *_MEDIUM_3_5),),
    "magistral-medium-latest": (
        _since("2025-06-10", *_MAGISTRAL_MEDIUM),
        _since("2026-08-01", *_MEDIUM_3_5),
    ),
    "magistral-small-latest": (
        _since("2025-06-10", *_MAGISTRAL_SMALL),
        _since("2026-08-01", *_SMALL_4),
    ),
    "ministral-3b-latest": (_since("2025-12-02", "Ministral 3 3B", ("0.1", "0.1", "0.01")),),
    "ministral-14b-latest": (_since("2025-12-02", "Ministral 3 14B", ("0.2", "0.2", "0.02")),),
    "codestral-latest": (_since("2025-07-30", "Codestral 25.08", ("0.3", "0.9", "0.03")),),
    "devstral-latest": (_since("2025-12-09", "Devstral 2", ("0.4", "2", "0.04")),),
    "devstral-medium-latest": (_since("2025-12-09", "Devstral 2", ("0.4", "2", "0.04")),),
    "devstral-medium-2507": (_since("2025-07-10", "Devstral Medium", ("0.4", "2", "0.04")),),
    "open-mistral-nemo-2407": (_since("2024-07-18", "Nemo", ("0.15", "0.15", "0.015")),),
    "labs-mistral-small-creative": (
        _since("2025-12-01", "Small Creative", ("0.1", "0.3", "0.01")),
    ),
    "zai-glm-5-2": (
        _since("2026-08-06", "GLM 5.2", ("1.4", "4.4", "0.14"), f"{_CARDS}/zai-glm-5-2"),
    ),
    "labs-leanstral-1-5": (_since("2026-01-01", "Leanstral 1.5", ("0", "0", "0")),),
}


def rates_of(model: str, at: datetime) -> Rates | None:
    """The rates at that time; `None`: the library has them."""
    begun = [rates for since, rates in SUPPLEMENTS.get(model, ()) if since <= at]
    return begun[-1] if begun else None


def completed(rates: Rates) -> Rates:
    """Cached input costs a tenth: https://docs.mistral.ai/capabilities/prompt_caching."""
    if rates.cache_read is not None or rates.input is None:
        return rates
    return replace(rates, cache_read=rates.input / 10)


def surcharges_of(usage: TokenUsage) -> tuple[Surcharge, ...]:
    factors = {"priority": Decimal("1.75"), "batch": Decimal("0.5")}
    factor = factors.get(usage.service_tier or "")
    if factor is None:
        return ()
    return (Surcharge(factor=factor, covers="service_tier", source=_TIERS),)

"""What Google's tiers do to its prices, where the price library does not say it."""

from __future__ import annotations

from decimal import Decimal

from indox_core.plugin import Surcharge, TokenUsage

# Flex and batch cost half; what priority costs more differs by model, so that it is an estimate.
_TIERS = "https://ai.google.dev/gemini-api/docs/optimization"


def surcharges_of(usage: TokenUsage) -> tuple[Surcharge, ...]:
    if usage.service_tier not in ("flex", "batch"):
        return ()
    return (Surcharge(factor=Decimal("0.5"), covers="service_tier", source=_TIERS),)

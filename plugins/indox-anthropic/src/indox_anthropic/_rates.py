"""What regions and speeds do to Anthropic's prices, where the price library does not say it."""

from __future__ import annotations

from decimal import Decimal

from indox_core.plugin import Surcharge, TokenUsage

from ._models import MODELS

_REGIONS = "https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing"
_BATCH = "https://platform.claude.com/docs/en/build-with-claude/batch-processing#pricing"
_SPEED = "https://platform.claude.com/docs/en/build-with-claude/fast-mode"


def surcharges_of(model: str, usage: TokenUsage) -> tuple[Surcharge, ...]:
    found, facts = [], MODELS.of(model)
    if usage.speed == "fast" and facts.fast_factor is not None:
        found.append(Surcharge(factor=facts.fast_factor, covers="speed", source=_SPEED))
    if usage.service_tier == "batch":
        found.append(Surcharge(factor=Decimal("0.5"), covers="service_tier", source=_BATCH))
    if usage.region == "us" and facts.us_factor is not None:
        found.append(Surcharge(factor=facts.us_factor, covers="region", source=_REGIONS))
    return tuple(found)

"""What regions and speeds do to Anthropic's prices, where the price library does not say it."""

from __future__ import annotations

from decimal import Decimal

from indox_core.plugin import Surcharge, TokenUsage

from ._options import is_older_than_regions

_REGIONS = "https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing"
_BATCH = "https://platform.claude.com/docs/en/build-with-claude/batch-processing#pricing"
_SPEED = "https://platform.claude.com/docs/en/build-with-claude/fast-mode"
# Later models have a price of their own in the library.
_SIX_TIMES = ("claude-opus-4-6", "claude-opus-4-7")


def surcharges_of(model: str, usage: TokenUsage) -> tuple[Surcharge, ...]:
    found = []
    if usage.speed == "fast" and model.startswith(_SIX_TIMES):
        found.append(Surcharge(factor=Decimal(6), covers="speed", source=_SPEED))
    if usage.service_tier == "batch":
        found.append(Surcharge(factor=Decimal("0.5"), covers="service_tier", source=_BATCH))
    if usage.region == "us" and not is_older_than_regions(model):
        found.append(Surcharge(factor=Decimal("1.1"), covers="region", source=_REGIONS))
    return tuple(found)

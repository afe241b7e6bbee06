"""What a call used and what it cost: counts, rates, the receipt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


def as_object(value: Any) -> dict[str, Any]:
    """A JSON object of the vendor; {} for whatever is none, so that no answer is lost for it."""
    return value if isinstance(value, dict) else {}


def count(value: Any) -> int | None:
    """A count as a vendor reports it; `None` for whatever is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """The vendor's counts on one footing: totals include their parts. `None` is not reported.

    `input` holds every token read, cached ones and those written to a cache included; `output`
    every token written, reasoning included.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None
    cache_write_1h: int | None = None
    """Those of `cache_write` that are kept for an hour and cost more."""
    reasoning: int | None = None
    web_searches: int | None = None
    input_audio: int | None = None
    """Those of `input` that are billed as sound; cached ones included."""
    cache_read_audio: int | None = None
    output_audio: int | None = None
    output_image: int | None = None
    output_video: int | None = None
    audio_seconds: int | None = None
    """Seconds of sound read, where the vendor bills time; its tokens are `input_audio`."""
    service_tier: str | None = None
    """The tier that the vendor says it served; `None` if it does not say."""
    speed: str | None = None
    region: str | None = None
    """Where it was served, if the vendor says so and it may have a price of its own."""

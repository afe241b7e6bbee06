"""Prices that the price library lacks, each with its source."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from indox_core.plugin import Rates

_PAGE = "https://developers.openai.com/api/docs/models"
_SINCE = datetime(2024, 12, 17, tzinfo=UTC)


def _spoken(model: str, text: tuple[str, str], sound: tuple[str, str]) -> Rates:
    return Rates(
        input=Decimal(text[0]),
        output=Decimal(text[1]),
        input_audio=Decimal(sound[0]),
        output_audio=Decimal(sound[1]),
        source=f"{_PAGE}/{model}",
        as_of="2024-12-17",
    )


# The library has them without a rate for sound. The first snapshot, of 2024-10-01, had another
# price, which the page no longer says.
_ROWS = (
    (
        re.compile(r"gpt-4o-audio-preview(-2024-12-17|-2025-06-03)?"),
        _spoken("gpt-4o-audio-preview", ("2.5", "10"), ("40", "80")),
    ),
    (
        re.compile(r"gpt-4o-mini-audio-preview(-2024-12-17)?"),
        _spoken("gpt-4o-mini-audio-preview", ("0.15", "0.6"), ("10", "20")),
    ),
)


def rates_of(model: str, at: datetime) -> Rates | None:
    if at < _SINCE:
        return None
    return next((rates for pattern, rates in _ROWS if pattern.fullmatch(model)), None)

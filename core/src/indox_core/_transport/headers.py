"""What the headers of an answer say beside its body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx2


_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]+)?")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds from `retry-after-ms` or `retry-after` (seconds or a date).

    `None` if the provider sent neither, or one that cannot be read.
    """
    milliseconds = headers.get("retry-after-ms", "")
    if _NUMBER.fullmatch(milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after", "").strip()
    if _NUMBER.fullmatch(value):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def request_id_of(response: httpx2.Response) -> str | None:
    """The vendor's id for the request, from the usual headers."""
    for name in ("x-request-id", "request-id"):
        value: str | None = response.headers.get(name)
        if value:
            return value
    return None

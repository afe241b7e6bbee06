"""What is tried again, when, and until when."""

from __future__ import annotations

import random
from collections import OrderedDict
from threading import Lock

from indox_core._errors import (
    APIError,
    CallError,
    Failure,
    NetworkError,
    OverloadedError,
    RateLimitError,
)

_STATUSES = frozenset({408, 409, 429, 499, 500, 502, 503, 504, 529})
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 8.0
LONGEST_RETRY_AFTER_S = 60.0


def is_retryable(failure: Failure) -> bool:
    """Whether the same request may succeed a moment later."""
    if failure.final or failure.kind in ("credits", "timeout", "malformed"):
        return False
    if failure.kind == "network":
        return True
    return failure.status_code in _STATUSES or failure.kind in ("rate_limit", "overloaded")


def falls_back(error: CallError) -> bool:
    """Whether another model may answer where this one failed."""
    if isinstance(error, NetworkError | RateLimitError | OverloadedError):
        return True
    return isinstance(error, APIError) and (error.status_code is None or error.status_code >= 500)


def wait_before_next(
    failure: Failure, attempt: int, max_retries: int, left_s: float
) -> float | None:
    """Seconds to wait before the next attempt; `None` if there is none.

    `attempt` counts from 1. A wait that the provider asks for is honoured if it fits into what
    is left of the deadline and into a minute.
    """
    if attempt > max_retries or not is_retryable(failure):
        return None
    wait = failure.retry_after_s
    if wait is not None:
        if wait > LONGEST_RETRY_AFTER_S:
            return None
    else:
        longest = min(_FIRST_WAIT_S * 2 ** (attempt - 1), _LONGEST_WAIT_S)
        wait = random.uniform(longest / 2, longest)  # noqa: S311 # jitter, not a secret
    return wait if wait < left_s else None


class RetryBudget:
    """How many further attempts all calls with one key may make at one provider.

    Each call pays in a tenth of an attempt and each further attempt takes one out, so that a dead
    provider gets little more than one request per call.
    """

    _PAID_IN = 0.1
    _MOST = 50.0
    _KEYS = 4096
    """How many keys are remembered; the longest unused ones are forgotten."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[str, int], float] = OrderedDict()
        self._lock = Lock()

    def pay_in(self, provider: str, key: int) -> None:
        """`key` is a hash: the key itself is not kept."""
        with self._lock:
            left = self._left.pop((provider, key), self._MOST)
            self._left[provider, key] = min(left + self._PAID_IN, self._MOST)
            if len(self._left) > self._KEYS:
                self._left.popitem(last=False)

    def take(self, provider: str, key: int) -> bool:
        """Whether one more attempt may be made."""
        with self._lock:
            left = self._left.get((provider, key), self._MOST)
            if left < 1:
                return False
            self._left[provider, key] = left - 1
            return True

"""The end of the call that a thread serves, which every wait on a socket heeds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

deadline: ContextVar[float] = ContextVar("indox_deadline")
"""End of the call that this thread serves, on the monotonic clock; sockets read it."""


@contextmanager
def until(end: float) -> Iterator[None]:
    """Sockets of this thread give up at `end`."""
    token = deadline.set(end)
    try:
        yield
    finally:
        deadline.reset(token)


def bounded(timeout: float | None, error: type[Exception]) -> float | None:
    """The shorter of the timeout and what is left of the call. Raises the error if nothing is."""
    end = deadline.get(None)
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise error("the call's deadline has passed")
    return left if timeout is None else min(timeout, left)

"""Anthropic's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core.plugin import Failure, FailureKind, retry_after

from ._decode import failure_of

# By name, because this module must import without the SDK.
_WITHOUT_STATUS: dict[str, FailureKind] = {
    "APITimeoutError": "timeout",
    "APIConnectionError": "network",
}


def failure_from_anthropic(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    names = [cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("anthropic")]
    for name in names:
        if name in _WITHOUT_STATUS:
            return Failure(_WITHOUT_STATUS[name], "no answer")
    if "APIStatusError" in names:
        return _from_status(error)
    return Failure("api", type(error).__name__) if "AnthropicError" in names else None


def _from_status(error: Any) -> Failure:
    body = error.body if isinstance(error.body, dict) else {}
    failure = failure_of(body, int(error.status_code))
    return replace(
        failure,
        request_id=failure.request_id or error.request_id,
        retry_after_s=retry_after(error.response.headers),
    )

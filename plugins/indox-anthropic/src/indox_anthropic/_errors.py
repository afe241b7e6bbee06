"""Anthropic's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import Failure, FailureKind, sdk_class_names, with_headers

from ._decode import failure_of

# By name, because this module must import without the SDK.
_WITHOUT_STATUS: dict[str, FailureKind] = {
    "APITimeoutError": "timeout",
    "APIConnectionError": "network",
}


def failure_from_anthropic(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    names = sdk_class_names(error, "anthropic")
    for name in names:
        if name in _WITHOUT_STATUS:
            return Failure(_WITHOUT_STATUS[name], "no answer")
    if "APIStatusError" in names:
        return _from_status(error)
    return Failure("api", type(error).__name__) if "AnthropicError" in names else None


def _from_status(error: Any) -> Failure:
    body = error.body if isinstance(error.body, dict) else {}
    return with_headers(failure_of(body, int(error.status_code)), error.response)

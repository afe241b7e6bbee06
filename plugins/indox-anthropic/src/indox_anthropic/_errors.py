"""Anthropic's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import Failure, FailureRow, failure_by_class, read_refused, with_headers

from ._decode import failure_of


def failure_from_anthropic(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    return failure_by_class(error, "anthropic", _TABLE)


def _from_status(error: Any) -> Failure:
    response = error.response
    return with_headers(
        failure_of(read_refused(response.content), int(error.status_code)), response
    )


_TABLE: dict[str, FailureRow] = {
    "APITimeoutError": Failure("timeout", "no answer"),
    "APIConnectionError": Failure("network", "no answer"),
    "APIStatusError": _from_status,
    "AnthropicError": lambda error: Failure("api", type(error).__name__),
}

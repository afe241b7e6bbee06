"""Mistral's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import Failure, FailureRow, failure_by_class, read_refused, with_headers

from ._decode import failure_of


def failure_from_mistral(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    return failure_by_class(error, "mistralai", _TABLE)


def _from_status(error: Any) -> Failure:
    if error.status_code < 300:
        message = "the answer is not what the API promises"
        return with_headers(Failure("malformed", message), error.raw_response)
    failure = failure_of(read_refused(error.body or ""), int(error.status_code))
    return with_headers(failure, error.raw_response)


_TABLE: dict[str, FailureRow] = {
    "ResponseValidationError": Failure("malformed", "the answer is not what the API promises"),
    "NoResponseError": Failure("network", "no answer"),
    "MistralError": _from_status,
}

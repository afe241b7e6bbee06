"""Google's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import Failure, FailureRow, failure_by_class, with_headers

from ._decode import failure_of


def failure_from_google(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    return failure_by_class(error, "google", _TABLE)


def _from_status(error: Any) -> Failure:
    body = error.details
    if isinstance(body, dict) and not body.keys() & {"error", "detail"}:
        # Not Google's own: the SDK has put the HTTP reason where Google's name would be.
        body = {"error": {"message": body.get("message")}}
    if int(error.code) < 300:
        return Failure("malformed", "the answer is not what the API promises")
    return with_headers(failure_of(body, int(error.code)), error.response)


_TABLE: dict[str, FailureRow] = {
    "UnknownApiResponseError": Failure("malformed", "the answer is not what the API promises"),
    "APIError": _from_status,
}

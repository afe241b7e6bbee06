"""Google's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core.plugin import Failure, FailureKind, request_id_of, retry_after

from ._decode import failure_of

# By name, because this module must import without the SDK.
_WITHOUT_STATUS: dict[str, FailureKind] = {
    "UnknownApiResponseError": "malformed",
}


def failure_from_google(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    names = [cls.__name__ for cls in type(error).__mro__ if cls.__module__.startswith("google.")]
    for name in names:
        if name in _WITHOUT_STATUS:
            return Failure(_WITHOUT_STATUS[name], "the answer is not what the API promises")
    return _from_status(error) if "APIError" in names else None


def _from_status(error: Any) -> Failure:
    body = error.details
    if isinstance(body, dict) and "error" not in body:
        # Not Google's own: the SDK has put the HTTP reason where Google's name would be.
        body = {"error": {"message": body.get("message")}}
    if int(error.code) < 300:
        return Failure("malformed", "the answer is not what the API promises")
    failure = failure_of(body, int(error.code))
    response = error.response
    headers = getattr(response, "headers", None)
    if headers is None:
        return failure
    wait = retry_after(headers)
    return replace(
        failure,
        request_id=request_id_of(response),
        retry_after_s=wait if wait is not None else failure.retry_after_s,
    )

"""Mistral's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from indox_core.plugin import Failure, FailureKind, sdk_class_names, with_headers

from ._decode import failure_of

# By name, because this module must import without the SDK.
_WITHOUT_STATUS: dict[str, FailureKind] = {
    "ResponseValidationError": "malformed",
    "NoResponseError": "network",
}


def failure_from_mistral(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    names = sdk_class_names(error, "mistralai")
    for name in names:
        if name in _WITHOUT_STATUS:
            return Failure(_WITHOUT_STATUS[name], "the answer is not what the API promises")
    return _from_status(error) if "MistralError" in names else None


def _from_status(error: Any) -> Failure:
    if error.status_code < 300:
        message = "the answer is not what the API promises"
        return with_headers(Failure("malformed", message), error.raw_response)
    try:
        body = from_json(error.body)
    except (TypeError, ValueError):
        body = None
    return with_headers(failure_of(body, int(error.status_code)), error.raw_response)

"""OpenAI's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core.plugin import Failure, FailureKind, kind_of_status, sdk_class_names, with_headers

from ._shared import failure_of

# By name, because this module must import without the SDK.
_WITHOUT_STATUS: dict[str, FailureKind] = {
    "APITimeoutError": "timeout",
    "APIConnectionError": "network",
}


def failure_from_openai(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    names = sdk_class_names(error, "openai")
    for name in names:
        if name in _WITHOUT_STATUS:
            return Failure(_WITHOUT_STATUS[name], "no answer")
    if "APIStatusError" in names:
        return _from_status(error)
    return Failure("api", type(error).__name__) if "OpenAIError" in names else None


def _from_status(error: Any) -> Failure:
    status = int(error.status_code)
    # The SDK has taken the error object out of {"error": {...}} where there was one.
    body = error.body
    # Some vendors that speak its protocol, and gateways, say it in plain text; HTML says nothing.
    if isinstance(body, str) and body.lstrip().startswith("<"):
        body = None
    failure = failure_of(body.get("error") or body if isinstance(body, dict) else body, status)
    if not failure.message:
        failure = replace(
            failure, message=f"{kind_of_status(status).replace('_', ' ')}, no details"
        )
    return with_headers(failure, error.response)

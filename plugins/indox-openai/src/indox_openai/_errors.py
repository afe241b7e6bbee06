"""OpenAI's exceptions as a table; the most specific row wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core.plugin import Failure, FailureRow, failure_by_class, kind_of_status, with_headers

from ._shared import failure_of


def failure_from_openai(error: Exception) -> Failure | None:
    """What an exception of the SDK means. `None`: it is not the SDK's."""
    return failure_by_class(error, "openai", _TABLE)


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


_TABLE: dict[str, FailureRow] = {
    "APITimeoutError": Failure("timeout", "no answer"),
    "APIConnectionError": Failure("network", "no answer"),
    "APIStatusError": _from_status,
    "OpenAIError": lambda error: Failure("api", type(error).__name__),
}

"""What translators share in telling what an SDK's exception means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indox_core._errors import Failure
from indox_core._transport import request_id_of, retry_after


def sdk_class_names(error: Exception, package: str) -> list[str]:
    """The names of an exception's classes that are the package's, the most specific first.

    By name, because a translator imports without the SDK. Empty: the exception is not the SDK's.
    """
    return [
        cls.__name__
        for cls in type(error).__mro__
        if f"{cls.__module__}.".startswith(f"{package}.")
    ]


def with_headers(failure: Failure, response: Any) -> Failure:
    """The failure with what the response's headers say besides: its request id and the wait.

    What the vendor's body said of the request id stays; the headers' wait is the newer one.
    """
    headers: Mapping[str, str] | None = getattr(response, "headers", None)
    if headers is None:
        return failure
    wait = retry_after(headers)
    return replace(
        failure,
        request_id=failure.request_id or request_id_of(response),
        retry_after_s=failure.retry_after_s if wait is None else wait,
    )

"""What translators share in telling what an SDK's exception means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from pydantic_core import from_json

from indox_core._errors import Failure
from indox_core._schema import JSON
from indox_core._transport import request_id_of, retry_after

FailureRow: TypeAlias = Failure | Callable[[Any], Failure]
"""What a class of exceptions means, or a function that tells it from the exception."""


def failure_by_class(
    error: Exception, package: str, table: Mapping[str, FailureRow]
) -> Failure | None:
    """The failure of an SDK's exception: the row of its most specific class wins.

    Classes are named, because a translator imports without the SDK. `None`: none of the exception's
    classes is both in the package and in the table.
    """
    for cls in type(error).__mro__:
        if f"{cls.__module__}.".startswith(f"{package}.") and cls.__name__ in table:
            row = table[cls.__name__]
            return row if isinstance(row, Failure) else row(error)
    return None


def read_refused(body: bytes | str) -> JSON:
    """The JSON of a refusal's body, or its text; `None` for a page of HTML, which says nothing."""
    try:
        return from_json(body)
    except ValueError:
        text = body if isinstance(body, str) else body.decode("utf-8", "replace")
        return None if text.lstrip().startswith("<") else text.strip()


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

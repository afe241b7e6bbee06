"""An answer of the vendor that was kept as JSON, read as a live one is."""

from __future__ import annotations

from typing import Any

from ._errors import ERROR_CLASSES, IndoxError, PluginLoadError, ProviderFailure, describe
from ._provider import Provider
from ._response import Reply

_SHAPES = (AttributeError, IndexError, KeyError, TypeError, ValueError)


def decode_stored(provider: Provider, body: Any) -> Reply:
    """The reply in a whole answer.

    Raises the error that the vendor's answer holds, and `MalformedResponseError` for what is none.
    """
    problem: IndoxError
    try:
        reply = provider.decode(body)
        if isinstance(reply, Reply):
            return reply
        problem = PluginLoadError(
            f'The plugin for "{provider.spec.name}" breaks the contract: decode() must return a '
            f"Reply, not {type(reply).__name__}."
        )
    except ProviderFailure as failed:
        failure = failed.failure
        problem = ERROR_CLASSES[failure.kind](
            describe(failure, provider.spec.name),
            provider=provider.spec.name,
            status_code=failure.status_code,
            code=failure.code,
        )
    except _SHAPES as error:
        problem = ERROR_CLASSES["malformed"](
            f"{provider.spec.name}: the stored answer has another shape than the vendor's "
            f"({type(error).__name__}).",
            provider=provider.spec.name,
        )
    raise problem

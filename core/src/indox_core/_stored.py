"""The vendor's whole answers, live or stored, to replies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ._errors import ERROR_CLASSES, IndoxError, PluginLoadError, ProviderFailure, describe
from ._provider import Provider
from ._response import Reply

SHAPES = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What reading JSON of another shape than expected raises."""


def whole(reply: Reply) -> Reply:
    """The reply with what a vendor may misspell put right: its id and model are text or nothing."""
    odd: dict[str, Any] = {
        name: None for name in ("id", "model") if not isinstance(getattr(reply, name), str | None)
    }
    return replace(reply, **odd) if odd else reply


def decoded(provider: Provider, body: Any, operation: str | None = None) -> Reply:
    """What the plugin makes of an answer. Raises `PluginLoadError` if that is no `Reply`."""
    reply = provider.decode(body, operation)
    if isinstance(reply, Reply):
        return whole(reply)
    raise PluginLoadError(
        f'The plugin for "{provider.spec.name}" breaks the contract: decode() must return a '
        f"Reply, not {type(reply).__name__}."
    )


def decode_stored(provider: Provider, body: Any) -> Reply:
    """The reply in a stored answer.

    Raises the error that the vendor's answer holds, and `MalformedResponseError` for what is none.
    """
    problem: IndoxError
    try:
        return decoded(provider, body)
    except ProviderFailure as failed:
        failure = failed.failure
        problem = ERROR_CLASSES[failure.kind](
            describe(failure, provider.spec.name),
            provider=provider.spec.name,
            status_code=failure.status_code,
            code=failure.code,
        )
    except SHAPES as error:
        problem = ERROR_CLASSES["malformed"](
            f"{provider.spec.name}: the stored answer has another shape than the vendor's "
            f"({type(error).__name__}).",
            provider=provider.spec.name,
        )
    raise problem

"""The vendor's whole answers, live or stored, to replies."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core._errors import (
    ERROR_CLASSES,
    Failure,
    IndoxError,
    PluginLoadError,
    ProviderFailure,
    describe,
)
from indox_core._plugins import Provider, breach
from indox_core._schema import Reply

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
    raise breach(provider.spec.name, "decode", "a Reply", reply)


def unread(provider: str, error: Exception, method: str) -> Failure:
    """What reading an answer of another shape than the plugin expects comes to."""
    return Failure(
        "malformed",
        f'the answer has a shape that the plugin for "{provider}" cannot read '
        f"({type(error).__name__} in {method})",
    )


WELL_FORMED = "a Failure of a known kind, with a message of text and seconds to wait"


def well_formed(failure: Any) -> bool:
    return (
        isinstance(failure, Failure)
        and failure.kind in ERROR_CLASSES
        and isinstance(failure.message, str)
        and isinstance(failure.retry_after_s, int | float | None)
        and (failure.retry_after_s or 0) >= 0
    )


def plugin_raised(provider: str, error: Exception, method: str) -> PluginLoadError:
    return PluginLoadError(
        f'The plugin for "{provider}" raised {type(error).__name__} in {method}. '
        "Client(debug=True) shows where."
    )


def decode_stored(provider: Provider, body: Any) -> Reply:
    """The reply in a stored answer.

    Raises the error that the vendor's answer holds, and `MalformedResponseError` for what is none.
    """
    name = provider.spec.name
    problem: IndoxError
    try:
        return decoded(provider, body)
    except IndoxError as error:
        problem = error
    except ProviderFailure as error:
        if well_formed(error.failure):
            problem = _error_of(error.failure, name)
        else:
            problem = breach(name, "decode", WELL_FORMED, error.failure)
    except SHAPES as error:
        problem = _error_of(unread(name, error, "decode"), name)
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        problem = plugin_raised(name, error, "decode")
    raise problem


def _error_of(failure: Failure, provider: str) -> IndoxError:
    return ERROR_CLASSES[failure.kind](
        describe(failure, provider),
        provider=provider,
        status_code=failure.status_code,
        code=failure.code,
    )

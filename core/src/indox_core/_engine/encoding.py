"""What a plugin makes of a request, and says of its model: checked, for it may return anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from indox_core._errors import IndoxError
from indox_core._plugins import Call, ModelFacts, Provider, breach
from indox_core._schema import Adaptation, ChatRequest

from .reading import plugin_raised
from .setup import Setup


def facts_of(setup: Setup, provider: Provider, request: ChatRequest) -> ModelFacts | None:
    """What the model takes, as the plugin tells; it may raise and return anything."""
    try:
        facts = provider.facts(request)
    except IndoxError:
        raise
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        problem = plugin_raised(provider.spec.name, error, "facts")
        cause = error if setup.debug else None
    else:
        if isinstance(facts, ModelFacts | None):
            return facts
        wanted = "a ModelFacts or None"
        problem, cause = breach(provider.spec.name, "facts", wanted, facts), None
    raise problem from cause


def encoded(setup: Setup, provider: Provider, method: str, make: Callable[[], Call]) -> Call:
    """What a plugin's `method` makes of a request; it may raise and return anything."""
    try:
        call = make()
    except IndoxError:
        raise
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        problem = plugin_raised(provider.spec.name, error, method)
        cause = error if setup.debug else None
    else:
        wanted, value = _wanted_of(call)
        if not wanted:
            return call
        problem, cause = breach(provider.spec.name, method, wanted, value), None
    raise problem from cause


def _wanted_of(call: Any) -> tuple[str, Any]:
    """What is wanted instead of what a plugin calls a call, and what was given; '' if it is one."""
    if not isinstance(call, Call):
        return "a Call", call
    for name, kind, wanted in _CALL_FIELDS:
        value = getattr(call, name)
        if not isinstance(value, kind):
            return f"a Call with {wanted}", value
    odd = [item for item in call.adaptations if not isinstance(item, Adaptation)]
    return ("a Call with a tuple of adaptations", odd[0]) if odd else ("", None)


_CALL_FIELDS: tuple[tuple[str, type, str], ...] = (
    ("operation", str, "an operation of text"),
    ("arguments", dict, "a dict of arguments"),
    ("adaptations", tuple, "a tuple of adaptations"),
    ("headers", Mapping, "a mapping of headers"),
)

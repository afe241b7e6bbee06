"""A provider's call for a request that is read as the client reads it."""

from __future__ import annotations

from typing import Any

from indox_core._plugins.capabilities import without
from indox_core._plugins.model_facts import fitted
from indox_core._plugins.registry import Registry
from indox_core._schema.request import read_request
from indox_core.plugin import Call

REGISTRY = Registry()


def encode(provider: str, model: str, messages: Any, stream: bool = False, **options: Any) -> Call:
    plugin = REGISTRY.provider(provider)
    spec = plugin.spec
    read = read_request(messages, provider, model, spec.base_url, stream, options, spec.options)
    request = without(read, spec.lacks)
    facts = plugin.facts(request)
    if facts is not None:
        request = fitted(request, facts)
    call = plugin.encode(request)
    return Call(
        call.operation, call.arguments, request.adaptations + call.adaptations, call.headers
    )

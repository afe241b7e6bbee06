"""Vendors that speak OpenAI's chat protocol: each a line in a table, and an entry point."""

from __future__ import annotations

from functools import cache
from typing import Any

from indox_core.plugin import CAPABILITIES, Provider, ProviderSpec, hookimpl
from indox_openai import SDK, OpenAICompatible, OpenAIOptions

from ._vendors import VENDORS


class _Plugin:
    """Registers the provider of one vendor."""

    def __init__(self, name: str) -> None:
        self._name = name

    @hookimpl
    def indox_provider(self) -> type[Provider]:
        return _provider_of(self._name)


@cache
def _provider_of(name: str) -> type[Provider]:
    vendor = VENDORS[name]
    spec = ProviderSpec(
        name=name,
        contract=1,
        key_variable=vendor.key_variable,
        base_url=vendor.base_url,
        sdk=SDK,
        fetches_urls=frozenset() if "images" in vendor.lacks else frozenset({"image"}),
        lacks=frozenset(name for name in CAPABILITIES if name in vendor.lacks),
        options=OpenAIOptions,
        # A server of your own renders the messages into a prompt, whatever they are.
        pairs_calls=vendor.key_variable is not None,
    )
    return type(f"{name.title()}Provider", (OpenAICompatible,), {"spec": spec})


def __getattr__(name: str) -> Any:
    """The plugin of one vendor, by the name that its entry point gives."""
    if name in VENDORS:
        return _Plugin(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""Registers the provider `anthropic`."""

from indox_core.plugin import Provider, hookimpl

from ._provider import AnthropicProvider


@hookimpl
def indox_provider() -> type[Provider]:
    return AnthropicProvider

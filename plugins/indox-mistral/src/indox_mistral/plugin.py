"""Registers the provider `mistral`."""

from indox_core.plugin import Provider, hookimpl

from ._provider import MistralProvider


@hookimpl
def indox_provider() -> type[Provider]:
    return MistralProvider

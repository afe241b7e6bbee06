"""Registers the provider `openai`."""

from indox_core.plugin import Provider, hookimpl

from ._provider import OpenAIProvider


@hookimpl
def indox_provider() -> type[Provider]:
    return OpenAIProvider

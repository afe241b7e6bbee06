"""Registers the provider `google`."""

from indox_core.plugin import Provider, hookimpl

from ._provider import GoogleProvider


@hookimpl
def indox_provider() -> type[Provider]:
    return GoogleProvider

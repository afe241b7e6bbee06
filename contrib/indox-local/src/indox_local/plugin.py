"""Registers the provider `local`."""

from indox_core.plugin import Provider, hookimpl

from ._provider import LocalProvider


@hookimpl
def indox_provider() -> type[Provider]:
    return LocalProvider

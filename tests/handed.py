"""A provider class as a plugin for `plugins=`, without being installed."""

from __future__ import annotations

from indox_core.plugin import Provider, hookimpl


class Handed:
    def __init__(self, provider: type[Provider]) -> None:
        self._provider = provider

    @hookimpl
    def indox_provider(self) -> type[Provider]:
        return self._provider

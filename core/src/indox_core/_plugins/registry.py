"""From a provider's name to its plugin: metadata first, code at first use."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions
from threading import Lock
from typing import Any

import pluggy

from indox_core._errors import (
    DuplicateProviderError,
    IndoxError,
    PluginLoadError,
    ProviderNotFoundError,
    did_you_mean,
)

from . import hooks
from .provider import Provider, check_provider

GROUP = "indox"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Installed:
    """One entry point of the group, read from metadata."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint


@lru_cache(maxsize=8)
def _scan(group: str, path: tuple[str, ...]) -> tuple[Installed, ...]:
    found: dict[tuple[str, str], Installed] = {}
    for distribution in distributions(path=list(path)):
        try:
            name, version = distribution.metadata["Name"], distribution.version
            points = [p for p in distribution.entry_points if p.group == group]
        except Exception:  # noqa: BLE001, S112 # a half-removed distribution may raise anything
            continue
        for point in points:
            if name and version and _NAME.fullmatch(point.name):
                # The first on the path is the one that is imported.
                found.setdefault(
                    (point.name, name.lower()), Installed(point.name, name, version, point)
                )
    return tuple(sorted(found.values(), key=lambda item: (item.name, item.distribution)))


def installed(group: str = GROUP) -> tuple[Installed, ...]:
    """Everything installed in the group, by name; nothing is imported."""
    return _scan(group, tuple(sys.path))


def _shown(error: BaseException) -> str:
    """What an import raised: its class, and of its words only what cannot hold a secret."""
    if isinstance(error, ModuleNotFoundError):
        return f"ModuleNotFoundError, no module named {error.name!r}"
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__} in line {error.lineno}"
    text = str(error)
    return text if text.startswith("ProviderSpec.__init__()") else type(error).__name__


class Registry:
    """The providers of one client: those handed over, then those installed."""

    def __init__(
        self,
        plugins: tuple[Any, ...] = (),
        compatible: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        """`compatible` maps a name to the provider whose protocol it speaks and its address."""
        self._compatible = compatible or {}
        self._manager = pluggy.PluginManager(hooks.PROJECT)
        self._manager.add_hookspecs(hooks)
        self._providers: dict[str, Provider] = {}
        self._lock = Lock()
        for plugin in plugins:
            if hasattr(plugin, "indox_provider"):
                provider = self._register(plugin, f"plugins= entry {type(plugin).__name__}")
                name = provider.spec.name
                if name in self._providers:
                    raise DuplicateProviderError(f'plugins= holds two providers named "{name}".')
                self._providers[name] = provider

    def provider(self, name: str) -> Provider:
        """The provider of that name, imported now if this is its first use."""
        provider = self._providers.get(name)
        if provider is None:
            with self._lock:
                provider = self._providers.get(name) or self._load(name)
                self._providers[name] = provider
        return provider

    def _load(self, name: str) -> Provider:
        if name in self._compatible:
            protocol, base_url = self._compatible[name]
            speaker = self._providers.get(protocol) or self._load(protocol)
            try:
                made = speaker.compatible(name, base_url)
                problem = check_provider(made)
            except IndoxError:
                raise
            except Exception as error:  # noqa: BLE001 # a plugin may raise anything
                problem = f"compatible() raised {type(error).__name__}"
            if problem is not None:
                raise PluginLoadError(f"{protocol} breaks the plugin contract: {problem}.")
            return made()
        claims = [item for item in installed() if item.name == name]
        if not claims:
            _scan.cache_clear()  # it may have been installed since
            claims = [item for item in installed() if item.name == name]
        if not claims:
            names = sorted({item.name for item in installed()} | set(self._providers))
            shown = f'"{name}"' if _NAME.fullmatch(name) else "of that name"
            raise ProviderNotFoundError(
                f"No provider {shown}. Installed: {', '.join(names) or 'none'}."
                f"{did_you_mean(name, names)}"
            )
        if len(claims) > 1:
            owners = " and ".join(f"{c.distribution} {c.version}" for c in claims)
            raise DuplicateProviderError(
                f'{owners} both offer the provider "{name}". Uninstall one of them.'
            )
        claim = claims[0]
        origin = f"{claim.distribution} {claim.version}"
        try:
            plugin = claim.entry_point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may raise anything
            raise PluginLoadError(
                f'The plugin for "{name}" ({origin}) cannot be imported: '
                f"{_shown(error)}. Reinstall or upgrade {claim.distribution}."
            ) from None
        provider = self._register(plugin, origin, claim.distribution)
        if provider.spec.name != name:
            raise PluginLoadError(
                f'{origin} registers the entry point "{name}" but its spec says '
                f'"{provider.spec.name}". Upgrade {claim.distribution}.'
            )
        return provider

    def _register(self, plugin: Any, origin: str, distribution: str = "the plugin") -> Provider:
        """The provider that the plugin's hook returns, checked against the contract."""
        try:
            self._manager.register(plugin)
            others = [p for p in self._manager.get_plugins() if p is not plugin]
            returned = self._manager.subset_hook_caller("indox_provider", others)()
            problem = (
                "it implements no indox_provider hook (is it marked with hookimpl?)"
                if not returned
                else check_provider(returned[0], distribution)
            )
            if problem is None:
                return returned[0]()  # type: ignore[no-any-return] # check_provider has seen to it
        except IndoxError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may raise anything
            problem = f"indox_provider() raised {type(error).__name__}"
        if self._manager.is_registered(plugin):
            self._manager.unregister(plugin)
        raise PluginLoadError(f"{origin} breaks the plugin contract: {problem}.")

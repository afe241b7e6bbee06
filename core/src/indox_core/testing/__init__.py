"""For tests of a provider or an application: a loopback server, and the suite for providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._loopback import HTTPAnswer, LoopbackServer, Received, sse

if TYPE_CHECKING:
    from ._contract import ProviderContract

__all__ = ["HTTPAnswer", "LoopbackServer", "ProviderContract", "Received", "sse"]


def __getattr__(name: str) -> Any:
    if name == "ProviderContract":  # its module imports pytest
        from ._contract import ProviderContract

        return ProviderContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

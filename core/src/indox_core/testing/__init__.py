"""For tests of a provider or an application: test doubles, and the suite for providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._fake import FakeAnswer, FakeProvider, FakeStep
from ._loopback import HTTPAnswer, LoopbackServer, Received, sse
from ._recorder import Recorder

if TYPE_CHECKING:
    from ._contract import ProviderContract

__all__ = [
    "FakeAnswer",
    "FakeProvider",
    "FakeStep",
    "HTTPAnswer",
    "LoopbackServer",
    "ProviderContract",
    "Received",
    "Recorder",
    "sse",
]


def __getattr__(name: str) -> Any:
    if name == "ProviderContract":  # its module imports pytest
        from ._contract import ProviderContract

        return ProviderContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

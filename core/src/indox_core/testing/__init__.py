"""For tests of a provider or an application: test doubles, and the suite for providers."""

from __future__ import annotations

import sys
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
        import pytest

        if f"{__name__}._contract" not in sys.modules:
            pytest.register_assert_rewrite(f"{__name__}._contract")  # a failure shows the values
        from ._contract import ProviderContract

        return ProviderContract
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

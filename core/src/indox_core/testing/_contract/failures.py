"""What happens when the network fails."""

from __future__ import annotations

import pytest

from indox_core import NetworkError, TimeoutError

from .samples import WAYS
from .traffic import Traffic, holds_no_key, nobody_listens


class Failures(Traffic):
    """When the network fails"""

    @pytest.mark.parametrize("way", WAYS)
    def test_a_broken_connection_is_a_network_error(self, way: str) -> None:
        """No exception of an SDK or of a socket reaches a caller."""
        with self.server("text", broken=True) as server:
            assert isinstance(self.fails(server, way), NetworkError)
        with nobody_listens() as address:
            error = self.fails(address, way)
        assert isinstance(error, NetworkError)
        holds_no_key(error)

    @pytest.mark.parametrize("way", WAYS)
    def test_a_deadline_is_a_timeout(self, way: str) -> None:
        """The clock of the whole call, not of one read."""
        with self.server("text", hang=True) as server:
            error = self.fails(server, way, timeout=0.3)
        assert isinstance(error, TimeoutError), repr(error)

    @pytest.mark.parametrize("way", ["stream", "async stream"])
    def test_leaving_a_stream_closes_its_connection(self, way: str) -> None:
        """What nobody reads is paid for all the same."""
        with self.server("text", hang_after_first=True) as server:
            self.leave(server, way)
            assert server.received[0].hung_up(60), "The server still sends to nobody."

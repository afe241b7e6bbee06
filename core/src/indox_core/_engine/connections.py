"""The connections of one client."""

from __future__ import annotations

import logging
from threading import Lock

from indox_core._errors import ConfigurationError
from indox_core._plugins import Connection, Provider, breach
from indox_core._transport import LentClients

from .retry import RetryBudget

log = logging.getLogger("indox")
CLOSED = "This client is closed. Make a new one."


class Connections:
    """One connection per provider, made at first use."""

    def __init__(self, lent: LentClients) -> None:
        self.lent = lent
        self.retries = RetryBudget()
        self.closed = False
        self._made: dict[str, Connection] = {}
        self._lock = Lock()

    def get(self, name: str) -> Connection | None:
        return self._made.get(name)

    def make(self, provider: Provider) -> Connection:
        name = provider.spec.name
        with self._lock:
            if self.closed:
                raise ConfigurationError(CLOSED)
            if name not in self._made:
                connection = provider.connect(self.lent)
                if not isinstance(connection, Connection):
                    raise breach(name, "connect", "a Connection", connection)
                self._made[name] = connection
            return self._made[name]

    def ready(self, provider: Provider, asynchronous: bool) -> Connection:
        """The provider's connection with its SDK's client of that flavour; imports what it needs.

        A plugin may raise anything.
        """
        connection = self.make(provider)
        prepare = getattr(connection, "prepare", None)
        if prepare is not None:
            prepare(asynchronous)
        return connection

    def close(self) -> None:
        """Close what the connections hold; the lent clients are closed by the client."""
        with self._lock:
            self.closed = True
            made, self._made = self._made, {}
        for connection in made.values():
            try:
                connection.close()
            except Exception:  # the others are closed all the same
                log.exception("closing a connection failed")

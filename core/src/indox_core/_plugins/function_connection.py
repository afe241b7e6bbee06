"""A connection of one function, for providers that call no server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from indox_core._schema import JSON

from .provider import Access, Answer, Call


class IteratorEvents:
    """An `EventSource` over any iterator of JSON events."""

    def __init__(self, events: Iterator[JSON], close: Callable[[], object] | None = None) -> None:
        self.request_id: str | None = None
        self._events = events
        self._close = close

    def __iter__(self) -> Iterator[JSON]:
        return self

    def __next__(self) -> JSON:
        return next(self._events)

    def close(self) -> None:
        if self._close is not None:
            self._close()


Function: TypeAlias = Callable[[Call, Access], JSON]


class FunctionConnection:
    """One function from a call to the vendor's JSON; a stream comes in one piece."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def send(self, call: Call, access: Access) -> Answer:
        return Answer(self._function(call, access))

    def stream(self, call: Call, access: Access) -> IteratorEvents:
        return IteratorEvents(iter([self._function(call, access)]))

    def close(self) -> None:
        """Nothing is held."""

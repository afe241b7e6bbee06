"""What a plan may ask of its driver.

A plan is a generator without I/O: it yields what it needs done (`Send`, `Open`, `NEXT`, `Sleep`,
`Load`) or a list of chunks for the caller, and is resumed with the outcome or the exception. It
never yields in a `finally`; the driver owns the event source and closes it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias, TypeVar

from indox_core._plugins import Access, Call, Connection
from indox_core._schema import Chunk

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send the call and bring back the whole `Answer`."""

    connection: Connection
    call: Call
    access: Access


@dataclass(frozen=True, slots=True)
class Open:
    """Send the call and keep its event source, which is brought back to be looked at."""

    connection: Connection
    call: Call
    access: Access


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """Call a function that imports something large; off the event loop in async.

    It is told whether the driver is the async one.
    """

    function: Callable[[bool], Any]


class Marker:
    """A command or an outcome without content."""


NEXT = Marker()
"""Bring back the source's next event, or `END`."""
END = Marker()
DRAIN = Marker()
"""Nothing more can come: read what is left, briefly, so that the connection can be used again."""

Command: TypeAlias = Send | Open | Sleep | Load | Marker | list[Chunk]
Plan: TypeAlias = Generator[Command, Any, T]


class Prepared(NamedTuple):
    """A call that is checked and encoded: what a driver runs."""

    plan: Plan[Any]
    end: float
    """The deadline, on the monotonic clock."""
    idle_timeout_s: float | None = None
    """Seconds that its stream may pause. `None`: until the deadline."""

"""Pools of httpcore2's connections that find one in a step, however many there are.

httpcore2's own pools look at every connection and every request whenever one comes or goes: with a
thousand in flight that is most of what a call costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from threading import BoundedSemaphore, Lock
from typing import Any, Generic, TypeVar

import httpcore2

from .closing import closing_task

_C = TypeVar("_C", httpcore2.ConnectionInterface, httpcore2.AsyncConnectionInterface)
_T = TypeVar("_T")
Key = tuple[bytes, bytes, int]


class _Idle(Generic[_C]):
    """The connections that wait for a request, and all that are open."""

    def __init__(self, limit: int) -> None:
        self.open: set[_C] = set()
        self._limit = limit
        self._idle: dict[_C, Key] = {}
        """In the order in which they became idle."""
        self._of: dict[Key, list[_C]] = {}

    def take(self, key: Key) -> tuple[_C | None, list[_C]]:
        """The one that was idle last, if any, and those that are to be closed."""
        dead: list[_C] = []
        waiting = self._of.get(key, [])
        while waiting:
            connection = waiting.pop()
            del self._idle[connection]
            if connection.is_available() and not connection.has_expired():
                return connection, dead
            dead.append(self._forget(connection))
        return None, dead

    def put(self, key: Key, connection: _C) -> list[_C]:
        """Those that are to be closed: this one if it can't be used again, and what is old."""
        if not (connection.is_available() and connection in self.open):
            return [self._forget(connection)]
        self._idle[connection] = key
        self._of.setdefault(key, []).append(connection)
        oldest = next(iter(self._idle))
        if len(self._idle) <= self._limit and not oldest.has_expired():
            return []
        self._of[self._idle.pop(oldest)].remove(oldest)
        return [self._forget(oldest)]

    def clear(self) -> list[_C]:
        """All that are open."""
        left = list(self.open)
        self.open.clear()
        self._idle.clear()
        self._of.clear()
        return left

    def _forget(self, connection: _C) -> _C:
        self.open.discard(connection)
        return connection


def _key(request: httpcore2.Request) -> Key:
    origin = request.url.origin
    if origin.scheme not in (b"http", b"https"):
        raise httpcore2.UnsupportedProtocol("the address is neither http:// nor https://")
    return origin.scheme, origin.host, origin.port


def _pool_timeout(request: httpcore2.Request) -> float | None:
    timeout: float | None = request.extensions.get("timeout", {}).get("pool")
    return timeout


class Pool:
    """Safe between threads. `bounded` shortens a wait to what is left of the call's time."""

    def __init__(
        self,
        factory: httpcore2.ConnectionPool,
        max_connections: int,
        max_idle: int,
        bounded: Callable[[float | None, type[Exception]], float | None],
    ) -> None:
        self._factory = factory
        self._idle: _Idle[httpcore2.ConnectionInterface] = _Idle(max_idle)
        self._lock = Lock()
        self._free = BoundedSemaphore(max_connections)
        self._bounded = bounded

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        key = _key(request)
        wait = self._bounded(_pool_timeout(request), httpcore2.PoolTimeout)
        if not self._free.acquire(timeout=wait):
            raise httpcore2.PoolTimeout("every connection is in use")
        connection = None
        try:
            while True:
                connection = self._connection(key, request)
                try:
                    response = connection.handle_request(request)
                    break
                except httpcore2.ConnectionNotAvailable:  # it was closed in the meantime
                    self._release(key, connection)
        except BaseException:
            self._free.release()
            if connection is not None:
                self._release(key, connection)
            raise
        stream = _Stream(response.stream, lambda: self._done(key, connection))
        return httpcore2.Response(
            response.status,
            headers=response.headers,
            content=stream,
            extensions=response.extensions,
        )

    def _connection(self, key: Key, request: httpcore2.Request) -> httpcore2.ConnectionInterface:
        with self._lock:
            connection, dead = self._idle.take(key)
            if connection is None:
                connection = self._factory.create_connection(request.url.origin)
                self._idle.open.add(connection)
        for other in dead:
            other.close()
        return connection

    def _done(self, key: Key, connection: httpcore2.ConnectionInterface) -> None:
        self._free.release()
        self._release(key, connection)

    def _release(self, key: Key, connection: httpcore2.ConnectionInterface) -> None:
        with self._lock:
            dead = self._idle.put(key, connection)
        for other in dead:
            other.close()

    def close(self) -> None:
        with self._lock:
            left = self._idle.clear()
        for connection in left:
            connection.close()


def _taken(once: list[_T]) -> list[_T]:
    """What is in the list, for the first who asks: two threads may close one stream."""
    try:
        return [once.pop()]
    except IndexError:
        return []


class _Stream:
    """A body that gives its connection back when it is closed."""

    def __init__(self, stream: Any, done: Callable[[], None]) -> None:
        self._stream = stream
        self._done = [done]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._stream)

    def close(self) -> None:
        for done in _taken(self._done):
            try:
                self._stream.close()
            finally:
                done()


class AsyncPool:
    """For the tasks of one event loop."""

    def __init__(
        self, factory: httpcore2.AsyncConnectionPool, max_connections: int, max_idle: int
    ) -> None:
        self._factory = factory
        self._idle: _Idle[httpcore2.AsyncConnectionInterface] = _Idle(max_idle)
        self._free = asyncio.BoundedSemaphore(max_connections)

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        key = _key(request)
        if self._free.locked():
            try:
                async with asyncio.timeout(_pool_timeout(request)):
                    await self._free.acquire()
            except TimeoutError:
                raise httpcore2.PoolTimeout("every connection is in use") from None
        else:
            await self._free.acquire()  # at once
        connection = None
        try:
            while True:
                connection, dead = self._idle.take(key)
                if connection is None:
                    connection = self._factory.create_connection(request.url.origin)
                    self._idle.open.add(connection)
                if dead:
                    await _aclose(dead)
                try:
                    response = await connection.handle_async_request(request)
                    break
                except httpcore2.ConnectionNotAvailable:  # it was closed in the meantime
                    await _aclose(self._idle.put(key, connection))
        except BaseException:
            self._free.release()
            if connection is not None:
                await _aclose(self._idle.put(key, connection))
            raise
        used = connection

        async def done() -> None:
            self._free.release()
            dead = self._idle.put(key, used)
            if dead:
                await _aclose(dead)

        return httpcore2.Response(
            response.status,
            headers=response.headers,
            content=_AsyncStream(response.stream, done),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        await _aclose(self._idle.clear())


async def _aclose(connections: list[httpcore2.AsyncConnectionInterface]) -> None:
    """Also where the task that waits is cancelled."""

    async def close() -> None:
        for connection in connections:
            await connection.aclose()

    if connections:
        await asyncio.shield(closing_task(close()))


class _AsyncStream:
    """A body that gives its connection back when it is closed."""

    def __init__(self, stream: Any, done: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._done = [done]

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        for done in _taken(self._done):
            try:
                await self._stream.aclose()
            finally:
                await done()

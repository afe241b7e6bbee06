"""From a request of httpx2 to a pool and back.

The pools are per process (a forked child gets its own) and, in async, per running event loop.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator
from threading import Lock
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import httpcore2
import httpx2

from .body import AsyncBody, LoopsStream, RawHeaders, SyncBody, afirst, decoding, first
from .closing import CLOSING_TASK
from .deadline import bounded
from .errors import AS_HTTPX2
from .factory import MAX_CONNECTIONS, MAX_IDLE_CONNECTIONS, Factory
from .pool import AsyncPool, Pool
from .sockets import AsyncBackend, DeadlineBackend

_INHERITED: list[Any] = []


class SyncTransport(Factory, httpx2.BaseTransport):
    def __init__(self, tls: ssl.SSLContext | None, proxy: str | None) -> None:
        super().__init__(tls, proxy)
        self._lock = Lock()
        self._pid = 0
        self._pool: Pool | None = None

    def _current(self) -> Pool:
        if self._pool is None or self._pid != os.getpid():
            with self._lock:
                if self._pool is None or self._pid != os.getpid():
                    # A forked child leaves its parent's connections alone: it neither closes
                    # them nor lets them be collected.
                    _INHERITED.append(self._pool)
                    factory = self.make(httpcore2.ConnectionPool, DeadlineBackend())
                    self._pool = Pool(factory, MAX_CONNECTIONS, MAX_IDLE_CONNECTIONS, bounded)
                    self._pid = os.getpid()
        return self._pool

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with AS_HTTPX2:
            response = self._current().handle_request(_to_core(request))
        headers, inflate = decoding(response.status, response.headers)
        if response.status < 300:
            body: httpx2.SyncByteStream = SyncBody(response, inflate)
        else:
            body = httpx2.ByteStream(first(SyncBody(response, inflate)))
        return httpx2.Response(
            response.status, headers=headers, stream=body, extensions=response.extensions
        )

    def close(self) -> None:
        with self._lock:
            if self._pool is not None and self._pid == os.getpid():
                self._pool.close()
            self._pool = None

    def __del__(self) -> None:
        self.close()


class AsyncTransport(Factory, httpx2.AsyncBaseTransport):
    """Picks the running loop's pool.

    Each pool is owned by an async generator started on its loop, so that the loop's
    `shutdown_asyncgens`, which `asyncio.run` calls, closes the pool.
    """

    def __init__(
        self, kind: type[LoopsPool], tls: ssl.SSLContext | None, proxy: str | None
    ) -> None:
        super().__init__(tls, proxy)
        self._kind = kind
        self._lock = Lock()
        self._pools: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[int, LoopsPool, AsyncGenerator[None]]
        ] = WeakKeyDictionary()

    async def _current(self) -> LoopsPool:
        loop = asyncio.get_running_loop()
        entry = self._pools.get(loop)
        if entry is not None and entry[0] == os.getpid():
            return entry[1]
        pool = self._kind(self)
        owner = self._own(loop, pool)
        with self._lock:
            for gone in [other for other in list(self._pools) if other.is_closed()]:
                del self._pools[gone]  # a loop that was closed without ending its generators
            self._pools[loop] = (os.getpid(), pool, owner)
        await anext(owner)
        return pool

    async def _own(self, loop: asyncio.AbstractEventLoop, pool: LoopsPool) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            with self._lock:
                self._pools.pop(loop, None)
            closing = [task for task in asyncio.all_tasks() if task.get_name() == CLOSING_TASK]
            if closing:
                await asyncio.wait(closing, timeout=1)
            await pool.aclose()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        pool = await self._current()
        status, sent, stream, extensions = await pool.exchange(request)
        headers, inflate = decoding(status, sent)
        if status < 300:
            body: httpx2.AsyncByteStream = AsyncBody(stream, inflate)
        else:
            body = httpx2.ByteStream(await afirst(AsyncBody(stream, inflate)))
        return httpx2.Response(status, headers=headers, stream=body, extensions=extensions)

    async def aclose(self) -> None:
        entry = self._pools.get(asyncio.get_running_loop())
        if entry is not None:
            await entry[2].aclose()


class LoopsPool(Protocol):
    """The connections of one event loop."""

    def __init__(self, factory: Factory) -> None: ...

    async def exchange(
        self, request: httpx2.Request
    ) -> tuple[int, RawHeaders, LoopsStream, dict[str, Any]]:
        """Status, headers, body and extensions of the answer. Raises httpx2's exceptions."""
        ...

    async def aclose(self) -> None: ...


class CorePool:
    """By httpcore2, as httpx2 does it."""

    def __init__(self, factory: Factory) -> None:
        pool = factory.make(httpcore2.AsyncConnectionPool, AsyncBackend())
        self._pool = AsyncPool(pool, MAX_CONNECTIONS, MAX_IDLE_CONNECTIONS)
        self.aclose = self._pool.aclose

    async def exchange(self, request: httpx2.Request) -> tuple[int, RawHeaders, Any, Any]:
        with AS_HTTPX2:
            response = await self._pool.handle_async_request(_to_core(request))
        return response.status, response.headers, response.stream, response.extensions


def _to_core(request: httpx2.Request) -> httpcore2.Request:
    url = request.url
    return httpcore2.Request(
        method=request.method,
        url=httpcore2.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
        ),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )

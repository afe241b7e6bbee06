"""Sockets that heed the deadline and send a request's head with its body."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore2

from .deadline import bounded

_WRITTEN = 2**16
_HEAD = 2**14
"""Bytes that are held back for what follows; a request's head has fewer."""


class DeadlineBackend(httpcore2.SyncBackend):
    """Sockets whose every wait ends at the call's deadline. Name resolution is the exception.

    A name's addresses are tried in turn, each within its share of what is left.
    """

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(where[0]) for *_, where in found))
        while True:
            address = addresses.pop(0)
            bound = bounded(timeout, httpcore2.ConnectTimeout)
            share = bound / (len(addresses) + 1) if bound is not None else None
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if not addresses:
                    raise
            else:
                return _DeadlineStream(stream)


class _DeadlineStream(httpcore2.NetworkStream):
    """A request's head waits for its body, so that both go out at once."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream
        self._held = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:
            with contextlib.suppress(httpcore2.WriteError):  # the answer may be there all the same
                self._send(b"", timeout)
        return self._stream.read(max_bytes, bounded(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._held or len(buffer) > _HEAD:
            self._send(buffer, timeout)
        else:
            self._held = buffer

    def _send(self, buffer: bytes, timeout: float | None) -> None:
        held, self._held = self._held, b""
        first = _WRITTEN - len(held)
        self._stream.write(held + buffer[:first], bounded(timeout, httpcore2.WriteTimeout))
        for start in range(first, len(buffer), _WRITTEN):  # each wait is bounded anew
            piece = buffer[start : start + _WRITTEN]
            self._stream.write(piece, bounded(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = bounded(timeout, httpcore2.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def close(self) -> None:
        connection = self._stream.get_extra_info("socket")
        if connection is not None:
            # Wakes a thread that waits in a read; closing alone does not.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class AsyncBackend(httpcore2.AnyIOBackend):
    async def connect_tcp(self, *arguments: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await super().connect_tcp(*arguments, **options))


class _AsyncStream(httpcore2.AsyncNetworkStream):
    """The same; here the driver's timeout bounds every wait."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._held = b""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._held:
            held, self._held = self._held, b""
            with contextlib.suppress(httpcore2.WriteError):
                await self._stream.write(held, timeout)
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return
        if self._held or len(buffer) > _HEAD:
            held, self._held = self._held, b""
            await self._stream.write(held + buffer, timeout)
        else:
            self._held = buffer

    async def start_tls(self, *arguments: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        return _AsyncStream(await self._stream.start_tls(*arguments, **options))

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

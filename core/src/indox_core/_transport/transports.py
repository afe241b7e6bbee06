"""The shared connection pools: one httpx2 client of each kind, lent to every SDK client.

The clients stay the same for the life of an Indox client; the pools beneath them are per process
(a forked child gets its own) and, in async, per running event loop. The only module that imports
httpx2, and itself imported when a connection is first made.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from threading import Lock
from typing import Any, Protocol, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import httpcore2
import httpx2
from pydantic_core import from_json

from indox_core._engine.drive_async import CLOSING_TASK
from indox_core._engine.retry import deadline

from .lazy import lazy
from .pool import AsyncPool, Pool

_MAX_CONNECTIONS = 1000
_MAX_IDLE_CONNECTIONS = 100
_IDLE_S = 30.0

_T = TypeVar("_T")


@cache
def _default_tls() -> ssl.SSLContext:
    """Building one takes tens of milliseconds, so the process has one."""
    return httpcore2.default_ssl_context()


class Pools:
    """The pools of one Indox client."""

    def __init__(
        self,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool | None = None,
        transport: str = "httpx2",
    ) -> None:
        self._async_pool = _AiohttpPool if transport == "aiohttp" else _CorePool
        tls = verify if isinstance(verify, ssl.SSLContext) else None
        if verify is False:
            tls = httpx2.create_ssl_context(verify=False)
        self._options: dict[str, Any] = {"tls": tls, "proxy": proxy}

    @lazy
    def http_client(self) -> httpx2.Client:
        return _Client(_SyncTransport(**self._options))

    @lazy
    def async_http_client(self) -> httpx2.AsyncClient:
        return _AsyncClient(_AsyncTransport(self._async_pool, **self._options))

    def close(self) -> None:
        """Close the connections that no event loop owns; a loop closes its own when it ends."""
        if "http_client" in self.__dict__:
            self.http_client.close()

    async def aclose(self) -> None:
        """Close the running loop's connections too."""
        if "async_http_client" in self.__dict__:
            await self.async_http_client.aclose()
        self.close()


# Nothing from the environment, neither proxies nor .netrc; redirects could carry a key away.
_CLIENT_OPTIONS: dict[str, Any] = {"trust_env": False, "follow_redirects": False, "timeout": None}


class _Client(httpx2.Client):
    """What an SDK wants of it and no more: between the SDK and the transport there are no
    redirects, no cookies and no hooks, so that their steps are left out. A call with `auth` of its
    own takes them all."""

    def __init__(self, transport: _SyncTransport) -> None:
        super().__init__(transport=transport, cookies=_no_cookies(), **_CLIENT_OPTIONS)
        self._straight = transport

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        return _built(self, method, url, given) or super().build_request(method, url, **given)

    def send(
        self, request: httpx2.Request, *, stream: bool = False, **given: Any
    ) -> httpx2.Response:
        if _has_auth(given):
            return super().send(request, stream=stream, **given)
        if self.is_closed:
            raise RuntimeError("This client is closed.")
        try:
            response = self._straight.handle_request(request)
        except httpx2.RequestError as error:
            error.request = request
            raise
        response.request = request
        if not stream:
            _whole(response)
        return response


class _AsyncClient(httpx2.AsyncClient):
    """The same, awaited."""

    def __init__(self, transport: _AsyncTransport) -> None:
        super().__init__(transport=transport, cookies=_no_cookies(), **_CLIENT_OPTIONS)
        self._straight = transport

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        return _built(self, method, url, given) or super().build_request(method, url, **given)

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **given: Any
    ) -> httpx2.Response:
        if _has_auth(given):
            return await super().send(request, stream=stream, **given)
        if self.is_closed:
            raise RuntimeError("This client is closed.")
        try:
            response = await self._straight.handle_async_request(request)
        except httpx2.RequestError as error:
            error.request = request
            raise
        response.request = request
        if not stream:
            try:
                await response.aread()
            except BaseException:
                await response.aclose()
                raise
        return response


def _has_auth(given: dict[str, Any]) -> bool:
    return isinstance(given.get("auth"), httpx2.Auth | tuple) or callable(given.get("auth"))


def _whole(response: httpx2.Response) -> None:
    try:
        response.read()
    except BaseException:
        response.close()
        raise


_PLAIN_REQUEST = {"content", "headers", "timeout", "extensions"}


def _built(
    client: httpx2.Client | httpx2.AsyncClient,
    method: str,
    url: httpx2.URL | str,
    given: dict[str, Any],
) -> httpx2.Request | None:
    """A request with a body of bytes or none; `None` for any other, which httpx2 builds itself."""
    content = given.get("content")
    rest = [name for name, value in given.items() if name not in _PLAIN_REQUEST and value]
    address = url if isinstance(url, httpx2.URL) else httpx2.URL(url)
    if rest or not address.host or not (content is None or type(content) is bytes):
        return None
    headers = given.get("headers")
    named = (headers if isinstance(headers, httpx2.Headers) else httpx2.Headers(headers)).raw
    present = {name.lower() for name, _ in named}
    lines = [] if b"host" in present else [(b"Host", address.netloc)]
    lines += [item for item in client.headers.raw if item[0].lower() not in present]
    lines += named
    unsized = not present & {b"content-length", b"transfer-encoding"}
    if unsized and (content or method.upper() in ("POST", "PUT", "PATCH")):
        lines.append((b"Content-Length", b"%d" % len(content or b"")))
    extensions = dict(given.get("extensions") or {})
    if "timeout" not in extensions:
        timeout = given.get("timeout")
        is_given = isinstance(timeout, int | float | tuple | httpx2.Timeout)
        extensions["timeout"] = httpx2.Timeout(timeout if is_given else None).as_dict()
    request = httpx2.Request(
        method, address, headers=lines, stream=httpx2.ByteStream(content or b""),
        extensions=extensions,
    )  # fmt: skip
    request.read()
    return request


def _no_cookies() -> CookieJar:
    """Cookies would travel from one key's calls to another's."""
    return CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


_INHERITED: list[Any] = []


class _Transport:
    """How a pool is made."""

    def __init__(self, tls: ssl.SSLContext | None, proxy: str | None) -> None:
        self._tls = tls
        self.proxy = proxy

    @property
    def tls(self) -> ssl.SSLContext:
        return self._tls or _default_tls()

    def make(self, factory: Callable[..., _T], backend: Any) -> _T:
        """What makes connections, through the proxy where there is one."""
        return factory(
            ssl_context=self.tls,
            proxy=_proxy_of(self.proxy) if self.proxy is not None else None,
            keepalive_expiry=_IDLE_S,
            network_backend=backend,
        )


def _proxy_of(address: str) -> httpcore2.Proxy:
    url = httpx2.URL(address)
    auth = (url.username, url.password) if url.username or url.password else None
    return httpcore2.Proxy(str(url.copy_with(username=None, password=None)), auth=auth)


class _SyncTransport(_Transport, httpx2.BaseTransport):
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
                    factory = self.make(httpcore2.ConnectionPool, _DeadlineBackend())
                    self._pool = Pool(factory, _MAX_CONNECTIONS, _MAX_IDLE_CONNECTIONS, _bounded)
                    self._pid = os.getpid()
        return self._pool

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _AS_HTTPX2:
            response = self._current().handle_request(_to_core(request))
        headers, inflate = _decoding(response.status, response.headers)
        if response.status < 300:
            body: httpx2.SyncByteStream = _SyncBody(response, inflate)
        else:
            body = httpx2.ByteStream(_first(_SyncBody(response, inflate)))
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


class _AsyncTransport(_Transport, httpx2.AsyncBaseTransport):
    """Picks the running loop's pool.

    Each pool is owned by an async generator started on its loop, so that the loop's
    `shutdown_asyncgens`, which `asyncio.run` calls, closes the pool.
    """

    def __init__(
        self, kind: type[_LoopsPool], tls: ssl.SSLContext | None, proxy: str | None
    ) -> None:
        super().__init__(tls, proxy)
        self._kind = kind
        self._lock = Lock()
        self._pools: WeakKeyDictionary[
            asyncio.AbstractEventLoop, tuple[int, _LoopsPool, AsyncGenerator[None]]
        ] = WeakKeyDictionary()

    async def _current(self) -> _LoopsPool:
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

    async def _own(self, loop: asyncio.AbstractEventLoop, pool: _LoopsPool) -> AsyncGenerator[None]:
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
        headers, inflate = _decoding(status, sent)
        if status < 300:
            body: httpx2.AsyncByteStream = _AsyncBody(stream, inflate)
        else:
            body = httpx2.ByteStream(await _afirst(_AsyncBody(stream, inflate)))
        return httpx2.Response(status, headers=headers, stream=body, extensions=extensions)

    async def aclose(self) -> None:
        entry = self._pools.get(asyncio.get_running_loop())
        if entry is not None:
            await entry[2].aclose()


RawHeaders: TypeAlias = "list[tuple[bytes, bytes]]"


class _LoopsStream(Protocol):
    def __aiter__(self) -> AsyncGenerator[bytes]: ...
    async def aclose(self) -> None: ...


class _LoopsPool(Protocol):
    """The connections of one event loop."""

    def __init__(self, transport: _Transport) -> None: ...

    async def exchange(
        self, request: httpx2.Request
    ) -> tuple[int, RawHeaders, _LoopsStream, dict[str, Any]]:
        """Status, headers, body and extensions of the answer. Raises httpx2's exceptions."""
        ...

    async def aclose(self) -> None: ...


class _CorePool:
    """By httpcore2, as httpx2 does it."""

    def __init__(self, transport: _Transport) -> None:
        factory = transport.make(httpcore2.AsyncConnectionPool, _AsyncBackend())
        self._pool = AsyncPool(factory, _MAX_CONNECTIONS, _MAX_IDLE_CONNECTIONS)
        self.aclose = self._pool.aclose

    async def exchange(self, request: httpx2.Request) -> tuple[int, RawHeaders, Any, Any]:
        with _AS_HTTPX2:
            response = await self._pool.handle_async_request(_to_core(request))
        return response.status, response.headers, response.stream, response.extensions


class _AiohttpPool:
    """By aiohttp: the extra `indox-core[aiohttp]`."""

    def __init__(self, transport: _Transport) -> None:
        import aiohttp
        from httpx_aiohttp.httpx2 import AiohttpTransport

        connector = aiohttp.TCPConnector(
            ssl=transport.tls, limit=_MAX_CONNECTIONS, keepalive_timeout=_IDLE_S
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        proxy = httpx2.Proxy(transport.proxy) if transport.proxy is not None else None
        self._bridge = AiohttpTransport(
            verify=transport.tls, trust_env=False, client=session, proxy=proxy
        )
        self._timeouts = (aiohttp.ServerTimeoutError, TimeoutError)
        self._errors = aiohttp.ClientError
        self.aclose = self._bridge.aclose

    async def exchange(self, request: httpx2.Request) -> tuple[int, RawHeaders, Any, Any]:
        try:
            response = await self._bridge.handle_async_request(request)
        except (httpx2.TimeoutException, self._errors) as error:
            raise self._told(error) from error.__cause__
        stream = _AiohttpStream(response.stream, self._errors, self._told)
        return response.status_code, response.headers.raw, stream, response.extensions

    def _told(self, error: Exception) -> Exception:
        """The bridge takes every broken connection for a timeout, and lets broken HTTP through."""
        timeout = isinstance(error, httpx2.TimeoutException)
        if timeout and not isinstance(error.__cause__, self._timeouts):
            return httpx2.NetworkError(str(error))
        if isinstance(error, self._errors):
            return httpx2.RemoteProtocolError(type(error).__name__)
        return error


class _AiohttpStream:
    def __init__(
        self, stream: Any, errors: type[Exception], told: Callable[[Exception], Exception]
    ) -> None:
        self._stream = stream
        self._errors = errors
        self._told = told

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except (httpx2.TimeoutException, self._errors) as error:
            raise self._told(error) from error.__cause__

    async def aclose(self) -> None:
        await self._stream.aclose()


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


class _AsHTTPX2:
    """httpcore2's errors as httpx2's of the same name, which every SDK knows."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        if kind is not None and kind.__module__ == "httpcore2":
            same = getattr(httpx2, kind.__name__, None)
            if same is not None:
                raise same(str(error)) from error


_AS_HTTPX2 = _AsHTTPX2()


# What an error says fits into this; the SDKs would read whatever comes.
_MAX_ERROR_BODY = 2**20
_ERROR_BODY_S = 2.0
"""Seconds that an error's body may take: its status is known already."""
_PIECE = 2**18
_TURN = 2**20
_WRITTEN = 2**16
_HEAD = 2**14
"""Bytes that are held back for what follows; a request's head has fewer."""
_LAYERS = 2
Inflate = Callable[[bytes], Iterator[bytes]]
_ENCODING, _LENGTH, _TYPE = b"content-encoding", b"content-length", b"content-type"


def _decoding(status: int, headers: RawHeaders) -> tuple[RawHeaders, Inflate | None]:
    """The headers, and what inflates the body piece by piece, however much it expands.

    httpx2 would inflate each chunk at once: 200 KB may become 200 MB. A compression that was not
    asked for fails when the body is read, where a broken one does.
    """
    named = b",".join(value for name, value in headers if name.lower() == _ENCODING)
    encodings = [e for part in named.split(b",") if (e := part.strip().lower()) not in _PLAIN]
    if status >= 300:
        # An error is read by the SDK with whatever codec its charset names; we know it is UTF-8.
        headers = [(n, v.partition(b";")[0] if n.lower() == _TYPE else v) for n, v in headers]
    if not encodings:
        return headers, None
    kept = [item for item in headers if item[0].lower() not in (_ENCODING, _LENGTH)]
    if len(encodings) > _LAYERS or not set(encodings) <= _KNOWN:
        return kept, _unasked
    return kept, _chained([_inflater(encoding) for encoding in reversed(encodings)])


_PLAIN = (b"", b"identity")
_KNOWN = {b"gzip", b"x-gzip", b"deflate"}


def _unasked(chunk: bytes) -> Iterator[bytes]:
    raise httpx2.DecodingError("the body has a compression that was not asked for")


def _chained(inflaters: list[Inflate]) -> Inflate:
    if len(inflaters) == 1:
        return inflaters[0]
    first, rest = inflaters[0], _chained(inflaters[1:])

    def inflate(chunk: bytes) -> Iterator[bytes]:
        for piece in first(chunk):
            yield from rest(piece)

    return inflate


def _inflater(encoding: bytes) -> Inflate:
    """gzip, also of several members; deflate with zlib's header or without."""
    gzip = encoding != b"deflate"
    state = zlib.decompressobj(wbits=zlib.MAX_WBITS | (16 if gzip else 0))
    begun = False

    def inflate(chunk: bytes) -> Iterator[bytes]:
        nonlocal state, begun
        while chunk:
            try:
                piece = state.decompress(chunk, _PIECE)
            except zlib.error:
                if gzip or begun:
                    raise httpx2.DecodingError("the body's compression is broken") from None
                state, begun = zlib.decompressobj(wbits=-zlib.MAX_WBITS), True
                continue
            begun = True
            if state.eof and gzip and state.unused_data:
                chunk = state.unused_data
                state = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            else:
                chunk = state.unconsumed_tail
            if piece:
                yield piece

    return inflate


def _error_text(data: bytearray) -> bytes:
    """The error's body as SDKs can read it: UTF-8, and JSON only if it is some."""
    text = bytes(data).decode("utf-8", "replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            from_json(text)
        except ValueError:
            return b'""'  # cut, broken or nested without end
    return text.encode()


def _first(body: _SyncBody) -> bytes:
    """The beginning of an error's body, as far as it can be read: the status says the rest."""
    data = bytearray()
    token = deadline.set(min(deadline.get(math.inf), time.monotonic() + _ERROR_BODY_S))
    try:
        for piece in body:
            data += piece
            if len(data) >= _MAX_ERROR_BODY:
                break
    except (httpx2.TransportError, httpx2.DecodingError):
        data = bytearray()
    finally:
        deadline.reset(token)
        body.close()
    return _error_text(data)


async def _afirst(body: _AsyncBody) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(_ERROR_BODY_S):
            async for piece in body:
                data += piece
                if len(data) >= _MAX_ERROR_BODY:
                    break
    except (TimeoutError, httpx2.TransportError, httpx2.DecodingError):
        data = bytearray()
    finally:
        await body.aclose()
    return _error_text(data)


class _SyncBody(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response, inflate: Inflate | None) -> None:
        self._response = response
        self._inflate = inflate

    def __iter__(self) -> Iterator[bytes]:
        with _AS_HTTPX2:
            for chunk in self._response.iter_stream():
                if self._inflate is None:
                    yield chunk
                else:
                    yield from self._inflate(chunk)

    def close(self) -> None:
        self._response.close()


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, stream: _LoopsStream, inflate: Inflate | None) -> None:
        self._stream = stream
        self._inflate = inflate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        with _AS_HTTPX2:
            async with contextlib.aclosing(aiter(self._stream)) as chunks:
                async for chunk in chunks:
                    read += len(chunk)
                    if read > _TURN:  # bytes that are there already would hold up the loop
                        read = 0
                        await asyncio.sleep(0)
                    if self._inflate is None:
                        yield chunk
                        continue
                    for piece in self._inflate(chunk):
                        yield piece
                        await asyncio.sleep(0)  # a large body leaves the loop its turns

    async def aclose(self) -> None:
        await self._stream.aclose()


class _DeadlineBackend(httpcore2.SyncBackend):
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
            bound = _bounded(timeout, httpcore2.ConnectTimeout)
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
        return self._stream.read(max_bytes, _bounded(timeout, httpcore2.ReadTimeout))

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
        self._stream.write(held + buffer[:first], _bounded(timeout, httpcore2.WriteTimeout))
        for start in range(first, len(buffer), _WRITTEN):  # each wait is bounded anew
            piece = buffer[start : start + _WRITTEN]
            self._stream.write(piece, _bounded(timeout, httpcore2.WriteTimeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        timeout = _bounded(timeout, httpcore2.ConnectTimeout)
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


class _AsyncBackend(httpcore2.AnyIOBackend):
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


def _bounded(timeout: float | None, error: type[Exception]) -> float | None:
    end = deadline.get(None)
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise error("the call's deadline has passed")
    return left if timeout is None else min(timeout, left)

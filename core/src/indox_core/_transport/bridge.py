"""The bridge to aiohttp: the extra `indox-core[aiohttp]`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import aiohttp
import httpx2
from httpx_aiohttp.httpx2 import AiohttpTransport

from .body import RawHeaders
from .factory import IDLE_S, MAX_CONNECTIONS, Factory


class AiohttpPool:
    """The connections of one event loop, by aiohttp."""

    def __init__(self, factory: Factory) -> None:
        connector = aiohttp.TCPConnector(
            ssl=factory.tls, limit=MAX_CONNECTIONS, keepalive_timeout=IDLE_S
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        proxy = httpx2.Proxy(factory.proxy) if factory.proxy is not None else None
        self._bridge = AiohttpTransport(
            verify=factory.tls, trust_env=False, client=session, proxy=proxy
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

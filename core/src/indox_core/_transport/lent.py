"""The HTTP clients that one Indox client lends to every SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .lazy import lazy

if TYPE_CHECKING:
    import ssl

    import httpx2


class LentClients:
    """One client of httpx2 of each kind, made when the first connection asks for it.

    They stay the same for the life of an Indox client. What they need is imported only then:
    httpx2 and its TLS are most of what a first call loads.
    """

    def __init__(
        self,
        proxy: str | None = None,
        verify: ssl.SSLContext | bool | None = None,
        transport: str = "httpx2",
    ) -> None:
        self._proxy = proxy
        self._verify = verify
        self._transport = transport

    @lazy
    def _tls(self) -> ssl.SSLContext | None:
        """`None`: the operating system's trust store."""
        if self._verify is False:
            import httpx2

            return httpx2.create_ssl_context(verify=False)
        return None if isinstance(self._verify, bool) else self._verify

    @lazy
    def http_client(self) -> httpx2.Client:
        from .clients import LentClient
        from .transports import SyncTransport

        return LentClient(SyncTransport(self._tls, self._proxy))

    @lazy
    def async_http_client(self) -> httpx2.AsyncClient:
        from .clients import AsyncLentClient
        from .transports import AsyncTransport, CorePool

        kind: Any = CorePool
        if self._transport == "aiohttp":
            from .bridge import AiohttpPool

            kind = AiohttpPool
        return AsyncLentClient(AsyncTransport(kind, self._tls, self._proxy))

    def close(self) -> None:
        """Close the connections that no event loop owns; a loop closes its own when it ends."""
        if "http_client" in self.__dict__:
            self.http_client.close()

    async def aclose(self) -> None:
        """Close the running loop's connections too."""
        if "async_http_client" in self.__dict__:
            await self.async_http_client.aclose()
        self.close()

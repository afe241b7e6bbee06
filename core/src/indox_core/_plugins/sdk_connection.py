"""Connections of a provider's official SDK."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import to_json

from indox_core._transport import lazy

from .http_connection import ResponseConnection
from .provider import Access, Call, ConnectionSettings

if TYPE_CHECKING:
    import httpx2


class SDKConnection(ABC):
    """One client of the SDK for all keys and addresses: both travel with the call."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @abstractmethod
    def _make_client(self, asynchronous: bool) -> Any:
        """The SDK's client, on the client of httpx2 that the core lends."""

    @lazy
    def _client(self) -> Any:
        return self._make_client(False)

    @lazy
    def _async_client(self) -> Any:
        return self._make_client(True)

    def prepare(self, asynchronous: bool) -> None:
        """Build the SDK's client."""
        _ = self._async_client if asynchronous else self._client

    def close(self) -> None:  # noqa: B027 # a default that does nothing
        """Nothing: closing an SDK's client would close the pools that it was lent."""


class PostConnection(SDKConnection, ResponseConnection):
    """To an SDK whose client has `post` and `get`, as OpenAI's and Anthropic's have.

    Both take the whole URL, the body as bytes and a class of httpx2 to cast to, so that the
    response comes back unread.
    """

    _paths: ClassVar[Mapping[str, str]]
    """The path below the base URL of each operation."""
    _stream_class: ClassVar[Any]
    """The SDK's own stream, which it wants to be named and which is not used."""

    @abstractmethod
    def _headers(self, client: Any, call: Call, access: Access) -> Mapping[str, Any]:
        """Those of one call, the key's among them."""

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        send = self._client.post if call.arguments else self._client.get
        response: httpx2.Response = send(**self._arguments(self._client, call, access))
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        client = self._async_client
        send = client.post if call.arguments else client.get
        response: httpx2.Response = await send(**self._arguments(client, call, access))
        return response

    def _arguments(self, client: Any, call: Call, access: Access) -> dict[str, Any]:
        import httpx2  # loaded by the lent client

        return {
            "path": access.base_url + self._paths[call.operation],
            **({"content": to_json(call.arguments)} if call.arguments else {}),
            "cast_to": httpx2.Response,
            "stream": True,
            "stream_cls": self._stream_class,
            "options": {
                "headers": self._headers(client, call, access),
                "timeout": access.timeout_s,
                "max_retries": 0,
                "follow_redirects": False,
            },
        }

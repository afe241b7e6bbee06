"""Connections that speak HTTP: to an SDK that hands out the unread response, and without an SDK."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic_core import from_json, to_json

from indox_core._errors import Failure, ProviderFailure
from indox_core._schema import JSON
from indox_core._transport import (
    AsyncSSESource,
    SSESource,
    aread_json,
    read_json,
    request_id_of,
)

from .failures import with_headers
from .provider import Access, Answer, Call, ConnectionSettings

if TYPE_CHECKING:
    import httpx2


class ResponseConnection(ABC):
    """A connection to an SDK that hands out the unread response; the rest is the same for all."""

    @abstractmethod
    def _open(self, call: Call, access: Access) -> httpx2.Response:
        """Send the call. Raises the SDK's exception if the status is a failure."""

    @abstractmethod
    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        """The same, awaited."""

    def send(self, call: Call, access: Access) -> Answer:
        response = self._open(call, access)
        return Answer(read_json(response), request_id_of(response))

    def stream(self, call: Call, access: Access) -> SSESource:
        return SSESource(self._open(call, access))

    async def asend(self, call: Call, access: Access) -> Answer:
        response = await self._aopen(call, access)
        return Answer(await aread_json(response), request_id_of(response))

    async def astream(self, call: Call, access: Access) -> AsyncSSESource:
        return AsyncSSESource(await self._aopen(call, access))

    def close(self) -> None:  # noqa: B027 # a default that does nothing
        """Nothing: closing an SDK client would close the pools that it was lent."""


def _with_bearer(access: Access) -> dict[str, str]:
    return {"Authorization": access.bearer} if access.key is not None else {}


class HTTPConnection(ResponseConnection):
    """A connection to a vendor without an SDK: JSON over HTTP, on the core's pool.

    A call's operation is its path below the base URL; it is a POST, or a GET without arguments.
    `failure` says what a refusal's body means, `None` for a body that is no JSON; what the headers
    say besides is added. `headers` are those that carry the key: a bearer token unless told.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        failure: Callable[[JSON, int], Failure],
        headers: Callable[[Access], Mapping[str, str]] = _with_bearer,
    ) -> None:
        self._settings = settings
        self._failure = failure
        self._headers = headers

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        client = self._settings.http_client
        response = client.send(self._request(client, call, access), stream=True)
        if not response.is_success:
            response.read()
            raise self._refusal(response)
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        client = self._settings.async_http_client
        response = await client.send(self._request(client, call, access), stream=True)
        if not response.is_success:
            await response.aread()
            raise self._refusal(response)
        return response

    def _request(
        self, client: httpx2.Client | httpx2.AsyncClient, call: Call, access: Access
    ) -> httpx2.Request:
        return client.build_request(
            "POST" if call.arguments else "GET",
            access.base_url + call.operation,
            content=to_json(call.arguments) if call.arguments else None,
            headers=self._all_headers(call, access),
            timeout=access.timeout_s,
        )

    def _all_headers(self, call: Call, access: Access) -> dict[str, str]:
        """Those that carry the key win: a client's header must not pay for every user's calls."""
        own = self._headers(access)
        mine = {name.lower() for name in own}
        configured = {**call.headers, **access.headers}
        others = {name: value for name, value in configured.items() if name.lower() not in mine}
        return {"Content-Type": "application/json", **others, **own}

    def _refusal(self, response: httpx2.Response) -> ProviderFailure:
        try:
            body = from_json(response.content)
        except ValueError:
            body = None
        failure = self._failure(body, response.status_code)
        failure = replace(failure, status_code=response.status_code)
        return ProviderFailure(with_headers(failure, response))

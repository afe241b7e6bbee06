"""The SDK's clients and the calls to them; the only module that imports the SDK."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import anthropic
from pydantic_core import to_json

from indox_core.plugin import Access, Call, ConnectionSettings, ResponseConnection, lazy

from ._encode import OPERATION

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. The SDK wants one to be built.
_PLACEHOLDER = "indox"
API_VERSION = "2026-10-21"


_PATHS = {
    OPERATION: "/v1/messages",
    "models": "/v1/models?limit=1000",
    "count": "/v1/messages/count_tokens",
}
# All that is sent besides the key and what the call brings.
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"Anthropic/Python {anthropic.__version__}",
    "anthropic-version": API_VERSION,
}


class _OwnHeaders:
    """Sends the headers that we name and none that the SDK or the environment has besides."""

    @property
    def default_headers(self) -> dict[str, str | anthropic.Omit]:
        return dict(_HEADERS)

    @lazy
    def omitted(self) -> dict[str, anthropic.Omit]:
        """What ANTHROPIC_CUSTOM_HEADERS adds; by the names of all, should the SDK's list move."""
        added = getattr(self, "_custom_headers", None)
        if added is None:
            added = super().default_headers  # type: ignore[misc] # of the SDK's client
        return dict.fromkeys(added, anthropic.Omit())


class _Anthropic(_OwnHeaders, anthropic.Anthropic):
    pass


class _AsyncAnthropic(_OwnHeaders, anthropic.AsyncAnthropic):
    pass


class AnthropicConnection(ResponseConnection):
    """One SDK client of each kind for all keys and addresses: both travel with the call."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @lazy
    def _client(self) -> _Anthropic:
        return _Anthropic(http_client=self._settings.http_client, **_CLIENT_OPTIONS)

    @lazy
    def _async_client(self) -> _AsyncAnthropic:
        return _AsyncAnthropic(http_client=self._settings.async_http_client, **_CLIENT_OPTIONS)

    def prepare(self, asynchronous: bool) -> None:
        """Build the SDK's client."""
        _ = self._async_client if asynchronous else self._client

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        send = self._client.post if call.arguments else self._client.get
        response: httpx2.Response = send(**_arguments(call, access, self._client.omitted))
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        send = self._async_client.post if call.arguments else self._async_client.get
        response: httpx2.Response = await send(
            **_arguments(call, access, self._async_client.omitted)
        )
        return response


_CLIENT_OPTIONS: dict[str, Any] = {
    "api_key": _PLACEHOLDER,
    "base_url": "https://api.anthropic.com",
    "max_retries": 0,
}


def _arguments(call: Call, access: Access, omitted: Mapping[str, object]) -> dict[str, Any]:
    """One call of the SDK's public `post`: the body as bytes, the response left unread."""
    import httpx2

    return {
        "path": access.base_url + _PATHS[call.operation],
        **({"content": to_json(call.arguments)} if call.arguments else {}),
        "cast_to": httpx2.Response,
        "stream": True,
        "stream_cls": anthropic.Stream[object],
        "options": {
            "headers": {
                **omitted,
                "Authorization": access.bearer,
                **call.headers,
                **access.headers,
            },
            "timeout": access.timeout_s,
            "max_retries": 0,
            "follow_redirects": False,
        },
    }

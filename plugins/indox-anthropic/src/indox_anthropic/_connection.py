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


class AnthropicConnection(ResponseConnection):
    """One SDK client of each kind for all keys and addresses: both travel with the call."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @lazy
    def _client(self) -> anthropic.Anthropic:
        return anthropic.Anthropic(http_client=self._settings.http_client, **_CLIENT_OPTIONS)

    @lazy
    def _async_client(self) -> anthropic.AsyncAnthropic:
        return anthropic.AsyncAnthropic(
            http_client=self._settings.async_http_client, **_CLIENT_OPTIONS
        )

    def prepare(self, asynchronous: bool) -> None:
        """Build the SDK's client."""
        _ = self._async_client if asynchronous else self._client

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        send = self._client.post if call.arguments else self._client.get
        response: httpx2.Response = send(**_arguments(call, access, self._client.default_headers))
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        send = self._async_client.post if call.arguments else self._async_client.get
        response: httpx2.Response = await send(
            **_arguments(call, access, self._async_client.default_headers)
        )
        return response


_CLIENT_OPTIONS: dict[str, Any] = {
    "api_key": _PLACEHOLDER,
    "base_url": "https://api.anthropic.com",
    "max_retries": 0,
}


def _arguments(call: Call, access: Access, defaults: Mapping[str, object]) -> dict[str, Any]:
    """One call of the SDK's public `post`: the body as bytes, the response left unread.

    The SDK's default headers, which the environment adds to (ANTHROPIC_CUSTOM_HEADERS), are
    left out by name.
    """
    import httpx2

    return {
        "path": access.base_url + _PATHS[call.operation],
        **({"content": to_json(call.arguments)} if call.arguments else {}),
        "cast_to": httpx2.Response,
        "stream": True,
        "stream_cls": anthropic.Stream[object],
        "options": {
            "headers": {
                **dict.fromkeys(defaults, anthropic.Omit()),
                **_HEADERS,
                "Authorization": access.bearer,
                **call.headers,
                **access.headers,
            },
            "timeout": access.timeout_s,
            "max_retries": 0,
            "follow_redirects": False,
        },
    }

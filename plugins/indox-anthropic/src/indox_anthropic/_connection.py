"""The SDK's clients and the calls to them; the only module that imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
from pydantic_core import to_json

from indox_core.plugin import Access, Call, ConnectionSettings, ResponseConnection, lazy

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. The SDK wants one to be built.
_PLACEHOLDER = "indox"
API_VERSION = "2026-10-21"


class _NoEnvironment:
    """Sends no header that the environment adds, as ANTHROPIC_CUSTOM_HEADERS does."""

    @property
    def default_headers(self) -> dict[str, str | anthropic.Omit]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"Anthropic/Python {anthropic.__version__}",
            "anthropic-version": API_VERSION,
        }


class _Anthropic(_NoEnvironment, anthropic.Anthropic):
    pass


class _AsyncAnthropic(_NoEnvironment, anthropic.AsyncAnthropic):
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

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        response: httpx2.Response = self._client.post(**_arguments(call, access))
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        response: httpx2.Response = await self._async_client.post(**_arguments(call, access))
        return response


_CLIENT_OPTIONS: dict[str, Any] = {
    "api_key": _PLACEHOLDER,
    "base_url": "https://api.anthropic.com",
    "max_retries": 0,
}


def _arguments(call: Call, access: Access) -> dict[str, Any]:
    """One call of the SDK's public `post`: the body as bytes, the response left unread."""
    import httpx2

    return {
        "path": access.base_url + "/v1/messages",
        "content": to_json(call.arguments),
        "cast_to": httpx2.Response,
        "stream": True,
        "stream_cls": anthropic.Stream[object],
        "options": {
            "headers": {
                "Authorization": f"Bearer {access.key_text}",
                **call.headers,
                **access.headers,
            },
            "timeout": access.timeout_s,
            "max_retries": 0,
            "follow_redirects": False,
        },
    }

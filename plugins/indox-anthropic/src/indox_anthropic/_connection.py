"""The SDK's clients and the calls to them; the only module that imports the SDK."""

from __future__ import annotations

from typing import Any

import anthropic

from indox_core.plugin import Access, Call, PostConnection, lazy

from ._encode import OPERATION

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


class AnthropicConnection(PostConnection):
    _paths = _PATHS
    _stream_class = anthropic.Stream[object]

    def _make_client(self, asynchronous: bool) -> anthropic.Anthropic | anthropic.AsyncAnthropic:
        options: dict[str, Any] = {
            "api_key": _PLACEHOLDER,
            "base_url": "https://api.anthropic.com",
            "max_retries": 0,
        }
        if asynchronous:
            return _AsyncAnthropic(http_client=self._settings.async_http_client, **options)
        return _Anthropic(http_client=self._settings.http_client, **options)

    def _headers(self, client: Any, call: Call, access: Access) -> dict[str, Any]:
        return {
            **client.omitted,
            "Authorization": access.bearer,
            **call.headers,
            **access.headers,
        }

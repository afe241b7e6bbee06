"""The SDK's clients and the calls to them; the only module that imports the SDK."""

from __future__ import annotations

from typing import Any

import openai

from indox_core.plugin import Access, Call, PostConnection

from . import _chat, _responses

_PATHS = {
    _chat.OPERATION: "/chat/completions",
    _responses.OPERATION: "/responses",
    "models": "/models",
    "count": "/responses/input_tokens",
}
# Never sent: each call brings its own key. The SDK wants one to be built.
_PLACEHOLDER = "indox"


class _NoEnvironment:
    """Sends no header that the environment adds, as OPENAI_ORG_ID and OPENAI_CUSTOM_HEADERS do."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"OpenAI/Python {openai.__version__}",
        }


class _OpenAI(_NoEnvironment, openai.OpenAI):
    pass


class _AsyncOpenAI(_NoEnvironment, openai.AsyncOpenAI):
    pass


class OpenAIConnection(PostConnection):
    _paths = _PATHS
    _stream_class = openai.Stream[object]

    def _make_client(self, asynchronous: bool) -> openai.OpenAI | openai.AsyncOpenAI:
        options: dict[str, Any] = {
            "api_key": _PLACEHOLDER,
            "base_url": "https://api.openai.com/v1",
            "max_retries": 0,
        }
        if asynchronous:
            return _AsyncOpenAI(http_client=self._settings.async_http_client, **options)
        return _OpenAI(http_client=self._settings.http_client, **options)

    def _headers(self, client: Any, call: Call, access: Access) -> dict[str, Any]:
        return {
            # A server of one's own may want no key.
            "Authorization": access.bearer if access.key is not None else openai.Omit(),
            **call.headers,
            **access.headers,
        }

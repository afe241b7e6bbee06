"""The SDK's clients and the calls to them; the only module that imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openai
from pydantic_core import to_json

from indox_core.plugin import Access, Call, ConnectionSettings, ResponseConnection, lazy

from . import _chat, _responses

if TYPE_CHECKING:
    import httpx2

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


class OpenAIConnection(ResponseConnection):
    """One SDK client of each kind for all keys and addresses: both travel with the call."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @lazy
    def _client(self) -> _OpenAI:
        return _OpenAI(http_client=self._settings.http_client, **_CLIENT_OPTIONS)

    @lazy
    def _async_client(self) -> _AsyncOpenAI:
        return _AsyncOpenAI(http_client=self._settings.async_http_client, **_CLIENT_OPTIONS)

    def prepare(self, asynchronous: bool) -> None:
        """Build the SDK's client."""
        _ = self._async_client if asynchronous else self._client

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        send = self._client.post if call.arguments else self._client.get
        response: httpx2.Response = send(**_arguments(call, access))
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        send = self._async_client.post if call.arguments else self._async_client.get
        response: httpx2.Response = await send(**_arguments(call, access))
        return response


_CLIENT_OPTIONS: dict[str, Any] = {
    "api_key": _PLACEHOLDER,
    "base_url": "https://api.openai.com/v1",
    "max_retries": 0,
}


def _arguments(call: Call, access: Access) -> dict[str, Any]:
    """One call of the SDK's public `post`: the body as bytes, the response left unread."""
    import httpx2

    return {
        "path": access.base_url + _PATHS[call.operation],
        **({"content": to_json(call.arguments)} if call.arguments else {}),
        "cast_to": httpx2.Response,
        "stream": True,
        "stream_cls": openai.Stream[object],
        "options": {
            "headers": {
                # A server of one's own may want no key.
                "Authorization": access.bearer if access.key is not None else openai.Omit(),
                **call.headers,
                **access.headers,
            },
            "timeout": access.timeout_s,
            "max_retries": 0,
            "follow_redirects": False,
        },
    }

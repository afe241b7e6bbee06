"""The SDK's client and the calls to it; the only module that imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from google import genai
from google.genai import types
from google.genai._api_client import HttpRequest
from pydantic_core import to_json

from indox_core.plugin import Access, Call, ConnectionSettings, ResponseConnection, lazy

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. The SDK wants one to be built.
_PLACEHOLDER = "indox"


class GoogleConnection(ResponseConnection):
    """One SDK client for all keys and addresses: both travel with the call."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @lazy
    def _client(self) -> genai.Client:
        return genai.Client(
            api_key=_PLACEHOLDER,
            enterprise=False,
            http_options=types.HttpOptions(
                base_url="https://generativelanguage.googleapis.com",
                api_version="v1beta",
                httpx_client=self._settings.http_client,
                httpx_async_client=self._settings.async_http_client,
            ),
        )

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        sent = self._client._api_client._request(_request(call, access), stream=True)
        return cast("httpx2.Response", sent.response_stream)

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        request = _request(call, access)
        sent = await self._client._api_client._async_request(request, stream=True)
        return cast("httpx2.Response", sent.response_stream)


def _request(call: Call, access: Access) -> HttpRequest:
    return HttpRequest(
        method="POST",
        url=f"{access.base_url}/{call.operation}",
        headers={
            "Content-Type": "application/json",
            "User-Agent": f"google-genai-sdk/{genai.__version__}",
            "x-goog-api-client": f"google-genai-sdk/{genai.__version__}",
            "x-goog-api-key": access.key_text,
            **call.headers,
            **access.headers,
        },
        data=to_json(call.arguments),
        timeout=access.timeout_s,
    )

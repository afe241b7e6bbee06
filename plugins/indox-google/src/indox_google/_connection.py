"""The SDK's client and the calls to it; the only module that imports the SDK.

The public calls build hundreds of model objects and read a body without a cap, so the client's own
transport is called directly where it has the shape that this was written for; the public calls are
the way where it has not.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from google import genai
from google.genai import types
from pydantic_core import from_json, to_json

from indox_core.plugin import (
    JSON,
    Access,
    Answer,
    Call,
    Connection,
    ConnectionSettings,
    IteratorEvents,
    ResponseConnection,
    SDKConnection,
    UnsupportedFeatureError,
)

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. The SDK wants one to be built.
_PLACEHOLDER = "indox"


TESTED_SDK = "3."
"""The versions whose private transport is known."""


def private_transport() -> Any:
    """`HttpRequest` of the SDK's transport; `None` if the transport is not the known one."""
    try:
        from google.genai._api_client import BaseApiClient, HttpRequest
    except ImportError:
        return None
    known = hasattr(BaseApiClient, "_request") and hasattr(BaseApiClient, "_async_request")
    return HttpRequest if known and genai.__version__.startswith(TESTED_SDK) else None


def connection_of(settings: ConnectionSettings) -> Connection:
    request_class = private_transport()
    if request_class is None:
        return PublicGoogleConnection(settings)
    return GoogleConnection(settings, request_class)


class _Client(SDKConnection):
    """The SDK's client serves both flavours."""

    def _make_client(self, asynchronous: bool) -> genai.Client:
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


class GoogleConnection(_Client, ResponseConnection):
    """By the SDK's transport: bytes out, the unread response back."""

    def __init__(self, settings: ConnectionSettings, request_class: Any) -> None:
        super().__init__(settings)
        self._request_class = request_class

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        request = self._request_class(**_request(call, access))
        sent = self._client._api_client._request(request, stream=True)
        return cast("httpx2.Response", sent.response_stream)

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        request = self._request_class(**_request(call, access))
        sent = await self._async_client._api_client._async_request(request, stream=True)
        return cast("httpx2.Response", sent.response_stream)


def _headers(call: Call, access: Access) -> dict[str, str]:
    return {**call.headers, **access.headers, "x-goog-api-key": access.key_text}


def _request(call: Call, access: Access) -> dict[str, Any]:
    return {
        "method": "POST" if call.arguments else "GET",
        "url": f"{access.base_url}/{call.operation}",
        "headers": {
            "Content-Type": "application/json",
            "User-Agent": f"google-genai-sdk/{genai.__version__}",
            "x-goog-api-client": f"google-genai-sdk/{genai.__version__}",
            **_headers(call, access),
        },
        "data": to_json(call.arguments) if call.arguments else b"",
        "timeout": access.timeout_s,
    }


class PublicGoogleConnection(_Client):
    """By the SDK's public calls."""

    def send(self, call: Call, access: Access) -> Answer:
        sent = self._client.models.generate_content(**_arguments(call, access, whole=True))
        return _answer(sent)

    async def asend(self, call: Call, access: Access) -> Answer:
        arguments = _arguments(call, access, whole=True)
        return _answer(await self._async_client.aio.models.generate_content(**arguments))

    def stream(self, call: Call, access: Access) -> IteratorEvents:
        chunks = self._client.models.generate_content_stream(**_arguments(call, access))
        return IteratorEvents(map(_event, chunks), getattr(chunks, "close", None))

    async def astream(self, call: Call, access: Access) -> _AsyncEvents:
        arguments = _arguments(call, access)
        return _AsyncEvents(
            await self._async_client.aio.models.generate_content_stream(**arguments)
        )


class _AsyncEvents:
    """The SDK's chunks as wire JSON."""

    def __init__(self, chunks: Any) -> None:
        self.request_id: str | None = None
        self._chunks = chunks

    def __aiter__(self) -> AsyncIterator[JSON]:
        return self

    async def __anext__(self) -> JSON:
        return _event(await anext(self._chunks))

    async def aclose(self) -> None:
        await self._chunks.aclose()


def _event(chunk: Any) -> JSON:
    return chunk.model_dump(
        mode="json", by_alias=True, exclude_none=True, exclude={"sdk_http_response", "parsed"}
    )


def _answer(sent: Any) -> Answer:
    return Answer(from_json(sent.sdk_http_response.body))


def _arguments(call: Call, access: Access, whole: bool = False) -> dict[str, Any]:
    """The wire JSON as the public call takes it; nothing is called or continued by itself."""
    if not call.operation.partition("?")[0].endswith("enerateContent"):
        raise UnsupportedFeatureError(
            "google: this version of google-genai is not known; only chats work with it."
        )
    version, _, rest = call.operation.partition("/")
    body = dict(call.arguments)
    contents = body.pop("contents")
    config = {
        **body.pop("generationConfig", {}),
        **body,
        "automaticFunctionCalling": {"disable": True},
        "automaticContinuation": False,
        "httpOptions": {
            "baseUrl": access.base_url,
            "apiVersion": version,
            "headers": _headers(call, access),
            "timeout": max(int(access.timeout_s * 1000), 1),
        },
    }
    if whole:
        config["shouldReturnHttpResponse"] = True
    return {"model": unquote(rest.rpartition(":")[0]), "contents": contents, "config": config}

"""The SDK's client and the calls to it; the only module that imports the SDK.

The typed calls build eight pydantic classes each, so `do_request` sends what we have encoded where
the SDK has the shape that this was written for; the typed calls are the way where it has not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mistralai.client import Mistral
from mistralai.client.errors import SDKError
from pydantic_core import to_json

from indox_core.plugin import (
    Access,
    Answer,
    AsyncSSESource,
    Call,
    Connection,
    ConnectionSettings,
    ResponseConnection,
    SDKConnection,
    SSESource,
    UnsupportedFeatureError,
)

from ._encode import OPERATION

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. Without one the SDK reads the environment.
_PLACEHOLDER = "indox"


_PATHS = {OPERATION: "/v1/chat/completions", "models": "/v1/models"}
TESTED_SDK = "3."
"""The versions whose `do_request` is known."""


def hook_context() -> Any:
    """What `do_request` wants to be told of a call; `None` if it is not the known one."""
    try:
        from mistralai.client._hooks import HookContext
        from mistralai.client._version import __version__
        from mistralai.client.basesdk import BaseSDK
    except ImportError:
        return None
    known = hasattr(BaseSDK, "do_request") and hasattr(BaseSDK, "do_request_async")
    return HookContext if known and __version__.startswith(TESTED_SDK) else None


def connection_of(settings: ConnectionSettings) -> Connection:
    context_class = hook_context()
    if context_class is None:
        return PublicMistralConnection(settings)
    return MistralConnection(settings, context_class)


class _Client(SDKConnection):
    """The SDK's client serves both flavours."""

    def _make_client(self, asynchronous: bool) -> Mistral:
        client = Mistral(
            api_key=_PLACEHOLDER,
            client=self._settings.http_client,
            async_client=self._settings.async_http_client,
        )
        # The SDK's own hooks read a token from the environment, start telemetry and read the
        # body of a response that is still open.
        hooks = client.sdk_configuration.__dict__.get("_hooks")
        for name in ("before_request_hooks", "after_success_hooks", "after_error_hooks"):
            if hasattr(hooks, name):
                setattr(hooks, name, [])
        return client


class MistralConnection(_Client, ResponseConnection):
    """By `do_request`: bytes out, the unread response back."""

    def __init__(self, settings: ConnectionSettings, context_class: Any) -> None:
        super().__init__(settings)
        self._context_class = context_class

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        client = self._client
        request = _request(self._settings.http_client, client, call, access)
        response: httpx2.Response = client.chat.do_request(
            self._context(client, access), request, _never, stream=True
        )
        if response.is_success:
            return response
        response.read()
        raise SDKError("the call failed", response)

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        client = self._async_client
        request = _request(self._settings.async_http_client, client, call, access)
        response: httpx2.Response = await client.chat.do_request_async(
            self._context(client, access), request, _never, stream=True
        )
        if response.is_success:
            return response
        await response.aread()
        raise SDKError("the call failed", response)

    def _context(self, client: Mistral, access: Access) -> Any:
        return self._context_class(
            config=client.sdk_configuration,
            base_url=access.base_url,
            operation_id="chat_completion_v1_chat_completions_post",
            oauth2_scopes=None,
            security_source=None,
            tags=["chat"],
            extensions=None,
        )


def _request(
    http_client: httpx2.Client | httpx2.AsyncClient, client: Mistral, call: Call, access: Access
) -> httpx2.Request:
    return http_client.build_request(
        "POST" if call.arguments else "GET",
        access.base_url + _PATHS[call.operation],
        content=to_json(call.arguments) if call.arguments else None,
        headers={
            "Accept": "text/event-stream" if call.arguments.get("stream") else "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"mistral-client-python/{client.sdk_configuration.sdk_version}",
            "Authorization": access.bearer,
            **call.headers,
            **access.headers,
        },
        timeout=access.timeout_s,
    )


def _never(status: int) -> bool:
    """The status is judged here, when the body can be read."""
    return False


class PublicMistralConnection(_Client):
    """By the SDK's typed calls."""

    def send(self, call: Call, access: Access) -> Answer:
        return _answer(self._client.chat.complete(**_arguments(call, access)))

    async def asend(self, call: Call, access: Access) -> Answer:
        return _answer(await self._async_client.chat.complete_async(**_arguments(call, access)))

    def stream(self, call: Call, access: Access) -> SSESource:
        return SSESource(self._client.chat.stream(**_arguments(call, access)).response)

    async def astream(self, call: Call, access: Access) -> AsyncSSESource:
        events = await self._async_client.chat.stream_async(**_arguments(call, access))
        return AsyncSSESource(events.response)


def _answer(sent: Any) -> Answer:
    return Answer(sent.model_dump(mode="json", by_alias=True, exclude_unset=True))


def _arguments(call: Call, access: Access) -> dict[str, Any]:
    if call.operation != OPERATION:
        raise UnsupportedFeatureError(
            "mistral: this version of mistralai is not known; only chats work with it."
        )
    arguments = {name: value for name, value in call.arguments.items() if name != "stream"}
    return {
        **arguments,
        "server_url": access.base_url,
        "timeout_ms": max(int(access.timeout_s * 1000), 1),
        "http_headers": {
            **call.headers,
            **access.headers,
            "Authorization": access.bearer,
        },
    }

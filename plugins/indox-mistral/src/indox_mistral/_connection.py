"""The SDK's client and the calls to it; the only module that imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mistralai.client import Mistral
from mistralai.client._hooks import HookContext
from mistralai.client.errors import SDKError
from pydantic_core import to_json

from indox_core.plugin import Access, Call, ConnectionSettings, ResponseConnection, lazy

if TYPE_CHECKING:
    import httpx2

# Never sent: each call brings its own key. Without one the SDK reads the environment.
_PLACEHOLDER = "indox"


class MistralConnection(ResponseConnection):
    """One SDK client for all keys and addresses: both travel with the call.

    `do_request` sends what we have encoded: the typed calls build eight pydantic classes each.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings

    @lazy
    def _client(self) -> Mistral:
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

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        request = self._request(self._settings.http_client, call, access)
        response: httpx2.Response = self._client.chat.do_request(
            self._context(access), request, _never, stream=True
        )
        if response.is_success:
            return response
        response.read()
        raise SDKError("the call failed", response)

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        request = self._request(self._settings.async_http_client, call, access)
        response: httpx2.Response = await self._client.chat.do_request_async(
            self._context(access), request, _never, stream=True
        )
        if response.is_success:
            return response
        await response.aread()
        raise SDKError("the call failed", response)

    def _request(
        self, client: httpx2.Client | httpx2.AsyncClient, call: Call, access: Access
    ) -> httpx2.Request:
        return client.build_request(
            "POST",
            access.base_url + "/v1/chat/completions",
            content=to_json(call.arguments),
            headers={
                "Accept": "text/event-stream"
                if call.arguments.get("stream")
                else "application/json",
                "Content-Type": "application/json",
                "User-Agent": f"mistral-client-python/{self._client.sdk_configuration.sdk_version}",
                "Authorization": f"Bearer {access.key_text}",
                **call.headers,
                **access.headers,
            },
            timeout=access.timeout_s,
        )

    def _context(self, access: Access) -> HookContext:
        return HookContext(
            config=self._client.sdk_configuration,
            base_url=access.base_url,
            operation_id="chat_completion_v1_chat_completions_post",
            oauth2_scopes=None,
            security_source=None,
            tags=["chat"],
            extensions=None,
        )


def _never(status: int) -> bool:
    """The status is judged here, when the body can be read."""
    return False

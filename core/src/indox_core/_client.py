"""Client and AsyncClient.

What they need is imported when one is made: a program that imports Indox starts no slower for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Unpack, cast, overload

from ._options import (
    CallOptions,
    ChatOptions,
    Models,
    OnUnsupported,
    ProviderConfig,
    UntypedOptions,
)

if TYPE_CHECKING:
    import ssl
    from datetime import datetime
    from pathlib import Path

    from pydantic import BaseModel, SecretStr

    from ._engine import ChatStream, Explanation
    from ._engine.drive_async import AsyncChatStream
    from ._plugins import ModelInfo
    from ._schema import ChatResponse, ClientUsage, MessageLike, Receipt

ModelT = TypeVar("ModelT", bound="BaseModel")


class _BaseClient:
    """What both clients share: the configuration, and a call made ready to be driven."""

    def __init__(
        self,
        api_key: str | SecretStr | None = None,
        *,
        providers: Mapping[str, ProviderConfig] | None = None,
        timeout: float = 600.0,
        idle_timeout: float | None = None,
        max_retries: int = 2,
        on_unsupported: OnUnsupported = "adapt",
        max_image_bytes: int = 20 * 2**20,
        max_request_bytes: int = 100 * 2**20,
        prices: Mapping[str, Mapping[str, Any]] | str | Path | None = None,
        plugins: Iterable[Any] = (),
        proxy: str | None = None,
        verify: ssl.SSLContext | bool | None = None,
        transport: Literal["httpx2", "aiohttp"] = "httpx2",
        debug: bool = False,
    ) -> None:
        """Nothing is sent, and no provider imported, before the first call.

        `api_key` is the key of an Indox router: kept secret, never sent to a provider.
        `timeout` and `idle_timeout` are seconds, `max_retries` further attempts.
        `max_image_bytes` and `max_request_bytes` bound one image and the content of one request,
        in bytes before they are put into base64.
        `prices` are your own, in US dollars per million tokens: a dict or a TOML or JSON file from
        `provider/model` (or `provider/name-*`) to rates as text, which win over all others.
        `plugins` observe calls or provide models for this client only.
        `proxy` is the only way to a proxy: variables such as HTTPS_PROXY are not read.
        `verify` replaces the operating system's trust store; `False` checks no certificate.
        `transport` carries an `AsyncClient`'s calls: `aiohttp` needs `indox-core[aiohttp]`, and is
        several times faster with hundreds of calls in flight.
        `debug` keeps the SDK's own exception, which may hold the key, behind each error.
        """
        from ._credentials import concealed

        # An error while the client is made shows the locals of this frame and of those below.
        api_key, providers, proxy = concealed(api_key), concealed(providers), concealed(proxy)

        from ._engine import Setup

        self._setup = Setup(
            isinstance(self, AsyncClient),
            api_key=api_key,
            providers=providers,
            prices=prices,
            plugins=plugins,
            verify=verify,
            defaults={
                "timeout": timeout,
                "idle_timeout": idle_timeout,
                "max_retries": max_retries,
                "on_unsupported": on_unsupported,
            },
            max_image_bytes=max_image_bytes,
            max_request_bytes=max_request_bytes,
            proxy=proxy,
            transport=transport,
            debug=debug,
        )

    def __repr__(self) -> str:
        setup = getattr(self, "_setup", None)  # absent where its arguments were refused
        return f"{type(self).__name__}(providers={setup.configured if setup else []})"

    @property
    def usage(self) -> ClientUsage:
        """What this client's calls have used and cost so far."""
        return self._setup.ledger.so_far()


class Client(_BaseClient):
    """Talks to any provider whose plugin is installed. Safe to share between threads."""

    @overload
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        response_schema: type[ModelT],
        stream: Literal[False] = False,
        **options: Unpack[UntypedOptions],
    ) -> ChatResponse[ModelT]: ...
    @overload
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        response_schema: type[ModelT],
        stream: Literal[True],
        **options: Unpack[UntypedOptions],
    ) -> ChatStream[ModelT]: ...
    @overload
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: Literal[False] = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse: ...
    @overload
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: Literal[True],
        **options: Unpack[ChatOptions],
    ) -> ChatStream: ...
    @overload
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: bool,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse | ChatStream: ...
    def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse | ChatStream:
        """Send a conversation to `provider/model` and bring back the answer.

        Of several models the next is asked where one fails with a network error, a timeout, an
        overload, 429 or 5xx, within the one deadline and never after output began.
        With `stream=True` the request is sent and a `ChatStream` returned. Raises an
        `IndoxError`; `ValidationError`, `UnsupportedFeatureError` and `ConfigurationError` before
        anything is sent.
        """
        from ._engine import ChatStream, SyncDriver, prepared_chat

        driver = SyncDriver(*prepared_chat(self._setup, messages, model, stream, options))
        return ChatStream(driver) if stream else cast("ChatResponse", driver.run())

    def models(self, provider: str, **options: Unpack[CallOptions]) -> tuple[ModelInfo, ...]:
        """The models that a provider offers. Raises `UnsupportedFeatureError` if it lists none."""
        from ._engine import SyncDriver, prepared_models

        driver = SyncDriver(*prepared_models(self._setup, provider, options))
        return cast("tuple[ModelInfo, ...]", driver.run())

    def count_tokens(
        self, messages: Iterable[MessageLike], model: str, **options: Unpack[ChatOptions]
    ) -> int:
        """The tokens that the provider would read; takes what `chat` takes and answers nothing.

        Raises `UnsupportedFeatureError` if the provider has no endpoint for it.
        """
        from ._engine import SyncDriver, prepared_count

        driver = SyncDriver(*prepared_count(self._setup, messages, model, options))
        return cast(int, driver.run())

    def warm_up(self, *providers: str) -> None:
        """Import the providers' SDKs and the price list now and not with the first call.

        Nothing is sent and no key is needed. Raises `ConfigurationError` for what cannot be loaded.
        """
        from ._engine import refused_clean, warm_up

        refused_clean(self._setup, warm_up, providers, False)

    def explain(
        self,
        messages: Iterable[MessageLike],
        model: str,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Explanation:
        """The call that `chat` would make of the same arguments, and what it may cost.

        No key is needed and nothing is sent. Raises what `chat` raises before it sends.
        """
        from ._engine import explained, refused_clean

        return refused_clean(self._setup, explained, messages, model, stream, options)

    def receipt(
        self, model: str, body: Any, at: datetime | None = None, service_tier: str | None = None
    ) -> Receipt:
        """Price a stored answer of the vendor as a live one would be; no key, no traffic.

        `body` is the vendor's JSON. `at` is when it was answered (`None`: now; a date without
        zone is UTC). `service_tier` is your hint where the body cannot tell, such as `batch`.
        Raises an `IndoxError` for a body that is no answer.
        """
        from ._engine import stored_receipt

        return stored_receipt(self._setup, model, body, at, service_tier)

    def close(self) -> None:
        """Close all connections. The client cannot be used afterwards; twice is harmless."""
        self._setup.connections.close()
        self._setup.connections.lent.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class AsyncClient(_BaseClient):
    """`Client` with `await`. Safe to share between tasks, also of several event loops."""

    @overload
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        response_schema: type[ModelT],
        stream: Literal[False] = False,
        **options: Unpack[UntypedOptions],
    ) -> ChatResponse[ModelT]: ...
    @overload
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        response_schema: type[ModelT],
        stream: Literal[True],
        **options: Unpack[UntypedOptions],
    ) -> AsyncChatStream[ModelT]: ...
    @overload
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: Literal[False] = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse: ...
    @overload
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: Literal[True],
        **options: Unpack[ChatOptions],
    ) -> AsyncChatStream: ...
    @overload
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: bool,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse | AsyncChatStream: ...
    async def chat(
        self,
        messages: Iterable[MessageLike],
        model: Models,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> ChatResponse | AsyncChatStream:
        """As `Client.chat`, awaited; with `stream=True`, `await` gives an `AsyncChatStream`."""
        from ._engine import prepared_chat
        from ._engine.drive_async import AsyncChatStream, AsyncDriver

        driver = AsyncDriver(*prepared_chat(self._setup, messages, model, stream, options))
        outcome = await driver.run()
        return AsyncChatStream(driver, outcome) if stream else cast("ChatResponse", outcome)

    async def models(self, provider: str, **options: Unpack[CallOptions]) -> tuple[ModelInfo, ...]:
        """As `Client.models`, awaited."""
        from ._engine import prepared_models
        from ._engine.drive_async import AsyncDriver

        driver = AsyncDriver(*prepared_models(self._setup, provider, options))
        return cast("tuple[ModelInfo, ...]", await driver.run())

    async def count_tokens(
        self, messages: Iterable[MessageLike], model: str, **options: Unpack[ChatOptions]
    ) -> int:
        """As `Client.count_tokens`, awaited."""
        from ._engine import prepared_count
        from ._engine.drive_async import AsyncDriver

        driver = AsyncDriver(*prepared_count(self._setup, messages, model, options))
        return cast(int, await driver.run())

    async def warm_up(self, *providers: str) -> None:
        """As `Client.warm_up`, off the event loop."""
        import asyncio

        from ._engine import refused_clean, warm_up

        await asyncio.to_thread(refused_clean, self._setup, warm_up, providers, True)

    async def explain(
        self,
        messages: Iterable[MessageLike],
        model: str,
        *,
        stream: bool = False,
        **options: Unpack[ChatOptions],
    ) -> Explanation:
        """As `Client.explain`, awaited: the prices are loaded off the event loop."""
        import asyncio

        from ._engine import explained, refused_clean

        return await asyncio.to_thread(
            refused_clean, self._setup, explained, messages, model, stream, options
        )

    async def receipt(
        self, model: str, body: Any, at: datetime | None = None, service_tier: str | None = None
    ) -> Receipt:
        """As `Client.receipt`, awaited: the prices are loaded off the event loop."""
        import asyncio

        from ._engine import stored_receipt

        return await asyncio.to_thread(stored_receipt, self._setup, model, body, at, service_tier)

    async def aclose(self) -> None:
        """Close all connections of the running loop. Twice is harmless."""
        self._setup.connections.close()
        await self._setup.connections.lent.aclose()

    close = aclose

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

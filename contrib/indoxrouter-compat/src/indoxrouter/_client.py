"""`Client` with the arguments of the hosted router's client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import SecretStr

import indox_core
from indox_core import ChatResponse, ChatStream, ConfigurationError, UnsupportedFeatureError

DEFAULT_MODEL = "openai/gpt-4o-mini"
DEFAULT_TEMPERATURE = 0.7
"""What the hosted client sends where the caller names none."""
_OF_THE_ROUTER = {
    "diagnose_request",
    "embeddings",
    "enable_debug",
    "get_model_info",
    "get_usage",
    "images",
    "set_base_url",
    "speech_to_text",
    "test_connection",
    "text_to_speech",
    "translate_audio",
    "videos",
}


class _OfTheRouterError(UnsupportedFeatureError, AttributeError):
    """So that `hasattr` says no."""


def hidden_key(key: str | SecretStr | None) -> SecretStr | None:
    """The key as a traceback does not show it. What is no text is left to the core to refuse."""
    return SecretStr(key) if isinstance(key, str) else key


class ChatChunks(Iterator[dict[str, Any]]):
    """A stream as the hosted client gives it: dicts whose `data` is the next piece of text.

    `response` is the whole answer once the stream has been read.
    """

    def __init__(self, stream: ChatStream) -> None:
        self._stream = stream

    def __next__(self) -> dict[str, Any]:
        for chunk in self._stream:
            if chunk.data:
                delta = {"role": "assistant", "content": chunk.data}
                return {"data": chunk.data, "choices": [{"index": 0, "delta": delta}]}
        raise StopIteration

    @property
    def response(self) -> ChatResponse:
        return self._stream.response

    def close(self) -> None:
        self._stream.close()


class Client(indox_core.Client):
    """`indox_core.Client` with the hosted client's arguments and defaults.

    `api_key` is the platform's key. It may stay where it is: without a router nothing needs it, and
    it is never sent to a provider. The providers' own keys come from `byok_api_key`, from
    `providers`, or from variables such as `OPENAI_API_KEY`.
    """

    def __init__(
        self,
        api_key: str | None = None,
        timeout: float = 600.0,
        base_url: str | None = None,
        **options: Any,
    ) -> None:
        """`options` are those of `indox_core.Client`.

        Raises `ConfigurationError` for a `base_url`: it names a router, and nothing would go there.
        """
        if base_url is not None:
            raise ConfigurationError(
                "base_url is the address of a router, and there is none here: calls go to the "
                'providers. For a provider: Client(providers={"openai": {"base_url": ...}}).'
            )
        super().__init__(api_key, timeout=timeout, **options)

    def chat(  # type: ignore[override] # the hosted client's arguments go by position too
        self,
        messages: Iterable[Mapping[str, Any]],
        model: str = DEFAULT_MODEL,
        temperature: float | None = DEFAULT_TEMPERATURE,
        max_tokens: int | None = None,
        stream: bool = False,
        byok_api_key: str | SecretStr | None = None,
        **options: Any,
    ) -> ChatResponse | ChatChunks:
        """As `indox_core.Client.chat`; a stream gives dicts. `options` are those of that method."""
        options.pop("return_generator", None)  # which the hosted client ignores too
        byok_api_key = hidden_key(byok_api_key)
        answer = super().chat(
            messages,
            model,
            stream=stream,
            temperature=temperature,
            max_tokens=max_tokens,
            byok_api_key=byok_api_key,
            **options,
        )
        return ChatChunks(answer) if isinstance(answer, ChatStream) else answer

    def completion(
        self,
        prompt: str,
        model: str = DEFAULT_MODEL,
        temperature: float | None = DEFAULT_TEMPERATURE,
        max_tokens: int | None = None,
        stream: bool = False,
        byok_api_key: str | SecretStr | None = None,
        **options: Any,
    ) -> ChatResponse | ChatChunks:
        """`chat` with one message of the user."""
        byok_api_key = hidden_key(byok_api_key)
        messages = [{"role": "user", "content": prompt}]
        return self.chat(messages, model, temperature, max_tokens, stream, byok_api_key, **options)

    def __getattr__(self, name: str) -> Any:
        if name in _OF_THE_ROUTER:
            raise _OfTheRouterError(
                f"{name} is a service of the hosted router; Indox calls the chat of the providers."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

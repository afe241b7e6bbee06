"""OpenAICompatible: a vendor that speaks OpenAI's chat protocol is a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    ConnectionSettings,
    Failure,
    ModelInfo,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
    UnsupportedFeatureError,
)

from . import _chat
from ._errors import failure_from_openai
from ._options import OpenAIOptions

if TYPE_CHECKING:
    from ._connection import OpenAIConnection


class OpenAICompatible(Provider):
    """Base of providers whose vendor speaks Chat Completions; a subclass needs a `spec` alone.

    Its spec's `sdk` is `SDK` and its `options` are `OpenAIOptions`; for `api="responses"` it raises
    `UnsupportedFeatureError`.
    """

    spec: ClassVar[ProviderSpec]

    def encode(self, request: ChatRequest) -> Call:
        if request.options_as(OpenAIOptions).api == "responses":
            raise UnsupportedFeatureError(f"{request.provider} has no Responses API.")
        return _chat.request_to_chat(request, [])

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return _chat.chat_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return _chat.ChatDecoder()

    def connect(self, settings: ConnectionSettings) -> OpenAIConnection:
        from ._connection import OpenAIConnection

        return OpenAIConnection(settings)

    def models_call(self, base_url: str) -> Call:
        return Call("models", {})

    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]:
        return tuple(ModelInfo(id=item["id"]) for item in body["data"])

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_openai(error)

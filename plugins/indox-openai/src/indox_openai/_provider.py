"""OpenAIProvider: the spec, and which module does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indox_core.plugin import (
    JSON,
    Adaptation,
    Call,
    ChatRequest,
    ConnectionSettings,
    Failure,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
)

from . import _chat, _responses
from ._errors import failure_from_openai
from ._options import OpenAIOptions, choose_api

if TYPE_CHECKING:
    from ._connection import OpenAIConnection


class OpenAIProvider(Provider):
    """OpenAI itself through the Responses API; servers that speak its protocol through Chat."""

    spec = ProviderSpec(
        name="openai",
        contract=1,
        key_variable="OPENAI_API_KEY",
        base_url="https://api.openai.com/v1",
        sdk="openai>=3.54,<4",
        fetches_urls=frozenset({"image", "document"}),
        options=OpenAIOptions,
    )

    def encode(self, request: ChatRequest) -> Call:
        adaptations: list[Adaptation] = []
        if choose_api(request, adaptations) == "responses":
            return _responses.request_to_responses(request, adaptations)
        return _chat.request_to_chat(request, adaptations)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        if operation is None:
            responses = isinstance(body, dict) and body.get("object") == "response"
            operation = _responses.OPERATION if responses else _chat.OPERATION
        if operation == _responses.OPERATION:
            return _responses.responses_to_reply(body)
        return _chat.chat_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        if operation == _responses.OPERATION:
            return _responses.ResponsesDecoder()
        return _chat.ChatDecoder()

    def connect(self, settings: ConnectionSettings) -> OpenAIConnection:
        from ._connection import OpenAIConnection

        return OpenAIConnection(settings)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_openai(error)

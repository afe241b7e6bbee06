"""AnthropicProvider: the spec, and which module does what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    ConnectionSettings,
    Failure,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
)

from ._decode import messages_to_reply
from ._encode import request_to_messages
from ._errors import failure_from_anthropic
from ._options import AnthropicOptions
from ._stream import MessagesDecoder

if TYPE_CHECKING:
    from ._connection import AnthropicConnection


class AnthropicProvider(Provider):
    """Claude, through the Messages API."""

    spec = ProviderSpec(
        name="anthropic",
        contract=1,
        key_variable="ANTHROPIC_API_KEY",
        base_url="https://api.anthropic.com",
        sdk="anthropic>=2.12,<3",
        fetches_urls=frozenset({"image", "document"}),
        options=AnthropicOptions,
    )

    def encode(self, request: ChatRequest) -> Call:
        return request_to_messages(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return messages_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return MessagesDecoder()

    def connect(self, settings: ConnectionSettings) -> AnthropicConnection:
        from ._connection import AnthropicConnection

        return AnthropicConnection(settings)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_anthropic(error)

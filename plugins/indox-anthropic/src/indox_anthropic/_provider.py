"""AnthropicProvider: the spec, and which module does what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

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
    Surcharge,
    TokenUsage,
)

from ._decode import messages_to_reply
from ._encode import request_to_messages
from ._errors import failure_from_anthropic
from ._models import MODELS
from ._options import AnthropicOptions
from ._rates import surcharges_of
from ._stream import MessagesDecoder

if TYPE_CHECKING:
    from ._connection import AnthropicConnection


_COUNTED = ("model", "messages", "system", "tools", "tool_choice", "thinking", "output_config")


class AnthropicProvider(Provider):
    """Claude, through the Messages API."""

    spec = ProviderSpec(
        name="anthropic",
        contract=1,
        key_variable="ANTHROPIC_API_KEY",
        base_url="https://api.anthropic.com",
        sdk="anthropic>=2.12,<3",
        fetches_urls=frozenset({"image", "document"}),
        lacks=frozenset({"audio", "seed", "names"}),
        # https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use
        tool_names=r"[a-zA-Z0-9_-]{1,64}",
        options=AnthropicOptions,
        models=MODELS,
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

    def models_call(self, base_url: str) -> Call:
        return Call("models", {})

    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=item["id"],
                name=item.get("display_name"),
                max_input_tokens=item.get("max_input_tokens"),
                max_output_tokens=item.get("max_tokens"),
            )
            for item in body["data"]
        )

    def count_call(self, request: ChatRequest) -> Call:
        body = request_to_messages(request).arguments
        return Call("count", {name: body[name] for name in _COUNTED if name in body})

    def decode_count(self, body: JSON) -> int:
        return int(body["input_tokens"])

    def surcharges(self, model: str, usage: TokenUsage, at: datetime) -> tuple[Surcharge, ...]:
        return surcharges_of(model, usage)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_anthropic(error)

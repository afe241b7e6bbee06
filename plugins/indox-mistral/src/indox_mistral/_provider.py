"""MistralProvider: the spec, and which module does what."""

from __future__ import annotations

from datetime import datetime

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    Connection,
    ConnectionSettings,
    Failure,
    ModelInfo,
    Provider,
    ProviderSpec,
    Rates,
    Reply,
    StreamDecoder,
    Surcharge,
    TokenUsage,
)

from ._decode import mistral_to_reply
from ._encode import request_to_mistral
from ._errors import failure_from_mistral
from ._models import MODELS
from ._options import MistralOptions
from ._rates import completed, rates_of, surcharges_of
from ._stream import MistralDecoder


class MistralProvider(Provider):
    """Mistral, through the chat completions API."""

    spec = ProviderSpec(
        name="mistral",
        contract=1,
        key_variable="MISTRAL_API_KEY",
        base_url="https://api.mistral.ai",
        sdk="mistralai>=3.7,<4",
        fetches_urls=frozenset({"image", "document", "audio"}),
        # Web search is part of its conversations API only.
        lacks=frozenset({"web_search", "names"}),
        options=MistralOptions,
        models=MODELS,
    )

    def encode(self, request: ChatRequest) -> Call:
        return request_to_mistral(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return mistral_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return MistralDecoder()

    def connect(self, settings: ConnectionSettings) -> Connection:
        from ._connection import connection_of

        return connection_of(settings)

    def models_call(self, base_url: str) -> Call:
        return Call("models", {})

    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=item["id"],
                name=item.get("name"),
                max_input_tokens=item.get("max_context_length"),
            )
            for item in body["data"]
        )

    def rates(self, model: str, at: datetime) -> Rates | None:
        return rates_of(model, at)

    def complete_rates(self, model: str, rates: Rates) -> Rates:
        return completed(rates)

    def surcharges(self, model: str, usage: TokenUsage, at: datetime) -> tuple[Surcharge, ...]:
        return surcharges_of(usage)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_mistral(error)

"""GoogleProvider: the spec, and which module does what."""

from __future__ import annotations

from datetime import datetime

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    Connection,
    ConnectionSettings,
    Failure,
    ModelFacts,
    ModelInfo,
    Provider,
    ProviderSpec,
    Rates,
    Reply,
    StreamDecoder,
    Surcharge,
    TokenUsage,
)

from ._encode import request_to_google
from ._errors import failure_from_google
from ._models import MODELS, facts_of
from ._options import GoogleOptions
from ._rates import LISTED_AS, completed, rates_of, surcharges_of
from ._stream import GoogleDecoder, google_to_reply


class GoogleProvider(Provider):
    """Gemini, through the generateContent API."""

    spec = ProviderSpec(
        name="google",
        contract=1,
        key_variable="GEMINI_API_KEY",
        base_url="https://generativelanguage.googleapis.com",
        sdk="google-genai>=3.4,<4",
        fetches_urls=frozenset({"image", "document", "audio"}),
        lacks=frozenset({"metadata", "parallel_tool_calls", "names"}),
        # It goes on from calls without results: https://ai.google.dev/gemini-api/docs/function-calling
        pairs_calls=False,
        # https://ai.google.dev/api/caching#FunctionDeclaration
        tool_names=r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}",
        options=GoogleOptions,
        models=MODELS,
        listed_as=LISTED_AS,
    )

    def facts(self, request: ChatRequest) -> ModelFacts:
        return facts_of(request.model)

    def encode(self, request: ChatRequest) -> Call:
        return request_to_google(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return google_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return GoogleDecoder()

    def connect(self, settings: ConnectionSettings) -> Connection:
        from ._connection import connection_of

        return connection_of(settings)

    def models_call(self, base_url: str) -> Call:
        return Call("v1beta/models?pageSize=1000", {})

    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=item["name"].removeprefix("models/"),
                name=item.get("displayName"),
                max_input_tokens=item.get("inputTokenLimit"),
                max_output_tokens=item.get("outputTokenLimit"),
            )
            for item in body["models"]
        )

    def count_call(self, request: ChatRequest) -> Call:
        call = request_to_google(request)
        path = call.operation.rpartition(":")[0]
        content = {"model": path.partition("/")[2], **call.arguments}
        return Call(f"{path}:countTokens", {"generateContentRequest": content})

    def decode_count(self, body: JSON) -> int:
        return int(body["totalTokens"])

    def rates(self, model: str, at: datetime) -> Rates | None:
        return rates_of(model)

    def complete_rates(self, model: str, rates: Rates) -> Rates:
        return completed(model, rates)

    def surcharges(self, model: str, usage: TokenUsage, at: datetime) -> tuple[Surcharge, ...]:
        return surcharges_of(model, usage)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_google(error)

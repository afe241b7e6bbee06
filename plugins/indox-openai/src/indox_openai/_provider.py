"""OpenAIProvider: the spec, and which module does what."""

from __future__ import annotations

from datetime import datetime

from indox_core.plugin import (
    JSON,
    Adaptation,
    Call,
    ChatRequest,
    ModelFacts,
    Provider,
    ProviderSpec,
    Rates,
    Reply,
    StreamDecoder,
    UnsupportedFeatureError,
)

from . import _chat, _responses
from ._compatible import OpenAICompatible
from ._models import MODELS, is_openai_itself
from ._options import SDK, OpenAIOptions, choose_api
from ._rates import rates_of

_COUNTED = ("model", "input", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning")


class OpenAIProvider(OpenAICompatible):
    """OpenAI itself through the Responses API; servers that speak its protocol through Chat."""

    spec = ProviderSpec(
        name="openai",
        contract=1,
        key_variable="OPENAI_API_KEY",
        base_url="https://api.openai.com/v1",
        sdk=SDK,
        fetches_urls=frozenset({"image", "document"}),
        reads_files=frozenset({"document"}),
        options=OpenAIOptions,
        models=MODELS,
    )

    def facts(self, request: ChatRequest) -> ModelFacts | None:
        """Another server gives OpenAI's names to models of its own, or its own names."""
        return super().facts(request) if is_openai_itself(request.base_url) else None

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
        return super().decode(body, operation)

    def decoder(self, operation: str) -> StreamDecoder:
        if operation == _responses.OPERATION:
            return _responses.ResponsesDecoder()
        return super().decoder(operation)

    @classmethod
    def compatible(cls, name: str, base_url: str) -> type[Provider]:
        spec = ProviderSpec(
            name=name, contract=1, base_url=base_url, sdk=SDK, options=OpenAIOptions,
            fetches_urls=cls.spec.fetches_urls,
        )  # fmt: skip
        return type(f"Compatible_{name}", (OpenAICompatible,), {"spec": spec})

    def count_call(self, request: ChatRequest) -> Call:
        if not is_openai_itself(request.base_url):
            raise UnsupportedFeatureError(f"{request.base_url} does not count tokens beforehand.")
        body = _responses.request_to_responses(request, []).arguments
        return Call("count", {name: body[name] for name in _COUNTED if name in body})

    def decode_count(self, body: JSON) -> int:
        return int(body["input_tokens"])

    def rates(self, model: str, at: datetime) -> Rates | None:
        return rates_of(model, at)

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
    ModelInfo,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
    UnsupportedFeatureError,
)

from . import _chat, _responses
from ._errors import failure_from_openai
from ._options import OpenAIOptions, choose_api, is_openai_itself

if TYPE_CHECKING:
    from ._connection import OpenAIConnection


_COUNTED = ("model", "input", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning")


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

    def models_call(self, base_url: str) -> Call:
        return Call("models", {})

    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]:
        return tuple(ModelInfo(id=item["id"]) for item in body["data"])

    def count_call(self, request: ChatRequest) -> Call:
        if not is_openai_itself(request.base_url):
            raise UnsupportedFeatureError(f"{request.base_url} does not count tokens beforehand.")
        body = _responses.request_to_responses(request, []).arguments
        return Call("count", {name: body[name] for name in _COUNTED if name in body})

    def decode_count(self, body: JSON) -> int:
        return int(body["input_tokens"])

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_openai(error)

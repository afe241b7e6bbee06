"""LocalProvider: the spec, and which module does what."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    ConnectionSettings,
    Failure,
    Provider,
    ProviderSpec,
    Rates,
    Reply,
    StreamDecoder,
)

from ._decode import local_to_reply
from ._encode import request_to_local
from ._errors import failure_from_local
from ._stream import LocalDecoder

if TYPE_CHECKING:
    from ._connection import LocalConnection


class LocalProvider(Provider):
    """SmolLM2-135M-Instruct, or any GGUF file, on llama.cpp in this process."""

    spec = ProviderSpec(
        name="local",
        contract=1,
        sdk="xllamacpp==2026.10.11549",
        lacks=frozenset(
            {"tools", "parallel_tool_calls", "images", "documents", "audio", "reasoning",
             "web_search", "cache", "metadata", "names"}
        ),
    )  # fmt: skip

    def encode(self, request: ChatRequest) -> Call:
        return request_to_local(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return local_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return LocalDecoder()

    def connect(self, settings: ConnectionSettings) -> LocalConnection:
        from ._connection import LocalConnection

        return LocalConnection()

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_local(error)

    def rates(self, model: str, at: datetime) -> Rates:
        return Rates.free("runs on your own machine")

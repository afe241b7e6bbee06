"""GoogleProvider: the spec, and which module does what."""

from __future__ import annotations

from indox_core.plugin import (
    JSON,
    Call,
    ChatRequest,
    Connection,
    ConnectionSettings,
    Failure,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
)

from ._decode import google_to_reply
from ._encode import request_to_google
from ._errors import failure_from_google
from ._options import GoogleOptions
from ._stream import GoogleDecoder


class GoogleProvider(Provider):
    """Gemini, through the generateContent API."""

    spec = ProviderSpec(
        name="google",
        contract=1,
        key_variable="GEMINI_API_KEY",
        base_url="https://generativelanguage.googleapis.com",
        sdk="google-genai>=3.4,<4",
        fetches_urls=frozenset({"image", "document", "audio"}),
        options=GoogleOptions,
    )

    def encode(self, request: ChatRequest) -> Call:
        return request_to_google(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return google_to_reply(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return GoogleDecoder()

    def connect(self, settings: ConnectionSettings) -> Connection:
        from ._connection import connection_of

        return connection_of(settings)

    def classify(self, error: Exception) -> Failure | None:
        return failure_from_google(error)

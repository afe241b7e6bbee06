"""Lantern: a provider with a wire format of its own."""

from indox_core.plugin import (
    CAPABILITIES,
    JSON,
    Call,
    ChatRequest,
    ConnectionSettings,
    HTTPConnection,
    Provider,
    ProviderSpec,
    Reply,
    StreamDecoder,
    hookimpl,
)

from ._decode import LanternDecoder, failure_of, reply_of_lantern
from ._encode import request_to_lantern


class LanternProvider(Provider):
    """Lantern's talks."""

    spec = ProviderSpec(
        name="lantern",
        contract=1,
        key_variable="LANTERN_API_KEY",
        base_url="https://api.lantern.example",
        lacks=CAPABILITIES
        - {"tools", "temperature", "max_tokens", "stop", "finish_reasons", "usage"},
    )

    def encode(self, request: ChatRequest) -> Call:
        return request_to_lantern(request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return reply_of_lantern(body)

    def decoder(self, operation: str) -> StreamDecoder:
        return LanternDecoder()

    def connect(self, settings: ConnectionSettings) -> HTTPConnection:
        return HTTPConnection(
            settings, failure_of, lambda access: {"X-Lantern-Key": access.key_text}
        )


@hookimpl
def indox_provider() -> type[Provider]:
    return LanternProvider

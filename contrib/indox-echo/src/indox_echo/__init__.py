"""Echo: answers with the last message."""

from indox_core.plugin import (
    CAPABILITIES,
    JSON,
    Call,
    ChatRequest,
    ConnectionSettings,
    FunctionConnection,
    Provider,
    ProviderSpec,
    Reply,
    TextPart,
    hookimpl,
)


class EchoProvider(Provider):
    """Repeats the text of the last message. Counts no tokens."""

    spec = ProviderSpec(name="echo", contract=1, lacks=CAPABILITIES)

    def encode(self, request: ChatRequest) -> Call:
        return Call("echo", {"texts": [message.text for message in request.messages]})

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return Reply(parts=(TextPart(text=body["text"]),), finish="stop")

    def connect(self, settings: ConnectionSettings) -> FunctionConnection:
        return FunctionConnection(lambda call, access: {"text": call.arguments["texts"][-1]})


@hookimpl
def indox_provider() -> type[Provider]:
    return EchoProvider

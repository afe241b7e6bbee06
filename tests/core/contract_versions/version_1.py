"""A plugin as contract version 1 lets one be written. It is never edited: it proves that a core of
version 1 or 2 still runs what was written for version 1."""

from indox_core.plugin import (
    Answer,
    Call,
    ChatEnd,
    ChatStart,
    Failure,
    Finish,
    IteratorEvents,
    Provider,
    ProviderFailure,
    ProviderSpec,
    Rates,
    ReasoningDelta,
    Reply,
    TextDelta,
    TextPart,
    TokenUsage,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
    arguments_text,
    dropped,
    hookimpl,
    parse_arguments,
)


class Refused(Exception):
    """What the vendor's library raises."""


class FirstProvider(Provider):
    spec = ProviderSpec(
        name="first",
        contract=1,
        key_variable="FIRST_API_KEY",
        base_url="https://first.example",
        sdk=None,
        fetches_urls=frozenset({"image"}),
        lacks=frozenset({"audio", "web_search"}),
        options=None,
    )

    def encode(self, request):
        adaptations = []
        if request.seed is not None:
            adaptations.append(dropped("seed", "the first vendor has no seed", request.seed))
        turns = [
            {
                "role": message.role,
                "text": message.text,
                "calls": [[c.id, c.name, arguments_text(c)] for c in message.tool_calls],
            }
            for message in request.messages
        ]
        body = {"model": request.model, "turns": turns, "stream": request.stream}
        return Call("talk", body, tuple(adaptations), {"x-first": "1"})

    def decode(self, body, operation=None):
        if "failure" in body:
            raise ProviderFailure(Failure("overloaded", body["failure"], code="busy"))
        calls = [
            ToolCallPart(id=identifier, name=name, **parse_arguments(arguments))
            for identifier, name, arguments in body["calls"]
        ]
        return Reply(
            parts=(TextPart(text=body["text"]), *calls),
            finish=Finish("tool_calls" if calls else "stop", body["end"]),
            usage=TokenUsage(input=body["read"], output=body["written"]),
            id=body["id"],
            model=body["model"],
        )

    def decoder(self, operation):
        return FirstDecoder()

    def connect(self, settings):
        return FirstConnection()

    def classify(self, error):
        if isinstance(error, Refused):
            return Failure("authentication", "the key is not known", 401, request_id="r1")
        return None

    def rates(self, model, at):
        return Rates(input=1, output=2, source="the first vendor")


class FirstDecoder:
    def __init__(self):
        self.finished = False

    def push(self, event):
        kind, value = event
        if kind == "think":
            return [ChatStart("t1", "one"), ReasoningDelta(value, 0)]
        if kind == "text":
            return [TextDelta(value, 1)]
        if kind == "call":
            return [ToolCallDelta(2, *value)]
        self.finished = True
        return [UsageSnapshot(TokenUsage(input=4, output=value)), ChatEnd(Finish("stop", "end"))]

    def finish(self):
        return []


class FirstConnection:
    def send(self, call, access):
        if access.key_text != "sk-first":
            raise Refused
        said = call.arguments["turns"][-1]["text"]
        if said == "busy":
            return Answer({"failure": "too many"}, "r2")
        calls = [["c1", "look", '{"at": 1}']] if said == "call" else []
        body = {"text": said.upper(), "calls": calls, "end": "end", "read": 4, "written": 2}
        return Answer({**body, "id": "t1", "model": "one"}, "r2")

    def stream(self, call, access):
        events = [["think", "Hm."], ["text", "so "], ["text", "be it"], ["end", 2]]
        source = IteratorEvents(iter(events))
        source.request_id = "r3"
        return source

    def close(self):
        pass


@hookimpl
def indox_provider():
    return FirstProvider

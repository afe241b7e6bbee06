"""Every method of a plugin, returning the wrong type and raising: a typed error that names it."""

from __future__ import annotations

import asyncio

import pytest
from handed import Handed

from indox_core import AsyncClient, Client, IndoxError, PluginLoadError
from indox_core.plugin import (
    Answer,
    Call,
    ChatEnd,
    Failure,
    Finish,
    IteratorEvents,
    ModelInfo,
    Provider,
    ProviderFailure,
    ProviderSpec,
    Rates,
    Reply,
    TextDelta,
    TextPart,
    TokenUsage,
    UsageSnapshot,
)

HELLO = [{"role": "user", "content": "canary-prompt"}]
KEY = "sk-canary-of-the-plugin"


class Odd(Exception):
    def __init__(self):
        super().__init__(f"{KEY} canary-prompt")


class GoodDecoder:
    finished = False

    def push(self, event):
        usage = TokenUsage(input=1, output=1)
        return [TextDelta("ok"), UsageSnapshot(usage), ChatEnd(Finish("stop"))]

    def finish(self):
        return []


class AsyncEvents:
    request_id = None

    def __init__(self):
        self._left = iter([{}])

    def __aiter__(self):
        return self

    async def __anext__(self):
        for event in self._left:
            return event
        raise StopAsyncIteration

    async def aclose(self):
        pass


class GoodConnection:
    def prepare(self, asynchronous):
        pass

    def send(self, call, access):
        return Answer({})

    def stream(self, call, access):
        return IteratorEvents(iter([{}]))

    async def asend(self, call, access):
        return Answer({})

    async def astream(self, call, access):
        return AsyncEvents()

    def close(self):
        pass


class GoodProvider(Provider):
    spec = ProviderSpec(name="strange", contract=1, key_variable="STRANGE_API_KEY")

    def encode(self, request):
        return Call("x", {"a": 1})

    def decode(self, body, operation=None):
        return Reply(parts=(TextPart(text="ok"),), finish="stop",
                     usage=TokenUsage(input=1, output=1))  # fmt: skip

    def decoder(self, operation):
        return GoodDecoder()

    def connect(self, settings):
        return GoodConnection()

    def models_call(self, base_url):
        return Call("models", {})

    def decode_models(self, body):
        return (ModelInfo(id="m"),)

    def count_call(self, request):
        return Call("count", {"a": 1})

    def decode_count(self, body):
        return 1

    def rates(self, model, at):
        return Rates(input=1, output=1, source="here")


def with_bad(method, bad):
    """The plugin of which one method does something else."""
    owner = {"push": "decoder", "finish": "decoder", "send": "connection", "stream": "connection",
             "asend": "connection", "astream": "connection", "prepare": "connection",
             "close": "connection"}.get(method)  # fmt: skip
    if owner is None:
        return type("P", (GoodProvider,), {method: bad})
    made = {"decoder": GoodDecoder, "connection": GoodConnection}[owner]
    broken = type("Broken", (made,), {method: bad})
    maker = "decoder" if owner == "decoder" else "connect"
    return type("P", (GoodProvider,), {maker: lambda self, _: broken()})


def ask(provider, way):
    client = {"plugins": [Handed(provider)], "providers": {"strange": {"api_key": KEY}}}
    arguments = {"messages": HELLO, "model": "strange/x", "max_retries": 0}

    async def run():
        async with AsyncClient(**client) as caller:
            if way == "async chat":
                return (await caller.chat(**arguments)).data
            return "".join(
                [str(chunk) async for chunk in await caller.chat(**arguments, stream=True)]
            )

    if way.startswith("async"):
        return asyncio.run(run())
    with Client(**client) as caller:
        if way == "stream":
            return "".join(map(str, caller.chat(**arguments, stream=True)))
        if way == "models":
            return caller.models("strange")[0].id
        if way == "count":
            return caller.count_tokens(HELLO, "strange/x")
        if way == "receipt":
            return caller.receipt("strange/x", {}).status
        return caller.chat(**arguments).data


# Which method, which way calls it, and whether the answer is lost with it.
METHODS = [
    ("encode", "chat", True),
    ("decode", "chat", True),
    ("decode", "receipt", True),
    ("decoder", "stream", True),
    ("push", "stream", True),
    ("push", "async stream", True),
    ("finish", "stream", True),
    ("connect", "chat", True),
    ("connect", "async chat", True),
    ("send", "chat", True),
    ("stream", "stream", True),
    ("asend", "async chat", True),
    ("astream", "async stream", True),
    ("models_call", "models", True),
    ("decode_models", "models", True),
    ("count_call", "count", True),
    ("decode_count", "count", True),
    ("prepare", "chat", True),
    ("rates", "chat", False),
    ("complete_rates", "chat", False),
    ("surcharges", "chat", False),
    ("close", "chat", False),
]
IDS = [f"{method} in {way}" for method, way, _ in METHODS]


def checked(error, method):
    text = f"{error} {error!r} {vars(error)}"
    assert KEY not in text
    assert "canary-prompt" not in text
    assert error.__cause__ is None
    assert error.__context__ is None
    assert '"strange"' in str(error), error
    assert method in str(error), error


WRONG = [
    pytest.param(*row, bad, id=f"{name}: {bad!r}")
    for row, name in zip(METHODS, IDS, strict=True)
    for bad in (5, None, "text", [5], {"a": 1})
    # What the one returns is not looked at, the other is right.
    if row[0] != "prepare" and (row[0], bad) != ("decode_count", 5)
]


@pytest.mark.parametrize(("method", "way", "fatal", "bad"), WRONG)
def test_a_wrong_type_names_plugin_method_and_what_was_expected(method, way, fatal, bad):
    provider = with_bad(method, lambda self, *arguments: bad)
    if method in ("asend", "astream"):

        async def awaited(self, *arguments):
            return bad

        provider = with_bad(method, awaited)
    if not fatal:
        assert ask(provider, way) == "ok"
        return
    with pytest.raises(PluginLoadError) as caught:
        ask(provider, way)
    checked(caught.value, method.removeprefix("a"))
    assert "must return" in str(caught.value), caught.value


@pytest.mark.parametrize(("method", "way", "fatal"), METHODS, ids=IDS)
@pytest.mark.parametrize("kind", [Odd, RuntimeError, KeyError, ValueError, SystemError])
def test_an_exception_names_plugin_and_method(method, way, fatal, kind):
    def fails(self, *arguments):
        raise kind() if kind is Odd else kind(f"{KEY} canary-prompt")

    if not fatal:
        assert ask(with_bad(method, fails), way) == "ok"
        return
    with pytest.raises(IndoxError) as caught:
        ask(with_bad(method, fails), way)
    checked(caught.value, "connect" if method == "prepare" else method.removeprefix("a"))


def test_a_classify_that_raises_is_named():
    provider = type("P", (GoodProvider,), {
        "connect": lambda self, _: type("C", (GoodConnection,), {"send": _fails})(),
        "classify": _fails,
    })  # fmt: skip
    with pytest.raises(PluginLoadError, match="in classify") as caught:
        ask(provider, "chat")
    checked(caught.value, "classify")


@pytest.mark.parametrize("bad", [5, "text", {"a": 1}], ids=repr)
def test_a_classify_of_another_type_is_named(bad):
    provider = type("P", (GoodProvider,), {
        "connect": lambda self, _: type("C", (GoodConnection,), {"send": _fails})(),
        "classify": lambda self, error: bad,
    })  # fmt: skip
    with pytest.raises(PluginLoadError, match="must return") as caught:
        ask(provider, "chat")
    checked(caught.value, "classify")


ODD_FAILURES = [Failure("busy"), Failure("api", None), Failure(None)]


@pytest.mark.parametrize("failure", ODD_FAILURES, ids=repr)
@pytest.mark.parametrize("way", ["chat", "receipt"])
def test_a_failure_that_cannot_be_told_is_named(failure, way):
    def fails(self, *arguments):
        raise ProviderFailure(failure)

    with pytest.raises(PluginLoadError, match="a Failure of a known kind") as caught:
        ask(with_bad("decode", fails), way)
    checked(caught.value, "decode")


@pytest.mark.parametrize("adaptations", [[], None])
def test_adaptations_that_are_no_tuple_are_named(adaptations):
    call = Call("x", {"a": 1}, adaptations)
    with pytest.raises(PluginLoadError, match="a tuple of adaptations") as caught:
        ask(with_bad("encode", lambda self, request: call), "chat")
    checked(caught.value, "encode")


def test_a_decoder_that_never_says_whether_it_is_finished_is_named():
    half = type("Half", (), {"push": GoodDecoder.push, "finish": GoodDecoder.finish})
    with pytest.raises(PluginLoadError, match="a StreamDecoder"):
        ask(with_bad("decoder", lambda self, operation: half()), "stream")


def _fails(self, *arguments):
    raise Odd

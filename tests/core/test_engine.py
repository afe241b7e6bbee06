"""The plan and its two drivers: attempts, deadline, failures, observers."""

from __future__ import annotations

import asyncio
import builtins
import logging
import threading
import time
from decimal import Decimal

import pytest
from handed import Handed
from pydantic import BaseModel

from indox_core import (
    APIError,
    AsyncClient,
    AuthenticationError,
    Client,
    DuplicateProviderError,
    IndoxError,
    InsufficientCreditsError,
    MalformedResponseError,
    NetworkError,
    OverloadedError,
    PluginLoadError,
    RateLimitError,
    StreamInterruptedError,
    TextDelta,
    TextPart,
    TimeoutError,
    TokenUsage,
    hookimpl,
)
from indox_core.plugin import (
    Answer,
    Call,
    ChatEnd,
    Failure,
    Finish,
    IteratorEvents,
    Provider,
    ProviderFailure,
    ProviderSpec,
    Rates,
    Reply,
    UsageSnapshot,
)
from indox_core.testing import FakeAnswer, FakeProvider

HELLO = [{"role": "user", "content": "canary-prompt"}]
KEY = "sk-canary-key"


class Script:
    """A provider whose connection does, in turn, what the test says."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.sent = 0
        self.closed = 0
        script = self

        class Decoder:
            finished = False

            def push(self, event):
                return event

            def finish(self):
                return []

        class Connection:
            def send(self, call, access):
                return script.next(access)

            def stream(self, call, access):
                return IteratorEvents(iter(script.next(access)), script.close)

            def close(self):
                pass

        class Scripted(Provider):
            spec = ProviderSpec(name="scripted", contract=1, key_variable="SCRIPTED_KEY")

            def encode(self, request):
                return Call("x", {})

            def decode(self, body, operation=None):
                return Reply((TextPart(text=body),), "stop", TokenUsage(input=1, output=2))

            def decoder(self, operation):
                return Decoder()

            def connect(self, settings):
                return Connection()

            def rates(self, model, at):
                return Rates.free("a test")

        self.indox_provider = hookimpl(lambda: Scripted)

    def close(self):
        self.closed += 1

    def next(self, access):
        self.sent += 1
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        step = step(access) if callable(step) else step
        return Answer(step) if isinstance(step, str) else step


def failure(kind, status=None, **facts):
    return ProviderFailure(Failure(kind, f"no {KEY}", status, **facts))


def run(kind, script, **options):
    """The response, or the error, of one call in one of four ways; a stream is read to its end."""
    mode, stream = kind
    options = {"byok_api_key": KEY, **options}
    plugins = [script, *options.pop("plugins", ())]
    if mode == "sync":
        with Client(plugins=plugins) as client:
            answer = client.chat(HELLO, "scripted/m", stream=stream, **options)
            if not stream:
                return answer
            for _ in answer:
                pass
            return answer.response

    async def asynchronous():
        async with AsyncClient(plugins=plugins) as client:
            answer = await client.chat(HELLO, "scripted/m", stream=stream, **options)
            if not stream:
                return answer
            async for _ in answer:
                pass
            return answer.response

    return asyncio.run(asynchronous())


def whole(text):
    """The stream that says the same as a plain answer."""
    usage = UsageSnapshot(TokenUsage(input=1, output=2))
    return [[TextDelta(text)], [ChatEnd(Finish("stop")), usage]]


KINDS = [
    pytest.param(("sync", False), id="sync"),
    pytest.param(("sync", True), id="sync-stream"),
    pytest.param(("async", False), id="async"),
    pytest.param(("async", True), id="async-stream"),
]


def success(kind, text="Hi"):
    return whole(text) if kind[1] else text


@pytest.mark.parametrize("kind", KINDS)
def test_stream_and_plain_say_the_same(kind):
    script = Script(success(kind))
    response = run(kind, script)
    assert (response.data, response.finish_reason, response.attempts) == ("Hi", "stop", 1)
    assert response.usage.tokens_total == 3
    assert response.usage.cost == 0.0
    assert response.parts == (TextPart(text="Hi"),)


RETRIED = [
    pytest.param(failure("rate_limit", 429), id="429"),
    pytest.param(failure("overloaded", 503), id="503"),
    pytest.param(failure("api", 500), id="500"),
    pytest.param(failure("api", 408), id="408"),
    pytest.param(ConnectionResetError(), id="reset"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", RETRIED)
def test_what_may_pass_is_tried_again(kind, step):
    script = Script(step, success(kind))
    response = run(kind, script)
    assert (script.sent, response.attempts, response.data) == (2, 2, "Hi")


FINAL = [
    pytest.param(failure("authentication", 401), AuthenticationError, id="401"),
    pytest.param(failure("credits", 429), InsufficientCreditsError, id="quota"),
    pytest.param(failure("malformed"), MalformedResponseError, id="malformed"),
    pytest.param(failure("rate_limit", 429, retry_after_s=3600), RateLimitError, id="wait-an-hour"),
    pytest.param(failure("api", 418), APIError, id="418"),
    pytest.param(Exception(KEY), PluginLoadError, id="a-bug-in-the-plugin"),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("step", "error"), FINAL)
def test_what_cannot_pass_is_raised_at_once(kind, step, error):
    script = Script(step)
    with pytest.raises(error) as caught:
        run(kind, script)
    assert script.sent == 1
    assert KEY not in repr(vars(caught.value)) + str(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", KINDS)
def test_attempts_end_and_are_counted(kind):
    script = Script(*[failure("overloaded", 503, retry_after_s=0)] * 3)
    with pytest.raises(OverloadedError) as caught:
        run(kind, script, max_retries=2)
    assert (script.sent, caught.value.attempts, caught.value.status_code) == (3, 3, 503)
    assert (caught.value.provider, caught.value.model) == ("scripted", "m")
    assert caught.value.retryable


@pytest.mark.parametrize("kind", KINDS)
def test_the_wait_that_the_provider_asks_for_is_kept(kind):
    script = Script(failure("rate_limit", 429, retry_after_s=0.3), success(kind))
    started = time.monotonic()
    run(kind, script)
    assert time.monotonic() - started >= 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_no_wait_goes_beyond_the_deadline(kind):
    script = Script(failure("rate_limit", 429, retry_after_s=55))
    with pytest.raises(RateLimitError) as caught:  # after the wait, it would be a timeout
        run(kind, script, timeout=50)
    assert caught.value.retry_after_s == 55
    assert script.sent == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_timeout_is_ours_and_the_builtin(kind):
    script = Script(builtins.TimeoutError())
    with pytest.raises(TimeoutError, match="timeout=9 has passed"):
        run(kind, script, timeout=9)


STREAMS = [KINDS[1], KINDS[3]]


def broken_after(*events, error=None):
    def events_then_error(access):
        yield from events
        if error is not None:
            raise error

    return events_then_error


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("error", [None, ConnectionResetError()], ids=["clean-end", "reset"])
def test_a_cut_stream_is_never_complete_and_keeps_what_had_arrived(kind, error):
    script = Script(broken_after([TextDelta("Half")], error=error))
    with pytest.raises(StreamInterruptedError) as caught:
        run(kind, script)
    assert script.sent == 1
    assert caught.value.partial.data == "Half"


@pytest.mark.parametrize("kind", STREAMS)
def test_an_error_event_in_a_stream_has_its_class_and_the_partial_text(kind):
    script = Script(broken_after([TextDelta("Half")], error=failure("overloaded", 529)))
    with pytest.raises(OverloadedError) as caught:
        run(kind, script)
    assert script.sent == 1
    assert caught.value.partial.data == "Half"


@pytest.mark.parametrize("kind", STREAMS)
def test_a_reset_before_the_first_chunk_is_tried_again(kind):
    script = Script(broken_after(error=ConnectionResetError()), whole("Hi"))
    assert run(kind, script).data == "Hi"
    assert script.sent == 2
    assert script.closed == 2


@pytest.mark.parametrize("kind", STREAMS)
def test_a_reset_after_the_end_signal_loses_nothing(kind):
    events = [[TextDelta("Hi")], [ChatEnd(Finish("stop"))]]
    script = Script(broken_after(*events, error=ConnectionResetError()))
    assert run(kind, script).data == "Hi"


def test_an_unread_stream_has_no_response():
    with Client(plugins=[Script(whole("Hi"))]) as client:
        stream = client.chat(HELLO, "scripted/m", stream=True, byok_api_key=KEY)
        with pytest.raises(IndoxError, match="read it to its end"):
            _ = stream.response


@pytest.mark.parametrize("kind", KINDS)
def test_the_raw_answer_is_there_on_request(kind):
    assert run(kind, Script(success(kind))).raw_response is None
    if not kind[1]:
        assert run(kind, Script("Hi"), include_raw=True).raw_response == "Hi"


class Seen:
    """Observes everything."""

    def __init__(self):
        self.calls = []

    @hookimpl
    def indox_before_chat(self, request_id, request):
        self.calls.append(("before", request.messages[0].text))

    @hookimpl
    def indox_after_chat(self, response):
        self.calls.append(("after", response.data))

    @hookimpl
    def indox_chat_failed(self, error):
        self.calls.append(("failed", type(error).__name__))

    @hookimpl
    def indox_chat_left(self, receipt):
        self.calls.append(("left", receipt and receipt.reason))

    @hookimpl
    def indox_retry(self, retry):
        self.calls.append(("retry", retry.attempt, retry.reason))


@pytest.mark.parametrize("kind", KINDS)
def test_observers_see_one_call_whole(kind):
    seen = Seen()
    run(kind, Script(failure("overloaded", 503), success(kind)), plugins=[seen])
    assert seen.calls == [
        ("before", "canary-prompt"),
        ("retry", 1, "overloaded, HTTP 503"),
        ("after", "Hi"),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_observers_see_a_failure(kind):
    seen = Seen()
    with pytest.raises(AuthenticationError):
        run(kind, Script(failure("authentication", 401)), plugins=[seen])
    assert seen.calls[1:] == [("failed", "AuthenticationError")]


def test_observers_see_a_stream_that_is_left():
    seen = Seen()
    with Client(
        plugins=[seen, FakeProvider(FakeAnswer(text="Hi you", pieces=["Hi ", "you"]))]
    ) as c:
        stream = c.chat(HELLO, "fake/m", stream=True)
        next(stream)
        stream.close()
        stream.close()
    assert [call[0] for call in seen.calls] == ["before", "left"]
    assert "the stream was left" in seen.calls[1][1]


def test_observers_see_a_call_whose_task_is_cancelled():
    seen = Seen()

    async def cancelled():
        async with AsyncClient(plugins=[seen, FakeProvider(FakeAnswer(delay_s=1))]) as c:
            await asyncio.wait_for(c.chat(HELLO, "fake/m"), 0.2)

    with pytest.raises(builtins.TimeoutError):
        asyncio.run(cancelled())
    assert seen.calls[1:] == [("left", "the call was cancelled before its answer came")]


@pytest.mark.parametrize("stream", [False, True])
def test_observers_see_a_call_that_an_interrupt_ends(stream):
    class Interrupted(Script("Hi").indox_provider()):
        def decode(self, body, operation=None):
            raise KeyboardInterrupt

        def decoder(self, operation):
            raise KeyboardInterrupt

    seen = Seen()
    with Client(plugins=[seen, Handed(Interrupted)]) as c, pytest.raises(KeyboardInterrupt):
        c.chat(HELLO, "scripted/m", stream=stream, byok_api_key=KEY)
    assert [call[0] for call in seen.calls] == ["before", "left"]
    assert c.usage.total.unknown == (not stream)


def test_an_observer_that_raises_costs_nobody_an_answer(caplog):
    class Broken:
        @hookimpl
        def indox_after_chat(self):
            raise ZeroDivisionError

    assert run(("sync", False), Script("Hi"), plugins=[Broken()]).data == "Hi"
    assert "indox_after_chat" in caplog.text


def test_names_and_prices_may_come_from_the_caller():
    class Mine:
        @hookimpl
        def indox_resolve_model(self, name):
            return "scripted/m" if name == "my-model" else None

        @hookimpl
        def indox_rates(self, provider, model, at):
            return Rates(input=1, output=1, request=3)

    with Client(plugins=[Script("Hi"), Mine()]) as client:
        response = client.chat(HELLO, "my-model", byok_api_key=KEY)
    assert response.usage.cost == 3 + 3e-6


def test_the_log_has_a_line_an_attempt_and_no_content(caplog):
    caplog.set_level(logging.DEBUG, "indox")
    run(("sync", False), Script(failure("overloaded", 503), "answer-text"))
    assert len(caplog.records) == 2
    for secret in (KEY, "canary-prompt", "answer-text"):
        assert secret not in caplog.text


def test_debug_keeps_the_cause():
    script = Script(ConnectionResetError("why"))
    with Client(plugins=[script], debug=True) as client, pytest.raises(NetworkError) as caught:
        client.chat(HELLO, "scripted/m", byok_api_key=KEY, max_retries=0)
    assert isinstance(caught.value.__cause__, ConnectionResetError)


class City(BaseModel):
    name: str


@pytest.mark.parametrize(
    ("schema", "text", "parsed"),
    [
        (City, '{"name": "Oslo"}', City(name="Oslo")),
        (City, '{"nam": 1}', None),
        ({"type": "object"}, '{"name": "Oslo"}', {"name": "Oslo"}),
        ({"type": "object"}, "no json", None),
        (None, '{"name": "Oslo"}', None),
    ],
)
def test_parsed_is_the_answer_as_the_schema_has_it(schema, text, parsed):
    assert run(("sync", False), Script(text), response_schema=schema).parsed == parsed


WRONG = {
    "encode": lambda self, request: {"a": 1},
    "decode": lambda self, body, operation=None: {"a": 1},
    "connect": lambda self, settings: "no connection",
}


@pytest.mark.parametrize("method", WRONG)
def test_a_wrong_type_from_a_plugin_names_plugin_and_method(method):
    script = Script("Hi")
    scripted = script.indox_provider()
    broken = type("Broken", (scripted,), {method: WRONG[method]})

    class Plugin:
        indox_provider = staticmethod(hookimpl(lambda: broken))

    plugin = Plugin()
    with Client(plugins=[plugin]) as client, pytest.raises(PluginLoadError) as caught:
        client.chat(HELLO, "scripted/m", byok_api_key=KEY)
    assert '"scripted"' in str(caught.value)
    assert method in str(caught.value)


class Misspelt:
    @hookimpl
    def indox_after_chatt(self):
        pass


@pytest.mark.parametrize("plugin", [Misspelt(), [], {}], ids=["unknown-hook", "list", "dict"])
def test_what_cannot_be_a_plugin_is_refused(plugin):
    with pytest.raises(PluginLoadError, match="plugins="):
        Client(plugins=[plugin])


class Broken:
    """Hooks that fail or give nonsense."""

    @hookimpl
    def indox_rates(self, provider, model, at):
        raise ZeroDivisionError

    @hookimpl
    def indox_resolve_model(self, name):
        return 5


def test_a_hook_that_fails_costs_no_answer(caplog):
    response = run(("sync", False), Script("Hi"), plugins=[Broken()])
    assert response.data == "Hi"
    assert response.usage.cost == 0.0
    assert "indox_rates" in caplog.text


def test_rates_are_exact():
    assert Rates(input="2.50", output=8).input == Decimal("2.50")
    with pytest.raises(TypeError, match="not exact"):
        Rates(input=0.1)
    with pytest.raises(ValueError, match="0 or more"):
        Rates(input="-1")


def test_a_price_that_cannot_be_looked_up_costs_no_answer(monkeypatch, caplog):
    script = Script("Hi")
    scripted = script.indox_provider()
    scripted.rates = lambda self, model, at: 1 / 0
    monkeypatch.setattr("indox_core._engine.pricing.library_quote", lambda *a: 1 / 0)
    response = run(("sync", False), script)
    assert (response.data, response.usage.cost_status) == ("Hi", "unknown")


def test_two_providers_of_one_name_are_refused():
    with pytest.raises(DuplicateProviderError, match="scripted"):
        Client(plugins=[Script(), Script()])


@pytest.mark.parametrize("kind", STREAMS)
def test_a_source_that_fails_to_close_costs_no_answer(kind):
    script = Script(whole("Hi"))
    script.close = lambda: 1 / 0
    assert run(kind, script).data == "Hi"


def test_a_cancelled_call_in_a_worker_thread_is_told():
    seen, ended, told = threading.Event(), threading.Event(), []

    def slow(access):
        seen.set()
        told.append(access.cancelled.wait(60))
        ended.set()
        return "late"

    async def cancelled():
        async with AsyncClient(plugins=[Script(slow)]) as client:
            task = asyncio.create_task(client.chat(HELLO, "scripted/m", byok_api_key=KEY))
            await asyncio.to_thread(seen.wait, 60)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancelled())
    assert ended.wait(60)
    assert told == [True]


class Odd(list):
    """What a plugin cannot read."""

    def __iter__(self):
        raise KeyError("choices")


@pytest.mark.parametrize("kind", KINDS)
def test_an_answer_of_another_shape_names_the_plugin_and_the_method(kind):
    script = Script([Odd()] if kind[1] else Answer(Odd()))
    with pytest.raises(MalformedResponseError) as caught:
        run(kind, script)
    assert '"scripted"' in str(caught.value)
    assert ("push" if kind[1] else "decode") in str(caught.value)


def test_a_stream_may_be_closed_while_another_thread_runs_its_plan():
    """Here from within the plan itself, which is when a generator cannot be closed."""
    streams = []

    class Closing(list):
        def __iter__(self):
            streams[0].close()
            return iter([TextDelta("two")])

    script = Script([[TextDelta("one")], Closing()])
    with Client(plugins=[script]) as client:
        streams.append(client.chat(HELLO, "scripted/m", byok_api_key=KEY, stream=True))
        with pytest.raises(IndoxError, match="closed by another thread"):
            list(streams[0])
    assert script.closed == 1


def test_a_stream_left_while_it_waits_for_another_attempt_has_cost_nothing():
    script = Script(failure("rate_limit", 429, retry_after_s=50.0))
    waits = asyncio.Event()

    class Observer:
        @hookimpl
        def indox_retry(self, retry):
            waits.set()

    async def left():
        async with AsyncClient(plugins=[script, Observer()]) as client:
            call = client.chat(HELLO, "scripted/m", byok_api_key=KEY, stream=True)
            task = asyncio.create_task(call)
            await waits.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return client.usage.total.calls

    assert asyncio.run(left()) == 0
    assert script.sent == 1


@pytest.mark.parametrize("error", [RuntimeError, AssertionError, RecursionError])
def test_a_decoder_that_breaks_half_way_does_not_hide_what_was_paid(error):
    class Breaks:
        def __iter__(self):
            raise error

    with Client(plugins=[Script([[TextDelta("Half")], Breaks()])]) as client:
        with pytest.raises(IndoxError):
            list(client.chat(HELLO, "scripted/m", byok_api_key=KEY, stream=True))
        assert client.usage.total.calls == 1

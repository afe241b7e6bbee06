"""FakeProvider and Recorder: an application is tested without a provider."""

from __future__ import annotations

import asyncio
import collections
import json

import pytest
from servers.openai import OpenAIServer

import indox_core
from indox_core import AsyncClient, Client, ToolCallPart
from indox_core.plugin import Failure, TokenUsage
from indox_core.testing import FakeAnswer, FakeProvider, HTTPAnswer, LoopbackServer, Recorder, sse

HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-canary-of-the-recorder"


def both(plugin, **options):
    """The response of a sync stream and of an async call."""
    with Client(plugins=[plugin]) as client:
        stream = client.chat(HELLO, stream=True, **options)
        list(stream)

    async def run():
        async with AsyncClient(plugins=[plugin]) as aclient:
            return await aclient.chat(HELLO, **options)

    return stream.response, asyncio.run(run())


# FakeProvider


def test_one_text_answers_every_call():
    fake = FakeProvider("Hello, you!")
    for response in both(fake, model="fake/any", temperature=0.5):
        assert response.data == "Hello, you!"
        assert response.finish_reason == "stop"
        assert (response.usage.tokens_prompt, response.usage.tokens_completion) == (10, 5)
    assert [request.temperature for request in fake.requests] == [0.5, 0.5]
    assert fake.requests[0].messages[0].text == "Hello"


def test_a_list_is_used_up_in_order():
    fake = FakeProvider(["one", "two"])
    with Client(plugins=[fake]) as client:
        assert [client.chat(HELLO, "fake/x").data for _ in range(2)] == ["one", "two"]
        with pytest.raises(indox_core.ConfigurationError, match="request 3 has no answer"):
            client.chat(HELLO, "fake/x")


def test_a_function_sees_the_request():
    fake = FakeProvider(lambda request: request.messages[-1].text.upper())
    assert [r.data for r in both(fake, model="fake/x")] == ["HELLO", "HELLO"]


def test_everything_of_an_answer_can_be_said():
    calls = [
        ToolCallPart(id=f"c{n}", name="f", arguments={"n": n}, provider_state=None)
        for n in range(2)
    ]
    said = FakeAnswer(
        text="So be it.",
        reasoning="Hm.",
        tool_calls=calls,
        usage=TokenUsage(input=7, output=3, reasoning=1),
        model="other",
    )
    for response in both(FakeProvider(said), model="fake/x"):
        assert (response.data, response.reasoning) == ("So be it.", "Hm.")
        assert [call.arguments for call in response.tool_calls] == [{"n": 0}, {"n": 1}]
        assert response.finish_reason == "tool_calls"
        assert response.usage.reasoning_tokens == 1
        assert response.served_model == "other"
    (refused, _) = both(FakeProvider(FakeAnswer(refusal="No.", usage=None)), model="fake/x")
    assert (refused.refusal, refused.finish_reason) == ("No.", "refusal")
    assert refused.usage.cost_status == "no_usage"


def test_the_name_of_an_installed_provider_stands_in_for_it():
    fake = FakeProvider(FakeAnswer(text="Hi", usage=TokenUsage(input=10**6, output=0)),
                        name="openai")  # fmt: skip
    with Client(plugins=[fake]) as client:
        assert client.chat(HELLO, "openai/gpt-4o-mini").usage.cost == 0.15


def test_failures_are_judged_as_a_vendors():
    busy = Failure("rate_limit", "busy", 429, retry_after_s=0.01)
    fake = FakeProvider([busy, "at last", Failure("authentication", "no", 401)])
    with Client(plugins=[fake]) as client:
        response = client.chat(HELLO, "fake/x")
        assert (response.data, response.attempts) == ("at last", 2)
        with pytest.raises(indox_core.AuthenticationError):
            client.chat(HELLO, "fake/x")


def test_pieces_cuts_and_delays():
    fake = FakeProvider(FakeAnswer(text="abc", pieces=["a", "b", "c"], cut_after=2))
    with Client(plugins=[fake]) as client:
        stream = client.chat(HELLO, "fake/x", stream=True)
        assert [str(next(stream)) for _ in range(2)] == ["a", "b"]
        with pytest.raises(indox_core.StreamInterruptedError) as caught:
            next(stream)
        assert caught.value.partial.data == "ab"
        with pytest.raises(indox_core.NetworkError):
            client.chat(HELLO, "fake/x", max_retries=0)
    with pytest.raises(indox_core.ConfigurationError):
        FakeAnswer(text="abc", pieces=["a"])
    slow = FakeProvider(FakeAnswer(text="late", delay_s=10_000))
    with Client(plugins=[slow]) as client:
        for stream in (False, True):
            with pytest.raises(indox_core.TimeoutError):
                list(client.chat(HELLO, "fake/x", stream=stream, timeout=0.1))

    async def run():
        async with AsyncClient(plugins=[slow]) as aclient:
            await aclient.chat(HELLO, "fake/x", timeout=0.1)

    with pytest.raises(indox_core.TimeoutError):
        asyncio.run(run())


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_gap_in_a_stream_is_a_timeout_too(flavour):
    fake = FakeProvider(FakeAnswer(text="a b c", delay_s=10_000))
    options = {"model": "fake/x", "stream": True, "idle_timeout": 0.1}

    async def run():
        async with AsyncClient(plugins=[fake]) as aclient:
            return [chunk async for chunk in await aclient.chat(HELLO, **options)]

    if flavour == "async":
        with pytest.raises(indox_core.TimeoutError):
            asyncio.run(run())
    else:
        with Client(plugins=[fake]) as client, pytest.raises(indox_core.TimeoutError):
            list(client.chat(HELLO, **options))


def test_cuts_and_delays_count_text_alone():
    said = FakeAnswer(text="a b", reasoning="Hm.", cut_after=1)
    with Client(plugins=[FakeProvider(said)]) as client:
        stream = client.chat(HELLO, "fake/x", stream=True)
        with pytest.raises(indox_core.StreamInterruptedError) as caught:
            list(stream)
    assert (caught.value.partial.data, caught.value.partial.reasoning) == ("a", "Hm.")


def test_a_stand_in_takes_the_options_and_prices_of_the_one_it_stands_for():
    usage = TokenUsage(input=10**6, output=0)
    for name, model, options in (
        ("openai", "gpt-4o-mini", {"api": "chat"}),
        ("mistral", "mistral-large-latest", {"safe_prompt": True}),
    ):
        fake = FakeProvider(FakeAnswer(text="Hi", usage=usage), name=name)
        with Client(plugins=[fake]) as client:
            response = client.chat(HELLO, f"{name}/{model}", provider_options={name: options})
        assert response.usage.cost > 0
        with Client(plugins=[fake]) as client, pytest.raises(indox_core.ValidationError):
            client.chat(HELLO, f"{name}/{model}", provider_options={name: {"odd": 1}})


def test_a_script_that_is_wrong_is_told_as_such():
    def asserts(request):
        raise AssertionError("the question was another")

    scripts = {
        "raised AssertionError: the question was another": asserts,
        "not NoneType": lambda request: None,
        "request 2 has no answer": collections.deque(["only one"]),
    }
    for said, script in scripts.items():
        with Client(plugins=[FakeProvider(script)]) as client:
            with pytest.raises(indox_core.ConfigurationError) as caught:  # noqa: PT012
                client.chat(HELLO, "fake/x")
                client.chat(HELLO, "fake/x")
            assert said in str(caught.value)


def test_explain_and_unsupported_are_as_with_any_provider():
    with Client(plugins=[FakeProvider("x")]) as client:
        assert "Hello" in str(client.explain(HELLO, "fake/x"))


# Recorder


def recorded(path, mode, server, *, flavour="sync", **options):
    """All answers of four calls, by a client with a recorder."""
    config = {"base_url": server.base_url if server else "http://127.0.0.1:9"}
    if server is not None:
        config |= {"api_key": KEY, "headers": {"x-team": "team-secret"}}
    client = {"plugins": [Recorder(path, "openai", mode=mode)], "providers": {"openai": config}}
    arguments = {"model": "openai/gpt-4o-mini", "include_raw": True, **options}

    def shown(response):
        return response.data, response.usage.tokens_total, response.raw_response

    async def run():
        async with AsyncClient(**client) as aclient:
            one = await aclient.chat(HELLO, **arguments)
            stream = await aclient.chat(HELLO, **arguments, stream=True)
            pieces = [str(chunk) async for chunk in stream]
            return [shown(one), pieces, shown(stream.response)]

    if flavour == "async":
        return asyncio.run(run())
    with Client(**client) as caller:
        one = caller.chat(HELLO, **arguments)
        stream = caller.chat(HELLO, **arguments, stream=True)
        pieces = [str(chunk) for chunk in stream]
        return [shown(one), pieces, shown(stream.response)]


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_what_was_recorded_is_given_again(tmp_path, flavour):
    path = tmp_path / "deep" / "openai.json"
    with OpenAIServer() as server:
        live = recorded(path, "auto", server, flavour=flavour)
        sent = len(server.received)
    assert recorded(path, "auto", None, flavour=flavour) == live
    assert recorded(path, "replay", None, flavour="sync") == live, "both flavours read one file"
    assert len(server.received) == sent
    assert list(path.parent.iterdir()) == [path]


def test_no_secret_is_stored_and_every_answer_is(tmp_path):
    path = tmp_path / "openai.json"
    answer = {"id": "x", "choices": [{"message": {"content": f"Your key is {KEY}"},
              "finish_reason": "stop"}], "team": "team-secret"}  # fmt: skip
    with LoopbackServer(lambda received: HTTPAnswer(answer)) as server:
        config = {"api_key": KEY, "base_url": server.url, "headers": {"x-team": "team-secret"}}
        recorder = Recorder(path, "openai")
        with Client(plugins=[recorder], providers={"openai": config}) as client:
            client.chat(HELLO, "openai/gpt-4o-mini")
    text = path.read_text()
    assert KEY not in text
    assert "team-secret" not in text
    assert "Your key is" in text
    assert json.loads(text)["provider"] == "openai"


def test_a_refusal_and_a_broken_stream_are_recorded_too(tmp_path):
    path = tmp_path / "openai.json"
    refusal = HTTPAnswer({"error": {"message": "no", "type": "t"}}, 404, {"x-request-id": "r1"})
    chunk = {"choices": [{"index": 0, "delta": {"content": "Hel"}}]}
    answers = [refusal, HTTPAnswer(iter([sse(chunk, {"error": {"message": "x"}})]))]

    def ask(**config):
        with Client(plugins=[Recorder(path, "openai")], providers={"openai": config}) as client:
            errors = []
            for stream in (False, True):
                with pytest.raises(indox_core.ProviderError) as caught:
                    list(client.chat(HELLO, "openai/gpt-4o-mini", stream=stream, max_retries=0))
                errors.append(caught.value)
            return errors

    with LoopbackServer(lambda received: answers.pop(0)) as server:
        live = ask(api_key=KEY, base_url=server.url)
    again = ask(base_url=server.url)  # nobody is there any more
    assert [(type(e), e.request_id, e.status_code) for e in live] == [
        (type(e), e.request_id, e.status_code) for e in again
    ]
    assert live[1].partial.data == again[1].partial.data == "Hel"


def test_what_was_not_recorded_is_said_and_nobody_is_called(tmp_path):
    path = tmp_path / "openai.json"
    with OpenAIServer() as server:
        recorded(path, "auto", server)
    providers = {"openai": {"base_url": "http://127.0.0.1:9"}}
    with Client(plugins=[Recorder(path, "openai")], providers=providers) as client:
        with pytest.raises(indox_core.ConfigurationError) as caught:
            client.chat([{"role": "user", "content": "another"}], "openai/gpt-4o-mini")
        assert "differs from the next one stored at arguments.messages.0.content" in str(
            caught.value
        )
        assert "another" not in str(caught.value)
        client.chat(HELLO, "openai/gpt-4o-mini")
        list(client.chat(HELLO, "openai/gpt-4o-mini", stream=True))
        with pytest.raises(indox_core.ConfigurationError, match="all 2 that it holds"):
            client.chat(HELLO, "openai/gpt-4o-mini")


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    path = tmp_path / "x.json"
    with pytest.raises(indox_core.ConfigurationError, match="is not there"):
        Recorder(path, "openai", mode="replay")
    with pytest.raises(indox_core.ConfigurationError, match="mode is"):
        Recorder(path, "openai", mode="rewind")
    for text in ("", "[]", "{}", '{"format": 1, "provider": "mistral", "exchanges": []}'):
        path.write_text(text)
        with pytest.raises(indox_core.ConfigurationError, match=r"x\.json"):
            Recorder(path, "openai")
        assert path.read_text() == text


def test_a_plugin_without_awaited_calls_is_recorded_too(tmp_path):
    path = tmp_path / "echo.json"
    for _ in range(2):
        for response in both(Recorder(path, "echo", mode="auto"), model="echo/x"):
            assert response.data == "Hello"


def test_a_place_that_cannot_be_written_costs_no_call(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(indox_core.ConfigurationError, match="cannot be written"):
        Recorder(tmp_path / "file" / "x.json", "openai")


def test_a_provider_that_is_not_there_is_named(tmp_path):
    with pytest.raises(indox_core.ProviderNotFoundError, match='Did you mean "openai"'):
        Client(plugins=[Recorder(tmp_path / "x.json", "opnai")])


@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("stream", [False, True], ids=["chat", "stream"])
def test_a_broken_network_is_not_recorded(tmp_path, flavour, stream):
    """The attempt that breaks is tried again, and only the answer is kept."""
    path = tmp_path / "openai.json"
    answers = []

    def breaks():
        yield b" "
        raise ConnectionAbortedError

    def respond(received):
        answers.append(received)
        if len(answers) == 1:
            return HTTPAnswer(breaks())
        if not stream:
            return HTTPAnswer(
                {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
            )
        chunk = {"choices": [{"index": 0, "delta": {"content": "Hello"}, "finish_reason": "stop"}]}
        return HTTPAnswer(iter([sse(chunk, "[DONE]")]))

    def ask(**config):
        client = {"plugins": [Recorder(path, "openai")], "providers": {"openai": config}}
        arguments = {"messages": HELLO, "model": "openai/gpt-4o-mini", "stream": stream}

        async def run():
            async with AsyncClient(**client) as aclient:
                answer = await aclient.chat(**arguments)
                if stream:
                    async for _ in answer:
                        pass
                    answer = answer.response
                return answer.data

        if flavour == "async":
            return asyncio.run(run())
        with Client(**client) as caller:
            answer = caller.chat(**arguments)
            if stream:
                list(answer)
                answer = answer.response
            return answer.data

    with LoopbackServer(respond) as server:
        assert ask(api_key=KEY, base_url=server.url) == "Hello"
    assert len(answers) == 2
    (kept,) = json.loads(path.read_text())["exchanges"]
    assert kept["failure"] is None
    assert ask(base_url=server.url) == "Hello"


def test_a_prompt_that_holds_what_is_taken_out_is_found_again(tmp_path):
    path = tmp_path / "openai.json"
    question = [{"role": "user", "content": f"Is {KEY} the key of production?"}]
    with OpenAIServer() as server:
        for _ in range(2):
            config = {"api_key": KEY, "base_url": server.base_url, "headers": {"x-e": "production"}}
            with Client(plugins=[Recorder(path, "openai")], providers={"openai": config}) as client:
                client.chat(question, "openai/gpt-4o-mini")
        assert len(server.received) == 1
    assert KEY not in path.read_text()
    assert "production" not in path.read_text()

"""`chat(model=[...])` asks the next model where the first cannot answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from servers.faults import FaultServer
from servers.vendors import VENDORS

from indox_core import (
    AsyncClient,
    AuthenticationError,
    Client,
    NetworkError,
    OverloadedError,
    RateLimitError,
    ValidationError,
    hookimpl,
)

HELLO = [{"role": "user", "content": "Hello"}]
SAID = "You said: Hello"
FIRST, SECOND = VENDORS[0], VENDORS[1]
MODELS = [FIRST.model, SECOND.model]


def ask(providers, stream=False, models=MODELS, **options):
    with Client(providers=providers, max_retries=0) as client:
        answer = client.chat(HELLO, models, stream=stream, **options)
        if stream:
            list(answer)
            return answer.response
        return answer


def ask_async(providers, stream=False, **options):
    async def run():
        async with AsyncClient(providers=providers, max_retries=0) as client:
            answer = await client.chat(HELLO, MODELS, stream=stream, **options)
            if stream:
                async for _ in answer:
                    pass
                return answer.response
            return answer

    return asyncio.run(run())


FAULTS = {
    "429": (lambda x: x.error(429), "RateLimitError"),
    "503": (lambda x: x.error(503), "OverloadedError"),
    "500": (lambda x: x.error(500), "APIError"),
    "reset": (lambda x: x.reset(), "NetworkError"),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("how", [ask, ask_async])
def test_the_next_model_answers_and_the_response_says_what_was_tried(how, fault, stream):
    play, name = FAULTS[fault]
    with FaultServer(FIRST, play) as one, FaultServer(SECOND, lambda x: x.good()) as two:
        response = how({**one.providers, **two.providers}, stream)
    assert (response.data, response.provider) == (SAID, SECOND.provider)
    assert response.tried == (f"{FIRST.model}: {name}",)
    assert (len(one.received), len(two.received)) == (1, 1)


def test_what_another_model_does_not_cure_is_raised_at_once():
    with (
        FaultServer(FIRST, lambda x: x.error(401)) as one,
        FaultServer(SECOND, lambda x: x.good()) as two,
    ):
        with pytest.raises(AuthenticationError, match=r"Tried: openai/"):
            ask({**one.providers, **two.providers})
        assert two.received == []


def test_all_failed_names_all():
    with (
        FaultServer(FIRST, lambda x: x.error(429)) as one,
        FaultServer(SECOND, lambda x: x.error(529)) as two,
        pytest.raises(OverloadedError) as caught,
    ):
        ask({**one.providers, **two.providers})
    assert caught.value.tried == (
        f"{FIRST.model}: RateLimitError",
        f"{SECOND.model}: OverloadedError",
    )


def test_one_deadline_holds_for_all():
    with (
        FaultServer(FIRST, lambda x: x.hang()) as one,
        FaultServer(SECOND, lambda x: x.good()) as two,
    ):
        with pytest.raises(NetworkError):
            ask({**one.providers, **two.providers}, timeout=0.4)
        assert two.received == []  # the first has used up the time of both


def test_a_half_written_answer_is_not_continued_by_another():
    def half(x):
        events = x.vendor.events(["one ", "two"])
        found = next(i for i, event in enumerate(events) if "one " in json.dumps(event))
        x.events(events[: found + 1])

    with FaultServer(FIRST, half) as one, FaultServer(SECOND, lambda x: x.good()) as two:
        with pytest.raises(NetworkError, match="had begun") as caught:
            ask({**one.providers, **two.providers}, stream=True)
        assert caught.value.partial.data == "one "
        assert two.received == []


def test_every_model_is_checked_before_the_first_is_asked():
    with FaultServer(FIRST, lambda x: x.good()) as one:
        for models in ([], [FIRST.model, "nosuch"], [FIRST.model, 5]):
            with pytest.raises(ValidationError):
                ask(one.providers, models=models)
        with pytest.raises(ValidationError, match="one provider's key"):
            ask({**one.providers, SECOND.provider: {"api_key": "any"}}, byok_api_key="sk-mine")
        assert one.received == []


def test_observers_see_each_model_under_one_id():
    seen = []

    class Observer:
        @hookimpl
        def indox_before_chat(self, request_id, request):
            seen.append(("before", request_id, request.provider))

        @hookimpl
        def indox_chat_failed(self, request_id, request, error):
            seen.append(("failed", request_id, request.provider))

        @hookimpl
        def indox_after_chat(self, request_id, request, response):
            seen.append(("after", request_id, request.provider))

    with (
        FaultServer(FIRST, lambda x: x.error(429)) as one,
        FaultServer(SECOND, lambda x: x.good()) as two,
    ):
        with Client(
            providers={**one.providers, **two.providers}, plugins=[Observer()], max_retries=0
        ) as client:
            client.chat(HELLO, MODELS)
        with (
            pytest.raises(RateLimitError),
            Client(providers=one.providers, max_retries=0) as client,
        ):
            client.chat(HELLO, FIRST.model)
    assert [what for what, _, _ in seen] == ["before", "failed", "before", "after"]
    assert len({identifier for _, identifier, _ in seen}) == 1

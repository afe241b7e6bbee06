"""Errors that Mistral says within an answer with 200."""

from __future__ import annotations

from typing import Any

import pytest

from indox_core import APIError, CallError, Client, RateLimitError
from indox_core.testing import HTTPAnswer, LoopbackServer, sse

HELLO = [{"role": "user", "content": "Hi"}]


def answer(*bodies: Any, stream: bool) -> Any:
    """The response to what the server sends, over the SDK and a real socket."""
    sent = HTTPAnswer(sse(*bodies), headers={"content-type": "text/event-stream"})
    with LoopbackServer(lambda received: sent if stream else HTTPAnswer(bodies[0])) as server:
        config = {"api_key": "k", "base_url": server.url}
        with Client(providers={"mistral": config}, max_retries=0) as client:
            response = client.chat(HELLO, "mistral/mistral-small-latest", stream=stream)
            if not stream:
                return response
            for _ in response:
                pass
            return response.response


def chunk(text: str = "", finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice], **more}


def whole(text: str, finish: str, choice: Any = None, **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    made = {"index": 0, "message": message, "finish_reason": finish, **(choice or {})}
    return {"id": "c", "object": "chat.completion", "model": "m", "choices": [made], **more}


FAULT = {"object": "error", "message": "Service failed", "type": "internal", "code": "3000"}
LIMITED = {"message": "Rate limit exceeded", "type": "rate_limited", "code": "1300"}


def in_choice(error: Any) -> dict[str, Any]:
    event = chunk(finish="error")
    event["choices"][0]["error"] = error
    return event


@pytest.mark.parametrize(
    ("event", "error", "said"),
    [
        (chunk(finish="error", error=FAULT), APIError, "Service failed"),
        (chunk(finish="error", error="Service failed"), APIError, "Service failed"),
        (chunk(finish="error", error=LIMITED), RateLimitError, "Rate limit"),
        (in_choice(FAULT), APIError, "Service failed"),
        (FAULT, APIError, "Service failed"),
        ({"error": FAULT}, APIError, "Service failed"),
    ],
    ids=["object", "text", "with-a-kind", "in-the-choice", "alone", "alone-in-an-object"],
)
def test_an_error_in_a_stream_is_raised_with_what_had_arrived(event, error, said):
    with pytest.raises(CallError, match=said) as caught:
        answer(chunk("Half"), event, "[DONE]", stream=True)
    assert type(caught.value) is error
    assert caught.value.partial.data == "Half"


@pytest.mark.parametrize(
    "body",
    [
        whole("Half", "error", error=FAULT),
        whole("Half", "error", {"error": FAULT}),
    ],
    ids=["beside-the-choices", "in-the-choice"],
)
def test_an_error_in_a_whole_answer_is_raised(body):
    with pytest.raises(APIError, match="Service failed"):
        answer(body, stream=False)


def test_an_end_by_error_without_a_word_keeps_its_reason():
    for response in (
        answer(whole("Half", "error"), stream=False),
        answer(chunk("Half"), chunk(finish="error"), "[DONE]", stream=True),
    ):
        assert (response.data, response.finish_reason) == ("Half", "error")


def test_an_empty_error_is_none():
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    response = answer(whole("All", "stop", error=None, usage=usage), stream=False)
    assert (response.data, response.finish_reason) == ("All", "stop")

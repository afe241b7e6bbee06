"""What Gemini says besides its text: why it ended, what it blocked, what failed on the way."""

from __future__ import annotations

from typing import Any

import pytest

from indox_core import APIError, CallError, Client, MalformedResponseError, OverloadedError
from indox_core.testing import HTTPAnswer, LoopbackServer, sse

HELLO = [{"role": "user", "content": "Hi"}]


def answer(*bodies: Any, stream: bool) -> Any:
    """The response to what the server sends, over the SDK and a real socket."""
    sent = HTTPAnswer(sse(*bodies), headers={"content-type": "text/event-stream"})
    with LoopbackServer(lambda received: sent if stream else HTTPAnswer(bodies[0])) as server:
        config = {"api_key": "k", "base_url": server.url}
        with Client(providers={"google": config}, max_retries=0) as client:
            response = client.chat(HELLO, "google/gemini-2.5-flash", stream=stream)
            if not stream:
                return response
            for _ in response:
                pass
            return response.response


def candidate(text: str | None = None, **fields: Any) -> dict[str, Any]:
    content = {"content": {"role": "model", "parts": [{"text": text}]}} if text is not None else {}
    return {"candidates": [{**content, **fields}], "usageMetadata": {"promptTokenCount": 1}}


HARM = "HARM_CATEGORY_DANGEROUS_CONTENT"
RATINGS = [{"category": HARM, "probability": "HIGH", "blocked": True},
           {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}]  # fmt: skip
WORDS = {
    "a malformed call": (
        candidate(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="Malformed call: print(f("),
        ("error", "MALFORMED_FUNCTION_CALL", "Malformed call: print(f("),
    ),
    "a call of no tool": (
        candidate("x", finishReason="UNEXPECTED_TOOL_CALL", finishMessage="no such function"),
        ("error", "UNEXPECTED_TOOL_CALL", "no such function"),
    ),
    "a blocked answer and for which harm": (
        candidate(finishReason="SAFETY", safetyRatings=RATINGS),
        ("content_filter", "SAFETY", f"blocked for {HARM}"),
    ),
    "a blocked prompt and for which harm": (
        {"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": RATINGS}},
        ("content_filter", "blocked:SAFETY", f"blocked for {HARM}"),
    ),
    "a blocked prompt in words": (
        {"promptFeedback": {"blockReason": "OTHER", "blockReasonMessage": "not this"}},
        ("content_filter", "blocked:OTHER", "not this"),
    ),
    "an answer that was rated and not blocked": (
        candidate("Hi", finishReason="STOP", safetyRatings=RATINGS[1:]),
        ("stop", "STOP", ""),
    ),
}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("body", "said"), WORDS.values(), ids=WORDS)
def test_the_response_says_what_gemini_says_of_the_end(body, said, stream):
    response = answer(body, stream=stream)
    assert (response.finish_reason, response.finish.raw, response["message"]) == said


OVERLOADED = {
    "error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
}
INTERNAL = {"error": {"code": 500, "message": "Internal error", "status": "INTERNAL"}}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (OVERLOADED, OverloadedError),
        (INTERNAL, APIError),
        ({**candidate(finishReason="OTHER"), **INTERNAL}, APIError),
    ],
    ids=["overloaded", "internal", "beside-a-candidate"],
)
def test_an_error_in_a_stream_is_raised_with_what_had_arrived(event, error):
    with pytest.raises(error) as caught:
        answer(candidate("Half"), event, stream=True)
    assert caught.value.partial.data == "Half"


def test_an_error_beside_a_candidate_of_a_whole_answer_is_raised():
    with pytest.raises(APIError, match="Internal error"):
        answer({**candidate("Half"), **INTERNAL}, stream=False)


def test_a_candidate_that_says_nothing_is_no_answer():
    with pytest.raises(MalformedResponseError):
        answer(candidate(index=0), stream=False)
    with pytest.raises(CallError):
        answer(candidate(index=0), stream=True)


def test_a_candidate_without_content_that_ended_is_an_empty_answer():
    for stream in (False, True):
        response = answer(candidate(finishReason="STOP"), stream=stream)
        assert (response.data, response.finish_reason, response.message) == ("", "stop", "")

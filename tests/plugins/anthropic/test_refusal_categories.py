"""Why Claude refuses: its explanation, and the category that its `stop_details` give.

https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback#refusal-response
"""

import json

import pytest

from indox_core import Client
from indox_core.testing import HTTPAnswer, LoopbackServer, sse

WHOLE = {"type": "refusal", "category": "bio", "explanation": "It could enable harm."}
# What `stop_details` hold, then `refusal` and `message` of the response.
DETAILS = [
    (WHOLE, "It could enable harm.", "bio"),
    ({**WHOLE, "category": None}, "It could enable harm.", ""),
    ({**WHOLE, "explanation": None}, None, "bio"),
    ({**WHOLE, "category": "of tomorrow"}, "It could enable harm.", "of tomorrow"),
    ({**WHOLE, "category": {"odd": 1}}, "It could enable harm.", ""),
    (None, None, ""),
    ("odd", None, ""),
]


def answer(details):
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5",
        "content": [], "stop_reason": "refusal", "stop_details": details,
        "usage": {"input_tokens": 3, "output_tokens": 1},
    }  # fmt: skip


def events(details):
    start = {**answer(None), "stop_reason": None}
    delta = {"stop_reason": "refusal", "stop_details": details}
    for event in (
        {"type": "message_start", "message": start},
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ):
        yield f"event: {event['type']}\n".encode() + sse(event)


@pytest.mark.parametrize(("details", "refusal", "category"), DETAILS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_words_and_its_category(stream, details, refusal, category):
    def respond(received):
        if json.loads(received.body).get("stream"):
            return HTTPAnswer(events(details), headers={"content-type": "text/event-stream"})
        return HTTPAnswer(answer(details))

    with LoopbackServer(respond) as server:
        config = {"api_key": "k", "base_url": server.url}
        with Client(providers={"anthropic": config}) as client:
            asked = [{"role": "user", "content": "Hello"}]
            response = client.chat(asked, "anthropic/claude-opus-5", stream=stream)
            if stream:
                for _ in response:
                    pass
                response = response.response
    assert (response.finish_reason, response.refusal) == ("refusal", refusal)
    assert response.message == category

"""Vendors' own ways to answer, by their plugins and the real SDK over a socket."""

from __future__ import annotations

import base64

import pytest

from indox_core import APIError, Client
from indox_core.testing import HTTPAnswer, LoopbackServer, sse

USAGE = {"prompt_tokens": 2, "completion_tokens": 3}
HELLO = [{"role": "user", "content": "Hi"}]
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}
URL = "https://example.org/a"


def chunk(finish=None, **choice):
    head = {"id": "x", "model": "m", "object": "chat.completion.chunk"}
    return {**head, "choices": [{"index": 0, "finish_reason": finish, **choice}]}


COMMENT = b": OPENROUTER PROCESSING\n\n"
# Per vendor, the stream that it sends as events or bytes.
STREAMS = {
    "openrouter": [
        COMMENT,
        chunk(delta={"role": "assistant", "content": "Here"}),
        COMMENT,
        chunk(delta={"content": ":", "images": [PICTURE]}),
        chunk("stop", delta={"content": ""}),
        {**chunk(), "choices": [], "usage": USAGE},
    ],
    "moonshot": [
        chunk(delta={"role": "assistant", "content": ""}),
        chunk(delta={"content": "Here:"}),
        chunk("stop", delta={}, usage=USAGE),
    ],
    "perplexity": [
        {
            **chunk(delta={"content": piece}, message={"content": said}),
            "citations": [URL],
            "search_results": [{"url": URL, "title": "A"}],
            "usage": {"prompt_tokens": 2, "completion_tokens": count},
        }
        for piece, said, count in (("He", "He", 1), ("re:", "Here:", 3))
    ]
    + [chunk("stop", delta={"content": ""}, message={"content": "Here:"})],
    "vllm": [
        chunk(message={"role": "assistant", "content": "He"}),
        chunk("stop", message={"content": "re:"}, usage=USAGE),
    ],
}  # fmt: skip


def asked(name, events, **options):
    """The answer of a stream of these events, and the server's connections are real."""
    data = b"".join(one if isinstance(one, bytes) else sse(one) for one in events)
    with LoopbackServer(
        lambda received: HTTPAnswer(iter([data]), headers={"content-type": "text/event-stream"})
    ) as server:
        config = {"base_url": f"{server.url}/v1", "api_key": "k"}
        with Client(providers={name: config}) as client:
            stream = client.chat(HELLO, f"{name}/m", stream=True, **options)
            text = "".join(str(piece) for piece in stream)
            return text, stream.response


@pytest.mark.parametrize("done", [[b"data: [DONE]\n\n"], []], ids=["done", "no-done"])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_read_in_full(name, done):
    text, response = asked(name, [*STREAMS[name], *done])
    assert text == response.data == "Here:"
    assert response.finish_reason == "stop"
    assert (response.usage.tokens_prompt, response.usage.tokens_completion) == (2, 3)
    pictures = [part for part in response.parts if part.type == "image"]
    assert [part.image.data for part in pictures] == ([PNG] if name == "openrouter" else [])
    cited = [(one.url, one.title) for one in response.citations]
    assert cited == ([(URL, "A")] if name == "perplexity" else [])


def test_an_error_after_text_is_an_error_with_the_text_so_far():
    failed = chunk("error", delta={"content": ""}, error={"code": 502, "message": "Upstream fell"})
    with pytest.raises(APIError, match="Upstream fell") as caught:
        asked("openrouter", [STREAMS["openrouter"][1], failed, b"data: [DONE]\n\n"], max_retries=0)
    assert caught.value.partial.data == "Here"


def test_a_plain_answer_has_its_image_and_its_counts():
    message = {"role": "assistant", "content": "Here:", "images": [PICTURE]}
    body = {"id": "x", "choices": [{"message": message, "finish_reason": "stop", "usage": USAGE}]}
    with LoopbackServer(lambda received: HTTPAnswer(body)) as server:
        config = {"base_url": f"{server.url}/v1", "api_key": "k"}
        with Client(providers={"openrouter": config}) as client:
            response = client.chat(HELLO, "openrouter/m")
    assert [part.type for part in response.parts] == ["text", "image"]
    assert response.usage.tokens_completion == 3

"""Answers of servers that speak Chat Completions their own way: what came, what is read, whose."""

from __future__ import annotations

import base64

import pytest
from plugins_openai import fold

from indox_core.plugin import ChatEnd, CitationFound, ProviderFailure
from indox_openai import OpenAICompatible
from indox_openai._chat import ChatDecoder

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()
SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(16)
PICTURE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}


class Server(OpenAICompatible):
    pass


def chunk(delta=None, finish=None, **more):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


def message(said=None, **more):
    return {"choices": [{"index": 0, "message": said, "finish_reason": "stop", **more}]}


def streamed(*events, done=True):
    return fold(ChatDecoder(), [*events, *(["[DONE]"] if done else [])]).reply()


def plain(body):
    return Server().decode(body)


def text(reply):
    return "".join(part.text for part in reply.parts if part.type == "text")


def seen(reply):
    """The reply as plain values."""
    return [
        (part.type, getattr(part, "text", "") or getattr(part, "name", "")) for part in reply.parts
    ]


# A stream, what its text is, and what its end is called.
TEXTS = {
    "message-for-delta": (
        [chunk(message={"content": "He"}), chunk(message={"content": "y"}, finish="stop")],
        "Hey",
    ),
    "message-beside-delta-says-all-so-far": (
        [
            chunk({"content": "He"}, message={"content": "He"}),
            chunk({"content": "y"}, message={"content": "Hey"}),
            chunk({}, "stop", message={"content": "Hey"}),
        ],
        "Hey",
    ),
    "text-for-delta": ([chunk(text="He"), chunk(text="y", finish="stop")], "Hey"),
    "null-deltas": ([chunk({"content": "Hey"}), chunk(None), chunk(None, "stop")], "Hey"),
    "null-fields": (
        [
            chunk({"content": None, "tool_calls": None, "reasoning": None, "images": None}),
            chunk({"content": "Hey", "function_call": None, "annotations": None}, "stop"),
        ],
        "Hey",
    ),
    "list-of-contents": (
        [chunk({"content": [{"type": "text", "text": "He"}, "y"]}), chunk({}, "stop")],
        "Hey",
    ),
    "no-index": ([{"choices": [{"delta": {"content": "Hey"}, "finish_reason": "stop"}]}], "Hey"),
    "finish-reason-is-empty-first": (
        [chunk({"content": "He"}, ""), chunk({"content": "y"}, ""), chunk({}, "stop")],
        "Hey",
    ),
    "finish-reason-in-every-chunk": (
        [chunk({"content": "He"}, "stop"), chunk({"content": "y"}, "stop")],
        "Hey",
    ),
    "finish-reason-in-its-own-chunk-without-delta": (
        [chunk({"content": "Hey"}), {"choices": [{"index": 0, "finish_reason": "stop"}]}],
        "Hey",
    ),
    "keep-alives": ([None, {}, "", chunk({"content": "Hey"}), {}, chunk({}, "stop")], "Hey"),
    "choices-that-are-null": (
        [{"choices": None}, {"choices": [None]}, chunk({"content": "Hey"}, "stop")],
        "Hey",
    ),
}


@pytest.mark.parametrize(("events", "said"), TEXTS.values(), ids=list(TEXTS))
@pytest.mark.parametrize("done", [True, False])
def test_a_text_is_read_however_it_is_sent(events, said, done):
    reply = streamed(*events, done=done)
    assert text(reply) == said
    assert reply.first.finish.unified == "stop"


def test_a_choice_ends_once_and_with_what_was_said_last():
    decoder = ChatDecoder()
    call = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}
    events = [chunk({"content": "Hey"}, "stop"), chunk({"tool_calls": [call]}, "tool_calls")]
    ours = [each for event in [*events, "[DONE]"] for each in decoder.push(event)]
    ends = [each for each in [*ours, *decoder.finish()] if isinstance(each, ChatEnd)]
    assert [end.finish.unified for end in ends] == ["tool_calls"]


def test_a_stream_without_a_finish_reason_is_cut():
    assert streamed(chunk({"content": "Hey"}), done=False).first.finish.unified == "unknown"
    assert not fold(ChatDecoder(), [chunk({"content": "Hey"})]).ended


IMAGES = {
    "openrouter": {"content": "Here:", "images": [PICTURE]},
    "address-alone": {"content": "Here:", "images": [{"image_url": PICTURE["image_url"]["url"]}]},
    "in-the-contents": {"content": [{"type": "text", "text": "Here:"}, PICTURE]},
    "elsewhere": {
        "content": "Here:",
        "images": [{"type": "image_url", "image_url": {"url": "https://cdn.example.org/a.png"}}],
    },
}


@pytest.mark.parametrize("said", IMAGES.values(), ids=list(IMAGES))
def test_an_image_of_an_answer_is_a_part(said):
    whole = plain(message(said))
    assert seen(whole) == [("text", "Here:"), ("image", "")]
    repeated = streamed(chunk(said), chunk({"images": said.get("images")}), chunk({}, "stop"))
    assert repeated.parts == whole.parts
    picture = whole.parts[1].image
    assert (picture.data, picture.url) in ((PNG, None), (None, "https://cdn.example.org/a.png"))


def test_an_image_that_cannot_be_read_stays_with_the_answer():
    said = {"content": "Here:", "images": [{"image_url": {"url": "data:image/png;base64,!!!"}}]}
    part = plain(message(said)).parts[1]
    assert (part.type, part.text) == ("text", "")
    assert part.provider_state.data["image"] == said["images"][0]
    assert text(streamed(chunk(said), chunk({}, "stop"))) == "Here:"


def test_a_sound_that_comes_in_pieces_is_one_part():
    datas = [base64.b64encode(SOUND[:10]).decode(), base64.b64encode(SOUND[10:]).decode()]
    pieces = [{"id": "a"}, *({"data": data} for data in datas), {"expires_at": 1}]
    reply = streamed(*(chunk({"audio": piece}) for piece in pieces), chunk({}, "stop"))
    (part,) = reply.parts
    assert (part.type, part.audio.data) == ("audio", base64.b64encode(SOUND).decode())


USAGE = {"prompt_tokens": 3, "completion_tokens": 5}
USAGES = {
    "openai-after-the-end": [chunk({"content": "x"}, "stop"), {"choices": [], "usage": USAGE}],
    "moonshot-in-a-choice": [chunk({"content": "x"}), chunk({}, "stop", usage=USAGE)],
    "groq": [{**chunk({"content": "x"}, "stop"), "x_groq": {"usage": USAGE}}],
    "grows-in-every-chunk": [
        {**chunk({"content": "x"}), "usage": {"prompt_tokens": 3, "completion_tokens": 1}},
        {**chunk({}, "stop"), "usage": USAGE},
    ],
    "empty-at-the-end": [
        {**chunk({"content": "x"}), "usage": USAGE},
        {**chunk({}, "stop"), "usage": {}},
    ],
    "null-first": [{**chunk({"content": "x"}), "usage": None}, {**chunk({}, "stop", usage=USAGE)}],
}


@pytest.mark.parametrize("events", USAGES.values(), ids=list(USAGES))
def test_the_counts_are_read_wherever_they_stand(events):
    usage = streamed(*events).usage
    assert (usage.input, usage.output) == (3, 5)


def test_the_counts_of_a_plain_answer_may_stand_in_its_choice():
    assert plain(message({"content": "x"}, usage=USAGE)).usage.output == 5


URL, TITLE = "https://example.org/a", "A"
SOURCES = {
    "perplexity-names-them-twice": (
        {"citations": [URL], "search_results": [{"url": URL, "title": TITLE}]},
        {},
        [(URL, TITLE)],
    ),
    "in-their-order": (
        {
            "citations": [URL, URL + "2"],
            "search_results": [{"url": URL + "2", "title": "B"}, {"url": URL, "title": TITLE}],
        },
        {},
        [(URL, TITLE), (URL + "2", "B")],
    ),
    "xai-gives-addresses": ({"citations": [URL, URL]}, {}, [(URL, None)]),
    "objects": ({"citations": [{"url": URL, "title": TITLE}]}, {}, [(URL, TITLE)]),
    "annotations-beside": (
        {"citations": [URL]},
        {"annotations": [{"type": "url_citation", "url_citation": {"url": URL, "title": TITLE}}]},
        [(URL, TITLE)],
    ),
    "nothing": ({"citations": None, "search_results": None}, {"annotations": None}, []),
}


@pytest.mark.parametrize(("beside", "within", "told"), SOURCES.values(), ids=list(SOURCES))
def test_a_source_is_one_citation(beside, within, told):
    whole = plain({**message({"content": "x", **within}), **beside})
    chunks = [{**chunk({"content": piece, **within}), **beside} for piece in "xy"]
    stream = streamed(*chunks, {**chunk({}, "stop"), **beside})
    for reply in (whole, stream):
        assert [(one.url, one.title) for one in reply.citations] == told


def test_a_title_that_comes_later_is_the_sources():
    decoder = ChatDecoder()
    first = {**chunk({"content": "x"}), "citations": [URL, URL + "2"]}
    last = {**chunk({}, "stop"), "search_results": [{"url": URL, "title": TITLE}]}
    ours = [each for event in (first, last, "[DONE]") for each in decoder.push(event)]
    found = [each.citation for each in ours if isinstance(each, CitationFound)]
    assert [(one.url, one.title) for one in found] == [(URL, TITLE), (URL + "2", None)]


REASONING = {
    "deepseek": {"reasoning_content": "hm"},
    "groq": {"reasoning": "hm"},
    "openrouter": {"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    "openrouter-summary": {"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]},
    "openrouter-says-it-twice": {
        "reasoning": "hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
    },
    "mistral": {
        "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}],
    },
}


@pytest.mark.parametrize("said", REASONING.values(), ids=list(REASONING))
def test_what_the_model_thinks_is_reasoning(said):
    answer = [{"type": "text", "text": "42"}]
    if isinstance(said.get("content"), list):
        answer = said["content"] + answer
    expected = [("reasoning", "hm"), ("text", "42")]
    assert seen(plain(message({**said, "content": answer}))) == expected
    assert seen(streamed(chunk(said), chunk({"content": "42"}), chunk({}, "stop"))) == expected


CALLS = {
    "no-index-no-id": [{"function": {"name": "f", "arguments": '{"a":1}'}}],
    "arguments-are-an-object": [{"id": "a", "function": {"name": "f", "arguments": {"a": 1}}}],
    "no-function-around-them": [{"id": "a", "name": "f", "arguments": '{"a":1}'}],
    "one-call-without-a-list": {"id": "a", "function": {"name": "f", "arguments": '{"a":1}'}},
}


@pytest.mark.parametrize("calls", CALLS.values(), ids=list(CALLS))
def test_a_call_is_read_however_it_is_sent(calls):
    whole = plain(message({"content": None, "tool_calls": calls}))
    stream = streamed(chunk({"tool_calls": calls}), chunk({}, "stop"))
    for reply in (whole, stream):
        assert [(part.name, part.arguments) for part in reply.parts] == [("f", {"a": 1})]
        assert reply.first.finish.unified == "tool_calls"


def test_a_plain_answer_may_be_the_chunk_of_a_stream():
    assert text(plain(chunk({"content": "Hey"}, "stop"))) == "Hey"


ERRORS = {
    "of-the-answer": {"error": {"message": "Overloaded", "code": 503}},
    "of-a-choice": chunk({"content": ""}, "error", error={"message": "Overloaded", "code": 502}),
    "without-a-word": chunk({}, "error"),
}


@pytest.mark.parametrize("event", ERRORS.values(), ids=list(ERRORS))
def test_an_error_within_an_answer_is_a_failure(event):
    decoder = ChatDecoder()
    decoder.push(chunk({"content": "Hey"}))
    with pytest.raises(ProviderFailure):
        decoder.push(event)
    choices = event.get("choices", [{}])
    body = event if "error" in event else {"choices": [{**choices[0], "message": {}}]}
    with pytest.raises(ProviderFailure):
        plain(body)

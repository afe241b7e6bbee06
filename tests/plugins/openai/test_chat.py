"""Chat Completions: the canonical request to its JSON, and its JSON to a reply."""

from __future__ import annotations

import base64

import pytest
from openai.types.chat import completion_create_params as params
from plugins_openai import OWN, encode, example_requests, fold
from servers.conform import problems

from indox_core import (
    ImagePart,
    ReasoningPart,
    TextPart,
    TokenUsage,
    ToolCallPart,
    UnsupportedFeatureError,
)
from indox_core.plugin import ProviderFailure
from indox_openai._chat import ChatDecoder, chat_to_reply

CHAT = {"provider_options": {"openai": {"api": "chat"}}}


def body_of(messages, base_url=OWN, **options):
    return encode(messages, base_url, **{**CHAT, **options}).arguments


@pytest.mark.parametrize(("messages", "options"), example_requests("chat"))
@pytest.mark.parametrize("stream", [False, True])
def test_every_body_is_valid_by_the_sdks_own_types(messages, options, stream):
    call = encode(messages, OWN, stream=stream, **CHAT, **options)
    kind = "Streaming" if stream else "NonStreaming"
    assert problems(call.arguments, getattr(params, f"CompletionCreateParams{kind}")) == []


def test_the_whole_shape_of_a_conversation():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    body = body_of(
        [
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "Go", "name": "ann"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
        ],
        model="gpt-4o-mini",
        max_tokens=5,
        temperature=0.5,
    )
    assert body["messages"] == [
        {"role": "system", "content": "Be terse."},
        {"role": "user", "content": "Go", "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    ]
    assert body["store"] is False
    assert (body["max_completion_tokens"], body["temperature"]) == (5, 0.5)


def test_other_servers_get_the_older_names_and_no_store():
    body = body_of([{"role": "user", "content": "Hi"}], "http://localhost:1/v1", max_tokens=5)
    assert body["max_tokens"] == 5
    assert "store" not in body


def test_reasoning_models_lose_their_temperature_and_it_is_recorded():
    call = encode(
        [{"role": "user", "content": "Hi"}], OWN, model="gpt-5-mini", temperature=0, **CHAT
    )
    assert "temperature" not in call.arguments
    assert [(item.path, item.kind, item.before) for item in call.adaptations] == [
        ("temperature", "dropped", 0.0)
    ]
    kept = encode(
        [{"role": "user", "content": "Hi"}],
        OWN,
        model="gpt-5.1",
        temperature=0,
        reasoning_effort="none",
        **CHAT,
    )
    assert kept.arguments["temperature"] == 0


REFUSED = [
    pytest.param({"web_search": True}, "web search", id="web-search"),
    pytest.param({"model": "o3", "stop": "x"}, "stop", id="stop-on-a-reasoning-model"),
]


@pytest.mark.parametrize(("options", "text"), REFUSED)
def test_guarantees_are_refused(options, text):
    with pytest.raises(UnsupportedFeatureError, match=text):
        body_of([{"role": "user", "content": "Hi"}], **options)


def test_an_image_in_a_tool_result_is_refused_here():
    image = {"type": "image", "image": {"data": base64.b64encode(b"\xff\xd8\xff1").decode()}}
    with pytest.raises(UnsupportedFeatureError, match="only text in a tool result"):
        body_of([{"role": "tool", "name": "f", "content": [image]}])


def completion(message, finish="stop", **extra):
    return {
        "id": "x",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        **extra,
    }


def tool_call(identifier, arguments, name="f"):
    return {
        "id": identifier,
        "type": "function",
        "function": {"name": name, "arguments": arguments},
    }


ANSWERS = [
    pytest.param(
        completion({"content": "Hi"}), (TextPart(text="Hi"),), "stop", "stop", id="text"
    ),
    pytest.param(completion({"content": ""}, "length"), (), "length", "length", id="nothing"),
    pytest.param(
        completion({"content": None, "tool_calls": [tool_call("a", '{"x": 1}')]}, "tool_calls"),
        (ToolCallPart(id="a", name="f", arguments={"x": 1}),), "tool_calls", "tool_calls",
        id="tool-call",
    ),
    pytest.param(
        completion({"content": "", "tool_calls": [tool_call(None, "{")]}, "stop"),
        (ToolCallPart(id="call_indox_0", name="f", arguments=None, arguments_raw="{"),),
        "tool_calls", "stop", id="forced-call-without-id-and-broken-arguments",
    ),
    pytest.param(
        completion({"function_call": {"name": "f", "arguments": "{}"}}, "function_call"),
        (ToolCallPart(id="call_indox_0", name="f", arguments={}),), "tool_calls", "function_call",
        id="function-of-old",
    ),
    pytest.param(
        completion({"reasoning_content": "hm", "content": "Hi"}),
        (ReasoningPart(text="hm"), TextPart(text="Hi")), "stop", "stop", id="reasoning",
    ),
    pytest.param(
        completion({"content": None, "refusal": "No."}), (), "refusal", "stop", id="refusal",
    ),
    pytest.param(
        completion({"content": "x"}, "content_filter"), (TextPart(text="x"),),
        "content_filter", "content_filter", id="filtered",
    ),
    pytest.param(
        completion({"content": "x"}, "new_reason"), (TextPart(text="x"),), "unknown", "new_reason",
        id="unknown-reason",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "parts", "unified", "raw"), ANSWERS)
def test_answers(body, parts, unified, raw):
    reply = chat_to_reply(body)
    assert reply.parts == parts
    assert (reply.first.finish.unified, reply.first.finish.raw) == (unified, raw)


@pytest.mark.parametrize(("body", "parts", "unified", "raw"), ANSWERS)
def test_the_same_answer_streamed_is_the_same_reply(body, parts, unified, raw):
    message = body["choices"][0]["message"]
    deltas = [{key: value} for key, value in message.items() if value is not None]
    for delta in deltas:
        for index, call in enumerate(delta.get("tool_calls", ())):
            call["index"] = index
    chunks = [{"id": "x", "model": "m", "choices": [{"index": 0, "delta": d}]} for d in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": raw}]})
    folded = fold(ChatDecoder(), [*chunks, "[DONE]"])
    assert folded.ended
    assert folded.reply() == chat_to_reply(body)


def test_several_choices():
    body = completion({"content": "one"})
    body["choices"].append({"index": 1, "message": {"content": "two"}, "finish_reason": "length"})
    reply = chat_to_reply(body)
    assert reply.parts == (TextPart(text="one"),)
    assert reply.more_choices[0].parts == (TextPart(text="two"),)
    assert reply.more_choices[0].finish.unified == "length"


def test_usage_is_inclusive_and_the_last_chunk_has_it():
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    counts = TokenUsage(input=100, output=50, cache_read=60, reasoning=30)
    assert chat_to_reply(completion({"content": "x"}, usage=usage)).usage == counts
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}]},
        {"choices": [], "usage": usage},
    ]
    assert fold(ChatDecoder(), chunks).reply().usage == counts


@pytest.mark.parametrize("bad", [-1, "7", None, True, [1]])
def test_counts_that_are_none_are_not_reported(bad):
    reply = chat_to_reply(completion({"content": "x"}, usage={"prompt_tokens": bad}))
    assert reply.usage is not None
    assert reply.usage.input is None


def test_interleaved_calls_and_servers_without_index():
    def chunk(*calls):
        return {"choices": [{"index": 0, "delta": {"tool_calls": list(calls)}}]}

    def piece(arguments, index=None, identifier=None, name=None):
        call = {"function": {"arguments": arguments, **({"name": name} if name else {})}}
        call |= {"index": index} if index is not None else {}
        return call | ({"id": identifier} if identifier else {})

    by_index = [
        chunk(piece('{"a"', 0, "x", "f"), piece("", 1, "y", "g")),
        chunk(piece("{}", 1)),
        chunk(piece(":1}", 0)),
    ]
    by_id = [
        chunk(piece('{"a"', None, "x", "f")),
        chunk(piece(":1}")),
        chunk(piece("{}", None, "y", "g")),
    ]
    expected = (
        ToolCallPart(id="x", name="f", arguments={"a": 1}),
        ToolCallPart(id="y", name="g", arguments={}),
    )
    for chunks in (by_index, by_id):
        assert fold(ChatDecoder(), chunks).reply().parts == expected


def test_done_without_a_finish_reason_ends_the_stream():
    folded = fold(ChatDecoder(), [{"choices": [{"index": 0, "delta": {"content": "x"}}]}, "[DONE]"])
    assert folded.ended
    assert folded.reply().first.finish.unified == "unknown"


def test_without_either_it_is_not_ended():
    assert not fold(ChatDecoder(), [{"choices": [{"index": 0, "delta": {"content": "x"}}]}]).ended


@pytest.mark.parametrize("body", ["text", [], {}, {"choices": []}, {"choices": [{}]}, None])
def test_what_is_no_answer_is_malformed(body):
    with pytest.raises(ProviderFailure) as caught:
        chat_to_reply(body)
    assert caught.value.failure.kind == "malformed"


def test_an_error_inside_an_answer_is_a_failure():
    error = {"error": {"message": "busy", "code": "server_overloaded"}}
    for read in (chat_to_reply, ChatDecoder().push):
        with pytest.raises(ProviderFailure) as caught:
            read(error)
        assert caught.value.failure.kind == "overloaded"


def test_images_go_by_url_and_by_bytes():
    url = {"type": "image", "image": {"url": "https://example.org/a.png"}, "detail": "low"}
    body = body_of([{"role": "user", "content": [url]}])
    assert body["messages"][0]["content"] == [
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}}
    ]
    assert ImagePart.model_validate(url).detail == "low"

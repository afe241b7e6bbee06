"""The Responses API: the canonical request to its JSON, and its JSON to a reply."""

from __future__ import annotations

import pytest
from openai.types.responses import response_create_params as params
from plugins_openai import OWN, City, encode, example_requests, fold
from servers.conform import problems

from indox_core import (
    Message,
    ProviderState,
    ReasoningPart,
    TextPart,
    TokenUsage,
    ToolCallPart,
    UnsupportedFeatureError,
)
from indox_core.plugin import ProviderFailure
from indox_openai._responses import ResponsesDecoder, responses_to_reply

HELLO = [{"role": "user", "content": "Hi"}]
NAMED = {"provider_options": {"openai": {"api": "responses"}}}


@pytest.mark.parametrize(("messages", "options"), example_requests("responses"))
@pytest.mark.parametrize("stream", [False, True])
def test_every_body_is_valid_by_the_sdks_own_types(messages, options, stream):
    call = encode(messages, OWN, stream=stream, **NAMED, **options)
    kind = "Streaming" if stream else "NonStreaming"
    assert problems(call.arguments, getattr(params, f"ResponseCreateParams{kind}")) == []


def test_the_whole_shape_of_a_conversation():
    call = {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}
    body = encode(
        [
            {"role": "system", "content": "Be terse."},
            {
                "role": "user",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "ok"}, call]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
        ],
        max_tokens=5,
    ).arguments
    assert body == {
        "model": "gpt-4o-mini",
        "store": False,
        "max_output_tokens": 5,
        "input": [
            {"role": "system", "content": "Be terse."},
            {
                "role": "user",
                "content": [
                    {"type": "input_text", "text": "a"},
                    {"type": "input_text", "text": "b"},
                ],
            },
            {"role": "assistant", "content": "ok"},
            {"type": "function_call", "call_id": "c1", "name": "f", "arguments": '{"a":1}'},
            {"type": "function_call_output", "call_id": "c1", "output": "42"},
        ],
    }


CHOSEN = [
    pytest.param(OWN, {}, "responses", [], id="openai-itself"),
    pytest.param("https://eu.api.openai.com/v1", {}, "responses", [], id="a-region"),
    pytest.param("http://localhost:8080/v1", {}, "chat.completions", [], id="elsewhere"),
    pytest.param("https://openai.com.evil.example/v1", {}, "chat.completions", [], id="lookalike"),
    pytest.param("http://localhost:8080/v1", NAMED, "responses", [], id="named"),
    pytest.param(OWN, {"stop": "x"}, "chat.completions", ["moved"], id="stop"),
    pytest.param(OWN, {"seed": 1}, "chat.completions", ["moved"], id="seed"),
    pytest.param(OWN, {"seed": 1, **NAMED}, "responses", ["dropped"], id="seed-but-named"),
]


@pytest.mark.parametrize(("base_url", "options", "operation", "kinds"), CHOSEN)
def test_which_api_is_called(base_url, options, operation, kinds):
    call = encode(HELLO, base_url, **options)
    assert call.operation == operation
    assert [item.kind for item in call.adaptations] == kinds


def test_a_guarantee_that_the_named_api_lacks_is_refused():
    with pytest.raises(UnsupportedFeatureError, match="stop"):
        encode(HELLO, OWN, stop="x", **NAMED)


def test_a_schema_is_made_strict_and_it_is_recorded():
    call = encode(HELLO, OWN, response_schema=City)
    schema = call.arguments["text"]["format"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["name", "population"]
    assert schema["schema"]["additionalProperties"] is False
    where = "response_schema.json_schema"
    assert [(item.path, item.kind) for item in call.adaptations] == [
        (f"{where}.properties.population.default", "dropped"),
        (f"{where}.additionalProperties", "synthesised"),
        (f"{where}.required", "clamped"),
    ]
    free = encode(HELLO, OWN, response_schema={"type": "object"})
    assert free.arguments["text"]["format"]["strict"] is False
    assert [item.path for item in free.adaptations] == [
        f"{where}.additionalProperties",
        "response_schema.strict",
    ]


ITEM = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}


def state(**changes):
    return ProviderState(**{"provider": "openai", "api": "responses", "data": ITEM, **changes})


def test_encrypted_reasoning_goes_back_unchanged_and_survives_json():
    part = ReasoningPart(text="hm", provider_state=state())
    message = Message(role="assistant", content=(part, TextPart(text="ok")))
    for form in (message, message.model_dump(mode="json")):
        call = encode([*HELLO, form, *HELLO], OWN, model="gpt-5-mini")
        assert call.arguments["input"][1] == ITEM
        assert call.arguments["include"] == ["reasoning.encrypted_content"]
        assert call.adaptations == ()


@pytest.mark.parametrize("provider_state", [None, state(provider="anthropic"), state(api="chat")])
def test_foreign_reasoning_is_left_out_and_recorded(provider_state):
    part = ReasoningPart(text="hm", provider_state=provider_state)
    message = Message(role="assistant", content=(part, TextPart(text="ok")))
    call = encode([*HELLO, message], OWN, model="gpt-5-mini")
    assert len(call.arguments["input"]) == 2
    assert [(item.path, item.kind) for item in call.adaptations] == [
        ("messages.1.content.0", "dropped")
    ]


def text_item(text, **extra):
    content = [{"type": "output_text", "text": text, "annotations": [], **extra}]
    return {"type": "message", "id": "m1", "role": "assistant", "content": content}


REFUSAL = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
CALL = {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": '{"a": 1}'}
THOUGHT = {**ITEM, "summary": [{"type": "summary_text", "text": "hm"}]}


def response(*output, status="completed", **extra):
    return {"id": "r1", "object": "response", "model": "m", "status": status,
            "output": list(output), **extra}  # fmt: skip


def incomplete(reason):
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


ANSWERS = [
    pytest.param(response(text_item("Hi")), (TextPart(text="Hi"),), "stop", "completed", id="text"),
    pytest.param(
        response(CALL), (ToolCallPart(id="c1", name="f", arguments={"a": 1}),),
        "tool_calls", "completed", id="call",
    ),
    pytest.param(
        response(THOUGHT, text_item("Hi")),
        (ReasoningPart(text="hm", provider_state=state(data=THOUGHT)), TextPart(text="Hi")),
        "stop", "completed", id="reasoning",
    ),
    pytest.param(response(REFUSAL), (), "refusal", "completed", id="refusal"),
    pytest.param(
        response(text_item("x"), **incomplete("max_output_tokens")), (TextPart(text="x"),),
        "length", "max_output_tokens", id="length",
    ),
    pytest.param(
        response(text_item("x"), **incomplete("content_filter")), (TextPart(text="x"),),
        "content_filter", "content_filter", id="filtered",
    ),
    pytest.param(
        response(text_item("x"), **incomplete("steered")), (TextPart(text="x"),),
        "unknown", "steered", id="unknown-reason",
    ),
    pytest.param(
        response({"type": "new_kind_of_item"}, text_item("x")),
        (
            TextPart(text="", provider_state=state(data={"type": "new_kind_of_item"})),
            TextPart(text="x"),
        ),
        "stop", "completed", id="unknown-item",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "parts", "unified", "raw"), ANSWERS)
def test_answers(body, parts, unified, raw):
    reply = responses_to_reply(body)
    assert reply.parts == parts
    assert (reply.first.finish.unified, reply.first.finish.raw) == (unified, raw)


def events_of_response(body):
    """The events that OpenAI sends for this response."""
    yield {"type": "response.created", "response": {**body, "output": [], "usage": None}}
    for number, item in enumerate(body["output"]):
        place = {"output_index": number, "content_index": 0}
        yield {"type": "response.output_item.added", "item": item, **place}
        for content in item.get("content", ()):
            if content["type"] == "refusal":
                yield {"type": "response.refusal.delta", "delta": content["refusal"], **place}
                continue
            for piece in (content["text"][:1], content["text"][1:]):
                yield {"type": "response.output_text.delta", "delta": piece, **place}
        if item["type"] == "function_call":
            for piece in (item["arguments"][:3], item["arguments"][3:]):
                yield {"type": "response.function_call_arguments.delta", "delta": piece, **place}
        yield {"type": "response.output_item.done", "item": item, **place}
    yield {"type": f"response.{body['status']}", "response": body}


@pytest.mark.parametrize(("body", "parts", "unified", "raw"), ANSWERS)
def test_the_same_answer_streamed_is_the_same_reply(body, parts, unified, raw):
    folded = fold(ResponsesDecoder(), list(events_of_response(body)))
    assert folded.ended
    assert folded.reply() == responses_to_reply(body)


def test_without_the_terminal_event_it_is_not_ended():
    events = list(events_of_response(response(text_item("Hi"))))[:-1]
    assert not fold(ResponsesDecoder(), events).ended


def test_usage_and_searches():
    usage = {
        "input_tokens": 100,
        "output_tokens": 50,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens_details": {"reasoning_tokens": 30},
    }
    searches = [
        {"type": "web_search_call", "action": {"type": kind}} for kind in ("search", "open")
    ]
    reply = responses_to_reply(response(*searches, usage=usage, service_tier="flex"))
    assert reply.usage == TokenUsage(
        input=100,
        output=50,
        cache_read=60,
        cache_write=10,
        reasoning=30,
        web_searches=1,
        service_tier="flex",
    )
    told = {"web_search": {"num_requests": 4}}
    counted = responses_to_reply(response(*searches, usage=usage, tool_usage=told)).usage
    assert counted is not None
    assert counted.web_searches == 4


def test_citations():
    note = {"type": "url_citation", "url": "https://a.example", "title": "A"}
    body = response(text_item("Hi", annotations=[note]))
    streamed = fold(ResponsesDecoder(), list(events_of_response(body))).reply()
    for reply in (responses_to_reply(body), streamed):
        assert [(c.url, c.title) for c in reply.citations] == [("https://a.example", "A")]


FAILED = response(status="failed", error={"code": "server_error", "message": "broken"})


@pytest.mark.parametrize(
    "read",
    [
        lambda: responses_to_reply(FAILED),
        lambda: ResponsesDecoder().push({"type": "response.failed", "response": FAILED}),
        lambda: ResponsesDecoder().push({"type": "error", "code": "server_error", "message": "b"}),
        lambda: ResponsesDecoder().push({"error": {"code": "server_error"}}),
    ],
)
def test_failures_inside_an_answer(read):
    with pytest.raises(ProviderFailure) as caught:
        read()
    assert (caught.value.failure.kind, caught.value.failure.code) == ("api", "server_error")

"""Shapes that vendors send now and then: read in whole and as a stream, nothing is lost."""

from __future__ import annotations

import base64
import copy

import pytest
from encoding import REGISTRY, encode

from indox_core import ImagePart, Message, TextPart
from indox_core.plugin import ProviderFailure, reply_of

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(16)).decode()


def plain(provider, body, operation=None):
    return REGISTRY.provider(provider).decode(copy.deepcopy(body), operation)


def streamed(provider, events, operation="chat.completions"):
    decoder = REGISTRY.provider(provider).decoder(operation)
    ours = [event for one in copy.deepcopy(events) for event in decoder.push(one)]
    return reply_of([*ours, *decoder.finish()])


def text(reply):
    return "".join(part.text for part in reply.parts if isinstance(part, TextPart))


def calls(reply):
    return [
        (part.name, part.arguments, part.arguments_raw)
        for part in reply.parts
        if part.type == "tool_call"
    ]


def gemini(*parts, finish="STOP", **more):
    candidate = {"content": {"parts": list(parts)}, **({"finishReason": finish} if finish else {})}
    return {"candidates": [candidate], "responseId": "r", **more}


def response(*output, **more):
    return {"object": "response", "status": "completed", "output": list(output), **more}


def said(*texts, **more):
    content = [{"type": "output_text", "text": each} for each in texts]
    return {"type": "message", "content": content, **more}


def responses_stream(body, *deltas, done=True):
    items = [
        {"type": "response.output_item.done", "output_index": index, "item": item}
        for index, item in enumerate(body["output"])
    ]
    end = {"type": "response.completed", "response": body}
    return [*deltas, *(items if done else ()), end]


def delta(kind, piece, output_index=0, **more):
    return {"type": f"response.{kind}.delta", "output_index": output_index, "delta": piece, **more}


CUSTOM = {"type": "custom_tool_call", "call_id": "c", "name": "code", "input": "print(1)"}


def test_openai_custom_calls_are_calls_and_go_back_as_they_came():
    body = response(CUSTOM)
    pieces = [delta("custom_tool_call_input", piece) for piece in ("print", "(1)")]
    for reply in (
        plain("openai", body),
        streamed("openai", responses_stream(body, *pieces), "responses"),
    ):
        assert calls(reply) == [("code", None, "print(1)")]
        assert reply.first.finish.unified == "tool_calls"


def test_openai_texts_beside_a_server_tool_are_kept():
    body = response(said("one", "two"), {"type": "web_search_call", "id": "ws"})
    pieces = [delta("output_text", "one", content_index=0), delta("output_text", "two",
              content_index=1)]  # fmt: skip
    reply = streamed("openai", responses_stream(body, *pieces), "responses")
    assert reply.parts == plain("openai", body).parts
    assert text(reply) == "onetwo"


@pytest.mark.parametrize("done", [True, False])
def test_openai_texts_arrive_without_deltas_too(done):
    body = response(said("whole"))
    assert text(streamed("openai", responses_stream(body, done=done), "responses")) == "whole"


def test_openai_summaries_are_paragraphs_in_a_cut_answer_too():
    body = {**response(), "status": "incomplete"}
    pieces = [
        delta("reasoning_summary_text", "s1", summary_index=0),
        delta("reasoning_summary_text", "s2", summary_index=1),
    ]
    end = {"type": "response.incomplete", "response": body}
    reply = streamed("openai", [*pieces, end], "responses")
    assert [part.text for part in reply.parts] == ["s1\n\ns2"]
    assert reply.first.finish.raw == "incomplete"


def test_openai_phases_go_back():
    body = response(said("thinking aloud", phase="commentary"), said("42", phase="final_answer"))
    for reply in (
        plain("openai", body),
        streamed("openai", responses_stream(body), "responses"),
    ):
        answer = Message(role="assistant", content=reply.parts)
        turns = [{"role": "user", "content": "Go"}, answer, {"role": "user", "content": "On"}]
        sent = encode("openai", "gpt-5.5", turns).arguments["input"]
        assert [item.get("phase") for item in sent] == [None, "commentary", "final_answer", None]


@pytest.mark.parametrize(
    ("first", "second"),
    [({}, {}), ({"index": 0}, {"index": 0}), ({"index": 0}, {"index": 1})],
    ids=["no-index", "same-index", "indices"],
)
@pytest.mark.parametrize("provider", ["openai", "mistral"])
def test_streamed_calls_stay_apart_whatever_their_index(provider, first, second):
    def call(where, identifier, arguments):
        return {**where, "id": identifier, "function": {"name": "f", "arguments": arguments}}

    def chunk(*tool_calls, finish=None):
        choice = {"index": 0, "delta": {"tool_calls": list(tool_calls)}, "finish_reason": finish}
        return {"choices": [choice]}

    one, two = call(first, "aaaaaaaaa", '{"a":1}'), call(second, "bbbbbbbbb", '{"a":2}')
    for events in ([chunk(one, two)], [chunk(one), chunk(two)]):
        reply = streamed(provider, [*events, chunk(finish="tool_calls"), "[DONE]"])
        assert calls(reply) == [("f", {"a": 1}, None), ("f", {"a": 2}, None)]


ODD_ARGUMENTS = [
    ('{"a": NaN}', None, '{"a": NaN}'),
    ('{"a": "\\ud83d"}', None, '{"a": "\\ud83d"}'),
    ("null", None, None),
    ("[1]", None, "[1]"),
    ('{"a": "', None, '{"a": "'),
    ("", {}, None),
]


@pytest.mark.parametrize(("given", "arguments", "raw"), ODD_ARGUMENTS)
@pytest.mark.parametrize("provider", ["openai", "mistral"])
def test_arguments_that_are_no_object_are_kept_as_text(provider, given, arguments, raw):
    call = {"id": "aaaaaaaaa", "function": {"name": "f", "arguments": given}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"object": "chat.completion", "choices": [{"message": message, "finish_reason": "stop"}]}
    reply = plain(provider, body, "chat.completions")
    assert calls(reply) == [("f", arguments, raw)]
    Message.model_validate_json(Message(role="assistant", content=reply.parts).model_dump_json())


@pytest.mark.parametrize("given", [[1], "x"])
def test_parsed_arguments_that_are_no_object_cost_no_answer(given):
    block = {"type": "tool_use", "id": "t", "name": "f", "input": given}
    body = {"type": "message", "content": [block], "stop_reason": "tool_use"}
    assert calls(plain("anthropic", body))[0][1] is None
    assert calls(plain("google", gemini({"functionCall": {"name": "f", "args": given}})))[0][1] is (
        None
    )


@pytest.mark.parametrize(
    ("media_type", "data", "kind"),
    [
        ("image/png", PNG, "image"),
        ("image/png", JPEG, "image"),  # the bytes decide
        ("video/mp4", PNG[:8], "text"),
        ("application/pdf", "JVBERi0xLjc=", "text"),
        ("image/png", "files/reference", "text"),
        ("audio/L16;codec=pcm;rate=24000", base64.b64encode(b"\xff\xfb" * 8).decode(), "audio"),
        ("image/png", "", "text"),
    ],
)
def test_media_of_an_answer_never_cost_the_answer(media_type, data, kind):
    blob = {"inlineData": {"mimeType": media_type, "data": data}}
    reply = plain("google", gemini({"text": "see"}, blob))
    assert text(reply) == "see"
    assert reply.parts[1].type == kind
    kept = Message(role="assistant", content=reply.parts).model_dump_json()
    assert Message.model_validate_json(kept).content == reply.parts


def test_an_image_of_unknown_bytes_stays_opaque_at_openai():
    item = {"type": "image_generation_call", "id": "ig", "result": "PHN2Zy8+"}
    reply = plain("openai", response(item, said("see")))
    assert (reply.parts[0].provider_state.data, text(reply)) == (item, "see")
    drawn = plain("openai", response({**item, "result": PNG})).parts[0]
    assert isinstance(drawn, ImagePart)


def test_anthropic_citations_go_back_with_their_text():
    note = {"type": "web_search_result_location", "url": "u", "encrypted_index": "E", "title": "T",
            "cited_text": "c"}  # fmt: skip
    block = {"type": "text", "text": "says", "citations": [note]}
    body = {"type": "message", "content": [block], "stop_reason": "end_turn"}
    events = [
        {"type": "message_start", "message": {}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "citations_delta", "citation": note}},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "text_delta", "text": "says"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_delta", "delta": {}},
        {"type": "message_stop"},
    ]  # fmt: skip
    replies = plain("anthropic", body), streamed("anthropic", events)
    assert replies[0].parts == replies[1].parts
    assert replies[0].parts[0].provider_state.data == block
    assert replies[1].first.finish.raw == "end_turn"


def test_anthropic_says_why_it_refuses_only_if_it_says():
    body = {"type": "message", "content": [], "stop_reason": "refusal"}
    reply = plain("anthropic", body)
    assert (reply.refusal, reply.first.finish.unified) == (None, "refusal")


def test_anthropic_whole_inputs_in_the_first_event_are_kept():
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}}
    events = [
        {"type": "content_block_start", "index": 0, "content_block": call},
        {"type": "content_block_delta", "index": 0,
         "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]  # fmt: skip
    assert calls(streamed("anthropic", events)) == [("f", {"a": 1}, None)]


def test_gemini_signatures_keep_their_texts_apart():
    parts = [{"text": "A", "thoughtSignature": "s1"}, {"text": "B", "thoughtSignature": "s2"},
             {"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "s3"},
             {"text": "", "thoughtSignature": "s4"}]  # fmt: skip
    for reply in (
        plain("google", gemini(*parts)),
        streamed("google", [gemini(part, finish=None) for part in parts] + [gemini()]),
    ):
        answer = Message(role="assistant", content=reply.parts)
        turns = [{"role": "user", "content": "Go"}, answer, {"role": "user", "content": "On"}]
        sent = encode("google", "gemini-3-pro-preview", turns).arguments["contents"][1]["parts"]
        assert sent == parts


def test_gemini_arguments_stream_as_values_at_paths():
    def part(**call):
        return gemini({"functionCall": call}, finish=None)

    events = [
        part(name="f", id="1", willContinue=True),
        part(partialArgs=[{"jsonPath": "$.a.b[1]", "stringValue": "x"}], willContinue=True),
        part(partialArgs=[{"jsonPath": "$.a.b[1]", "stringValue": "y"},
                          {"jsonPath": "$.n", "numberValue": 2}]),
        gemini(),
    ]  # fmt: skip
    assert calls(streamed("google", events)) == [("f", {"a": {"b": [None, "xy"]}, "n": 2}, None)]


def test_gemini_null_siblings_and_missing_indices():
    call = {"text": None, "functionCall": {"name": "f", "args": {}}}
    assert calls(plain("google", gemini(call))) == [("f", {}, None)]
    two = {"candidates": [gemini({"text": name})["candidates"][0] for name in "ab"]}
    reply = plain("google", two)
    assert (text(reply), len(reply.more_choices)) == ("a", 1)


def test_gemini_blocks_after_text_keep_the_text():
    events = [gemini({"text": "so"}, finish=None), {"promptFeedback": {"blockReason": "SAFETY"}}]
    reply = streamed("google", events)
    assert (text(reply), reply.first.finish.raw) == ("so", "blocked:SAFETY")


def test_gemini_without_candidates_is_no_answer():
    for body in ({"candidates": [], "usageMetadata": {}}, {"responseId": "r"}):
        with pytest.raises(ProviderFailure):
            plain("google", body)
    unspecified = gemini({"text": "x"}, finish="FINISH_REASON_UNSPECIFIED")
    for reply in (plain("google", unspecified), streamed("google", [unspecified])):
        assert reply.first.finish.raw == "FINISH_REASON_UNSPECIFIED"


def test_gemini_searches_are_counted_once_over_chunks():
    def searched(*queries):
        body = gemini({"text": "x"}, usageMetadata={"promptTokenCount": 1})
        body["candidates"][0]["groundingMetadata"] = {"webSearchQueries": list(queries)}
        return body

    assert streamed("google", [searched("a"), searched("b")]).usage.web_searches == 2
    assert streamed("google", [searched("a"), searched("a", "b")]).usage.web_searches == 2


def test_mistral_shapes():
    def body(content, **usage):
        choice = {"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        return {"object": "chat.completion", "choices": [choice], "usage": usage}

    odd = {"type": "reference", "reference_ids": [1]}
    reply = plain("mistral", body(["a", {"type": "text", "text": "b"}, odd, "c"]))
    assert text(reply) == "abc"
    assert reply.parts[1].provider_state.data == odd
    both = {"prompt_tokens_details": {"cached_tokens": 0}, "num_cached_tokens": 4}
    assert plain("mistral", body("x", prompt_tokens=9, completion_tokens=1, **both)).usage == (
        plain("mistral", body("x", prompt_tokens=9, completion_tokens=1,
                              num_cached_tokens=4)).usage
    )  # fmt: skip
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": ["a", odd, "c"]}, "finish_reason": "stop"}]},
        {"usage": {"prompt_tokens": 9, "completion_tokens": 1}},
        "[DONE]",
    ]
    reply = streamed("mistral", chunks)
    assert (text(reply), reply.parts[1].provider_state.data, reply.usage.input) == ("ac", odd, 9)

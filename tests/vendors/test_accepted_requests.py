"""Requests that OpenAI took are sent, and as they were given but for what is recorded."""

from __future__ import annotations

import pytest
from vendors import accepted_requests
from vendors.accepted_requests import arguments_of, common, differences, judge, load, report, told

from indox_core import Client


@pytest.fixture
def openai():
    with Client(providers={"openai": {"api_key": "none"}}) as client:
        yield client


@pytest.mark.parametrize("api", ["chat", None])
def test_nothing_that_openai_took_is_refused_and_each_change_is_told(shared, openai, api, tell):
    bodies = load(shared)
    verdicts = [(judge(openai, body, "openai", api), body) for body in bodies]
    assert [(what, body) for (how, what), body in verdicts if how == "refused"] == []
    silent = {path for (_, what), _ in verdicts for path in what}
    assert silent == set()
    tell(f"{len(bodies)} requests, each sent as it was given but for what is recorded")


def test_the_command_tells_four_providers(shared):
    heads = [line for line in report(shared) if not line.startswith(" ")]
    assert [head.split(":")[0] for head in heads] == [
        "openai (chat)", "openai", "anthropic", "google", "mistral",
    ]  # fmt: skip


USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object",
        "properties": {"a": {"type": "string"}}}}}  # fmt: skip
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a":"x"}'}}
FORM = {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": {
    "type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "string"}},
    "required": ["a", "b"], "additionalProperties": False}}}  # fmt: skip
SOUND = {"type": "input_audio", "input_audio": {"data": "SUQzAAAA", "format": "mp3"}}
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
BREAK = {"type": "text", "text": "Long", "prompt_cache_breakpoint": {"mode": "explicit"}}
FILE = {"type": "file", "file": {"file_id": "file-abc"}}

# Bodies of our own, and the fields that must be on the wire as they are. Each is sent whole.
BODIES = {
    "text": {},
    "two-texts": {"messages": [{"role": "user", "content": [
        {"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}]},
    "names": {"messages": [{**USER, "name": "ann"}]},
    "tokens": {"max_tokens": 5},
    "newer-tokens": {"max_completion_tokens": 5},
    "stop-as-text": {"stop": "END"},
    "stop-of-o3-mini": {"model": "o3-mini", "stop": ["END"]},
    "sampling": {"temperature": 0, "top_p": 1, "seed": 7, "n": 2},
    "sampling-of-5.4": {"model": "gpt-5.4", "temperature": 0.3},
    "penalties": {"presence_penalty": 0.0, "frequency_penalty": 0.5},
    "tier": {"service_tier": "priority", "safety_identifier": "u", "verbosity": "low"},
    "cache": {"prompt_cache_key": "k", "prompt_cache_options": {"mode": "explicit"}},
    "stream": {"stream": True, "stream_options": {"include_usage": True}},
    "stored": {"store": True, "metadata": {"a": "b"}, "user": "u"},
    "older-functions": {"functions": [TOOL["function"]], "function_call": "auto"},
    "probabilities": {"logprobs": True, "top_logprobs": 2, "logit_bias": {"1": 2}},
    "speech": {"model": "gpt-4o-audio-preview", "modalities": ["text", "audio"],
               "audio": {"voice": "alloy", "format": "wav"},
               "messages": [{"role": "user", "content": [SOUND]}]},
    "search": {"model": "gpt-4o-search-preview",
               "web_search_options": {"search_context_size": "low"}},
    "moderation": {"moderation": {"model": "omni-moderation-latest"}},
    "schema": {"response_format": FORM},
    "any-json": {"response_format": {"type": "json_object"}},
    "plain-text": {"response_format": {"type": "text"}},
    "nothing": {"response_format": None, "tools": None, "stop": None},
    "tools": {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
    "one-tool": {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
    "tool-with-a-programs-own-keys": {
        "tools": [{"type": "function", "function": {**TOOL["function"], "confirm": True}}]},
    "custom-tool": {
        "tools": [TOOL, {"type": "custom", "custom": {"name": "g", "description": "Code."}}],
        "tool_choice": {"type": "custom", "custom": {"name": "g"}},
    },
    "allowed-tools": {"tools": [TOOL], "tool_choice": {"type": "allowed_tools", "allowed_tools": {
        "mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]}}},
    "calls": {"tools": [TOOL], "messages": [
        USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c", "content": "42"}]},
    "picture": {"messages": [{"role": "user", "content": [PICTURE]}]},
    "breakpoint": {"messages": [{"role": "user", "content": [BREAK]}]},
    "file-by-its-id": {"messages": [{"role": "user", "content": [FILE]}]},
    "effort": {"model": "gpt-5", "reasoning_effort": "minimal"},
}  # fmt: skip


@pytest.mark.parametrize("api", ["chat", None])
@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_a_request_in_openais_spelling_has_a_way_in(openai, body, api):
    given = {"model": "gpt-4o", "messages": [USER], **body}
    assert judge(openai, given, "openai", api) == ("sent", [])


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_what_is_sent_to_chat_is_what_was_given(openai, body):
    given = {"model": "gpt-4o", "messages": [USER], **body}
    asked = arguments_of(given)
    asked.setdefault("provider_options", {}).setdefault("openai", {})["api"] = "chat"
    call = openai.explain(**asked)
    assert list(differences(common(given), common(call.body))) == []


TAMPERED = {
    "text": ({"messages": [{**USER, "content": "Ho"}]}, "messages.0.content"),
    "role": ({"messages": [{**USER, "role": "system"}]}, "messages.0.role"),
    "call": ({"messages": [USER, {"role": "assistant", "tool_calls": [CALL]}]}, "messages"),
    "number": ({"temperature": 0.4}, "temperature"),
    "lost": ({"stop": None}, "stop"),
    "added": ({"user": "u"}, "user"),
    "tool": ({"tools": [{**TOOL, "function": {"name": "g"}}]}, "tools.0.name"),
    "schema": ({"response_format": {"type": "json_object"}}, "response_schema.name"),
}


@pytest.mark.parametrize(("change", "path"), TAMPERED.values(), ids=list(TAMPERED))
def test_a_difference_is_seen_where_it_is(change, path):
    given = {"model": "m", "messages": [USER], "temperature": 0.5, "stop": ["x"], "tools": [TOOL],
             "response_format": FORM}  # fmt: skip
    assert path in list(differences(common(given), common({**given, **change})))


def test_a_difference_is_told_by_an_adaptation_of_its_place(openai):
    asked = arguments_of({"model": "o3", "messages": [USER], "temperature": 0.5, "seed": 1})
    call = openai.explain(**asked)
    assert told("temperature", call.adaptations)
    assert not told("temper", call.adaptations)
    assert not told("seed", call.adaptations)


def test_the_four_providers_of_the_command_are_asked_for_models_of_theirs():
    assert accepted_requests.MODELS["openai"] is None
    body = {"model": "gpt-4o", "messages": [USER], "web_search_options": {}}
    assert arguments_of(body, "google") == {
        "messages": [USER], "model": "google/gemini-2.5-flash", "stream": False,
        "web_search": True,
    }  # fmt: skip

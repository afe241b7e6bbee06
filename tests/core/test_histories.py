"""Histories that vendors refuse are refused before they are sent."""

from __future__ import annotations

import pytest

from indox_core import Client, ValidationError

USER = {"role": "user", "content": "What is the weather?"}


def asks(*identifiers):
    calls = [
        {"id": one, "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
        for one in identifiers
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(identifier):
    return {"role": "tool", "tool_call_id": identifier, "content": "sunny"}


PAIRED = ("openai/gpt-5.2", "anthropic/claude-sonnet-4-5", "mistral/mistral-large-latest")
BAD = {
    "a call without a result, at the end": ([USER, asks("c1")], "messages.1", '"c1"'),
    "a call that a user goes on from": ([USER, asks("c1"), USER], "messages.1", '"c1"'),
    "one of two calls without a result": (
        [USER, asks("c1", "c2"), result("c1"), USER], "messages.1", '"c2"'),
    "a result without a call": ([USER, result("c9")], "messages.1", '"c9"'),
    "a result of another call": ([USER, asks("c1"), result("c2")], "messages.2", '"c2"'),
    "two results for one call": (
        [USER, asks("c1"), result("c1"), result("c1")], "messages.3", '"c1"'),
    "a result before its call": ([USER, result("c1"), asks("c1")], "messages.1", '"c1"'),
    "a result that comes after another message": (
        [USER, asks("c1"), USER, result("c1")], "messages.1", '"c1"'),
}  # fmt: skip
GOOD = {
    "one call": [USER, asks("c1"), result("c1")],
    "two calls, their results in another order": [
        USER, asks("c1", "c2"), result("c2"), result("c1"), USER],
    "the same id twice, as vendors that count anew send it": [
        USER, asks("call_0"), result("call_0"), asks("call_0"), result("call_0"), USER],
    "the older spelling": [
        USER,
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "done"},
    ],
    "the older spelling without the call": [
        USER, {"role": "function", "name": "f", "content": "done"}],
    "no call": [USER],
}  # fmt: skip


@pytest.mark.parametrize("model", PAIRED)
@pytest.mark.parametrize("bad", BAD)
def test_what_the_vendor_refuses_is_named_with_what_to_add(bad, model):
    messages, place, identifier = BAD[bad]
    with Client() as client, pytest.raises(ValidationError) as caught:
        client.explain(messages, model)
    assert str(caught.value).startswith(f"{place}: ")
    assert identifier in str(caught.value)


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("policy", ["adapt", "error"])
def test_no_result_is_invented(bad, policy):
    with Client(on_unsupported=policy) as client, pytest.raises(ValidationError):
        client.explain(BAD[bad][0], "openai/gpt-5.2")


@pytest.mark.parametrize("model", ["google/gemini-2.5-flash", "ollama/llama3.2"])
@pytest.mark.parametrize("bad", BAD)
def test_where_a_vendor_takes_it_it_goes_through(bad, model):
    with Client() as client:
        client.explain(BAD[bad][0], model)


@pytest.mark.parametrize("model", PAIRED)
@pytest.mark.parametrize("good", GOOD)
def test_what_is_whole_goes_through(good, model):
    with Client() as client:
        client.explain(GOOD[good], model)

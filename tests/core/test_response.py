"""The response is a frozen model and a mapping of plain data."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from openai.types.chat import ChatCompletion

from indox_core import ChatResponse, Client, ToolCallPart, Usage
from indox_core.plugin import TokenUsage
from indox_core.testing import FakeAnswer, FakeProvider

KEYS = [
    "request_id", "created_at", "duration_ms", "provider", "model", "success", "message",
    "usage", "raw_response", "data", "finish_reason",
]  # fmt: skip
USAGE_KEYS = [
    "tokens_prompt", "tokens_completion", "tokens_total", "cost", "latency", "timestamp",
    "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "web_search_count",
    "request_count", "cost_breakdown",
]  # fmt: skip
PARTS = [
    "input_tokens", "output_tokens", "cache_read", "cache_write", "reasoning", "web_search",
    "request",
]  # fmt: skip


@pytest.fixture
def response(client) -> ChatResponse:
    return client.chat([{"role": "user", "content": "Hi"}], "openai/gpt-4o-mini")


def test_the_keys_are_those_of_the_hosted_client(response):
    assert list(dict(response)) == KEYS == list(response.model_dump())
    assert list(response["usage"]) == USAGE_KEYS == list(dict(response.usage))
    assert list(response["usage"]["cost_breakdown"]) == PARTS


def test_items_are_plain_json_and_attributes_are_typed(response):
    assert json.loads(json.dumps(dict(response))) == dict(response)
    assert type(response["usage"]) is dict
    assert isinstance(response.usage, Usage)
    assert response.usage["cost"] == response["usage"]["cost"] == response.usage.cost


def test_openais_way_to_the_text_works_too(response):
    assert response["choices"][0]["message"]["content"] == response["data"] == str(response)
    assert response["choices"][0]["finish_reason"] == "stop"


def test_the_worked_example(response):
    usage = response["usage"]
    assert (usage["tokens_prompt"], usage["tokens_completion"], usage["tokens_total"]) == (
        24,
        7,
        31,
    )
    assert usage["cost"] == 7.8e-06
    assert usage["cost_breakdown"]["input_tokens"] == 3.6e-06
    assert usage["cost_breakdown"]["output_tokens"] == 4.2e-06
    assert response.usage.cost_status == "priced"
    assert sum(line.amount for line in response.receipt.lines) == response.receipt.total


def test_ids_and_times(response):
    assert response.provider_request_id == "chatcmpl-1"
    assert len(response.request_id) == 36
    assert response.created_at.endswith("+00:00")
    assert response.duration_ms == pytest.approx(response.usage.latency * 1000)
    assert (response.model, response.served_model) == ("gpt-4o-mini", "gpt-4o-mini")


def test_it_is_frozen_and_can_be_copied_and_pickled(response):
    with pytest.raises(Exception, match="frozen"):
        response.data = "other"
    dict(response)  # fills the cache, which must not travel
    assert pickle.loads(pickle.dumps(response)) == response
    assert copy.deepcopy(response) == response
    assert response == dict(response)


def test_the_answer_goes_back_as_a_message(client, response):
    messages = [{"role": "user", "content": "Hi"}, response.to_message()]
    again = client.chat([*messages, {"role": "user", "content": "More"}], "openai/gpt-4o-mini")
    assert again.data == "You said: More"


def test_an_unknown_key_is_a_key_error(response):
    with pytest.raises(KeyError):
        response["nothing"]
    assert response.get("nothing") is None
    assert "data" in response


def test_stream_and_plain_have_the_same_keys(client: Client, response):
    stream = client.chat([{"role": "user", "content": "Hi"}], "openai/gpt-4o-mini", stream=True)
    assert "".join(chunk["data"] for chunk in stream) == response.data
    assert list(dict(stream.response)) == KEYS
    assert stream.response.usage.cost == response.usage.cost


def test_an_answer_of_any_provider_is_a_chat_completion_too(response):
    made = response.to_openai()
    assert json.loads(json.dumps(made)) == made
    read = ChatCompletion.model_validate(made)
    assert read.choices[0].message.content == response.data
    assert read.choices[0].finish_reason == "stop"
    assert (read.usage.prompt_tokens, read.usage.total_tokens) == (24, 31)
    assert read.model == response.served_model
    assert read.created > 1_700_000_000


def test_calls_refusals_and_odd_ends_are_openais_too():
    call = ToolCallPart(id="c1", name="f", arguments={"a": 1})
    script = [
        FakeAnswer(tool_calls=[call], usage=TokenUsage(input=5, output=2, reasoning=1)),
        FakeAnswer(refusal="No.", usage=None),
        FakeAnswer(text="and so on", finish="paused"),
    ]
    with Client(plugins=[FakeProvider(script)]) as client:
        made = [client.chat([{"role": "user", "content": "x"}], "fake/m").to_openai()
                for _ in script]  # fmt: skip
    called = ChatCompletion.model_validate(made[0])
    assert called.choices[0].message.tool_calls[0].function.arguments == '{"a":1}'
    assert called.choices[0].finish_reason == "tool_calls"
    assert called.choices[0].message.content is None
    assert called.usage.completion_tokens_details.reasoning_tokens == 1
    refused = ChatCompletion.model_validate(made[1])
    assert (refused.choices[0].message.refusal, refused.choices[0].finish_reason) == ("No.", "stop")
    assert refused.usage is None
    assert made[2]["choices"][0]["finish_reason"] == "paused"

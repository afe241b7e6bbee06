"""The official SDK against a real server with a real model behind it."""

from __future__ import annotations

import asyncio

import pytest
from servers.llama import KEY, MODEL, llama_server

from indox_core import (
    AsyncClient,
    AuthenticationError,
    Client,
    ContextLengthError,
    InvalidParametersError,
)

CAPITAL = [{"role": "user", "content": "What is the capital of France? One word."}]
SHORT = {"max_tokens": 12, "temperature": 0}


@pytest.fixture(scope="module")
def address():
    with llama_server() as url:
        yield url


@pytest.fixture
def providers(address):
    return {
        "openai": {"api_key": KEY, "base_url": f"{address}/v1"},
        "anthropic": {"api_key": KEY, "base_url": address},
        "mistral": {"api_key": KEY, "base_url": address},
    }


@pytest.fixture
def client(providers):
    with Client(providers=providers) as client:
        yield client


def named(api):
    return {"provider_options": {"openai": {"api": api}}, **SHORT}


def check(response):
    assert "Paris" in response.data
    assert response.finish_reason == "stop"
    usage = response.usage
    assert usage.tokens_prompt > 10
    assert 0 < usage.tokens_completion <= 12
    assert usage.tokens_total == usage.tokens_prompt + usage.tokens_completion
    assert (usage.cost, usage.cost_status) == (None, "unknown")


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_sync(client, api):
    plain = client.chat(CAPITAL, f"openai/{MODEL}", **named(api))
    check(plain)
    stream = client.chat(CAPITAL, f"openai/{MODEL}", stream=True, **named(api))
    chunks = [chunk.data for chunk in stream if chunk.data]
    assert len(chunks) > 3
    assert "".join(chunks) == stream.response.data == plain.data
    check(stream.response)


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_async(providers, api):
    async def run():
        async with AsyncClient(providers=providers) as client:
            plain, stream = await asyncio.gather(
                client.chat(CAPITAL, f"openai/{MODEL}", **named(api)),
                client.chat(CAPITAL, f"openai/{MODEL}", stream=True, **named(api)),
            )
            text = "".join([chunk.data async for chunk in stream])
            return plain, stream.response, text

    plain, streamed, text = asyncio.run(run())
    check(plain)
    check(streamed)
    assert text == streamed.data


@pytest.mark.parametrize("provider", ["anthropic", "mistral"])
def test_other_protocols_of_the_same_server(client, provider):
    plain = client.chat(CAPITAL, f"{provider}/{MODEL}", max_tokens=12)
    stream = client.chat(CAPITAL, f"{provider}/{MODEL}", max_tokens=12, stream=True)
    text = "".join(map(str, stream))
    for response in (plain, stream.response):
        assert response.data  # its temperature is the server's own here, so any text
        assert response.finish_reason in ("stop", "length")
        assert response.finish.raw in ("end_turn", "max_tokens", "stop", "length")
    assert text == stream.response.data
    assert plain.usage.tokens_completion > 0


def test_length_is_told(client):
    response = client.chat(CAPITAL, f"openai/{MODEL}", max_tokens=2)
    assert response.finish_reason == "length"
    assert response.usage.tokens_completion == 2


def test_an_answer_in_a_schema(client):
    schema = {
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 20}},
        "required": ["city"],
        "additionalProperties": False,
    }
    response = client.chat(CAPITAL, f"openai/{MODEL}", response_schema=schema, max_tokens=40)
    assert set(response.parsed) == {"city"}


def test_refusals_have_their_classes(client):
    with pytest.raises(AuthenticationError):
        client.chat(CAPITAL, f"openai/{MODEL}", byok_api_key="sk-not-the-one")
    with pytest.raises(ContextLengthError):
        client.chat([{"role": "user", "content": "word " * 6000}], f"openai/{MODEL}")
    broken = {"openai": {"extra_body": {"messages": "no list"}}}
    with pytest.raises(InvalidParametersError):
        client.chat(CAPITAL, f"openai/{MODEL}", provider_options=broken)


CONVERSATION = [
    {"role": "system", "content": "You answer in one word."},
    {"role": "user", "content": "What is the capital of France?"},
    {"role": "assistant", "content": "Paris."},
    {"role": "user", "content": "And the capital of Italy?"},
]


def test_one_conversation_runs_on_every_provider_unchanged(client):
    own = [f"{name}/{MODEL}" for name in ("openai", "anthropic", "mistral")]
    for model in ("local/smollm2", *own, "echo/anything"):
        response = client.chat(CONVERSATION, model)
        assert response.data
        again = [*CONVERSATION, response.to_message(), {"role": "user", "content": "Thanks"}]
        assert client.chat(again, model).data

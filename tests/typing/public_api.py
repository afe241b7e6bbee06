"""Type-checked, never run: what callers and plugin authors may rely on."""

from __future__ import annotations

from typing import assert_type

from pydantic import BaseModel

from indox_core import (
    AsyncChatStream,
    AsyncClient,
    ChatResponse,
    ChatStream,
    Client,
    Message,
    Usage,
)

from indox_core import Cleint  # type: ignore[attr-defined] # isort: skip # noqa: F401


class City(BaseModel):
    name: str


def plain(client: Client) -> None:
    response = client.chat([{"role": "user", "content": "Hi"}], "openai/gpt-4o-mini")
    assert_type(response, ChatResponse)
    assert_type(response.usage, Usage)
    assert_type(response.usage.cost, float | None)
    assert_type(response.reasoning, str | None)
    assert_type(response.to_message(), Message)


def parsed(client: Client) -> None:
    response = client.chat([], "openai/gpt-4o-mini", response_schema=City, temperature=0.5)
    assert_type(response, ChatResponse[City])
    assert_type(response.parsed, City | None)
    with client.chat([], "openai/gpt-4o-mini", response_schema=City, stream=True) as stream:
        assert_type(stream, ChatStream[City])
    assert_type(stream.response.parsed, City | None)
    as_json = client.chat([], "openai/gpt-4o-mini", response_schema={"type": "object"})
    assert_type(as_json, ChatResponse)


async def parsed_async(client: AsyncClient) -> None:
    response = await client.chat([], "openai/gpt-4o-mini", response_schema=City)
    assert_type(response.parsed, City | None)
    stream = await client.chat([], "openai/x", response_schema=City, stream=True)
    assert_type(stream, AsyncChatStream[City])


def options(client: Client) -> None:
    client.chat(
        messages=[{"role": "user", "content": "Hi"}],
        model="openai/gpt-4o-mini",
        temperature=0.5,
        response_schema=City,
        tools=[{"name": "f", "parameters": {}}],
        byok_api_key=None,
    )
    client.chat([], "openai/x", temprature=1)  # type: ignore[call-overload] # a typo is refused


def streamed(client: Client) -> None:
    with client.chat([], "openai/gpt-4o-mini", stream=True) as stream:
        assert_type(stream, ChatStream)
        for chunk in stream:
            assert_type(chunk.data, str)
    assert_type(stream.response, ChatResponse)


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.chat([], "openai/gpt-4o-mini"), ChatResponse)
    stream = await client.chat([], "openai/gpt-4o-mini", stream=True)
    assert_type(stream, AsyncChatStream)
    async for chunk in stream:
        assert_type(chunk.data, str)

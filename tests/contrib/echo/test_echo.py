"""The smallest plugin stays small and answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import indox_echo
from indox_core import AsyncClient, Client

HELLO = [{"role": "user", "content": "Hello"}]


def test_it_repeats_the_last_message():
    with Client() as client:
        assert client.chat(HELLO, "echo/any").data == "Hello"
        stream = client.chat(HELLO, "echo/any", stream=True)
        assert [str(chunk) for chunk in stream] == ["Hello", ""]
        assert stream.response.usage.cost_status == "no_usage"


def test_it_works_in_async_without_async_code():
    async def run():
        async with AsyncClient() as client:
            stream = await client.chat(HELLO, "echo/any", stream=True)
            return [chunk.data async for chunk in stream]

    assert asyncio.run(run()) == ["Hello", ""]


def test_it_is_under_forty_lines():
    assert len(Path(indox_echo.__file__).read_text().splitlines()) < 40

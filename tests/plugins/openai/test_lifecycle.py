"""Streams closed from anywhere, clients shared by many, bodies that cost too much."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from indox_core import (
    AsyncClient,
    AuthenticationError,
    Client,
    IndoxError,
    InvalidParametersError,
    MalformedResponseError,
    ValidationError,
)
from indox_core.testing import HTTPAnswer, LoopbackServer

HELLO = [{"role": "user", "content": "Hello"}]
MODEL = "openai/gpt-4o-mini"
KEY = "sk-canary-0123456789"


def configured(server):
    return {"openai": {"api_key": KEY, "base_url": getattr(server, "base_url", server.url)}}


LEFT_AT_THE_END = """
import asyncio, sys
from indox_core import AsyncClient

async def main():
    providers = {"openai": {"api_key": "any", "base_url": sys.argv[1]}}
    messages = [{"role": "user", "content": "Hello"}]
    client = AsyncClient(providers=providers)
    async for chunk in await client.chat(messages, "openai/gpt-4o-mini", stream=True):
        if chunk.data:
            break

asyncio.run(main())
"""


def test_a_stream_left_at_the_end_of_the_program_makes_no_noise(openai_server):
    openai_server.gate = threading.Semaphore(2)
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", LEFT_AT_THE_END]
    done = subprocess.run(
        [*command, openai_server.base_url], capture_output=True, text=True, timeout=100
    )
    noise = [line for line in done.stderr.splitlines() if not line.startswith("Executing ")]
    assert noise == []  # a slow step is told in development mode, on a slow machine
    assert openai_server.hung_up.wait(60)


def is_reading(thread):
    """Whether it is inside the HTTP library."""
    frame = sys._current_frames().get(thread.ident)
    return frame is not None and "httpcore2" in frame.f_code.co_filename


def test_closing_from_another_thread_wakes_the_reader(openai_server):
    openai_server.gate = threading.Semaphore(1)
    caught: list[BaseException] = []

    def read(stream):
        try:
            list(stream)
        except BaseException as error:
            caught.append(error)

    with Client(providers=configured(openai_server)) as client:
        stream = client.chat(HELLO, MODEL, stream=True)
        reader = threading.Thread(target=read, args=(stream,))
        reader.start()
        while not is_reading(reader):
            time.sleep(0.01)
        stream.close()
        reader.join(60)
    assert not reader.is_alive()
    assert [type(error) for error in caught] == [IndoxError]
    assert openai_server.hung_up.wait(60)


def test_closing_from_another_task_wakes_the_reader(openai_server):
    openai_server.gate = threading.Semaphore(1)

    async def run():
        async with AsyncClient(providers=configured(openai_server)) as client:
            stream = await client.chat(HELLO, MODEL, stream=True)

            async def read():
                return [chunk async for chunk in stream]

            reader = asyncio.create_task(read())
            await asyncio.sleep(0.2)
            await stream.aclose()
            with pytest.raises(IndoxError, match="closed by another"):
                await asyncio.wait_for(reader, 60)

    asyncio.run(run())
    assert openai_server.hung_up.wait(60)


def test_threads_that_begin_at_once_share_one_pool(openai_server):
    for _ in range(5):
        barrier = threading.Barrier(8)
        with Client(providers=configured(openai_server)) as client:

            def ask(_, client=client, barrier=barrier):
                barrier.wait()
                stream = client.chat(HELLO, MODEL, stream=True)
                return "".join(map(str, stream))

            with ThreadPoolExecutor(8) as threads:
                assert set(threads.map(ask, range(8))) == {"You said: Hello"}


def test_loops_in_many_threads_share_one_client(openai_server):
    client = AsyncClient(providers=configured(openai_server))

    def loop(_):
        async def ask():
            return (await client.chat(HELLO, MODEL)).data

        return asyncio.run(ask())

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(loop, range(40))) == {"You said: Hello"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="left out: this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_a_pool_of_its_own(openai_server):
    client = Client(providers=configured(openai_server))
    assert client.chat(HELLO, MODEL).data == "You said: Hello"
    child = os.fork()
    if child == 0:
        good = False
        try:
            good = client.chat(HELLO, MODEL).data == "You said: Hello"
        finally:
            os._exit(0 if good else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert client.chat(HELLO, MODEL).data == "You said: Hello"
    assert openai_server.connections == 2
    client.close()


def bomb(status):
    body = gzip.compress(b"[" + b" " * (200 * 2**20))
    return HTTPAnswer(body, status, {"content-encoding": "gzip"})


@pytest.mark.parametrize(
    ("status", "error"), [(200, MalformedResponseError), (400, InvalidParametersError)]
)
def test_a_body_that_expands_without_end_is_given_up(status, error):
    answer = bomb(status)
    with (
        LoopbackServer(lambda received: answer) as server,
        Client(providers=configured(server), max_retries=0) as client,
        pytest.raises(error),
    ):
        client.chat(HELLO, MODEL)


def test_a_compressed_answer_is_read():
    body = (
        b'{"choices": [{"message": {"content": "' + b"x" * 10**6 + b'"}, "finish_reason": "stop"}]}'
    )
    answer = HTTPAnswer(gzip.compress(body), headers={"content-encoding": "gzip"})
    with LoopbackServer(lambda received: answer) as server:
        with Client(providers=configured(server)) as client:
            assert len(client.chat(HELLO, MODEL).data) == 10**6

        async def asynchronous():
            async with AsyncClient(providers=configured(server)) as client:
                return await client.chat(HELLO, MODEL)

        assert len(asyncio.run(asynchronous()).data) == 10**6


def test_a_broken_compression_is_malformed():
    answer = HTTPAnswer(b"not gzip", headers={"content-encoding": "gzip"})
    with (
        LoopbackServer(lambda received: answer) as server,
        Client(providers=configured(server)) as client,
        pytest.raises(MalformedResponseError),
    ):
        client.chat(HELLO, MODEL)


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
def test_a_stream_call_answered_with_something_else_is_told(kind):
    answer = HTTPAnswer(b'{"hello": 1}', headers={"content-type": kind})
    with (
        LoopbackServer(lambda received: answer) as server,
        Client(providers=configured(server)) as client,
        pytest.raises(MalformedResponseError, match=kind),
    ):
        list(client.chat(HELLO, MODEL, stream=True))


def test_a_key_that_is_cut_in_a_long_message_or_echoed_in_an_id_is_hidden():
    error = {"error": {"message": "x" * 1975 + KEY, "code": KEY}}
    answer = HTTPAnswer(error, 401, {"x-request-id": KEY})
    with (
        LoopbackServer(lambda received: answer) as server,
        Client(providers=configured(server)) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.chat(HELLO, MODEL)
    assert "sk-canary" not in f"{vars(caught.value)} {caught.value!r}"


def test_no_frame_of_ours_holds_the_key_in_the_clear():
    answer = HTTPAnswer({"error": {"message": "no"}}, 401)
    with (
        LoopbackServer(lambda received: answer) as server,
        Client(providers={"openai": {"base_url": server.url}}) as client,
    ):
        for key in (KEY, f"{KEY}\n"):
            with pytest.raises(IndoxError) as caught:
                client.chat(HELLO, MODEL, byok_api_key=key)
            frames = traceback.TracebackException.from_exception(
                caught.value, capture_locals=True
            ).stack
            ours = [frame for frame in frames if "indox_core" in frame.filename]
            assert ours
            assert KEY not in str([frame.locals for frame in ours])
            assert caught.value.__context__ is None


@pytest.mark.parametrize("name", ["Authorization", "x-goog-api-key", "Host"])
def test_a_configured_header_cannot_take_the_keys_place(name):
    with pytest.raises(ValidationError, match="must not set"):
        Client(providers={"openai": {"headers": {name: "Bearer other"}}})

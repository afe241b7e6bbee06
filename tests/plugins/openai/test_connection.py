"""The official SDK over real sockets: keys, environment, pools, early exits."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from servers.openai import OpenAIServer, fingerprint

from indox_core import AsyncClient, Client

APIS = ("chat", "responses")
HELLO = [{"role": "user", "content": "Hello"}]
CANARIES = {
    "OPENAI_API_KEY": "canary-key",
    "OPENAI_ADMIN_KEY": "canary-admin",
    "OPENAI_ORG_ID": "canary-org",
    "OPENAI_PROJECT_ID": "canary-project",
    "OPENAI_WEBHOOK_SECRET": "canary-hook",
    "OPENAI_CUSTOM_HEADERS": "X-Canary: canary-header\nAuthorization: Bearer canary-auth",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/canary",
    "OPENAI_AUTH_TOKEN": "canary-token",
    "ANTHROPIC_API_KEY": "canary-a",
    "ANTHROPIC_AUTH_TOKEN": "canary-b",
    "ANTHROPIC_BASE_URL": "http://127.0.0.1:9/canary",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Canary: canary-c",
    "GOOGLE_API_KEY": "canary-d",
    "GOOGLE_CLOUD_PROJECT": "canary-e",
    "GOOGLE_GENAI_USE_VERTEXAI": "true",
    "MISTRAL_API_KEY": "canary-f",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}


def configured(server: OpenAIServer, **config: object) -> dict[str, dict[str, object]]:
    return {"openai": {"api_key": "sk-loopback", "base_url": server.base_url, **config}}


def options(api: str) -> dict[str, object]:
    return {"provider_options": {"openai": {"api": api}}}


@pytest.mark.parametrize("api", APIS)
def test_nothing_of_the_environment_reaches_the_wire(openai_server, monkeypatch, api):
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)

    async def asynchronous() -> None:
        async with AsyncClient(providers=configured(openai_server)) as client:
            await client.chat(HELLO, "openai/gpt-4o-mini", **options(api))

    with Client(providers=configured(openai_server)) as client:
        client.chat(HELLO, "openai/gpt-4o-mini", **options(api))
        list(client.chat(HELLO, "openai/gpt-4o-mini", stream=True, **options(api)))
    asyncio.run(asynchronous())
    assert len(openai_server.received) == 3
    for received in openai_server.received:
        sent = f"{received.path} {received.headers} {received.body!r}"
        assert "canary" not in sent.lower()
        assert received.headers["authorization"] == "Bearer sk-loopback"


def test_headers_of_the_configuration_are_sent(openai_server):
    with Client(providers=configured(openai_server, headers={"X-Team": "blue"})) as client:
        client.chat(HELLO, "openai/gpt-4o-mini")
    assert openai_server.received[0].headers["x-team"] == "blue"


def test_a_key_of_the_call_wins_over_the_client_and_the_client_over_the_environment(
    openai_server, monkeypatch
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-environment")
    address = {"base_url": openai_server.base_url}
    with Client(providers={"openai": address}) as client:
        client.chat(HELLO, "openai/gpt-4o-mini")
        client.chat(HELLO, "openai/gpt-4o-mini", byok_api_key="sk-call")
    with Client(providers={"openai": {**address, "api_key": "sk-client"}}) as client:
        client.chat(HELLO, "openai/gpt-4o-mini")
        client.chat(HELLO, "openai/gpt-4o-mini", byok_api_key="sk-call")
    keys = [received.headers["authorization"] for received in openai_server.received]
    assert keys == ["Bearer sk-environment", "Bearer sk-call", "Bearer sk-client", "Bearer sk-call"]


def test_the_router_key_is_never_sent(openai_server):
    with Client("canary-router", providers=configured(openai_server)) as client:
        client.chat(HELLO, "openai/gpt-4o-mini")
    assert "canary-router" not in str(openai_server.received[0].headers)


def test_a_thousand_keys_use_one_sdk_client_and_one_pool():
    with (
        OpenAIServer(fingerprint) as server,
        Client(providers={"openai": {"base_url": server.base_url}}) as client,
    ):
        keys = [f"sk-user-{number}" for number in range(1000)]

        def answered_with_own_key(key: str) -> bool:
            response = client.chat(HELLO, "openai/gpt-4o-mini", byok_api_key=key)
            sent = server.received[0]  # any request: only its header is replaced
            own = type(sent)("", "", {"authorization": f"Bearer {key}"}, b"", sent.connection)
            return response.data == fingerprint(own)

        assert client.chat(HELLO, "openai/gpt-4o-mini", byok_api_key="first").data
        with ThreadPoolExecutor(8) as threads:
            assert all(threads.map(answered_with_own_key, keys))
        assert server.connections <= 8
        gc.collect()
        import openai

        clients = [o for o in gc.get_objects() if isinstance(o, openai.OpenAI)]
        mine = [c for c in clients if c._client is client._setup.connections.lent.http_client]
        assert len(mine) == 1


def test_descriptors_are_back_after_a_hundred_loops(openai_server):
    client = AsyncClient(providers=configured(openai_server))

    async def once() -> str:
        response = await client.chat(HELLO, "openai/gpt-4o-mini")
        stream = await client.chat(HELLO, "openai/gpt-4o-mini", stream=True)
        return response.data + "".join([chunk.data async for chunk in stream])

    asyncio.run(once())
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(100):
        assert asyncio.run(once()) == "You said: Hello" * 2
    gc.collect()
    # The server's side of the last connections may still be closing.
    for _ in range(100):
        if len(os.listdir("/proc/self/fd")) <= before:
            break
        threading.Event().wait(0.02)
    assert len(os.listdir("/proc/self/fd")) <= before


def test_async_calls_use_no_threads(openai_server):
    async def run() -> tuple[int, int]:
        async with AsyncClient(providers=configured(openai_server)) as client:
            await client.chat(HELLO, "openai/gpt-4o-mini")  # imports the SDK, in a thread
            names = lambda: {t.name for t in threading.enumerate() if "loopback" not in t.name}  # noqa: E731
            before = {n for n in names() if not n.startswith("Thread-")}
            seen: set[str] = set()
            for _ in range(10):
                tasks = [client.chat(HELLO, "openai/gpt-4o-mini") for _ in range(10)]
                gathered = asyncio.gather(*tasks)
                while not gathered.done():
                    seen |= {n for n in names() if not n.startswith("Thread-")}
                    await asyncio.sleep(0)
                await gathered
            return len(seen - before), len(openai_server.received)

    new_threads, calls = asyncio.run(run())
    assert calls == 101
    assert new_threads == 0


@pytest.mark.parametrize("api", APIS)
def test_a_sync_stream_arrives_chunk_by_chunk(openai_server, client, api):
    openai_server.gate = threading.Semaphore(0)
    seen = []
    stream = client.chat(HELLO, "openai/gpt-4o-mini", stream=True, **options(api))
    openai_server.gate.release()
    if api == "responses":
        openai_server.gate.release()
    for chunk in stream:
        seen.append(str(chunk))
        openai_server.gate.release()  # the server sends the next event only now
        if len(seen) == 2:
            for _ in range(8):
                openai_server.gate.release()
    assert "".join(seen) == "You said: Hello"
    assert [text for text in seen if text] == ["You sai", "d: Hello"]


@pytest.mark.parametrize("api", APIS)
def test_an_async_stream_arrives_chunk_by_chunk(openai_server, api):
    openai_server.gate = threading.Semaphore(2 if api == "responses" else 1)

    async def run() -> list[str]:
        seen = []
        async with AsyncClient(providers=configured(openai_server)) as client:
            stream = await client.chat(HELLO, "openai/gpt-4o-mini", stream=True, **options(api))
            async for chunk in stream:
                seen.append(str(chunk))
                openai_server.gate.release()
                if len(seen) == 2:
                    for _ in range(8):
                        openai_server.gate.release()
        return seen

    assert [text for text in asyncio.run(run()) if text] == ["You sai", "d: Hello"]


def read_one(stream):
    for chunk in stream:
        if chunk.data:
            return


def leave_by_break(client):
    for chunk in client.chat(HELLO, "openai/gpt-4o-mini", stream=True):
        if chunk.data:
            break


def leave_by_close(client):
    stream = client.chat(HELLO, "openai/gpt-4o-mini", stream=True)
    read_one(stream)
    stream.close()
    stream.close()


def leave_with_block(client):
    with client.chat(HELLO, "openai/gpt-4o-mini", stream=True) as stream:
        read_one(stream)


def leave_to_garbage(client):
    stream = client.chat(HELLO, "openai/gpt-4o-mini", stream=True)
    del stream
    gc.collect()


@pytest.mark.parametrize(
    "leave", [leave_by_break, leave_by_close, leave_with_block, leave_to_garbage]
)
def test_leaving_a_sync_stream_closes_the_connection(openai_server, client, leave):
    openai_server.gate = threading.Semaphore(2)
    leave(client)
    assert openai_server.hung_up.wait(60)


async def async_break(client):
    async for chunk in await client.chat(HELLO, "openai/gpt-4o-mini", stream=True):
        if chunk.data:
            break


async def async_close(client):
    stream = await client.chat(HELLO, "openai/gpt-4o-mini", stream=True)
    async for chunk in stream:
        if chunk.data:
            break
    await stream.aclose()
    await stream.aclose()


async def async_with_block(client):
    async with await client.chat(HELLO, "openai/gpt-4o-mini", stream=True) as stream:
        async for chunk in stream:
            if chunk.data:
                return


async def async_garbage(client):
    stream = await client.chat(HELLO, "openai/gpt-4o-mini", stream=True)
    del stream
    gc.collect()


async def async_cancelled(client):
    started = asyncio.Event()

    async def read() -> None:
        async for chunk in await client.chat(HELLO, "openai/gpt-4o-mini", stream=True):
            if chunk.data:
                started.set()

    task = asyncio.create_task(read())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    "leave", [async_break, async_close, async_with_block, async_garbage, async_cancelled]
)
def test_leaving_an_async_stream_closes_the_connection(openai_server, leave):
    openai_server.gate = threading.Semaphore(2)

    async def run() -> bool:
        client = AsyncClient(providers=configured(openai_server))
        await leave(client)
        seen = await asyncio.to_thread(openai_server.hung_up.wait, 60)
        openai_server.gate = None  # a further call on the same client works
        response = await client.chat(HELLO, "openai/gpt-4o-mini")
        return seen and response.data == "You said: Hello"

    assert asyncio.run(run())


def test_a_finished_stream_leaves_its_connection_for_the_next_call(openai_server, client):
    for _ in range(5):
        list(client.chat(HELLO, "openai/gpt-4o-mini", stream=True))
        client.chat(HELLO, "openai/gpt-4o-mini")
    assert openai_server.connections == 1


def test_a_closed_client_says_so(openai_server, client):
    client.chat(HELLO, "openai/gpt-4o-mini")
    client.close()
    client.close()
    from indox_core import ConfigurationError

    with pytest.raises(ConfigurationError, match="closed"):
        client.chat(HELLO, "openai/gpt-4o-mini")

"""The pools beneath a client: connections are used again, given back and closed; aiohttp too."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings

import pytest
from servers.openai import OpenAIServer

import indox_core
from indox_core import AsyncClient, Client
from indox_core.testing import HTTPAnswer, LoopbackServer

HELLO = [{"role": "user", "content": "Hello"}]
MODEL = "openai/gpt-4o-mini"
TRANSPORTS = ["httpx2", "aiohttp"]


def configured(server):
    return {"providers": {"openai": {"api_key": "sk-x", "base_url": server.base_url}}}


def test_a_connection_is_used_again_and_many_are_opened_for_many_threads():
    with OpenAIServer() as server, Client(**configured(server)) as client:
        for _ in range(5):
            client.chat(HELLO, MODEL)
        assert server.connections == 1
        threads = [threading.Thread(target=client.chat, args=(HELLO, MODEL)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert 1 <= server.connections <= 9
        before = server.connections
        list(client.chat(HELLO, MODEL, stream=True))
        client.chat(HELLO, MODEL)
        assert server.connections == before


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_in_async_too(transport):
    async def run():
        async with AsyncClient(**configured(server), transport=transport) as client:
            for _ in range(5):
                await client.chat(HELLO, MODEL)
            assert server.connections == 1
            await asyncio.gather(*(client.chat(HELLO, MODEL) for _ in range(30)))
            async for _ in await client.chat(HELLO, MODEL, stream=True):
                pass
            return server.connections

    with OpenAIServer() as server:
        assert asyncio.run(run()) <= 31


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_client_outlives_its_loops_and_leaves_nothing_open(transport):

    def used_in_three_loops():
        client = AsyncClient(**configured(server), transport=transport)

        async def ask():
            return (await client.chat(HELLO, MODEL)).data

        for _ in range(3):
            assert asyncio.run(ask()).startswith("You said")

    with OpenAIServer() as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        used_in_three_loops()
        gc.collect()


def test_a_connection_that_the_server_has_closed_is_not_used():
    def respond(received):
        answer = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
        return HTTPAnswer(answer, headers={"connection": "close"})

    with LoopbackServer(respond) as server:
        config = {"openai": {"api_key": "sk-x", "base_url": server.url}}
        with Client(providers=config) as client:
            for _ in range(3):
                assert client.chat(HELLO, MODEL, max_retries=0).data == "Hi"
        assert server.connections == 3


def test_a_full_pool_is_a_timeout_and_then_free_again(monkeypatch):
    monkeypatch.setattr("indox_core._transport.transports.MAX_CONNECTIONS", 1)
    with OpenAIServer() as server:
        with Client(**configured(server)) as client:
            stream = client.chat(HELLO, MODEL, stream=True)
            with pytest.raises(indox_core.TimeoutError):
                client.chat(HELLO, MODEL, timeout=0.2)
            stream.close()
            assert client.chat(HELLO, MODEL).data.startswith("You said")

        async def run():
            async with AsyncClient(**configured(server)) as client:
                stream = await client.chat(HELLO, MODEL, stream=True)
                with pytest.raises(indox_core.TimeoutError):
                    await client.chat(HELLO, MODEL, timeout=0.2)
                await stream.aclose()
                waiting = [asyncio.create_task(client.chat(HELLO, MODEL)) for _ in range(3)]
                waiting[1].cancel()
                done = await asyncio.gather(*waiting, return_exceptions=True)
                assert [type(item).__name__ for item in done] == [
                    "ChatResponse", "CancelledError", "ChatResponse"]  # fmt: skip

        asyncio.run(run())


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_cancelled_calls_give_their_connections_back(monkeypatch, transport):
    monkeypatch.setattr("indox_core._transport.transports.MAX_CONNECTIONS", 2)

    def respond(received):
        if b"wait" in received.body:
            received.hung_up(100)
        answer = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}
        return HTTPAnswer(answer)

    async def run(url):
        config = {"openai": {"api_key": "sk-x", "base_url": url}}
        wait = [{"role": "user", "content": "wait"}]
        async with AsyncClient(providers=config, transport=transport) as client:
            for number in range(1, 5):
                tasks = [asyncio.create_task(client.chat(wait, MODEL)) for _ in range(4)]
                while len(server.received) < 2 * number:  # noqa: ASYNC110 # in another thread
                    await asyncio.sleep(0.01)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            assert (await client.chat(HELLO, MODEL, timeout=60)).data == "Hi"

    with LoopbackServer(respond) as server:
        asyncio.run(run(server.url))


def test_idle_connections_are_bounded_and_the_oldest_goes(monkeypatch):
    monkeypatch.setattr("indox_core._transport.transports.MAX_IDLE_CONNECTIONS", 2)

    async def run():
        async with AsyncClient(**configured(server)) as client:
            await asyncio.gather(*(client.chat(HELLO, MODEL) for _ in range(6)))
            opened = server.connections
            await asyncio.gather(*(client.chat(HELLO, MODEL) for _ in range(2)))
            assert server.connections == opened
            await asyncio.gather(*(client.chat(HELLO, MODEL) for _ in range(4)))
            assert server.connections > opened

    with OpenAIServer() as server:
        asyncio.run(run())


def test_another_transport_is_only_for_async_and_has_a_name():
    with pytest.raises(indox_core.ValidationError, match="AsyncClient"):
        Client(transport="aiohttp")
    with pytest.raises(indox_core.ValidationError, match="httpx2"):
        AsyncClient(transport="smoke signals")


def test_without_its_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "httpx_aiohttp.httpx2", None)
    with pytest.raises(indox_core.ConfigurationError, match=r"indox-core\[aiohttp\]"):
        AsyncClient(transport="aiohttp")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_certificate_is_checked_unless_told_otherwise(transport):
    from servers.tls import tls_server
    from servers.vendors import VENDORS

    async def ask(server, **options):
        config = {"providers": server.providers, "transport": transport, **options}
        async with AsyncClient(**config) as client:
            return (await client.chat(HELLO, server.vendor.model, max_retries=0)).data

    vendor = next(vendor for vendor in VENDORS if vendor.provider == "openai")
    with tls_server(vendor) as server:
        with pytest.raises(indox_core.NetworkError, match="certificate is not trusted"):
            asyncio.run(ask(server))
        assert asyncio.run(ask(server, verify=False)).startswith("You said")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_proxy_is_used(transport):
    seen = []

    def respond(received):
        seen.append(received.path)
        return HTTPAnswer({"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]})

    async def run():
        config = {"openai": {"api_key": "sk-x", "base_url": "http://vendor.example/v1"}}
        options = {"providers": config, "transport": transport, "proxy": proxy.url}
        async with AsyncClient(**options) as client:
            return (await client.chat(HELLO, MODEL, max_retries=0)).data

    with LoopbackServer(respond) as proxy:
        assert asyncio.run(run()) == "Hi"
    assert seen == ["http://vendor.example/v1/chat/completions"]


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_the_lent_client_sends_what_a_plugin_asks_of_it(flavour):
    """As any httpx2 client, but for redirects and cookies."""
    from indox_core._transport.lent import LentClients

    seen = []

    def respond(received):
        seen.append(received)
        return HTTPAnswer({}, 302, {"location": "/elsewhere", "set-cookie": "a=b"})

    calls = [
        ("POST", {"json": {"a": 1}, "auth": ("me", "secret")}),
        ("GET", {"params": {"q": "x y"}}),
        ("POST", {"data": {"form": "1"}}),
        ("post", {"content": b""}),
    ]

    async def run(client, url):
        for method, options in calls:
            assert (await client.request(method, url, **options)).status_code == 302
        await client.aclose()

    with LoopbackServer(respond) as server:
        pools = LentClients()
        if flavour == "async":
            asyncio.run(run(pools.async_http_client, server.url + "/x"))
        else:
            for method, options in calls:
                answer = pools.http_client.request(method, server.url + "/x", **options)
                assert answer.status_code == 302
            pools.close()
    assert len(seen) == len(calls)
    assert seen[0].headers["authorization"].startswith("Basic ")
    assert seen[0].json == {"a": 1}
    assert seen[1].path in ("/x?q=x+y", "/x?q=x%20y")
    assert seen[2].body == b"form=1"
    assert seen[3].headers["content-length"] == "0"
    assert not any("cookie" in received.headers for received in seen)
    assert all("gzip" in received.headers["accept-encoding"] for received in seen)

"""The hosted client's pages run on the user's own keys, no line changed."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from pages import providers_at, run_blocks, seed_blocks
from servers.vendors import VENDORS, VendorServer

import indoxrouter

PLATFORM_KEY = "your_api_key"
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture
def openai(monkeypatch, openai_server):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    with indoxrouter.Client(
        PLATFORM_KEY, providers={"openai": {"base_url": openai_server.base_url}}
    ) as client:
        yield client


def test_every_block_of_the_page_as_it_stands(shared, tmp_path, capsys, tell):
    page = seed_blocks(shared, "indoxrouter")
    shown = eval(page.pop())
    with ExitStack() as stack:
        servers = [stack.enter_context(VendorServer(vendor)) for vendor in VENDORS]
        providers = {k: v for server in servers for k, v in server.providers.items()}
        stack.enter_context(providers_at(providers))
        namespace = run_blocks(page, tmp_path)
        response = namespace["client"].chat(namespace["messages"], "openai/gpt-4o-mini")
        assert list(dict(response)) == list(shown)
        for server in servers:
            assert server.received
            for received in server.received:
                assert PLATFORM_KEY not in str(received.headers) + str(received.body)
    assert "Tell me a story about a robot" in capsys.readouterr().out
    tell(f"all {len(page) + 1} blocks of the page ran with `from indoxrouter import Client`")


def test_positional_arguments_and_defaults(openai, openai_server):
    openai.chat(HELLO)
    assert openai_server.received[-1].json["model"] == "gpt-4o-mini"
    assert openai_server.received[-1].json["temperature"] == 0.7
    openai.chat(HELLO, "openai/gpt-4o", 0.1, 5)
    body = openai_server.received[-1].json
    assert (body["model"], body["temperature"]) == ("gpt-4o", 0.1)
    assert 5 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert openai.completion("Hello", temperature=None, return_generator=True).data
    assert "temperature" not in openai_server.received[-1].json


def test_a_stream_gives_dicts(openai):
    stream = openai.chat(HELLO, stream=True)
    chunks = list(stream)
    assert all(isinstance(chunk, dict) for chunk in chunks)
    assert "".join(chunk["data"] for chunk in chunks) == stream.response.data
    assert [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
    left = openai.chat(HELLO, stream=True)
    next(left)
    left.close()
    assert list(left) == []


def test_the_platforms_key_is_explained_where_a_providers_is_missing(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with (
        indoxrouter.IndoxRouter(api_key=PLATFORM_KEY) as client,
        pytest.raises(indoxrouter.IndoxRouterError, match="never sent to a provider"),
    ):
        client.chat(HELLO)


def test_what_needs_a_router_is_refused():
    with pytest.raises(indoxrouter.IndoxRouterError, match="address of a router"):
        indoxrouter.Client("key", base_url="https://router.example")
    with indoxrouter.Client() as client:
        with pytest.raises(indoxrouter.IndoxRouterError, match="hosted router"):
            client.embeddings("text")
        assert not hasattr(client, "no_such_thing")
        assert not hasattr(client, "images")


def test_no_frame_of_ours_holds_the_key():
    config = {"openai": {"base_url": "http://127.0.0.1:9"}}
    with indoxrouter.Client(providers=config) as client:
        for ask in (client.completion, lambda text, **more: client.chat(HELLO, **more)):
            with pytest.raises(indoxrouter.NetworkError) as caught:
                ask("Hello", byok_api_key="sk-canary", max_retries=0)
            frames = [f for f in caught.traceback if "test_drop_in" not in str(f.path)]
            assert frames
            assert "sk-canary" not in str([f.frame.f_locals for f in frames])


def test_the_hosted_names_are_all_there():
    hosted = {
        "APIError", "AuthenticationError", "Client", "IndoxRouter", "IndoxRouterError",
        "InsufficientCreditsError", "InvalidParametersError", "ModelNotAvailableError",
        "ModelNotFoundError", "NetworkError", "ProviderError", "ProviderNotFoundError",
        "RateLimitError", "RequestError", "ValidationError",
    }  # fmt: skip
    assert hosted <= set(indoxrouter.__all__)
    for name in hosted - {"Client", "IndoxRouter"}:
        assert issubclass(getattr(indoxrouter, name), indoxrouter.IndoxRouterError)

"""The quick start of the hosted client's page, as it stands but for the import line."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from pages import openai_at, providers_at, run_blocks, seed_blocks
from servers.openai import OpenAIServer
from servers.vendors import VENDORS, VendorServer

NAMED = re.compile(r"\b(openai|anthropic|google|mistral)/")


@pytest.fixture
def page(shared):
    return seed_blocks(shared)


def test_every_block_that_names_openai_models_only(page, tmp_path, capsys, tell):
    chosen = [block for block in page if set(NAMED.findall(block)) <= {"openai"}]
    response_format = chosen.pop()
    with (
        OpenAIServer(lambda received: "The capital of France is Paris.") as server,
        openai_at(server.base_url),
    ):
        namespace = run_blocks(chosen, tmp_path)
        response = namespace["client"].chat(namespace["messages"], "openai/gpt-4o-mini")
    shown = eval(response_format)
    printed = capsys.readouterr().out
    assert "Assistant: The capital of France is Paris." in printed
    assert list(dict(response)) == list(shown)
    assert list(response["usage"]) == list(shown["usage"])
    assert list(response["usage"]["cost_breakdown"]) == list(shown["usage"]["cost_breakdown"])
    for key in ("cost", "cost_breakdown", "tokens_prompt", "tokens_completion", "tokens_total"):
        assert response["usage"][key] == shown["usage"][key]
    assert response["data"] == shown["data"]
    assert response["choices"][0]["message"]["content"] == shown["data"]
    assert all("your_api_key" not in str(received.headers) for received in server.received)
    tell(f"{len(chosen) + 1} of {len(page)} blocks of the page name openai models only")


def test_every_block_on_all_four_providers(page, tmp_path, capsys, tell):
    response_format = page.pop()
    with ExitStack() as stack:
        servers = [stack.enter_context(VendorServer(vendor)) for vendor in VENDORS]
        providers = {k: v for server in servers for k, v in server.providers.items()}
        stack.enter_context(providers_at(providers))
        namespace = run_blocks(page, tmp_path)
        assert all(server.received for server in servers)
        for vendor in VENDORS:
            response = namespace["client"].chat(namespace["messages"], vendor.model)
            assert list(dict(response)) == list(eval(response_format))
            assert response["usage"]["cost"] > 0
    printed = capsys.readouterr().out
    assert "Streaming complete!" in printed
    assert "Tell me a story about a robot" in printed
    tell(f"all {len(page) + 1} blocks of the page ran on {len(servers)} providers")


def test_the_streaming_loop_as_written(page, openai_server, tmp_path, capsys):
    (loop,) = [block for block in page if "stream=True" in block and "for chunk in" in block]
    start = next(block for block in page if "import Client" in block)
    with openai_at(openai_server.base_url):
        run_blocks([start, NAMED.sub("openai/", loop)], tmp_path)
    assert "You said: Tell me a story" in capsys.readouterr().out

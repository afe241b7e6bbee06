"""What every official provider does alike, beyond what the contract asks of all."""

from __future__ import annotations

import asyncio
import importlib
import threading

import pytest
from servers.vendors import VENDORS, VendorServer

from indox_core import (
    AsyncClient,
    Client,
    StreamInterruptedError,
    UnsupportedFeatureError,
    ValidationError,
)
from indox_core.testing import HTTPAnswer, LoopbackServer

HELLO = [{"role": "user", "content": "Hello"}]
SAID = "You said: Hello"
CANARIES = {
    f"{vendor}_{name}": f"http://127.0.0.1:9/canary-{name}"
    for vendor in ("OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "MISTRAL", "GOOGLE_GENAI")
    for name in (
        "API_KEY", "AUTH_TOKEN", "BASE_URL", "ORG_ID", "PROJECT_ID", "CUSTOM_HEADERS",
        "CLOUD_PROJECT", "CLOUD_LOCATION", "API_VERSION", "ADMIN_KEY",
    )
}  # fmt: skip
CANARIES["ANTHROPIC_CUSTOM_HEADERS"] = CANARIES["OPENAI_CUSTOM_HEADERS"] = "X-Canary: canary"
CANARIES["GOOGLE_GENAI_USE_VERTEXAI"] = CANARIES["GOOGLE_GENAI_USE_ENTERPRISE"] = "true"


WAYS = [
    *(pytest.param((vendor, None), id=vendor.provider) for vendor in VENDORS),
    # The same by the SDK's public calls, as when its private parts have moved.
    pytest.param((VENDORS[2], "indox_google._connection.private_transport"), id="google-public"),
    pytest.param((VENDORS[3], "indox_mistral._connection.hook_context"), id="mistral-public"),
]


@pytest.fixture(params=WAYS)
def server(request, monkeypatch):
    vendor, private_way = request.param
    if private_way is not None:
        monkeypatch.setattr(private_way, lambda: None)
    with VendorServer(vendor) as server:
        server.public = private_way is not None
        yield server


@pytest.mark.parametrize(
    ("module", "way"),
    [("indox_google", "private_transport"), ("indox_mistral", "hook_context")],
    ids=["google", "mistral"],
)
def test_the_private_way_is_there(module, way):
    """With the SDK that is installed; the public calls would be much slower."""
    connection = importlib.import_module(f"{module}._connection")
    assert getattr(connection, way)() is not None


def answers(server, **options):
    """The same question in four ways; streams are read to their end."""
    model = server.vendor.model

    async def asynchronous():
        async with AsyncClient(providers=server.providers, max_retries=0) as client:
            plain = await client.chat(HELLO, model, **options)
            stream = await client.chat(HELLO, model, stream=True, **options)
            texts = [chunk.data async for chunk in stream]
            return [(plain, [plain.data]), (stream.response, texts)]

    with Client(providers=server.providers, max_retries=0) as client:
        plain = client.chat(HELLO, model, **options)
        stream = client.chat(HELLO, model, stream=True, **options)
        texts = [chunk.data for chunk in stream]
    return [(plain, [plain.data]), (stream.response, texts), *asyncio.run(asynchronous())]


def test_nothing_of_the_environment_reaches_the_wire(server, monkeypatch):
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    answers(server)
    assert len(server.received) == 4
    for received in server.received:
        assert "canary" not in f"{received.path} {received.headers} {received.body!r}".lower()
        assert received.headers[server.vendor.key_header].endswith("sk-loopback")


def test_a_key_of_the_call_wins(server):
    answers(server, byok_api_key="sk-of-the-call")
    keys = {received.headers[server.vendor.key_header] for received in server.received}
    assert len(keys) == 1
    assert keys.pop().endswith("sk-of-the-call")


def test_a_stream_arrives_chunk_by_chunk(server):
    server.gate = threading.Semaphore(0)
    seen = []
    with Client(providers=server.providers) as client:
        stream = client.chat(HELLO, server.vendor.model, stream=True)
        for _ in range(2 if server.vendor.provider in ("openai", "mistral") else 3):
            server.gate.release()
        for chunk in stream:
            if chunk.data:
                seen.append(chunk.data)
                for _ in range(8 if len(seen) == 2 else 1):
                    server.gate.release()  # what follows is not sent before this
    assert "".join(seen) == SAID
    assert len(seen) == 2


def test_a_cut_stream_is_never_complete(server):
    whole = len(server.vendor.events(["a", "b"]))
    complete = 0
    for server.cut in range(whole):
        with Client(providers=server.providers, max_retries=0) as client:
            try:
                text = "".join(map(str, client.chat(HELLO, server.vendor.model, stream=True)))
            except StreamInterruptedError as error:
                text = error.partial.data if error.partial else ""
            else:
                complete += 1  # only what follows the vendor's end signal was missing
                assert text == SAID
        assert SAID.startswith(text)
    assert complete == (2 if server.vendor.provider in ("openai", "mistral") else 0)


def test_a_stream_may_come_as_one_json_array():
    chunks = VENDORS[2].events(["You said: ", "Hello"])
    with LoopbackServer(lambda received: HTTPAnswer(chunks)) as server:
        providers = {"google": {"api_key": "any", "base_url": server.url}}

        async def asynchronous():
            async with AsyncClient(providers=providers) as client:
                stream = await client.chat(HELLO, VENDORS[2].model, stream=True)
                return [chunk.data async for chunk in stream]

        with Client(providers=providers) as client:
            whole = [chunk.data for chunk in client.chat(HELLO, VENDORS[2].model, stream=True)]
        assert "".join(whole) == SAID
        assert asyncio.run(asynchronous()) == whole


def test_models_are_listed(server):
    async def asynchronous():
        async with AsyncClient(providers=server.providers) as client:
            return await client.models(server.vendor.provider)

    with Client(providers=server.providers) as client:
        if server.public:
            with pytest.raises(UnsupportedFeatureError):
                client.models(server.vendor.provider)
            return
        (model,) = client.models(server.vendor.provider, byok_api_key="sk-of-the-call")
    assert model.id == "model-1"
    assert model.max_input_tokens == (None if server.vendor.provider == "openai" else 9)
    assert server.received[0].headers[server.vendor.key_header].endswith("sk-of-the-call")
    assert asyncio.run(asynchronous()) == (model,)


def test_tokens_are_counted_where_the_vendor_counts(server):
    async def asynchronous():
        async with AsyncClient(providers=server.providers) as client:
            return await client.count_tokens(HELLO, server.vendor.model)

    with Client(providers=server.providers) as client:
        if server.public or server.vendor.provider in ("mistral", "openai"):
            with pytest.raises(UnsupportedFeatureError):  # openai: at its own address only
                client.count_tokens(HELLO, server.vendor.model)
            return
        assert client.count_tokens(HELLO, server.vendor.model, max_tokens=5) == 12
    assert asyncio.run(asynchronous()) == 12


def test_a_provider_that_lists_and_counts_nothing_says_so():
    with Client() as client:
        with pytest.raises(ValidationError, match=r'models\(\) has no argument "temperature"'):
            client.models("openai", temperature=1)
        with pytest.raises(ValidationError, match=r'count_tokens\(\) has no argument "tool"'):
            client.count_tokens(HELLO, "openai/x", tool=[])
        with pytest.raises(UnsupportedFeatureError, match="no list of models"):
            client.models("echo")
        with pytest.raises(UnsupportedFeatureError, match="does not count"):
            client.count_tokens(HELLO, "echo/x")

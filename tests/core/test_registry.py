"""Plugins are found by metadata, loaded by name, and kept apart when they are broken."""

from __future__ import annotations

import sys

import pytest

from indox_core import Client, DuplicateProviderError, PluginLoadError, ProviderNotFoundError
from indox_core._plugins.registry import Registry, installed
from indox_core.plugin import Provider, ProviderSpec, hookimpl

HELLO = [{"role": "user", "content": "Hi"}]

GOOD = """
from indox_core.plugin import *
class P(Provider):
    spec = ProviderSpec(name={name!r}, contract=1)
    def encode(self, request): return Call("x", {{"text": request.messages[-1].text}})
    def decode(self, body, operation=None):
        return Reply(parts=(TextPart(text=body["text"]),), finish="stop")
    def connect(self, settings): return FunctionConnection(lambda call, access: call.arguments)
@hookimpl
def indox_provider(): return P
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a distribution with one entry point on the path."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def _install(distribution, name, code, metadata=True):
        module = f"plugin_{distribution.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        (info / "entry_points.txt").write_text(f"[indox]\n{name} = {module}\n")
        if metadata:
            (info / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.2\n")
        installed.__globals__["_scan"].cache_clear()
        sys.modules.pop(module, None)

    yield _install
    installed.__globals__["_scan"].cache_clear()


def test_an_installed_plugin_answers(install):
    install("indox-good", "good", GOOD.format(name="good"))
    assert Client().chat(HELLO, "good/x").data == "Hi"


BROKEN = {
    "import-error": "import nothing_of_that_name",
    "raises": "1 / 0",
    "exits": "raise SystemExit(3)",
    "no-hook": "x = 1",
    "hook-raises": "from indox_core.plugin import hookimpl\n@hookimpl\ndef indox_provider(): 1 / 0",
    "hook-returns-none": "from indox_core.plugin import hookimpl\n"
    "@hookimpl\ndef indox_provider(): return None",
    "hook-returns-dict": "from indox_core.plugin import hookimpl\n"
    "@hookimpl\ndef indox_provider(): return {{}}",
    "no-spec": GOOD.replace("    spec = ProviderSpec(name={name!r}, contract=1)\n", ""),
    "abstract": GOOD.replace("def encode", "def encoed"),
    "contract-99": GOOD.replace("contract=1", "contract=99"),
    "other-name": GOOD.replace("{name!r}", "'other'"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_plugin_is_one_error_and_harms_no_other(install, case):
    install("indox-broken", "broken", BROKEN[case].format(name="broken"))
    client = Client()
    with pytest.raises(PluginLoadError) as caught:
        client.chat(HELLO, "broken/x")
    assert "indox-broken 1.2" in str(caught.value)
    assert client.chat(HELLO, "echo/x").data == "Hi"


def test_a_contract_from_the_future_names_what_to_upgrade(install):
    install("indox-new", "new", GOOD.format(name="new").replace("contract=1", "contract=99"))
    with pytest.raises(PluginLoadError, match=r"contract version 99.*upgrade indox-core"):
        Client().chat(HELLO, "new/x")


def test_two_claimants_are_an_error_that_names_both(install):
    install("indox-one", "twice", GOOD.format(name="twice"))
    install("indox-two", "twice", GOOD.format(name="twice"))
    with pytest.raises(DuplicateProviderError, match=r"indox-one 1\.2 and indox-two 1\.2"):
        Client().chat(HELLO, "twice/x")


@pytest.mark.parametrize("name", ["open ai", "../x", "x" * 200, "UPPER"])
def test_a_bad_name_is_not_offered(install, name):
    install("indox-odd", name, GOOD.format(name=name))
    assert name not in {item.name for item in installed()}


def test_half_removed_metadata_is_passed_over(install):
    install("indox-half", "half", GOOD.format(name="half"), metadata=False)
    with pytest.raises(ProviderNotFoundError):
        Client().chat(HELLO, "half/x")


def test_nothing_is_imported_before_its_name_is_used(install):
    install("indox-slow", "slow", "raise AssertionError('imported')")
    assert "slow" in {item.name for item in installed()}
    assert Client().chat(HELLO, "echo/x").data == "Hi"


def test_a_provider_handed_over_is_for_this_client_only():
    class Mine(Provider):
        spec = ProviderSpec(name="mine", contract=1)
        encode = decode = connect = lambda *a: None  # never reached

    class Plugin:
        indox_provider = staticmethod(hookimpl(lambda: Mine))

    assert isinstance(Registry((Plugin(),)).provider("mine"), Mine)
    with pytest.raises(ProviderNotFoundError):
        Registry().provider("mine")

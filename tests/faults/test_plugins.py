"""Broken and hostile plugins are contained, named by `indox doctor`, and harm no other.

All kinds are installed at once for one `indox doctor`, which looks at each in a process of its own;
a call is made in this process, beside the one kind.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from command import indox

sys.path.insert(0, str(Path(__file__).parent))

from bad_inputs import ECHO, WHOLE, plugin_home

from indox_core import AsyncClient, Client, IndoxError, TimeoutError

GOOD = ECHO.format(**WHOLE)
HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-canary-of-the-plugin"
WITH_KEY = GOOD.replace("contract=1", "contract=1, key_variable='STRANGE_API_KEY'")


@contextmanager
def on_the_path(folder):
    """What is installed there is found, and forgotten afterwards."""
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("strange_plugin", None)


def doctor(folder, *names, timeout=100):
    """What it finds of these; mistral and echo beside them are well."""
    with on_the_path(folder):
        done = indox(
            "doctor", *names, "mistral", "echo", "--json", "--timeout", str(timeout),
            PYTHONPATH=str(folder), STRANGE_API_KEY=KEY,
        )  # fmt: skip
    assert KEY not in done.stdout + done.stderr
    found = {item["provider"]: item for item in json.loads(done.stdout)}
    assert [found.pop(name)["problem"] for name in ("mistral", "echo")] == ["", ""]
    assert done.returncode == (1 if any(item["problem"] for item in found.values()) else 0)
    return found


def chat(folder, model="strange/x", **options):
    """What one call gives: its text, or class and words of its error."""
    with on_the_path(folder), pytest.MonkeyPatch.context() as patch, Client() as client:
        patch.setenv("STRANGE_API_KEY", KEY)
        try:
            said = f"answer: {client.chat(HELLO, model, **options).data}"
        except IndoxError as error:
            said = f"{type(error).__name__}: {error}"
            shown = f"{said} {vars(error)}"
        else:
            shown = said
    assert KEY not in shown
    return said


# What it does, what doctor says of it, and what a call gives.
KINDS = [
    ("import error", "raise ImportError('no such SDK')", "cannot be imported", "PluginLoadError"),
    ("exits at import", "raise SystemExit(3)", "cannot be imported", "PluginLoadError"),
    ("ends the process", "import os; os._exit(5)", "ends the process", None),
    ("hangs at import", "import time; time.sleep(60)", "takes more than 1 s", None),
    ("prints at import", f"print('noise'); print(b'\\xff')\n{GOOD}", "", "answer"),
    ("no hook", "x = 1", "implements no indox_provider", "PluginLoadError"),
    ("hook raises", "from indox_core.plugin import hookimpl\n@hookimpl\ndef indox_provider():\n"
     "    raise ValueError", "ValueError", "PluginLoadError"),
    ("wrong class", "from indox_core.plugin import hookimpl\n@hookimpl\ndef indox_provider():\n"
     "    return dict", "must return a Provider class", "PluginLoadError"),
    ("no spec", GOOD.replace("spec =", "spek ="), "must be a ProviderSpec", "PluginLoadError"),
    ("contract 99", GOOD.replace("contract=1", "contract=99"), "upgrade indox-core",
     "PluginLoadError"),
    ("contract 0", GOOD.replace("contract=1", "contract=0"), "upgrade indox-strange",
     "PluginLoadError"),
    ("no contract", GOOD.replace(", contract=1", ""), "missing 1 required positional argument: "
     "'contract'", "PluginLoadError"),
    ("spec of odd types", GOOD.replace("contract=1", "contract='1'"),
     "P.spec.contract must be a int, not a str", "PluginLoadError"),
    ("options that are no model", GOOD.replace("contract=1", "contract=1, options=int"),
     "P.spec.options must be a pydantic model", "PluginLoadError"),
    ("lacks what a later core knows", GOOD.replace("contract=1", "contract=1, lacks=('wings',)"),
     "", "answer"),
    ("another name", GOOD.replace("name='strange'", "name='openai'"), "its spec says",
     "PluginLoadError"),
    ("SDK missing", GOOD.replace("contract=1", "contract=1, sdk='no-such-sdk>=1'"),
     "pip install 'no-such-sdk>=1'", "answer"),
    ("SDK too old", GOOD.replace("contract=1", "contract=1, sdk='pluggy>=99'"),
     "outside the tested range", "answer"),
    ("wrong types", GOOD.replace('return Call("x", {"a": 1})', "return 5"), "", "PluginLoadError"),
    ("raises with the key", WITH_KEY.replace(
        "lambda call, access: {}", "lambda call, access: 1 / len(access.key_text) / 0"), "",
     "PluginLoadError"),
    ("prints the key", WITH_KEY.replace(
        "lambda call, access: {}", "lambda call, access: print('printed', access.key_text) or {}"),
     "", "answer"),
]  # fmt: skip


IDS = [kind[0] for kind in KINDS]
HANGS = "hangs at import"


def named(kind):
    """The name of a provider of that kind, where many are installed."""
    return f"strange-{IDS.index(kind)}"


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """What one doctor found of all kinds but the one that it does not wait for."""
    folder = tmp_path_factory.mktemp("plugins")
    names = []
    for number, (kind, code, *_) in enumerate(KINDS):
        if kind == HANGS:
            continue
        name = named(kind)
        code = code.replace("name='strange'", f"name={name!r}")
        plugin_home(str(folder), f"indox-{name}", f"strange_{number}", code, name)
        names.append(name)
    return doctor(folder, *names)


@pytest.mark.parametrize(("kind", "said"), [(kind[0], kind[2]) for kind in KINDS], ids=IDS)
def test_a_broken_plugin_is_named(findings, tmp_path, kind, said):
    if kind == HANGS:
        code = dict(zip(IDS, (kind[1] for kind in KINDS), strict=True))[kind]
        plugin_home(str(tmp_path), f"indox-{named(kind)}", "strange_plugin", code, named(kind))
        findings = {**findings, **hanging(tmp_path, named(kind))}
    found = findings[named(kind)]
    assert found["distribution"] == f"indox-{named(kind)} 1.0"
    assert said.replace("indox-strange", f"indox-{named(kind)}") in found["problem"]
    assert bool(said) is bool(found["problem"])


def hanging(folder, name):
    with on_the_path(folder):
        done = indox("doctor", name, "--json", "--timeout", "1", PYTHONPATH=str(folder))
    assert done.returncode == 1
    return {name: json.loads(done.stdout)[0]}


CALLED = [(kind[1], kind[3]) for kind in KINDS if kind[3] is not None]
CALLED_IDS = [kind[0] for kind in KINDS if kind[3] is not None]


@pytest.mark.parametrize(("code", "outcome"), CALLED, ids=CALLED_IDS)
def test_a_broken_plugin_is_contained(tmp_path, capfd, code, outcome):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    assert chat(tmp_path).startswith(outcome)
    assert chat(tmp_path, "echo/any") == "answer: Hello"
    printed = capfd.readouterr()
    assert KEY not in printed.out.replace(f"printed {KEY}", "") + printed.err


@pytest.mark.parametrize("code", [kind[1] for kind in KINDS if kind[3] is None])
def test_one_that_nobody_names_is_not_imported(tmp_path, code):
    """It would end this process, or keep it."""
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    assert chat(tmp_path, "echo/any") == "answer: Hello"


def test_one_that_claims_a_first_party_name_gets_no_key(tmp_path):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", GOOD, "openai")
    found = doctor(tmp_path, "openai")["openai"]
    assert "both offer it" in found["problem"]
    assert "indox-openai" in found["distribution"]
    assert chat(tmp_path, "openai/gpt-4o-mini", byok_api_key="sk-mine").startswith(
        "DuplicateProviderError"
    )


def test_half_removed_metadata_are_named(tmp_path):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", GOOD, "strange", metadata=False)
    assert "half removed" in doctor(tmp_path, "strange")["strange"]["problem"]
    assert chat(tmp_path).startswith("ProviderNotFoundError")


def test_one_that_changes_the_request_changes_nothing_of_the_callers(tmp_path):
    """Nor of the next model's: each gets a request of its own."""
    code = GOOD.replace(
        'return Call("x", {"a": 1})',
        'request.metadata.clear(); request.tools[0].parameters["properties"].clear(); '
        'return Call("x", {"a": 1})',
    )
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    tool = {"name": "f", "parameters": {"type": "object", "properties": {"a": {}}}}
    metadata = {"user_id": "u"}
    assert chat(tmp_path, tools=[tool], metadata=metadata) == "answer: ok"
    assert tool["parameters"]["properties"] == {"a": {}}
    assert metadata == {"user_id": "u"}


def test_one_that_hangs_in_a_call_ends_at_the_deadline(tmp_path, monkeypatch):
    """The call has ended while the plugin still hangs: in the thread that is its own."""
    gate, returned = threading.Event(), threading.Event()
    monkeypatch.setattr(threading, "strange_gate", (gate, returned), raising=False)
    call = "__import__('threading').strange_gate[0].wait(100) or 1"
    hangs = f"lambda call, access: ({call}, __import__('threading').strange_gate[1].set())"
    code = GOOD.replace("lambda call, access: {}", hangs)
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")

    async def run():
        async with AsyncClient() as client:
            try:
                with pytest.raises(TimeoutError):
                    await client.chat(HELLO, "strange/x", timeout=0.5)
                assert not returned.is_set()
            finally:
                gate.set()

    with on_the_path(tmp_path):
        asyncio.run(run())
    assert returned.wait(100)

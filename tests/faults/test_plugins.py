"""Broken and hostile plugins are contained, named by `indox doctor`, and harm no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from bad_inputs import ECHO, WHOLE, plugin_home

INDOX = str(Path(sys.executable).parent / "indox")
GOOD = ECHO.format(**WHOLE)
HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-canary-of-the-plugin"
WITH_KEY = GOOD.replace("contract=1", "contract=1, key_variable='STRANGE_API_KEY'")


def run(folder, *arguments, **more):
    environment = {
        **os.environ,
        "PYTHONPATH": str(folder),
        "STRANGE_API_KEY": KEY,
        "COLUMNS": "300",
    }
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=100, env=environment | more
    )


def doctor(folder, provider="strange"):
    done = run(folder, INDOX, "doctor", provider, "mistral", "echo", "--json", "--timeout", "4")
    assert KEY not in done.stdout + done.stderr
    found = json.loads(done.stdout)
    others = [item for item in found if item["provider"] != provider]
    assert all(not item["problem"] for item in others), others
    mine = [item for item in found if item["provider"] == provider]
    assert done.returncode == (1 if any(item["problem"] for item in mine) else 0)
    return mine


def chat(folder, model="strange/x", **options):
    """What one call gives in a process of its own: its text, or class and words of its error."""
    code = f"""
import json
from indox_core import Client, IndoxError
try:
    print("answer:", Client().chat({HELLO!r}, {model!r}, **{options!r}).data)
except IndoxError as error:
    print(type(error).__name__ + ":", error)
"""
    done = run(folder, sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr[-500:]
    assert KEY not in done.stdout.replace(f"printed {KEY}", "") + done.stderr
    return done.stdout.strip().splitlines()[-1]


# What it does, what doctor says of it, and what a call gives.
KINDS = [
    ("import error", "raise ImportError('no such SDK')", "cannot be imported", "PluginLoadError"),
    ("exits at import", "raise SystemExit(3)", "cannot be imported", "PluginLoadError"),
    ("ends the process", "import os; os._exit(5)", "ends the process", None),
    ("hangs at import", "import time; time.sleep(60)", "takes more than 4 s", None),
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


@pytest.mark.parametrize(("code", "said", "outcome"), [kind[1:] for kind in KINDS],
                         ids=[kind[0] for kind in KINDS])  # fmt: skip
def test_a_broken_plugin_is_named_and_contained(tmp_path, code, said, outcome):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    (found,) = doctor(tmp_path)
    assert found["distribution"] == "indox-strange 1.0"
    assert said in found["problem"]
    assert bool(said) is bool(found["problem"])
    if outcome is not None:
        assert chat(tmp_path).startswith(outcome)
    assert chat(tmp_path, "echo/any") == "answer: Hello"


def test_one_that_claims_a_first_party_name_gets_no_key(tmp_path):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", GOOD, "openai")
    found = doctor(tmp_path, "openai")
    assert "both offer it" in found[0]["problem"]
    assert "indox-openai" in found[0]["distribution"]
    assert chat(tmp_path, "openai/gpt-4o-mini", byok_api_key="sk-mine").startswith(
        "DuplicateProviderError"
    )


def test_half_removed_metadata_are_named(tmp_path):
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", GOOD, "strange", metadata=False)
    (found,) = doctor(tmp_path)
    assert "half removed" in found["problem"]
    assert chat(tmp_path).startswith("ProviderNotFoundError")


def test_one_that_changes_the_request_changes_nothing_of_the_callers(tmp_path):
    """Nor of the next model's: each gets a request of its own."""
    code = GOOD.replace(
        'return Call("x", {"a": 1})',
        'request.metadata.clear(); request.tools[0].parameters["properties"].clear(); '
        'return Call("x", {"a": 1})',
    )
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    script = f"""
from indox_core import Client
tool = {{"name": "f", "parameters": {{"type": "object", "properties": {{"a": {{}}}}}}}}
metadata = {{"user_id": "u"}}
Client().chat({HELLO!r}, "strange/x", tools=[tool], metadata=metadata)
assert tool["parameters"]["properties"] == {{"a": {{}}}} and metadata == {{"user_id": "u"}}
"""
    done = run(tmp_path, sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr[-500:]


def test_one_that_hangs_in_a_call_ends_at_the_deadline(tmp_path):
    code = GOOD.replace(
        "lambda call, access: {}", "lambda call, access: __import__('time').sleep(9)"
    )
    plugin_home(str(tmp_path), "indox-strange", "strange_plugin", code, "strange")
    script = f"""
import asyncio, os, time
from indox_core import AsyncClient, TimeoutError
async def run():
    began = time.monotonic()
    try:
        await AsyncClient().chat({HELLO!r}, "strange/x", timeout=0.5)
    except TimeoutError:
        print("timeout after", time.monotonic() - began)
asyncio.run(run())
os._exit(0)  # the thread that hangs is the plugin's own
"""
    done = run(tmp_path, sys.executable, "-u", "-c", script)
    assert done.stdout.startswith("timeout after 0."), done.stderr[-500:]

"""Nothing is imported before it is needed, counted in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SDKS = {"openai", "anthropic", "google", "mistralai", "xllamacpp"}
LATER = {"httpx2", "httpcore2", "asyncio", "genai_prices", "click", "rich", "anyio", "ssl"}
PLUGINS = {
    "indox_anthropic",
    "indox_echo",
    "indox_google",
    "indox_local",
    "indox_mistral",
    "indox_openai",
}


def loaded(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running the code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps([m.split('.')[0] for m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=100
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import indox_core",
        "from indox_core import Client, AsyncClient",
        "from indox_core import Client; Client()",
        "from indox_core import AsyncClient; AsyncClient()",
        "import indox_core.plugin",
        "from indox_core._plugins.registry import installed; assert installed()",
    ],
)
def test_the_core_loads_neither_sdk_nor_http_nor_plugin(code):
    assert loaded(code) & (SDKS | LATER | PLUGINS) == set()


def test_a_call_to_one_provider_loads_no_other():
    code = (
        "from indox_core import Client\n"
        "Client().chat([{'role': 'user', 'content': 'Hi'}], 'local/smollm2', max_tokens=2)"
    )
    modules = loaded(code)
    assert {"indox_local", "xllamacpp"} <= modules
    assert modules & (SDKS | LATER | PLUGINS) <= {"indox_local", "xllamacpp"}


def test_a_plugin_that_is_named_loads_no_sdk_before_its_first_call():
    code = (
        "from indox_core import Client, MissingKeyError\n"
        "try: Client().chat([{'role': 'user', 'content': 'Hi'}], 'openai/gpt-4o-mini')\n"
        "except MissingKeyError: pass"
    )
    modules = loaded(code)
    assert "indox_openai" in modules
    assert modules & (SDKS | LATER) == set()


def test_the_command_line_lists_providers_without_importing_them():
    code = (
        "import sys; sys.argv = ['indox', 'providers']\n"
        "from indox_core._cli import main\n"
        "try: main()\nexcept SystemExit: pass"
    )
    assert loaded(code) & (SDKS | PLUGINS | {"httpx2", "asyncio", "genai_prices"}) == set()


BOTH_WAYS = ("plugin", "_provider", "_encode", "_decode", "_stream", "_errors")
TRANSLATORS = [
    ("openai", "indox_openai", ("plugin", "_provider", "_chat", "_responses", "_errors")),
    ("anthropic", "indox_anthropic", BOTH_WAYS),
    ("google", "indox_google", BOTH_WAYS),
    ("mistralai", "indox_mistral", BOTH_WAYS),
    ("xllamacpp", "indox_local", BOTH_WAYS),
]


@pytest.mark.parametrize(("sdk", "package", "modules"), TRANSLATORS)
def test_translators_import_with_the_sdk_absent(sdk, package, modules):
    imports = "\n".join(f"import {package}.{module}" for module in modules)
    assert package in loaded(f"import sys; sys.modules[{sdk!r}] = None\n{imports}")


def test_warming_up_imports_early_and_needs_no_key():
    code = """
import asyncio, sys
from indox_core import AsyncClient, Client, ProviderNotFoundError
assert "openai" not in sys.modules
with Client() as client:
    client.warm_up("openai", "echo")
assert "openai" in sys.modules and "genai_prices" in sys.modules
try:
    client = Client()
    client.warm_up("opnai")
except ProviderNotFoundError:
    sys.modules["named"] = sys
async def run():
    async with AsyncClient() as client:
        await client.warm_up("mistral")
asyncio.run(run())
assert "mistralai" in sys.modules
"""
    assert "named" in loaded(code)

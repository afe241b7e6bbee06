"""What users install: the built wheels in an empty environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pages import seed_blocks
from servers.openai import OpenAIServer

ROOT = Path(__file__).resolve().parents[2]
# The reader's code stays as it is: this says where openai is, and with which key.
PRELUDE = """
import functools, indox_core, json, os, sys
os.environ["OPENAI_API_KEY"] = "sk-mine"
os.chdir(os.path.dirname(__file__))
open("image.jpg", "wb").write(bytes.fromhex("ffd8ffe0") + bytes(16))
providers = {"openai": {"base_url": sys.argv[1]}}
indox_core.Client = functools.partial(indox_core.Client, providers=providers)
"""
QUICK_START = """
from indox_core import Client

client = Client(api_key="router")
messages = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "Tell me a joke about programming."},
]
response = client.chat(messages=messages, model="openai/gpt-4o-mini", temperature=0.7)
print(response["choices"][0]["message"]["content"])
for chunk in client.chat(messages, "openai/gpt-4o-mini", stream=True, byok_api_key="sk-mine"):
    print(chunk["data"], end="")
"""
LAST = "\nprint()\nprint(json.dumps(dict(response)))\n"


def quiet(*command: str, folder: Path = ROOT, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def uv():
    found = os.environ.get("UV") or shutil.which("uv")
    if found is None:
        pytest.skip("left out: building and installing the wheels needs uv")
    return found


@pytest.fixture(scope="session")
def wheels(once, uv):
    """The built core and one plugin."""

    def build(folder):
        for package in ("indox-core", "indox-openai"):
            quiet(uv, "build", "--wheel", "--quiet", "--package", package, "--out-dir", str(folder))

    return sorted(once("wheels", build).glob("*.whl"))


def install(uv, home, *packages):
    """What `pip install` does, in the environment of that folder."""
    quiet(uv, "pip", "install", "--quiet", "--python", str(home / "bin/python"), *packages)


@pytest.fixture(scope="session")
def python(once, uv, wheels):
    """The interpreter of an environment with nothing but the wheels and what they ask for."""

    def fill(folder):
        quiet(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
        install(uv, folder, *map(str, wheels))

    return once("empty", fill) / "bin/python"


def run_script(python, folder, sources):
    """The last response, printed as JSON by the script itself, and what the server received."""
    script = folder / "script.py"
    script.write_text(PRELUDE + "\n".join(sources) + LAST)
    with OpenAIServer() as server:
        printed = quiet(str(python), "-I", str(script), server.base_url)
    keys = {received.headers["authorization"] for received in server.received}
    assert keys == {"Bearer sk-mine"}
    return json.loads(printed.splitlines()[-1]), printed


def test_the_quick_start_in_an_empty_environment(python, tmp_path):
    response, printed = run_script(python, tmp_path, [QUICK_START])
    assert printed.count("You said: Tell me a joke about programming.") == 3
    assert response["usage"]["cost"] == 7.8e-06


def test_the_hosted_clients_page_in_an_empty_environment(python, tmp_path, shared):
    others = ("anthropic/", "google/", "mistral/")
    chosen = [b for b in seed_blocks(shared) if not any(name in b for name in others)]
    response, printed = run_script(python, tmp_path, chosen)
    assert "Assistant: You said: What can you help me with?" in printed
    assert response["usage"]["cost_breakdown"]["input_tokens"] == 3.6e-06


def test_without_its_extra_the_command_says_what_to_install(python):
    done = subprocess.run([str(python.parent / "indox")], capture_output=True, text=True)
    assert "pip install 'indox-core[cli]'" in done.stderr


def test_a_wheel_holds_our_package_and_nothing_else(wheels):
    for wheel in wheels:
        package = wheel.name.split("-")[0]
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
        assert {name.split("/")[0].split("-")[0] for name in names} == {package}
        assert f"{package}/py.typed" in names
        assert any(name.endswith("licenses/LICENSE") for name in names)
        assert not [name for name in names if name.endswith((".pth", ".so", ".pyd"))]


@pytest.mark.long
def test_what_the_scaffold_writes_works_beside_the_wheels_of_the_core(uv, wheels, tmp_path):
    """As its author's users get it: built, and installed in an empty environment."""
    env = tmp_path / "env"
    home = env / "bin"
    core, openai = map(str, wheels)
    quiet(uv, "venv", "--quiet", "--python", sys.executable, str(env))
    install(uv, env, f"{core}[cli,testing]", openai)
    clean = {"PYTHONPATH": "", "ACME_WEST_API_KEY": "sk-mine", "COLUMNS": "200"}

    def indox(*arguments):
        return quiet(str(home / "indox"), *arguments, folder=tmp_path, **clean)

    indox("new-provider", "acme")
    indox("new-provider", "acme-west", "--compatible")
    built = tmp_path / "dist"
    for name in ("indox-acme", "indox-acme-west"):
        quiet(uv, "build", "--wheel", "--quiet", "--out-dir", str(built), str(tmp_path / name))
    install(uv, env, *map(str, built.glob("*.whl")))
    assert indox("chat", "-m", "acme/any", "Hello").strip() == "Hello"
    with OpenAIServer() as server:
        model = ("-m", "acme-west/a-model", "--base-url", server.base_url)
        assert indox("chat", *model, "Hello").strip() == "You said: Hello"
    found = {item["provider"]: item for item in json.loads(indox("doctor", "--json"))}
    assert set(found) == {"acme", "acme-west", "openai"}
    assert [item["problem"] for item in found.values()] == ["", "", ""]
    assert found["acme-west"]["key"] == "ACME_WEST_API_KEY is set"
    providers = {item["provider"]: item for item in json.loads(indox("providers", "--json"))}
    assert providers["acme"]["distribution"] == "indox-acme"
    for name in ("indox-acme", "indox-acme-west"):
        shutil.rmtree(tmp_path / name / "src")  # the tests are of what is installed
        printed = quiet(str(home / "python"), "-m", "pytest", "-q", folder=tmp_path / name, **clean)
        print(name, printed.splitlines()[-1])
        assert " passed" in printed.splitlines()[-1]

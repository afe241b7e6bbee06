"""Following only the tutorial: the package that its page builds, tested as its reader would."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers.lantern import LanternServer

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/tutorial/write-a-provider.md"
_FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```', re.DOTALL | re.MULTILINE)
BIN = Path(sys.executable).parent


def run(folder: Path, *command: str, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder.parent), **environment},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def installed(folder: Path) -> None:
    """What `pip install -e` does, without a download: the package and its metadata on the path."""
    name = folder.name
    home = folder.parent
    (home / name.replace("-", "_")).symlink_to(folder / "src" / name.replace("-", "_"))
    info = home / f"{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n")
    provider, module = name.removeprefix("indox-"), name.replace("-", "_")
    (info / "entry_points.txt").write_text(f"[indox]\n{provider} = {module}\n")


@pytest.fixture(scope="module")
def lantern(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("tutorial")
    run(home, str(BIN / "indox"), "new-provider", "lantern")
    folder = home / "indox-lantern"
    files = _FILE.findall(PAGE.read_text())
    assert len(files) >= 12
    for path, content in files:
        (folder / path).write_text(content)
    installed(folder)
    return folder


def test_the_plugin_has_under_200_lines(lantern):
    sources = sorted((lantern / "src").rglob("*.py"))
    lines = sum(len(source.read_text().splitlines()) for source in sources)
    print(f"{lines} lines in {len(sources)} files")
    assert lines < 200


def test_the_contract_is_green(lantern):
    printed = run(lantern, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert re.search(r"^\d+ passed, \d+ skipped", printed, re.MULTILINE), printed[-500:]
    print(printed.splitlines()[-1])


def test_it_is_as_clean_as_the_scaffold(lantern):
    run(lantern, str(BIN / "ruff"), "check")
    run(lantern, str(BIN / "ruff"), "format", "--check")
    run(lantern, str(BIN / "mypy"))


def test_its_user_finds_it_and_talks_to_it(lantern):
    shown = {"LANTERN_API_KEY": LanternServer.key, "COLUMNS": "200"}
    assert "indox-lantern" in run(lantern, str(BIN / "indox"), "providers")
    found = json.loads(run(lantern, str(BIN / "indox"), "doctor", "--json", **shown))
    assert [item["problem"] for item in found if item["provider"] == "lantern"] == [""]
    with LanternServer() as server:
        chat = [str(BIN / "indox"), "chat", "-m", "lantern/lantern-2", "--base-url", server.url]
        assert run(lantern, *chat, "Good evening", **shown).startswith("You said: Good evening")
        run(lantern, sys.executable, "-c", USER.format(url=server.url, key=server.key))
        assert [received.json["heat"] for received in server.received[1:]] == [0.5] * 5


USER = """
import asyncio
from indox_core import AsyncClient, AuthenticationError, Client, ModelNotFoundError
from indox_core import UnsupportedFeatureError
tool = {{"name": "get_weather", "parameters": {{"type": "object", "properties": {{}}}}}}
hello = [{{"role": "system", "content": "Be kind."}}, {{"role": "user", "content": "Hello"}}]
providers = {{"lantern": {{"base_url": {url!r}, "api_key": {key!r}}}}}
options = {{"model": "lantern/lantern-2", "temperature": 0.5}}
with Client(providers=providers) as client:
    stream = client.chat(hello, tools=[tool], stream=True, **options)
    list(stream)
    (call,) = stream.response.tool_calls
    assert call.arguments == {{"city": "Paris"}}
    result = {{"role": "tool", "tool_call_id": call.id, "content": "21 degrees"}}
    talk = [*hello, stream.response.to_message(), result]
    response = client.chat(talk, tools=[tool], **options)
    assert response.data == "You said: 21 degrees", response.data
    assert response.usage.tokens_total == 11 and response.usage.cost is None
    for wrong, error in (({{"byok_api_key": "sk-not-it"}}, AuthenticationError),
                         ({{"model": "lantern/lantern-9"}}, ModelNotFoundError),
                         ({{"web_search": True}}, UnsupportedFeatureError)):
        try:
            client.chat(hello, **{{**options, **wrong}})
        except error:
            continue
        raise AssertionError(wrong)

async def run():
    async with AsyncClient(providers=providers) as client:
        response = await client.chat(hello, seed=7, **options)
        assert response.data == "You said: Hello"
        assert [item.path for item in response.adaptations] == ["seed"]

asyncio.run(run())
"""

"""A plugin of a stranger, written for an earlier release, works as it is and is never edited.

`third_party/` is what the tutorial built then. It imports `indox_core.plugin` and, in its test,
`indox_core.testing`.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from servers.lantern import LanternServer

from indox_core import Client, ModelNotFoundError

PINNED = Path(__file__).parent / "third_party"
DIGEST = "ad8d25b9bf03377139a7cdb71c954210fa39fe58153db45f0328ee393fa6bb5f"
HELLO = [{"role": "user", "content": "Good evening"}]
TOOL = {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}


def test_it_is_never_edited():
    files = sorted(
        path
        for path in PINNED.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyc"
    )
    whole = hashlib.sha256()
    for path in files:
        whole.update(path.relative_to(PINNED).as_posix().encode() + b"\0" + path.read_bytes())
    assert len(files) == 17
    assert whole.hexdigest() == DIGEST


def test_it_uses_public_names_alone():
    doors = {"indox_core.plugin", "indox_core.testing", "indox_lantern"}
    for path in PINNED.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("indox"):
                assert node.module in doors


@pytest.fixture
def lantern(monkeypatch):
    monkeypatch.syspath_prepend(str(PINNED / "src"))
    import indox_lantern

    with LanternServer() as server:
        config = {"lantern": {"base_url": server.url, "api_key": server.key}}
        with Client(plugins=[indox_lantern], providers=config) as client:
            yield client


def test_it_chats_and_streams(lantern):
    model = "lantern/lantern-2"
    response = lantern.chat(HELLO, model)
    assert (response.data, response.usage.tokens_total) == ("You said: Good evening", 11)
    stream = lantern.chat(HELLO, model, stream=True, tools=[TOOL])
    list(stream)
    (call,) = stream.response.tool_calls
    assert (call.name, call.arguments) == ("get_weather", {"city": "Paris"})
    stream = lantern.chat(HELLO, model, stream=True)
    assert "".join(map(str, stream)).strip() == "You said: Good evening"
    with pytest.raises(ModelNotFoundError) as caught:
        lantern.chat(HELLO, "lantern/lantern-9")
    assert caught.value.code == "engine_unknown"


def test_its_contract_still_runs_and_is_green():
    """What is asked today and was not recorded then is skipped, and says what to add."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"],
        cwd=PINNED,
        env={**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    passed = int(re.search(r"(\d+) passed", done.stdout).group(1))
    assert passed > 250
    assert "recorded/errors.json: add what your vendor documents" in done.stdout

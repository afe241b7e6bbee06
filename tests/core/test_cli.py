"""The command line, run as a person runs it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from servers.openai import last_text

INDOX = [str(Path(sys.executable).parent / "indox")]
ANSWER = "You said: Hello"


def environment(**more):
    return {**os.environ, "OPENAI_API_KEY": "sk-cli", "NO_COLOR": "1", **more}


def indox(*arguments, given=None, **more):
    stdin = {"input": given} if given is not None else {"stdin": subprocess.DEVNULL}
    return subprocess.run(
        [*INDOX, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**more),
        **stdin,
    )


@pytest.fixture
def openai(openai_server):
    """The arguments that send `indox chat` to the loopback server."""
    return ("chat", "-m", "openai/gpt-4o-mini", "--base-url", openai_server.base_url)


def test_an_answer_and_one_quiet_line(openai):
    done = indox(*openai, "Hello")
    assert done.returncode == 0
    assert done.stdout == f"{ANSWER}\n"
    (line,) = done.stderr.splitlines()
    assert line.startswith("openai/gpt-4o-mini · 24 + 7 tokens · $0.0000078 · ")
    assert line.endswith(" s")


def test_without_streaming_the_same(openai):
    assert indox(*openai, "--no-stream", "Hello").stdout == f"{ANSWER}\n"


def test_json_is_the_response(openai):
    response = json.loads(indox(*openai, "--json", "Hello").stdout)
    assert response["data"] == ANSWER
    assert response["usage"]["cost"] == 7.8e-06


def test_a_prompt_from_a_pipe(openai):
    assert indox(*openai, given="Hello\n").stdout == f"{ANSWER}\n"


def test_system_and_images(openai, openai_server, tmp_path):
    image = tmp_path / "a.jpg"
    image.write_bytes(b"\xff\xd8\xff" + bytes(8))
    done = indox(
        *openai, "--system", "Be terse.", "--image", str(image), "--image", str(image), "Hi"
    )
    assert done.returncode == 0
    system, user = openai_server.received[0].json["messages"]
    assert system == {"role": "system", "content": "Be terse."}
    assert [part["type"] for part in user["content"]] == ["text", "image_url", "image_url"]


def test_the_model_of_the_environment(openai_server):
    done = indox("chat", "--base-url", openai_server.base_url, "Hi", INDOX_MODEL="openai/gpt-4.1")
    assert "openai/gpt-4.1" in done.stderr


def test_the_small_model_is_the_default():
    done = indox("chat", "What is the capital of France? One word.", INDOX_MODEL="")
    assert done.stdout == "The capital of France is Paris.\n"
    assert done.stderr.startswith("local/smollm2 · 40 + 8 tokens · free · ")


def test_text_is_printed_as_it_comes(openai, openai_server):
    openai_server.gate = threading.Semaphore(1)
    with subprocess.Popen(
        [*INDOX, *openai, "Hello"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(7) == b"You sai"  # the next event is not sent before this
        for _ in range(8):
            openai_server.gate.release()
        assert process.stdout.read() == b"d: Hello\n"


EXITS = [
    pytest.param(("chat", "-m", "nosuch/x", "Hi"), 2, 'No provider "nosuch"', id="provider"),
    pytest.param(("chat", "-m", "gpt", "Hi"), 2, "provider and model", id="no-slash"),
    pytest.param(("chat", "-m", "openai/x", "--bogus"), 2, "No such option", id="option"),
    pytest.param(("chat", "-m", "echo/x"), 2, "no prompt", id="no-prompt"),
    pytest.param(("chat", "-m", "echo/x", "--image", "no-file", "Hi"), 2, "does not exist"),
    pytest.param(("chat", "-m", "local/other", "Hi"), 1, "only model here", id="provider-failure"),
    pytest.param(
        ("chat", "-m", "openai/x", "--base-url", "http://127.0.0.1:9", "Hi"), 1, "no answer",
        id="network",
    ),
    pytest.param(("nonsense",), 2, "No such command", id="command"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "code", "text"), EXITS)
def test_exit_codes(arguments, code, text):
    done = indox(*arguments)
    assert done.returncode == code
    assert text in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_key_is_wrong_configuration():
    done = indox("chat", "-m", "openai/x", "Hi", OPENAI_API_KEY="")
    assert done.returncode == 2
    assert "OPENAI_API_KEY" in done.stderr


def test_a_refused_key_is_a_failure_and_not_shown(openai):
    done = indox(*openai, "Hi", OPENAI_API_KEY="wrong-canary-key")
    assert done.returncode == 1
    assert "canary" not in done.stderr


def test_providers_are_listed():
    done = indox("providers")
    names = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert names == sorted(names)
    assert {"anthropic", "echo", "google", "local", "mistral", "openai"} <= set(names)
    rows = json.loads(indox("providers", "--json").stdout)
    distributions = {row["provider"]: row["distribution"] for row in rows}
    assert distributions["openai"] == "indox-openai"


def test_commands_of_plugins():
    assert "local" in indox("--help").stdout
    assert indox("local", "path").stdout.strip().endswith(".gguf")


def test_a_conversation_remembers(openai_server):
    """In a terminal, without a prompt."""
    terminal, its_end = pty.openpty()
    command = [*INDOX, "chat", "-m", "openai/gpt-4o-mini", "--base-url", openai_server.base_url]
    with subprocess.Popen(
        command, stdin=its_end, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        os.close(its_end)
        os.write(terminal, b"first\nsecond\n\x04")
        output, errors = process.communicate(timeout=30)
        os.close(terminal)
    assert process.returncode == 0, errors
    assert b"You said: first" in output
    assert b"You said: second" in output
    assert len(openai_server.received[1].json["messages"]) == 3
    assert last_text(openai_server.received[1].json) == "second"


def test_without_its_packages_the_command_says_what_to_install():
    code = "import sys; sys.modules['click'] = None\nfrom indox_core._cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode != 0
    assert "pip install 'indox-core[cli]'" in done.stderr


def test_prices_are_shown_with_their_source():
    shown = json.loads(indox("prices", "show", "mistral/mistral-large-latest", "--json").stdout)
    assert (shown["input"], shown["output"]) == ("0.5", "1.5")
    assert shown["source"].startswith("https://mistral.ai")
    listed = json.loads(indox("prices", "list", "-p", "anthropic", "--json").stdout)
    assert {"model", "input", "output", "cached input"} == set(listed[0])
    unknown = indox("prices", "show", "openai/released-tomorrow")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "No price is known" in unknown.stderr


def test_updating_prices_without_a_network_says_so_and_changes_nothing(tmp_path):
    done = indox("prices", "update", XDG_CACHE_HOME=str(tmp_path), ALL_PROXY="http://127.0.0.1:9")
    if done.returncode == 0:
        pytest.skip("there is a network, and the prices were fetched")
    assert "not updated" in done.stderr
    assert list(tmp_path.rglob("*")) == []


def test_explain_prints_the_call():
    shown = json.loads(
        indox("explain", "-m", "openai/gpt-4o-mini", "--max-tokens", "9", "Hi").stdout
    )
    assert shown["body"]["max_output_tokens"] == 9
    assert shown["price"]["high"]


def test_doctor_finds_every_plugin_well():
    done = indox("doctor", "--json")
    found = {item["provider"]: item for item in json.loads(done.stdout)}
    assert done.returncode == 0
    assert {"openai", "anthropic", "google", "mistral", "local", "echo"} <= set(found)
    assert found["openai"]["key"] == "OPENAI_API_KEY is set"
    assert "sk-cli" not in done.stdout + done.stderr
    assert all(not item["problem"] for item in found.values())

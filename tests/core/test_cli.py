"""The command line. Its entry point is called in this process; where the process itself is the
promise (the script, a pipe that flows, a terminal that is typed at), it is one of its own."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import threading

import pytest
from command import indox, its_environment, on_a_screen, read, script, started
from servers.openai import OpenAIServer, last_text

from indox_core import Conversation
from indox_core._cli.print import print_table
from indox_core._cli.screen import split_blocks
from indox_core.testing import HTTPAnswer, LoopbackServer

ANSWER = "You said: Hello"


@pytest.fixture
def openai(openai_server):
    """The arguments that send `indox chat` to the loopback server."""
    return ("chat", "-m", "openai/gpt-4o-mini", "--base-url", openai_server.base_url)


@pytest.mark.parametrize("run", [indox, script], ids=["called", "script"])
def test_an_answer_and_one_quiet_line(openai, run):
    done = run(*openai, "Hello")
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
    pipe = subprocess.PIPE
    with started(*openai, "Hello", stdout=pipe, stderr=pipe, env=its_environment()) as process:
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


class Terminal:
    """A real terminal that the command, in a process of its own, is typed at through."""

    def __init__(self, number):
        self._number = number
        self.shown = b""
        self._looked_at = 0

    def wait_for(self, text):
        """Until it is shown, after what was waited for before."""
        while (found := self.shown.find(text, self._looked_at)) < 0:
            piece = read(self._number)
            assert piece, self.shown
            self.shown += piece
        self._looked_at = found + len(text)

    def type(self, text):
        os.write(self._number, text)


def at_its_terminal():
    """Before the program begins: Ctrl-C reaches it, also of tests that run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def typed_at(*arguments, steps):
    """All that the terminal shows: what is waited for, and what is typed then, in turn."""
    number, its_end = pty.openpty()
    termios.tcsetwinsize(its_end, (24, 80))
    with started(
        *arguments, stdin=its_end, stdout=its_end, stderr=its_end,
        env=its_environment(TERM="xterm", COLUMNS="80"), start_new_session=True,
        preexec_fn=at_its_terminal,
    ) as process:  # fmt: skip
        os.close(its_end)
        terminal = Terminal(number)
        for until, text in steps:
            terminal.wait_for(until)
            terminal.type(text)
        while piece := read(number):
            terminal.shown += piece
        assert process.wait(100) == 0, terminal.shown
    os.close(number)
    return terminal.shown.decode()


def talk(*arguments, lines):
    """A conversation: each line is typed at a prompt, then the end of input."""
    return typed_at(*arguments, steps=[(b"> ", line) for line in (*lines, b"\x04")])


def test_a_conversation_remembers(openai, openai_server):
    """In a terminal, without a prompt."""
    shown = talk(*openai, lines=[b"first\n", b"second\n"])
    assert "You said: first" in shown
    assert "You said: second" in shown
    assert len(openai_server.received[1].json["messages"]) == 3
    assert last_text(openai_server.received[1].json) == "second"


MARKDOWN = """# Title

Some **bold** text.

```python
x = 1

y = 2
```

1. one

2. two
"""


def test_markdown_is_rendered_on_a_terminal_and_plain_in_a_pipe():
    with OpenAIServer(lambda received: MARKDOWN) as server:
        ask = ("chat", "-m", "openai/gpt-4o-mini", "--base-url", server.base_url, "Hello")
        assert indox(*ask).stdout == f"{MARKDOWN}\n"
        for more in ((), ("--no-stream",)):
            shown = on_a_screen(*ask, *more)
            assert "**" not in shown
            assert "```" not in shown
            assert "Title" in shown
            assert "bold" in shown
        assert "**bold**" in on_a_screen(*ask, "--plain")
        assert "**bold**" in on_a_screen(*ask, TERM="dumb")


ODD = """Use Vec<String> and <Enter>.

<details>
hidden
</details>

| a | b |
|---|---|
| {} | wide |

\x1b]0;title\x07 and \x1b[2J

{}
""".format("long cell " * 12, "\n".join("  " * depth + f"- level {depth}" for depth in range(12)))


def test_nothing_of_an_answer_is_left_out_and_nothing_commands_the_terminal():
    with OpenAIServer(lambda received: ODD) as server:
        ask = ("chat", "-m", "openai/gpt-4o-mini", "--base-url", server.base_url, "Hello")
        for more in ((), ("--no-stream",), ("--plain",)):
            shown = on_a_screen(*ask, *more)
            for text in ("Vec<String>", "<Enter>", "<details>", "hidden", "level 11"):
                assert text in shown, more
            assert shown.count("long") == 12
            assert "\x1b]0" not in shown
            assert "\x1b[2J" not in shown
            assert r"\x1b]0;title\x07" in shown
        assert indox(*ask).stdout == f"{ODD}\n"


def test_a_vendors_error_does_not_command_the_terminal():
    refused = HTTPAnswer({"error": {"message": "bad \x1b]0;pwned\x07"}}, 400)
    with LoopbackServer(lambda received: refused) as server:
        done = indox("chat", "-m", "openai/gpt-4o-mini", "--base-url", server.url, "Hello")
    assert "\x1b" not in done.stderr
    assert r"bad \x1b]0;pwned\x07" in done.stderr


def test_ctrl_c_ends_one_answer_and_doubles_nothing():
    text = " ".join(f"word{number}" for number in range(200))
    with OpenAIServer(lambda received: text) as server:
        server.gate = threading.Semaphore(3)
        ask = ("chat", "-m", "openai/gpt-4o-mini", "--base-url", server.base_url)
        steps = [(b"> ", b"Hi\n"), (b"word199", b"\x03"), (b"> ", b"\x04")]
        shown = typed_at(*ask, steps=steps)
    after = shown.rpartition("^C")[2]
    assert after.count("word0 ") == 1


@pytest.mark.parametrize(
    ("text", "done"),
    [
        ("one", ""),
        ("one\n\n", ""),
        ("one\n\ntwo", "one\n\n"),
        ("```\na\n\nb", ""),
        ("```\na\n\nb\n```\n\nc", "```\na\n\nb\n```\n\n"),
        ("- a\n\n- b", ""),
        ("1. a\n\n   more", ""),
        ("1. a\n\n2. b", ""),
        ("a\n\nb\n\n```\nc\n\nd", "a\n\nb\n\n"),
    ],
)
def test_a_block_is_printed_when_it_is_complete(text, done):
    assert split_blocks(text) == (done, text[len(done) :])


def test_calls_of_tools_are_shown_and_not_kept(tmp_path):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    kept = tmp_path / "talk.json"
    with LoopbackServer(lambda received: HTTPAnswer(body)) as server:
        done = indox(
            "chat", "-m", "openai/gpt-4o-mini", "--base-url", server.url, "--no-stream",
            "--history", str(kept), "--tool-schema", '{"name": "f"}', "Go",
        )  # fmt: skip
        as_json = indox(
            "chat", "-m", "openai/gpt-4o-mini", "--base-url", server.url, "--json",
            "--tool-schema", '{"name": "f"}', "Go",
        )  # fmt: skip
    assert done.stdout == 'f {"a": 1}\n'
    assert "not made" in done.stderr
    assert not kept.exists()
    calls = json.loads(as_json.stdout)["tool_calls"]
    assert calls == [{"id": "c1", "name": "f", "arguments": {"a": 1}}]


def test_two_programs_with_one_history_lose_nothing_in_silence(openai, openai_server, tmp_path):
    kept = tmp_path / "talk.json"
    (tmp_path / "link.json").symlink_to(kept)
    indox(*openai, "--history", str(tmp_path / "link.json"), "One")
    assert kept.exists()
    openai_server.gate = threading.Semaphore(1)
    ask = (*openai, "--history", str(kept), "Two")
    with started(*ask, stderr=subprocess.PIPE, env=its_environment(), text=True) as slow:
        while len(openai_server.received) < 2:
            assert slow.poll() is None
            threading.Event().wait(0.02)
        kept.write_text(Conversation().user("Another program's").to_json())
        for _ in range(9):
            openai_server.gate.release()
        errors = slow.communicate(timeout=100)[1]
    assert slow.returncode == 2
    assert "another program" in errors
    assert len(Conversation.from_json(kept.read_text())) == 1


def test_what_is_no_text_in_a_pipe_is_refused(openai, openai_server):
    done = indox(*openai, given=b"ab\xff")
    assert done.returncode == 2
    assert "UTF-8" in done.stderr
    assert openai_server.received == []


@pytest.mark.parametrize(
    ("name", "system", "text"),
    [
        ("no-folder/talk.json", None, "no folder"),
        ("folder", None, "directory"),
        ("begun.json", "Be brief.", "--system"),
        ("deep.json", None, "no conversation"),
    ],
)
def test_a_history_that_cannot_be_used_is_refused_before_anything_is_sent(
    openai, openai_server, tmp_path, name, system, text
):
    (tmp_path / "folder").mkdir()
    (tmp_path / "begun.json").write_text(Conversation().user("Hi").to_json())
    (tmp_path / "deep.json").write_text('{"messages": ' + "[" * 100_000)
    more = ("--system", system) if system else ()
    done = indox(*openai, "--history", str(tmp_path / name), *more, "Hi")
    assert done.returncode == 2
    assert text in done.stderr
    assert openai_server.received == []


def test_a_history_is_written_whatever_the_locale(tmp_path):
    kept = tmp_path / "talk.json"
    with OpenAIServer(lambda received: "Grüße 🗼") as server:
        ask = ("chat", "-m", "openai/gpt-4o-mini", "--base-url", server.base_url)
        done = script(*ask, "--history", str(kept), "Hi", LC_ALL="C", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert Conversation.from_json(kept.read_bytes()).messages[1].text == "Grüße 🗼"


def test_what_a_vendor_wrote_is_no_markup(capsys):
    print_table([{"model": "Gemini [preview] [/b]", "name": "[red]"}])
    assert "Gemini [preview] [/b]  [red]" in capsys.readouterr().out


def test_a_history_is_kept_only_on_request(openai, openai_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    indox(*openai, "Hello")
    assert list(tmp_path.iterdir()) == []
    indox(*openai, "--history", "talk.json", "--system", "Be brief.", "One")
    kept = tmp_path / "talk.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    shown = talk(*openai, "--history", "talk.json", lines=[b"Two\n"])
    assert "3 messages so far" in shown
    assert [m["role"] for m in openai_server.received[-1].json["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["talk.json"]
    before = kept.read_bytes()
    indox(*openai, "--history", "talk.json", "Three", OPENAI_API_KEY="wrong-canary-key")
    assert kept.read_bytes() == before
    kept.write_text("{}")
    broken = indox(*openai, "--history", "talk.json", "Four")
    assert (broken.returncode, kept.read_text()) == (2, "{}")
    assert "no conversation" in broken.stderr


def test_tools_and_schemas_are_files_or_text(openai, openai_server, tmp_path):
    tool = {"name": "get_weather", "parameters": {"type": "object"}}
    (tmp_path / "tools.json").write_text(json.dumps([tool]))
    schema = json.dumps({"type": "object", "properties": {}})
    more = json.dumps({**tool, "name": "get_time"})
    indox(
        *openai, "--tool-schema", str(tmp_path / "tools.json"), "--tool-schema", more,
        "--schema", schema, "--temperature", "0.5", "--max-tokens", "9", "Hi",
    )  # fmt: skip
    sent = openai_server.received[-1].json
    assert [t["function"]["name"] for t in sent["tools"]] == ["get_weather", "get_time"]
    assert sent["response_format"]["type"] == "json_schema"
    assert sent["temperature"] == 0.5
    for wrong in ("no-file.json", "{"):
        done = indox(*openai, "--schema", wrong, "Hi")
        assert done.returncode == 2
        assert "--schema" in done.stderr
    assert len(openai_server.received) == 1


def test_a_cost_limit_and_a_fallback(openai, openai_server):
    limited = indox(*openai, "--max-tokens", "1000", "--max-cost", "0.000001", "Hi")
    assert limited.returncode == 2
    assert "max_cost" in limited.stderr
    assert openai_server.received == []
    done = indox(
        "chat", "-m", "ollama/x", "--base-url", "http://127.0.0.1:9", "--fallback", "echo/any",
        "Hello",
    )  # fmt: skip
    assert done.stdout == "Hello\n"
    assert done.stderr.startswith("echo/any")


def test_reasoning_is_asked_for():
    arguments = ("-m", "anthropic/claude-sonnet-5", "--reasoning", "low", "--max-tokens", "99")
    shown = json.loads(indox("explain", *arguments, "--json", "Hi").stdout)
    assert shown["body"]["output_config"] == {"effort": "low"}


def test_explain_shows_what_was_changed():
    shown = indox("explain", "-m", "anthropic/claude-sonnet-5", "--temperature", "0.5", "Hi").stdout
    assert '"model": "claude-sonnet-5"' in shown
    assert "temperature  dropped" in shown
    assert "Costs $" in shown


def test_models_are_listed():
    models = {"object": "list", "data": [{"id": "gpt-x", "object": "model", "created": 1}]}
    with LoopbackServer(lambda received: HTTPAnswer(models)) as server:
        ask = ("models", "-p", "openai", "--base-url", server.url)
        assert json.loads(indox(*ask, "--json").stdout)[0]["model"] == "openai/gpt-x"
        assert "openai/gpt-x" in indox(*ask).stdout
        assert json.loads(indox(*ask, "--json").stdout)[0]["efforts"] is None  # nobody knows
    assert indox("models", "-p", "echo").returncode == 2
    assert indox("models", "--base-url", "http://x").returncode == 2


def test_models_are_listed_with_what_they_take():
    names = ["claude-opus-4-6", "claude-3-haiku-20240307"]
    models = {"data": [{"id": name, "type": "model"} for name in names]}
    with LoopbackServer(lambda received: HTTPAnswer(models)) as server:
        ask = ("models", "-p", "anthropic", "--base-url", server.url)
        rows = json.loads(indox(*ask, "--json", ANTHROPIC_API_KEY="sk-any").stdout)
    assert [row["model"] for row in rows] == [f"anthropic/{name}" for name in names]
    assert "high" in rows[0]["efforts"]
    assert "xhigh" not in rows[0]["efforts"]
    assert (rows[1]["efforts"], "reasoning" in rows[1]["lacks"]) == ([], True)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands_and_models(shell):
    assert "_INDOX_COMPLETE" in indox("completion", shell).stdout
    words = {"COMP_WORDS": "indox chat -m mistral/mist", "COMP_CWORD": "3"}
    found = indox(_INDOX_COMPLETE="bash_complete", **words).stdout
    assert "plain,mistral/mistral-large" in found


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
    done = script("prices", "update", XDG_CACHE_HOME=str(tmp_path), ALL_PROXY="http://127.0.0.1:9")
    if done.returncode == 0:
        pytest.skip("there is a network, and the prices were fetched")
    assert "not updated" in done.stderr
    assert list(tmp_path.rglob("*")) == []


def test_explain_prints_the_call():
    shown = json.loads(
        indox("explain", "-m", "openai/gpt-4o-mini", "--max-tokens", "9", "--json", "Hi").stdout
    )
    assert shown["body"]["max_output_tokens"] == 9
    assert shown["price"]["high"]


def doctor(*names):
    done = indox("doctor", "--json", "--timeout", "100", *names)
    found = {item["provider"]: item for item in json.loads(done.stdout)}
    assert done.returncode == 0, found
    assert "sk-cli" not in done.stdout + done.stderr
    assert all(not item["problem"] for item in found.values())
    return found


def test_doctor_finds_a_plugin_of_each_distribution_well():
    rows = json.loads(indox("providers", "--json").stdout)
    names = {row["distribution"]: row["provider"] for row in rows}.values()
    found = doctor(*names)
    assert set(found) == set(names)
    assert {"openai", "anthropic", "google", "mistral", "local", "echo"} <= set(found)
    assert found["openai"]["key"] == "OPENAI_API_KEY is set"


@pytest.mark.long
def test_doctor_finds_every_plugin_well():
    rows = json.loads(indox("providers", "--json").stdout)
    assert set(doctor()) == {row["provider"] for row in rows}

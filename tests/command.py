"""The command `indox`: its entry point called in this process, or its script in one of its own."""

from __future__ import annotations

import io
import os
import pty
import select
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from indox_core._cli import main

SCRIPT = [str(Path(sys.executable).parent / "indox")]


@dataclass(frozen=True, slots=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def environment(**more: str) -> dict[str, str]:
    return {"OPENAI_API_KEY": "sk-cli", "NO_COLOR": "1", **more}


def indox(*arguments: str, given: bytes | str = b"", **more: str) -> Done:
    """What the command prints into pipes; an exception that it lets through is the test's."""
    data = given.encode() if isinstance(given, str) else given
    out, err = io.BytesIO(), io.BytesIO()
    out, err = io.BytesIO(), io.BytesIO()
    streams: list[TextIO] = [
        io.TextIOWrapper(one, "utf-8", write_through=True) for one in (io.BytesIO(data), out, err)
    ]
    code = _called(arguments, streams, environment(**more))
    return Done(code, out.getvalue().decode(), err.getvalue().decode())


def script(*arguments: str, **more: str) -> Done:
    """The same from the installed script, in a process of its own."""
    done = subprocess.run(
        [*SCRIPT, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        env=its_environment(**more),
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*arguments: str, **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    """The script, running beside the test; it ends with the block, also where the test fails."""
    with subprocess.Popen([*SCRIPT, *arguments], **streams) as process:
        try:
            yield process
        finally:
            process.kill()


def its_environment(**more: str) -> dict[str, str]:
    """Of a process of its own."""
    return {**os.environ, **environment(**more)}


def on_a_screen(*arguments: str, **more: str) -> str:
    """What a terminal shows of the command, called in this process."""
    terminal, its_end = pty.openpty()
    termios.tcsetwinsize(its_end, (24, 80))
    shown: list[bytes] = []

    def look() -> None:
        while piece := read(terminal):
            shown.append(piece)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with ExitStack() as stack:
            streams = [
                stack.enter_context(os.fdopen(os.dup(its_end), mode, encoding="utf-8"))
                for mode in ("r", "w", "w")
            ]
            os.close(its_end)
            code = _called(
                arguments, streams, environment(**{"TERM": "xterm", "COLUMNS": "80", **more})
            )
    finally:
        looking.join()
        os.close(terminal)
    text = b"".join(shown).decode()
    assert code == 0, text
    return text


def read(terminal: int) -> bytes:
    """What a terminal shows next; b'' once its program is gone."""
    ready, _, _ = select.select([terminal], [], [], 100)
    assert ready, "nothing is shown for 100 seconds"
    try:
        return os.read(terminal, 4096)
    except OSError:  # how a terminal ends whose program is gone
        return b""


def _called(arguments: Sequence[str], streams: list[TextIO], env: dict[str, str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["indox", *arguments])
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        for name, value in env.items():
            patch.setenv(name, value)
        try:
            main()
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
                return 1
            return int(end.code or 0)
        return 0

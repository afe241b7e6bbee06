"""What a terminal shows of an answer while it comes: progress, and Markdown block by block."""

from __future__ import annotations

import re

import click
from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.MULTILINE)


def is_terminal(console: Console) -> bool:
    """Whether it can move its cursor."""
    return console.is_terminal and not console.is_dumb_terminal


class Waiting:
    """A line on standard error while an answer is awaited; nothing where that is no terminal."""

    def __init__(self, text: str) -> None:
        console = Console(stderr=True)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not is_terminal(console)
        )
        self._task = self._progress.add_task(text, total=None)

    def tell(self, text: str) -> None:
        self._progress.update(self._task, description=text)

    def stop(self) -> None:
        self._progress.stop()

    def __enter__(self) -> Waiting:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()


class PlainText:
    """Text as it comes."""

    def write(self, text: str) -> None:
        click.echo(text, nl=False)

    def end(self) -> None:
        click.echo()


class RenderedText:
    """Markdown: a block that is complete is printed for good, the one that grows is drawn anew."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._rest = ""
        self._printed = False

    def write(self, text: str) -> None:
        if not self._live.is_started:
            self._live.start()
        self._rest += text
        done, self._rest = split_blocks(self._rest)
        if done.strip():
            self._print(done)
        self._live.update(Markdown(self._rest), refresh=True)

    def end(self) -> None:
        try:
            self._live.update("", refresh=True)
            if self._rest.strip():
                self._print(self._rest)
        finally:
            self._live.stop()

    def _print(self, text: str) -> None:
        if self._printed:
            self._live.console.print()
        self._live.console.print(Markdown(text))
        self._printed = True


def split_blocks(text: str) -> tuple[str, str]:
    """The complete blocks and the one that still grows: blocks end at a blank line, not in code."""
    end = text.rfind("\n\n")
    while end >= 0:
        done = text[: end + 2]
        following = text[end + 2 :]
        inside_list = following[:1] in (" ", "\t", "") or following[:2] in ("- ", "* ")
        if len(_FENCE.findall(done)) % 2 == 0 and not inside_list:
            return done, following
        end = text.rfind("\n\n", 0, end)
    return "", text

"""What a terminal shows of an answer while it comes: progress, and Markdown block by block."""

from __future__ import annotations

import re
import sys
from typing import ClassVar

import click
from markdown_it import MarkdownIt
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from .print import visible

_GOES_ON = re.compile(r"\s|$|[-*+] |\d+[.)] ")
"""How a list goes on after a blank line, or what is not yet there to be judged."""
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
    """Text as it comes; byte by byte where no terminal would obey it."""

    def __init__(self) -> None:
        self._shown = visible if sys.stdout is not None and sys.stdout.isatty() else str

    def write(self, text: str) -> None:
        click.echo(self._shown(text), nl=False, color=True)  # else it takes out what looks like one

    def end(self) -> None:
        click.echo()

    def line(self, text: str) -> None:
        self.write(text)
        self.end()


class _Table(TableElement):
    """A table whose cells are folded where they are too wide, and not cut."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            assert isinstance(table, Table)
            for column in table.columns:
                column.overflow = "fold"
            yield table


class _Markdown(Markdown):
    """Rich's, which would leave out whatever looks like HTML or is nested deep."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "table_open": _Table,
    }
    _parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 100})
    _parser.enable(["strikethrough", "table"])

    def __init__(self, text: str) -> None:
        super().__init__("")
        self.markup = text
        self.parsed = self._parser.parse(text)


class RenderedText:
    """Markdown: a block that is complete is printed for good, the one that grows is drawn anew."""

    def __init__(self, console: Console) -> None:
        # Drawn by a thread of its own, ten times a second: not for each piece, and never by half
        # when Ctrl-C comes.
        self._live = Live(console=console, transient=True, refresh_per_second=10)
        self._rest = ""
        self._printed = False

    def write(self, text: str) -> None:
        if not self._live.is_started:
            self._live.start()
        self._rest += visible(text)
        done, self._rest = split_blocks(self._rest)
        if done.strip():
            self._print(done)
        self._live.update(_Markdown(last_lines(self._rest, self._live.console.height - 2)))

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
        self._live.console.print(_Markdown(text))
        self._printed = True


def last_lines(text: str, number: int) -> str:
    """The end of a block that is higher than the screen, in its code fence if it has one."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= number:
        return text
    fence = _FENCE.match(text)
    return (lines[0] if fence else "") + "".join(lines[-number:])


def split_blocks(text: str) -> tuple[str, str]:
    """The complete blocks and the one that still grows: blocks end at a blank line, not in code."""
    end = text.rfind("\n\n")
    while end >= 0:
        done = text[: end + 2]
        following = text[end + 2 :]
        if len(_FENCE.findall(done)) % 2 == 0 and not _GOES_ON.match(following):
            return done, following
        end = text.rfind("\n\n", 0, end)
    return "", text

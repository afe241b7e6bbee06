"""What the terminal shows besides the answer's text."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from indox_core._errors import IndoxError
from indox_core._schema import ChatResponse

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def visible(text: str) -> str:
    """The text with its control characters spelt out: they would command the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\r\n", "\n"))


def print_error(error: IndoxError) -> None:
    _print_aside(Text.assemble(("Error: ", "bold red"), visible(error.message)))


def print_facts(response: ChatResponse) -> None:
    """One quiet line below the answer: model, tokens, cost, seconds."""
    facts = [f"{response.provider}/{response.model}", tokens(response), cost(response)]
    facts.append(f"{response.usage.latency:.1f} s")
    if response.finish_reason not in ("stop", "tool_calls"):
        facts.append(f"ended by {response.finish_reason}")
    _print_aside(Text(visible(" · ".join(facts)), style="dim"))


def _print_aside(text: Text) -> None:
    """On standard error; wrapped between words on a terminal, one line elsewhere."""
    console = Console(stderr=True)
    console.print(text, soft_wrap=not console.is_terminal)


def tokens(response: ChatResponse) -> str:
    usage = response.usage
    if usage.tokens_total is None:
        return "tokens unknown"
    return f"{usage.tokens_prompt} + {usage.tokens_completion} tokens"


def cost(response: ChatResponse) -> str:
    total = response.receipt.total
    if total is None:
        return f"cost unknown ({response.receipt.reason})"
    return "free" if total == 0 else f"${total:f}"


def print_table(rows: Sequence[Mapping[str, str]]) -> None:
    """Each row a line; on a terminal that is too narrow for that, a paragraph led by its first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        # As text: what a vendor wrote is no markup.
        table.add_row(*(Text(visible(value)) for value in row.values()))
    console = Console(soft_wrap=True)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 1000  # whoever reads a pipe wants whole lines
    wanted = console.measure(table, options=console.options.update(max_width=1000)).maximum
    if wanted <= console.width or len(rows[0]) < 6:
        console.print(table)
        return
    for row in rows:
        (_, first), *rest = row.items()
        console.print(Text(visible(first), style="bold"))
        facts = "; ".join(f"{name}: {value}" for name, value in rest if value)
        console.print(Padding(Text(visible(facts)), (0, 0, 0, 4)), soft_wrap=False)

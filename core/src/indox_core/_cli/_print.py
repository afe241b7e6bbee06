"""What the terminal shows besides the answer's text."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from indox_core._errors import IndoxError
from indox_core._response import ChatResponse


def print_error(error: IndoxError) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(Text.assemble(("Error: ", "bold red"), error.message))


def print_facts(response: ChatResponse) -> None:
    """One quiet line below the answer: model, tokens, cost, seconds."""
    facts = [f"{response.provider}/{response.model}", tokens(response), cost(response)]
    facts.append(f"{response.usage.latency:.1f} s")
    if response.finish_reason not in ("stop", "tool_calls"):
        facts.append(f"ended by {response.finish_reason}")
    Console(stderr=True, soft_wrap=True).print(Text(" · ".join(facts), style="dim"))


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
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row.values())
    console = Console(soft_wrap=True)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 1000  # whoever reads a pipe wants whole lines
    console.print(table)

"""`indox explain`: the call that would be made, what was changed for it, and what it may cost."""

from __future__ import annotations

import json
from typing import Any

import click
from rich.console import Console
from rich.syntax import Syntax

from indox_core._client import Client
from indox_core._engine import Explanation
from indox_core._schema import Conversation

from .arguments import read_request
from .print import print_table


def run_explain(prompt: str, as_json: bool, **options: Any) -> None:
    request = read_request(**options)
    conversation = Conversation(request.system)
    request.question(prompt, conversation)
    with Client(providers=request.providers) as client:
        shown = client.explain(conversation, request.model, **request.options)
    if as_json:
        click.echo(shown)
    else:
        _print(shown)


def _print(shown: Explanation) -> None:
    click.echo(f"{shown.provider}: {shown.operation} at {shown.base_url or 'no address'}")
    for name, value in shown.headers.items():
        click.echo(f"{name}: {value}")
    click.echo()
    body = json.dumps(shown.body, indent=2, ensure_ascii=False)
    console = Console()
    if console.is_terminal:
        console.print(Syntax(body, "json", background_color="default", word_wrap=True))
    else:
        click.echo(body)
    click.echo()
    if shown.adaptations:
        rows = [
            {
                "changed": item.path,
                "how": item.kind,
                "from": _short(item.before),
                "to": _short(item.after),
                "why": item.reason,
            }
            for item in shown.adaptations
        ]
        print_table(rows)
        click.echo()
    tokens, price = shown.prompt_tokens, shown.price
    click.echo(f"Reads about {tokens.likely} tokens, {tokens.low} to {tokens.high}.")
    low, high = (None if p is None else f"${p:f}" for p in (price.low, price.high))
    if low is None:
        click.echo(f"Its price is not known: {price.reason}.")
    elif high is None:
        click.echo(f"Costs {low} or more: {price.reason}.")
    else:
        click.echo(f"Costs {low} to {high}.")


def _short(value: Any) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."

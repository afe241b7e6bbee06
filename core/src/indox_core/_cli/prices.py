"""`indox prices`: the rates that a call would be priced with."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import click

from indox_core._engine import Question, quote
from indox_core._errors import ValidationError
from indox_core._money import Quote, library_names, no_price, read_overrides
from indox_core._plugins import Provider, Registry
from indox_core._schema import TokenUsage, split_model

from .print import print_table

_NAMES = {
    "input": "input, per million tokens",
    "output": "output, per million tokens",
    "cache_read": "cached input, per million tokens",
    "cache_write": "cache writes, per million tokens",
    "cache_write_1h": "hour-long cache writes, per million tokens",
    "input_audio": "sound read, per million tokens",
    "cache_read_audio": "cached sound, per million tokens",
    "output_audio": "sound written, per million tokens",
    "output_image": "images written, per million tokens",
    "audio_hour": "sound, per hour",
    "web_search": "web search, each",
    "request": "request, each",
}


def _quote(provider: Provider, model: str) -> Quote | None:
    question = Question(provider, model, None, TokenUsage(), datetime.now(UTC))
    return quote(question, read_overrides(None), None)


def show(model: str, as_json: bool) -> None:
    """Every rate of one model, with its source."""
    name, own = split_model(model)
    found = _quote(Registry().provider(name), own)
    if found is None:
        reason = no_price(name, own)
        raise ValidationError(f"{reason[0].upper()}{reason[1:]}. See: indox prices list -p {name}")
    rates = found.rates
    known = {key: rate for key in _NAMES if (rate := getattr(rates, key)) is not None}
    source = {"source": rates.source, **({"as_of": rates.as_of} if rates.as_of else {})}
    if as_json:
        click.echo(
            json.dumps({"model": model, **{k: f"{v:f}" for k, v in known.items()}, **source})
        )
        return
    print_table(
        [{"rate": _NAMES[key], "US dollars": f"{rate:f}"} for key, rate in known.items() if
         rate or key != "request"]
    )  # fmt: skip
    click.echo(f"Source: {', since '.join(source.values())}")


def show_all(provider: str, as_json: bool) -> None:
    """Text rates of every model of a provider that has a price."""
    plugin = Registry().provider(provider)
    rows: list[dict[str, Any]] = []
    for model in library_names(provider):
        found = _quote(plugin, model)
        if found is not None:
            rates = found.rates
            rows.append({"model": f"{provider}/{model}", "input": _shown(rates.input),
                         "output": _shown(rates.output),
                         "cached input": _shown(rates.cache_read)})  # fmt: skip
    if not rows:
        raise ValidationError(f"The price library knows no model of {provider}.")
    if as_json:
        click.echo(json.dumps(rows))
    else:
        print_table(rows)


def _shown(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate:f}"

"""`indox models`: what the providers say they offer."""

from __future__ import annotations

import json
from typing import Any

import click

from indox_core._client import Client
from indox_core._errors import IndoxError, MissingKeyError, UnsupportedFeatureError
from indox_core._options import ProviderConfig
from indox_core._registry import installed

from ._print import print_table


def list_models(provider: str | None, base_url: str | None, as_json: bool) -> None:
    """Of one provider, or of all whose key is there; those that fail are told on standard error."""
    if provider is None and base_url is not None:
        raise click.UsageError("--base-url needs --provider")
    names = [provider] if provider else sorted({item.name for item in installed()})
    config: dict[str, ProviderConfig] = {}
    if provider and base_url:
        config[provider] = {"base_url": base_url}
    rows: list[dict[str, Any]] = []
    with Client(providers=config) as client:
        for name in names:
            try:
                found = client.models(name)
            except IndoxError as error:
                if provider:
                    raise
                if not isinstance(error, MissingKeyError | UnsupportedFeatureError):
                    click.echo(error.message, err=True)
                continue
            rows += [
                {
                    "model": f"{name}/{model.id}",
                    "name": model.name,
                    "reads": model.max_input_tokens,
                    "writes": model.max_output_tokens,
                }
                for model in found
            ]
    if as_json:
        click.echo(json.dumps(rows))
    elif rows:
        print_table([{k: "" if v is None else str(v) for k, v in row.items()} for row in rows])
    else:
        click.echo("No provider with a key has a list of models. Name one: indox models -p NAME")

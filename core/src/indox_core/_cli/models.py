"""`indox models`: what the providers say they offer."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from indox_core._client import Client
from indox_core._errors import IndoxError, MissingKeyError, NetworkError, UnsupportedFeatureError
from indox_core._options import ProviderConfig
from indox_core._plugins import Provider, Registry, installed
from indox_core._schema import ChatRequest

from .print import print_error, print_table


def list_models(provider: str | None, base_url: str | None, as_json: bool) -> None:
    """Of one provider, or of all whose key is there and of servers that answer.

    Those that fail are told on standard error; exits with 1 if there is nothing else.
    """
    if provider is None and base_url is not None:
        raise click.UsageError("--base-url needs --provider")
    names = [provider] if provider else sorted({item.name for item in installed()})
    config: dict[str, ProviderConfig] = {}
    if provider and base_url:
        config[provider] = {"base_url": base_url}
    rows: list[dict[str, Any]] = []
    failed = False
    registry = Registry()
    with Client(providers=config) as client:
        for name in names:
            try:
                found = client.models(name)
            except IndoxError as error:
                if provider:
                    raise
                if isinstance(error, MissingKeyError | UnsupportedFeatureError) or (
                    isinstance(error, NetworkError) and not _has_key(registry, name)
                ):
                    continue
                failed = True
                print_error(error)
                continue
            rows += [
                {
                    "model": f"{name}/{model.id}",
                    "name": model.name,
                    "reads": model.max_input_tokens,
                    "writes": model.max_output_tokens,
                    **_taken(registry.provider(name), model.id, base_url),
                }
                for model in found
            ]
    if as_json:
        click.echo(json.dumps(rows))
    elif rows:
        print_table([{key: _shown(value) for key, value in row.items()} for row in rows])
    else:
        click.echo("No provider with a key has a list of models. Name one: indox models -p NAME")
    if failed and not rows:
        sys.exit(1)


def _taken(provider: Provider, model: str, base_url: str | None) -> dict[str, Any]:
    """What the plugin's table says of the model: the efforts it takes, and what it lacks.

    `None`: it says nothing of it, as of a server of one's own.
    """
    spec = provider.spec
    asked = ChatRequest(
        provider=spec.name, model=model, base_url=base_url or spec.base_url, messages=()
    )
    facts = provider.facts(asked)
    if facts is None:
        return {"efforts": None, "lacks": None}
    efforts = () if "reasoning" in facts.lacks else facts.efforts
    return {"efforts": list(efforts), "lacks": sorted(facts.lacks)}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(value) if isinstance(value, list) else str(value)


def _has_key(registry: Registry, name: str) -> bool:
    """Whether it is a vendor, and not a server of one's own that may not be running."""
    return registry.provider(name).spec.key_variable is not None

"""`indox local`: fetch the weights, and say where they are."""

from __future__ import annotations

import click

from . import _weights


@click.group()
def local() -> None:
    """The small language model that runs on this machine."""


@local.command()
def fetch() -> None:
    """Download the model's weights once, into your cache folder (93 MB)."""
    click.echo(_weights.fetch())


@local.command()
def path() -> None:
    """Print which model file would be used."""
    click.echo(_weights.find_weights())

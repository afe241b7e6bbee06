"""The options that `chat` and `explain` take alike."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

DEFAULT_MODEL = "local/smollm2"
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def default_model() -> str:
    """The model of commands that name none."""
    return os.environ.get("INDOX_MODEL") or DEFAULT_MODEL


def model_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """For the shell: the models that installed providers have a price for."""
    from indox_core._money import library
    from indox_core._plugins import installed

    names = [DEFAULT_MODEL]
    for item in installed():
        if item.name.startswith(incomplete) or incomplete.startswith(f"{item.name}/"):
            names += [f"{item.name}/{model}" for model in library.library_names(item.name)]
    return sorted(name for name in set(names) if name.startswith(incomplete))


_OPTIONS = (
    click.option(
        "-m",
        "--model",
        help="provider/model [default: $INDOX_MODEL, else local/smollm2]",
        shell_complete=model_names,
    ),
    click.option("--system", help="Instructions to the model."),
    click.option(
        "--image",
        "images",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, readable=True),
        help="An image file; may be given several times.",
    ),
    click.option(
        "--tool-schema",
        "tools",
        multiple=True,
        metavar="JSON",
        help="A file, or JSON text, of a tool (name, description, parameters) or a list of them. "
        "Calls are printed, not made.",
    ),
    click.option(
        "--schema",
        metavar="JSON",
        help="A file, or JSON text, of the JSON schema that the answer must match.",
    ),
    click.option(
        "--reasoning", type=click.Choice(EFFORTS), help="How much the model thinks first."
    ),
    click.option("--max-tokens", type=int, help="Most tokens to write."),
    click.option("--temperature", type=float, help="Randomness."),
    click.option(
        "--max-cost", metavar="USD", help="Refuse what may cost more; stop a stream that does."
    ),
    click.option("--base-url", help="Where the provider's protocol is served instead."),
)


def request_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a command with the options of a request."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command

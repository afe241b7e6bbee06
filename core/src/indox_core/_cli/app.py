"""The command `indox` and its subcommands; those of plugins are loaded by name."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import click

from indox_core._errors import CallError, IndoxError, PluginLoadError
from indox_core._plugins import installed

from .options import model_names, request_options

COMMANDS_GROUP = "indox.commands"


class _App(click.Group):
    """Adds the commands of installed plugins and turns errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *(i.name for i in installed(COMMANDS_GROUP))})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        for item in installed(COMMANDS_GROUP):
            if item.name == cmd_name:
                try:
                    return item.entry_point.load()  # type: ignore[no-any-return] # a command
                except (Exception, SystemExit) as error:  # noqa: BLE001 # a plugin may do so
                    raise PluginLoadError(
                        f"The command {cmd_name} of {item.distribution} {item.version} cannot be "
                        f"loaded: {type(error).__name__}. Reinstall {item.distribution}."
                    ) from None
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Ours with their help; those of plugins by name, so that help imports none of them."""
        rows = [(name, self.commands[name].get_short_help_str()) for name in sorted(self.commands)]
        rows += [(i.name, f"From {i.distribution}.") for i in installed(COMMANDS_GROUP)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            click.echo(f"Error: the output cannot be written: {error.strerror}", err=True)
            sys.exit(1)
        except IndoxError as error:
            from .print import print_error

            print_error(error)
            sys.exit(exit_code(error))


def exit_code(error: IndoxError) -> int:
    """1 for a failure of the provider or the network, 2 for wrong usage or set-up."""
    return 1 if isinstance(error, CallError) else 2


@click.group(cls=_App, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("indox-core"), prog_name="indox")
def app() -> None:
    """Talk to any language model, directly, with your own key."""


@app.command()
@click.argument("prompt", required=False)
@request_options
@click.option(
    "--fallback",
    "fallbacks",
    multiple=True,
    help="A model to ask where the one before fails; may be given several times.",
    shell_complete=model_names,
)
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@click.option("--plain", is_flag=True, help="Do not render Markdown; nothing does in a pipe.")
@click.option(
    "--history",
    type=click.Path(dir_okay=False),
    help="Keep the conversation in this file, and go on with what is in it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the response as JSON.")
def chat(**options: Any) -> None:
    """Ask a model. Without PROMPT: read it from a pipe, or start a conversation.

    With PROMPT, standard input is not read.
    """
    from .chat import run_chat

    run_chat(**options)


@app.command()
@click.argument("prompt")
@request_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain(**options: Any) -> None:
    """Show the exact call for PROMPT, what was changed for it and what it may cost.

    Nothing is sent.
    """
    from .explain import run_explain

    run_explain(**options)


@app.command()
@click.option("-p", "--provider", help="Such as anthropic. Without it, all whose key is there.")
@click.option("--base-url", help="Where the provider's protocol is served instead.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(provider: str | None, base_url: str | None, as_json: bool) -> None:
    """List the models that providers offer. Asks them, with your key."""
    from .models import list_models

    list_models(provider, base_url, as_json)


@app.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options and models.

    For bash: eval "$(indox completion bash)"
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # click has these three
    click.echo(found(app, {}, "indox", "_INDOX_COMPLETE").source())


@app.group()
def prices() -> None:
    """What models cost: US dollars per million tokens."""


@prices.command("show")
@click.argument("model", shell_complete=model_names)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show_price(model: str, as_json: bool) -> None:
    """Show the rates of MODEL (provider/model) as of now, and where they come from."""
    from .prices import show

    show(model, as_json)


@prices.command("list")
@click.option("-p", "--provider", required=True, help="Such as anthropic.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_prices(provider: str, as_json: bool) -> None:
    """List the models of a provider with the rates for text."""
    from .prices import show_all

    show_all(provider, as_json)


@prices.command("check")
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option("-p", "--provider", help="Such as anthropic. Without it, all that are installed.")
@click.option(
    "--prices",
    "path",
    type=click.Path(dir_okay=False),
    help="Your own list, a TOML or JSON file, to be compared too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check_prices(
    models: tuple[str, ...], provider: str | None, path: str | None, as_json: bool
) -> None:
    """Compare the installed price lists; name each MODEL whose price differs or is missing.

    The price library's own list and the one that was fetched, what plugins say, and your file.
    """
    from .price_check import check

    check(models, provider, path, as_json)


@prices.command("update")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def update_prices(as_json: bool) -> None:
    """Fetch the price library's newest prices into your cache. The only command that does."""
    import json

    from indox_core._money import update

    path = str(update())
    click.echo(json.dumps({"path": path}) if as_json else f"Fetched into {path}")


@app.command()
@click.argument("names", metavar="[PROVIDER]...", nargs=-1)
@click.option("--timeout", default=20.0, help="Seconds that a plugin's import may take.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(names: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Check every installed plugin, or these, each in a process of its own; say what to do."""
    from .doctor import examine

    examine(names, timeout, as_json)


@app.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def providers(as_json: bool) -> None:
    """List the installed providers. Nothing is imported."""
    from .print import print_table

    rows = [
        {"provider": item.name, "distribution": item.distribution, "version": item.version}
        for item in installed()
    ]
    if as_json:
        import json

        click.echo(json.dumps(rows))
    elif rows:
        print_table(rows)
    else:
        click.echo("No provider is installed. For example: pip install indox-openai")


@app.command("new-provider")
@click.argument("name")
@click.option("--compatible", is_flag=True, help="For a vendor that speaks OpenAI's chat protocol.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def new_provider(name: str, compatible: bool, as_json: bool) -> None:
    """Write ./indox-NAME: a provider's package that works and passes its tests. Asks nothing."""
    from .new_provider import new_provider

    new_provider(name, compatible, as_json)

"""`indox chat`: one question, a pipe, or a conversation."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

import click
from rich.console import Console

from indox_core._client import Client
from indox_core._errors import IndoxError, ValidationError
from indox_core._schema import ChatResponse, arguments_text

from .arguments import History, Request, read_request
from .print import print_error, print_facts
from .screen import PlainText, RenderedText, Waiting, is_terminal


def run_chat(
    prompt: str | None,
    fallbacks: tuple[str, ...],
    no_stream: bool,
    as_json: bool,
    plain: bool,
    history: str | None,
    **options: Any,
) -> None:
    request = read_request(**options)
    with Client(providers=request.providers) as client:
        chat = _Chat(client, request, fallbacks, history, plain)
        chat.stream = not (no_stream or as_json)
        chat.as_json = as_json
        if prompt is None and sys.stdin is not None and sys.stdin.isatty():
            chat.loop()
            return
        text = prompt if prompt is not None else _piped()
        if not text:
            raise click.UsageError("There is no prompt: give one as an argument or through a pipe.")
        chat.ask(text)


class _Chat:
    """The conversation so far, and where answers are printed."""

    stream = True
    as_json = False

    def __init__(
        self,
        client: Client,
        request: Request,
        fallbacks: tuple[str, ...],
        history: str | None,
        plain: bool,
    ) -> None:
        self._client = client
        self._request = request
        self._models = [request.model, *fallbacks]
        self._history = History(history)
        self._conversation = self._history.read(request.system)
        self._asked = False
        self._console = Console()
        schema = request.options["response_schema"] is not None
        self._rendered = is_terminal(self._console) and not plain and not schema

    def loop(self) -> None:
        """Ask until the end of input; an error ends one answer, not the conversation."""
        with contextlib.suppress(ImportError):  # not everywhere
            import readline  # noqa: F401 # gives input() editing and history

        before = f" {len(self._conversation)} messages so far." if self._conversation else ""
        click.echo(f"{self._request.model}.{before} Ctrl-D ends.", err=True)
        while True:
            try:
                text = input("> ").strip()
            except (EOFError, KeyboardInterrupt):
                click.echo(err=True)
                return
            if not text:
                continue
            try:
                self.ask(text)
            except IndoxError as error:
                print_error(error)
            except KeyboardInterrupt:
                click.echo("\n(stopped)", err=True)

    def ask(self, text: str) -> None:
        """One answer. What fails leaves the conversation as it was."""
        before = list(self._conversation.messages)
        try:
            self._request.question(text, self._conversation, not self._asked)
            response = self._streamed() if self.stream else self._whole()
        except BaseException:
            self._conversation.messages = before
            raise
        self._asked = True
        print_facts(response)
        if response.tool_calls:  # a vendor refuses a conversation in which a call has no result
            self._conversation.messages = before
            click.echo(
                "The calls are not made, and the conversation goes on without them.", err=True
            )
            return
        self._conversation.add(response)
        self._history.write(self._conversation)

    def _whole(self) -> ChatResponse:
        with Waiting(self._request.model):
            response = self._client.chat(self._conversation, self._models, **self._request.options)
        if self.as_json:
            click.echo(json.dumps(_as_json(response)))
            return response
        self._show(response.data or response.refusal or "")
        _print_calls(response)
        return response

    def _show(self, text: str) -> None:
        if not text:
            return
        printed = RenderedText(self._console) if self._rendered else PlainText()
        printed.write(text)
        printed.end()

    def _streamed(self) -> ChatResponse:
        printed = RenderedText(self._console) if self._rendered else PlainText()
        shown, beside = 0, not is_terminal(self._console)
        with (
            Waiting(self._request.model) as waiting,
            self._client.chat(
                self._conversation, self._models, stream=True, **self._request.options
            ) as stream,
        ):
            try:
                for chunk in stream:
                    if chunk.kind == "reasoning" and not shown:
                        waiting.tell(f"{self._request.model} thinks")
                    if not chunk.data:
                        continue
                    shown += len(chunk.data)
                    if beside:  # the answer goes elsewhere: here is how far it has come
                        waiting.tell(f"{self._request.model}: {shown:,} characters")
                    else:
                        waiting.stop()
                    printed.write(chunk.data)
            finally:
                if shown:
                    printed.end()
        response: ChatResponse = stream.response
        self._show(response.refusal or "")
        _print_calls(response)
        if not (shown or response.refusal or response.tool_calls):
            click.echo()
        return response


def _as_json(response: ChatResponse) -> dict[str, Any]:
    """The response's own keys, and what they leave out."""
    calls = [
        {"id": call.id, "name": call.name, "arguments": call.arguments}
        for call in response.tool_calls
    ]
    return {
        **dict(response),
        "tool_calls": calls,
        "refusal": response.refusal,
        "reasoning": response.reasoning,
        "adaptations": [item.model_dump(mode="json") for item in response.adaptations],
    }


def _print_calls(response: ChatResponse) -> None:
    for call in response.tool_calls:
        PlainText().line(f"{call.name} {arguments_text(call)}")


def _piped() -> str:
    if sys.stdin is None:
        return ""
    try:
        return sys.stdin.buffer.read().decode().strip()
    except UnicodeDecodeError:
        raise ValidationError("What comes through the pipe is no text in UTF-8.") from None

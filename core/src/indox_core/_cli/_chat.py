"""`indox chat`: one question, a pipe, or a conversation."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from indox_core._client import Client
from indox_core._errors import IndoxError
from indox_core._options import ProviderConfig
from indox_core._request import split_model
from indox_core._response import ChatResponse

from ._print import print_error, print_facts

DEFAULT_MODEL = "local/smollm2"


def default_model() -> str:
    """The model of commands that name none."""
    return os.environ.get("INDOX_MODEL") or DEFAULT_MODEL


def run_chat(
    prompt: str | None,
    model: str | None,
    system: str | None,
    images: tuple[str, ...],
    base_url: str | None,
    no_stream: bool,
    as_json: bool,
) -> None:
    model = model or default_model()
    providers: dict[str, ProviderConfig] = {}
    if base_url is not None:
        providers[split_model(model)[0]] = {"base_url": base_url}
    messages: list[Any] = [{"role": "system", "content": system}] if system else []
    with Client(providers=providers) as client:
        conversation = _Conversation(client, model, messages, not no_stream, as_json)
        if prompt is None and sys.stdin is not None and sys.stdin.isatty():
            conversation.loop(images)
            return
        text = prompt if prompt is not None else _piped()
        if not text:
            raise click.UsageError("There is no prompt: give one as an argument or through a pipe.")
        conversation.ask(text, images)


class _Conversation:
    """The messages so far, and where answers are printed."""

    def __init__(
        self, client: Client, model: str, messages: list[Any], stream: bool, as_json: bool
    ) -> None:
        self._client = client
        self._model = model
        self._messages = messages
        self._stream = stream and not as_json
        self._as_json = as_json

    def loop(self, images: tuple[str, ...]) -> None:
        """Ask until the end of input; an error ends one answer, not the conversation."""
        with contextlib.suppress(ImportError):  # not everywhere
            import readline  # noqa: F401 # gives input() editing and history

        click.echo(f"{self._model}. Ctrl-D ends.", err=True)
        while True:
            try:
                text = input("> ").strip()
            except (EOFError, KeyboardInterrupt):
                click.echo(err=True)
                return
            if not text:
                continue
            try:
                self.ask(text, images)
                images = ()
            except IndoxError as error:
                print_error(error)
                self._messages.pop()
            except KeyboardInterrupt:
                click.echo("\n(stopped)", err=True)
                self._messages.pop()

    def ask(self, text: str, images: tuple[str, ...]) -> None:
        self._messages.append({"role": "user", "content": _content(text, images)})
        response = self._streamed() if self._stream else self._whole()
        print_facts(response)
        self._messages.append(response.to_message())

    def _whole(self) -> ChatResponse:
        response = self._client.chat(self._messages, self._model)
        click.echo(json.dumps(dict(response)) if self._as_json else _visible(response))
        return response

    def _streamed(self) -> ChatResponse:
        with self._client.chat(self._messages, self._model, stream=True) as stream:
            for chunk in stream:
                if chunk.data:
                    click.echo(chunk.data, nl=False)
            click.echo(stream.response.refusal or "")
        return stream.response


def _piped() -> str:
    if sys.stdin is None:
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace").strip()


def _visible(response: ChatResponse) -> str:
    return response.data or response.refusal or ""


def _content(text: str, images: tuple[str, ...]) -> Any:
    if not images:
        return text
    parts: list[dict[str, Any]] = [{"type": "text", "text": text}]
    for name in images:
        parts.append({"type": "image", "image": {"data": Path(name).read_bytes()}})
    return parts

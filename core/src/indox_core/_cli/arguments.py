"""The request that the options of `chat` and `explain` make."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from indox_core._errors import IndoxError, ValidationError
from indox_core._options import ChatOptions, ProviderConfig
from indox_core._schema import Conversation, Image, split_model

from .options import default_model


@dataclass(frozen=True, slots=True)
class Request:
    """What the options ask for."""

    model: str
    system: str | None
    images: tuple[str, ...]
    providers: dict[str, ProviderConfig]
    options: ChatOptions

    def question(self, text: str, conversation: Conversation, with_images: bool = True) -> None:
        """Add the text, with the images, to the conversation."""
        images = [_image(name) for name in self.images] if with_images else []
        conversation.user([text, *images] if images else text)


def read_request(
    *,
    model: str | None,
    system: str | None,
    images: tuple[str, ...],
    tools: tuple[str, ...],
    schema: str | None,
    reasoning: str | None,
    max_tokens: int | None,
    temperature: float | None,
    max_cost: str | None,
    base_url: str | None,
) -> Request:
    """Raises `ValidationError` for a file that is no JSON."""
    model = model or default_model()
    providers: dict[str, ProviderConfig] = {}
    if base_url is not None:
        providers[split_model(model)[0]] = {"base_url": base_url}
    wanted: list[Any] = []
    for given in tools:
        tool = _json(given, "--tool-schema")
        wanted += tool if isinstance(tool, list) else [tool]
    options = {
        "tools": wanted or None,
        "response_schema": None if schema is None else _json(schema, "--schema"),
        "reasoning_effort": reasoning,
        "max_tokens": max_tokens,
        "temperature": temperature,
        "max_cost": max_cost,
    }
    return Request(model, system, images, providers, cast("ChatOptions", options))


def _json(given: str, option: str) -> Any:
    """JSON text, or that of a file."""
    text = given
    if not given.lstrip().startswith(("{", "[")):
        try:
            text = Path(given).read_text("utf-8")
        except (OSError, ValueError):
            raise ValidationError(f"{option}: no file {given!r} that can be read") from None
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValidationError(f"{option}: no JSON: {error}") from None


def _image(name: str) -> Image:
    try:
        return Image.from_path(name)
    except ValidationError as error:
        raise ValidationError(f"--image {name}: {error.message}") from None
    except OSError as error:
        raise ValidationError(f"--image {name}: {error.strerror}") from None


class History:
    """A file that keeps a conversation; `None` keeps nothing."""

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path).resolve()
        self._name = path
        self._seen: tuple[int, int] | None = None

    def read(self, system: str | None) -> Conversation:
        """The conversation in the file, a new one if there is none."""
        if self._path is None:
            return Conversation(system)
        self._seen = self._state()
        if self._seen is None:
            if not os.access(self._path.parent, os.W_OK):
                raise self._problem(f"{self._path.parent} is no folder that can be written to")
            return Conversation(system)
        if system is not None:
            raise ValidationError("--system: the conversation in --history has begun already")
        try:
            return Conversation.from_json(self._path.read_bytes())
        except IndoxError as error:
            raise self._problem(error.message) from None
        except OSError as error:
            raise self._problem(error.strerror) from None

    def write(self, conversation: Conversation) -> None:
        """Whole or not at all; only its owner may read it."""
        if self._path is None:
            return
        if self._state() != self._seen:
            raise self._problem("another program has changed it; this turn is not in it")
        beside = None
        try:
            number, beside = tempfile.mkstemp(prefix=".indox-", dir=self._path.parent)
            with open(number, "w", encoding="utf-8") as file:
                file.write(conversation.to_json())
            Path(beside).replace(self._path)
        except BaseException as error:
            if beside is not None:
                Path(beside).unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise self._problem(error.strerror) from None
            raise
        self._seen = self._state()

    def _state(self) -> tuple[int, int] | None:
        """What changes when the file does. `None`: there is none."""
        assert self._path is not None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _problem(self, text: str | None) -> ValidationError:
        return ValidationError(f"--history {self._name}: {text}")

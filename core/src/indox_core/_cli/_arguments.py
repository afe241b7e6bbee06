"""The request that the options of `chat` and `explain` make."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from indox_core._content import Image
from indox_core._conversation import Conversation
from indox_core._errors import IndoxError, ValidationError
from indox_core._options import ChatOptions, ProviderConfig
from indox_core._request import split_model

from ._options import default_model


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
        try:
            images = [Image.from_path(name) for name in self.images] if with_images else []
        except ValidationError as error:
            raise ValidationError(f"--image: {error.message}") from None
        except OSError as error:
            raise ValidationError(f"--image: {error.strerror}") from None
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


def kept_conversation(path: str | None, system: str | None) -> Conversation:
    """The conversation in a file, a new one if there is none."""
    if path is None or not Path(path).exists():
        folder = Path(path or ".").resolve().parent
        if path is not None and not os.access(folder, os.W_OK):
            raise ValidationError(f"--history: {folder} is no folder that can be written to")
        return Conversation(system)
    if system is not None:
        raise ValidationError("--system: the conversation in --history has begun already")
    try:
        return Conversation.from_json(Path(path).read_bytes())
    except IndoxError as error:
        raise ValidationError(f"--history {path}: {error.message}") from None
    except OSError as error:
        raise ValidationError(f"--history {path}: {error.strerror}") from None


def keep_conversation(path: str | None, conversation: Conversation) -> None:
    """Write it, whole or not at all; only its owner may read it."""
    if path is None:
        return
    target = Path(path).resolve()
    beside = None
    try:
        number, beside = tempfile.mkstemp(prefix=".indox-", dir=target.parent)
        with open(number, "w", encoding="utf-8") as file:
            file.write(conversation.to_json())
        Path(beside).replace(target)
    except BaseException as error:
        if beside is not None:
            Path(beside).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ValidationError(f"--history {path}: {error.strerror}") from None
        raise

"""The canonical messages to the Messages API's, each system message where the model takes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from indox_core.plugin import (
    Adaptation,
    ChatRequest,
    ContentPart,
    DocumentPart,
    ImagePart,
    Message,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnsupportedFeatureError,
    ValidationError,
    dropped,
    merged,
)

PROVIDER = "anthropic"
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")

Blocks = list[dict[str, Any]]


def conversation(
    request: ChatRequest, late_system: bool, adaptations: list[Adaptation]
) -> tuple[Blocks, list[dict[str, Any]]]:
    """The system blocks and the messages."""
    turns = _Turns(request.model, late_system, adaptations)
    for number, message in enumerate(request.messages):
        blocks = [
            block
            for index, part in enumerate(message.content)
            for block in _blocks(message, part, f"messages.{number}.content.{index}", adaptations)
        ]
        if message.own_options:
            reason = "Anthropic's messages have no fields of their own; its parts may"
            adaptations.append(dropped(f"messages.{number}.provider_options", reason))
        if blocks:
            turns.add(message.role, blocks, f"messages.{number}")
    turns.close()
    if not turns.messages:
        raise ValidationError("messages: Anthropic needs at least one user or assistant message.")
    return turns.system, turns.messages


@dataclass(frozen=True, slots=True)
class _Late:
    """A system message in the middle, until its place is known."""

    path: str
    blocks: Blocks
    overtaken: bool = False
    """Whether a user's message has gone before it since."""


class _Turns:
    """Puts the messages in order.

    A late system message goes right after a user's turn and before the assistant's or the end, or
    after what a server tool brought; neighbours are one. Elsewhere it waits for the next such
    place. https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages#limitations
    """

    def __init__(self, model: str, late_system: bool, adaptations: list[Adaptation]) -> None:
        self.system: Blocks = []
        self.messages: list[dict[str, Any]] = []
        self._model = model
        self._late_system = late_system
        self._adaptations = adaptations
        self._waiting: list[_Late] = []

    def add(self, role: str, blocks: Blocks, path: str) -> None:
        if role == "system":
            if self.messages:
                self._waiting.append(_Late(path, blocks))
            else:
                self.system += blocks
            return
        if role == "assistant":
            self._place(at_the_end=False)
        elif self._waiting:
            self._waiting = [replace(late, overtaken=True) for late in self._waiting]
        if role == "tool":
            # All results of one turn belong in the one user message that follows it.
            if self.messages and holds_results(self.messages[-1]):
                self.messages[-1]["content"] += blocks
                return
            role = "user"
        self.messages.append({"role": role, "content": blocks})

    def close(self) -> None:
        self._place(at_the_end=True)

    def _place(self, at_the_end: bool) -> None:
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        blocks = [block for late in waiting for block in late.blocks]
        last, where = self.messages[-1], f"messages.{len(self.messages)}"
        after_assistant = last["role"] == "assistant"
        if self._late_system and (not after_assistant or _ends_with_a_server_result(last)):
            self.messages.append({"role": "system", "content": blocks})
            reason = f"{self._model} takes it only before the assistant's turn"
            self._moved([late for late in waiting if late.overtaken], reason, where)
        elif after_assistant and (at_the_end or self._late_system):
            # In the front it would leave the assistant's words at the end, to be gone on with.
            self.messages.append({"role": "user", "content": blocks})
            reason = f"{self._model} takes none after the assistant's turn: the user says it"
            self._moved(waiting, reason, where)
        else:
            self.system += blocks
            reason = f"{self._model} takes system messages only before the conversation"
            self._moved(waiting, reason, "system")

    def _moved(self, messages: list[_Late], reason: str, to: str) -> None:
        self._adaptations += [
            Adaptation(path=late.path, kind="moved", reason=reason, before=late.path, after=to)
            for late in messages
        ]


def _ends_with_a_server_result(message: dict[str, Any]) -> bool:
    return str(message["content"][-1].get("type")).endswith("_tool_result")


def holds_results(message: dict[str, Any]) -> bool:
    return all(block["type"] == "tool_result" for block in message["content"])


def _blocks(
    message: Message, part: ContentPart, path: str, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """The part as Claude has it, with what it carries for Anthropic alone."""
    own = part.own_options
    found = _plain_blocks(message, part, path, adaptations)
    return [merged(block, own) for block in found] if own else found


def _plain_blocks(
    message: Message, part: ContentPart, path: str, adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    state = part.state_of(PROVIDER)
    if state is not None:
        return [dict(state)]  # thinking and server tools go back as they came
    if part.provider_state is not None:
        adaptations.append(dropped(path, "Anthropic takes back only its own state"))
    if isinstance(part, TextPart):
        # A user's turn is never left out: that would change whose turn it is.
        if part.text or (message.role == "user" and not _has_content(message)):
            return [{"type": "text", "text": part.text}]
        if part.provider_state is None:
            adaptations.append(dropped(path, "Anthropic refuses an empty text"))
    elif isinstance(part, ToolCallPart):
        return [_call_block(part, path, adaptations)]
    elif isinstance(part, ToolResultPart):
        return [_result_block(part, path, adaptations)]
    elif message.role == "assistant":
        if part.provider_state is None:
            reason = f"Anthropic takes no {part.type} of others in an assistant message"
            adaptations.append(dropped(path, reason))
    elif isinstance(part, ImagePart | DocumentPart):
        return [_media_block(part, path, adaptations)]
    else:
        raise UnsupportedFeatureError(f"{path}: Anthropic takes no {part.type}.")
    return []


def _has_content(message: Message) -> bool:
    return any(not isinstance(part, TextPart) or part.text for part in message.content)


def _media_block(
    part: ImagePart | DocumentPart, path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    media = part.image if isinstance(part, ImagePart) else part.document
    if isinstance(part, ImagePart) and part.detail is not None:
        reason = "Anthropic decides itself how closely it looks"
        adaptations.append(dropped(f"{path}.detail", reason, part.detail))
    source: dict[str, Any]
    if media.url is not None:
        source = {"type": "url", "url": media.url}
    elif isinstance(part, ImagePart) and media.media_type not in _IMAGE_TYPES:
        raise UnsupportedFeatureError(f"{path}: Anthropic takes jpeg, png, gif and webp images.")
    elif isinstance(part, DocumentPart) and media.media_type != "application/pdf":
        raise UnsupportedFeatureError(f"{path}: Anthropic takes documents as PDF.")
    else:
        source = {"type": "base64", "media_type": media.media_type, "data": media.data}
    block: dict[str, Any] = {"type": part.type, "source": source}
    if isinstance(part, DocumentPart) and media.name is not None:
        block["title"] = media.name
    return block


def _call_block(part: ToolCallPart, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    arguments = part.arguments
    if arguments is None:
        arguments = {}
        reason = "Anthropic takes arguments only as an object"
        adaptations.append(dropped(f"{path}.arguments_raw", reason))
    identifier = _own_id(part.id, f"{path}.id", adaptations)
    return {"type": "tool_use", "id": identifier, "name": part.name, "input": arguments}


def _result_block(part: ToolResultPart, path: str, adaptations: list[Adaptation]) -> dict[str, Any]:
    content = [
        merged(
            {"type": "text", "text": item.text}
            if isinstance(item, TextPart)
            else _media_block(item, path, adaptations),
            item.own_options,
        )
        for item in part.content
        if not isinstance(item, TextPart) or item.text
    ]
    block: dict[str, Any] = {
        "type": "tool_result",
        "tool_use_id": _own_id(part.tool_call_id, f"{path}.tool_call_id", adaptations),
        "content": content,
    }
    if part.is_error:
        block["is_error"] = True
    return block


def _own_id(identifier: str, path: str, adaptations: list[Adaptation]) -> str:
    """Anthropic's ids hold letters, digits, `_` and `-`; those of others are spelt that way."""
    own = re.sub(r"[^a-zA-Z0-9_-]", "_", identifier) or "_"
    if own != identifier:
        adaptations.append(
            Adaptation(
                path=path,
                kind="renamed",
                before=identifier,
                after=own,
                reason="Anthropic takes letters, digits, _ and - in an id",
            )
        )
    return own

"""Names of tools that a vendor does not take, and back."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import Any

from indox_core._schema import (
    Adaptation,
    ChatEvent,
    ChatRequest,
    ContentPart,
    Message,
    PartEnd,
    Reply,
    ToolCallDelta,
    ToolCallPart,
    ToolResultPart,
)


@lru_cache(maxsize=64)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)


def with_taken_names(request: ChatRequest, pattern: str) -> ChatRequest:
    """The request with names of tools that match the pattern.

    A name is renamed wherever it stands, and recorded where its tool does.
    """
    taken = _pattern(pattern)
    names = dict.fromkeys(tool.name for tool in request.tools)
    for message in request.messages:
        for part in message.content:
            if isinstance(part, ToolCallPart | ToolResultPart) and part.name:
                names[part.name] = None
    odd = [name for name in names if not taken.fullmatch(name)]
    if not odd:
        return request
    new: dict[str, str] = {}
    for name in odd:
        new[name] = _near(name, taken, {*names, *new.values()})
    records = tuple(
        Adaptation(
            path=f"tools.{number}.name",
            kind="renamed",
            before=tool.name,
            after=new[tool.name],
            reason=f"{request.provider} takes no such name; calls have yours",
        )
        for number, tool in enumerate(request.tools)
        if tool.name in new
    )
    known = {tool.name for tool in request.tools}
    records += tuple(
        Adaptation(
            path=f"messages.{number}.content.{index}.name",
            kind="renamed",
            before=part.name,
            after=new[part.name],
            reason=f"{request.provider} takes no such name",
        )
        for number, message in enumerate(request.messages)
        for index, part in enumerate(message.content)
        if isinstance(part, ToolCallPart) and part.name in new and part.name not in known
    )
    choice = request.tool_choice
    if choice is not None and choice.name in new:
        choice = choice.model_copy(update={"name": new[choice.name]})
    changed: dict[str, Any] = {
        "tools": tuple(
            tool.model_copy(update={"name": new[tool.name]}) if tool.name in new else tool
            for tool in request.tools
        ),
        "tool_choice": choice,
        "messages": tuple(_message(message, new) for message in request.messages),
        "adaptations": request.adaptations + records,
    }
    return request.model_copy(update=changed)


def _near(name: str, taken: re.Pattern[str], others: set[str]) -> str:
    """The name with `_` for what is not taken, and short enough; unlike all others."""
    plain = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    for number in range(1, len(others) + 2):
        tail = "" if number == 1 else f"_{number}"
        for start in (plain, f"_{plain}"):
            for length in (128, 64, 32):
                found = start[: length - len(tail)] + tail
                if found not in others and taken.fullmatch(found):
                    return found
    return name  # the vendor takes no name that is like it


def _message(message: Message, new: dict[str, str]) -> Message:
    if not any(getattr(part, "name", None) in new for part in message.content):
        return message
    return message.model_copy(update={"content": _parts(message.content, new)})


def _part(part: ContentPart, names: dict[str, str]) -> ContentPart:
    if isinstance(part, ToolCallPart | ToolResultPart) and part.name in names:
        return part.model_copy(update={"name": names[part.name]})
    return part


def own_names(request: ChatRequest) -> dict[str, str]:
    """The caller's name of each tool that was renamed, by the vendor's."""
    return {
        item.after: item.before
        for item in request.adaptations
        if item.kind == "renamed" and item.path.endswith(".name")
    }


def with_own_names(reply: Reply, own: dict[str, str]) -> Reply:
    """The reply with the caller's names of the tools that are called."""
    more = tuple(replace(choice, parts=_parts(choice.parts, own)) for choice in reply.more_choices)
    return replace(reply, parts=_parts(reply.parts, own), more_choices=more)


def event_with_own_name(event: ChatEvent, own: dict[str, str]) -> ChatEvent:
    """The same for an event of a stream."""
    if isinstance(event, ToolCallDelta) and event.name in own:
        return replace(event, name=own[event.name])
    if isinstance(event, PartEnd):
        return replace(event, content=_part(event.content, own))
    return event


def _parts(parts: tuple[ContentPart, ...], own: dict[str, str]) -> tuple[ContentPart, ...]:
    return tuple(_part(part, own) for part in parts)

"""Whether each call in a conversation has its result, as most vendors demand."""

from __future__ import annotations

from indox_core._errors import ValidationError

from .content import ToolCallPart, ToolResultPart
from .messages import Message


def check_calls(messages: tuple[Message, ...]) -> None:
    """Every call is answered once, by the tool messages right behind it.

    Raises `ValidationError` that names the message, the call and what to add.
    """
    waiting: dict[str, tuple[int, ToolCallPart]] = {}
    answered: set[str] = set()
    for number, message in enumerate(messages):
        if message.role == "tool":
            for part in message.content:
                if isinstance(part, ToolResultPart):
                    _take(part, number, waiting, answered)
            continue
        _nothing_waits(waiting, number, message.role)
        calls = message.tool_calls
        if calls:
            answered.clear()
            waiting = {call.id: (number, call) for call in calls}
    _nothing_waits(waiting, len(messages), None)


def _take(
    result: ToolResultPart,
    number: int,
    waiting: dict[str, tuple[int, ToolCallPart]],
    answered: set[str],
) -> None:
    identifier = result.tool_call_id
    if waiting.pop(identifier, None) is not None:
        answered.add(identifier)
    elif identifier in answered:
        raise ValidationError(
            f'messages.{number}: the call "{identifier}" has a result already. Give one result '
            "for each call; several parts fit into one."
        )
    else:
        raise ValidationError(
            f'messages.{number}: a result for "{identifier}", and no call of that id stands right '
            "before it. Put the assistant's message with the call first."
        )


def _nothing_waits(
    waiting: dict[str, tuple[int, ToolCallPart]], number: int, role: str | None
) -> None:
    for asked_in, call in waiting.values():
        where = f"messages.{number} of role {role} comes" if role else "the conversation ends"
        raise ValidationError(
            f'messages.{asked_in}: the call "{call.id}" of {call.name} has no result, and {where}. '
            f'Add {{"role": "tool", "tool_call_id": "{call.id}", "content": ...}} behind it.'
        )

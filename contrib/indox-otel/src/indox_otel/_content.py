"""Prompts and answers in the conventions' shape; of images and files only their media type."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any

from opentelemetry.util.types import AttributeValue

from indox_core import (
    ChatRequest,
    ChatResponse,
    Choice,
    ContentPart,
    Media,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)

from ._names import Names

_FINISH = {"tool_calls": "tool_call", "refusal": "content_filter"}
"""Our finish reasons that the message schema spells otherwise."""


def attributes_of(
    names: Names, request: ChatRequest, response: ChatResponse | None
) -> dict[str, AttributeValue]:
    """Each as JSON text. The system messages that the conversation begins with are instructions."""
    assert names.input_messages is not None
    system = list(takewhile(lambda message: message.role == "system", request.messages))
    inputs = [
        {"role": message.role, "parts": _parts(message.content)}
        for message in request.messages[len(system) :]
    ]
    found: dict[str, AttributeValue] = {names.input_messages: _json(inputs)}
    if system:
        instructions = [part for message in system for part in _parts(message.content)]
        found[names.system_instructions] = _json(instructions)
    if response is not None:
        found[names.output_messages] = _json([_output(choice) for choice in response.choices])
    return found


def events_of(
    names: Names, request: ChatRequest, response: ChatResponse | None
) -> Iterator[tuple[str, dict[str, AttributeValue]]]:
    """Name and attributes of one event per message, as it was before there were attributes."""
    for message in request.messages:
        content = _json(_parts(message.content))
        yield names.message_event.format(role=message.role), {"content": content}
    for index, choice in enumerate(response.choices if response is not None else ()):
        made = _output(choice)
        yield (
            names.choice_event,
            {
                "index": index,
                "finish_reason": made["finish_reason"],
                "message": _json(made["parts"]),
            },
        )


def _output(choice: Choice) -> dict[str, Any]:
    refusal = (TextPart(text=choice.refusal),) if choice.refusal else ()
    finish = choice.finish.unified
    return {
        "role": "assistant",
        "parts": _parts((*choice.parts, *refusal)),
        "finish_reason": _FINISH.get(finish, finish),
    }


def _parts(parts: Iterable[ContentPart]) -> list[dict[str, Any]]:
    return [made for part in parts if (made := _part(part))]


def _part(part: ContentPart) -> dict[str, Any]:
    """{} for a part that shows nothing, such as reasoning that the vendor keeps to itself."""
    if isinstance(part, TextPart | ReasoningPart):
        return {"type": part.type, "content": part.text} if part.text else {}
    if isinstance(part, ToolCallPart):
        arguments = part.arguments if part.arguments_raw is None else part.arguments_raw
        return {"type": "tool_call", "id": part.id, "name": part.name, "arguments": arguments}
    if isinstance(part, ToolResultPart):
        only_text = all(isinstance(item, TextPart) for item in part.content)
        response = part.text if only_text else _parts(part.content)
        return {"type": "tool_call_response", "id": part.tool_call_id, "response": response}
    media: Media = getattr(part, part.type)
    return {"type": part.type, "modality": part.type, "mime_type": media.media_type}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The spellings that are accepted for a message, and a conversation made whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import ValidationError as PydanticError
from pydantic_core import from_json

from indox_core._errors import ValidationError

from .base import is_json, validation_error, with_vendors_keys
from .content import (
    MADE_UP_CALL,
    AudioPart,
    ContentPart,
    DocumentPart,
    ImagePart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from .media import MEDIA_TYPES
from .messages import Adaptation, Message, dropped
from .pictures import is_picture

ROLES: tuple[str, ...] = ("system", "user", "assistant", "tool", "function")


_PART_CLASSES = (
    TextPart,
    ImagePart,
    DocumentPart,
    AudioPart,
    ToolCallPart,
    ToolResultPart,
    ReasoningPart,
)


_ALLOWED: dict[str, tuple[type, ...]] = {
    "system": (TextPart,),
    "user": (TextPart, ImagePart, DocumentPart, AudioPart),
    "assistant": (TextPart, ImagePart, AudioPart, ToolCallPart, ReasoningPart),
    "tool": (ToolResultPart,),
}


_CALL_KEYS = frozenset({"id", "type", "function", "index"})


_FUNCTION_KEYS = frozenset({"name", "arguments"})


class _Reader:
    """Reads a list of messages; remembers the tool calls that still wait for a result.

    No two calls keep the same id: some vendors number the calls of each answer anew, and others
    refuse a conversation in which an id comes twice.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.adaptations: list[Adaptation] = []
        self._call_ids: set[str] = set()
        self._waiting: dict[str, str] = {}  # the id of each call, and the one it came with

    def read(self, value: Any, path: str) -> None:
        if type(value) is dict and len(value) == 2 and self._read_text(value, path):
            return
        message = value if isinstance(value, Message) else self._from_mapping(value, path)
        parts: list[ContentPart] = []
        for index, part in enumerate(message.content):
            if not isinstance(part, _ALLOWED[message.role]):
                raise ValidationError(
                    f"{path}.content.{index}: a {message.role} message cannot hold "
                    f"a part of type {part.type}"
                )
            if isinstance(part, ToolCallPart):
                parts.append(self._add_call(part, f"{path}.content.{index}.id"))
            elif isinstance(part, ToolResultPart):
                parts.append(self._add_result(part))
            else:
                parts.append(part)
        if any(new is not old for new, old in zip(parts, message.content, strict=True)):
            message = message.model_copy(update={"content": tuple(parts)})
        self.messages.append(message)

    def _read_text(self, value: dict[str, Any], path: str) -> bool:
        """Whether it is a role and a string, as most messages are, and is read."""
        role, content = value.get("role"), value.get("content")
        if type(content) is not str or role not in ("user", "assistant", "system"):
            return False
        part = {"type": "text", "text": content}
        try:
            self.messages.append(Message.model_validate({"role": role, "content": (part,)}))
        except PydanticError as error:
            raise validation_error(error, path) from None
        return True

    def _add_call(self, call: ToolCallPart, path: str) -> ToolCallPart:
        own, number = call.id, len(self._call_ids)
        while own in self._call_ids:
            own, number = f"{call.id}_{number}", number + 1
        self._call_ids.add(own)
        self._waiting[own] = call.id
        if own == call.id:
            return call
        if not call.id.startswith(MADE_UP_CALL):
            self.adaptations.append(
                Adaptation(
                    path=path,
                    kind="renamed",
                    before=call.id,
                    after=own,
                    reason="an earlier call has the same id",
                )
            )
        return call.model_copy(update={"id": own})

    def _add_result(self, result: ToolResultPart) -> ToolResultPart:
        asked = result.tool_call_id
        call = self._waiting_call(lambda call: asked in (call.id, self._waiting[call.id]))
        if call is None:
            return result
        del self._waiting[call.id]
        return result if call.id == asked else result.model_copy(update={"tool_call_id": call.id})

    def _waiting_call(self, matches: Callable[[ToolCallPart], bool]) -> ToolCallPart | None:
        """The first one that matches, in the last message that has one."""
        if self._waiting:
            for message in reversed(self.messages):
                for call in message.tool_calls:
                    if call.id in self._waiting and matches(call):
                        return call
        return None

    def _from_mapping(self, value: Any, path: str) -> Message:
        if not isinstance(value, Mapping):
            raise ValidationError(
                f"{path}: a message is a dict with role and content, or a Message, "
                f"not {type(value).__name__}"
            )
        raw = dict(value)
        role = raw.get("role")
        if role == "developer":  # OpenAI's newer word for system
            raw["role"] = role = "system"
            reason = "developer is OpenAI's newer word for system"
            self.adaptations.append(
                Adaptation(
                    path=f"{path}.role",
                    kind="renamed",
                    before="developer",
                    after="system",
                    reason=reason,
                )
            )
        if not isinstance(role, str) or role not in ROLES:
            problem = "is missing" if role is None else "is unknown"
            raise ValidationError(f"{path}.role {problem}. Allowed: {', '.join(ROLES)}.")
        try:
            if role in ("tool", "function"):
                return self._tool_message(raw, path)
            calls = raw.pop("tool_calls", None) if role == "assistant" else None
            if role == "assistant":
                calls = self._read_openai_extras(raw, calls, path)
            if "content" in raw or calls:
                raw["content"] = _content(raw.get("content"), f"{path}.content", calls)
                if not raw["content"] and role != "assistant":
                    raise ValidationError(f"{path}.content holds no part. Give at least one.")
            return Message.model_validate(raw)
        except PydanticError as error:
            raise validation_error(error, path) from None

    def _read_openai_extras(self, raw: dict[str, Any], calls: Any, path: str) -> Any:
        """The other keys of OpenAI's assistant message: an older call, a refusal, citations."""
        function = raw.pop("function_call", None)
        if function is not None:
            name = function.get("name") if isinstance(function, Mapping) else None
            calls = [*(calls or ()), {"id": f"{MADE_UP_CALL}{name}", "function": function}]
        refusal = raw.pop("refusal", None)
        if isinstance(refusal, str) and refusal:
            if raw.get("content"):
                self._drop(f"{path}.refusal", "the message says something besides")
            else:
                raw["content"] = refusal
        for key in ("annotations", "audio"):
            if raw.pop(key, None):
                self._drop(f"{path}.{key}", "it belongs to an answer, and no vendor takes it back")
        for number, call in enumerate(calls if isinstance(calls, list | tuple) else ()):
            if isinstance(call, Mapping):
                self._drop_unknown(call, _CALL_KEYS, f"{path}.tool_calls.{number}")
                if isinstance(call.get("function"), Mapping):
                    where = f"{path}.tool_calls.{number}.function"
                    self._drop_unknown(call["function"], _FUNCTION_KEYS, where)
        return calls

    def _drop_unknown(self, given: Mapping[Any, Any], known: frozenset[str], path: str) -> None:
        for key, value in given.items():
            if key not in known and value is not None:
                self._drop(f"{path}.{key}", "a call has an id, a name and arguments")

    def _drop(self, path: str, reason: str) -> None:
        self.adaptations.append(dropped(path, reason))

    def _tool_message(self, raw: dict[str, Any], path: str) -> Message:
        """A `tool` message in our spelling or OpenAI's, or the older `function` message."""
        content = raw.get("content")
        if isinstance(content, list | tuple) and any(
            _type_of(part) == "tool_result" for part in content
        ):
            raw["content"] = tuple(
                self._result_part(part, f"{path}.content.{index}")
                for index, part in enumerate(content)
            )
            return Message.model_validate(raw)
        result = {
            "type": "tool_result",
            "tool_call_id": raw.pop("tool_call_id", None),
            "name": raw.pop("name", None),
            "content": content,
        }
        if "is_error" in raw:
            result["is_error"] = raw.pop("is_error")
        part = self._result_part(result, path)
        return Message.model_validate({**raw, "role": "tool", "content": (part,)})

    def _result_part(self, value: Any, path: str) -> ToolResultPart:
        if isinstance(value, ToolResultPart):
            return value
        if not isinstance(value, Mapping):
            raise ValidationError(f"{path} must be a tool_result, not {type(value).__name__}")
        result = dict(value)
        if result.get("content") is None:
            raise ValidationError(f"{path}.content is missing. Give the result as a string.")
        result["content"] = _content(result["content"], f"{path}.content")
        if result.get("tool_call_id") is None:
            name = result.get("name")
            if not isinstance(name, str) or not name:
                raise ValidationError(
                    f"{path}: tool_call_id is missing. Name the call that this answers, "
                    "or the function (name)."
                )
            result["tool_call_id"] = self._call_of(name, path).id
        return ToolResultPart.model_validate(result)

    def _call_of(self, name: str, path: str) -> ToolCallPart:
        """The waiting call of that name; where there is none, one is put before the result."""
        call = self._waiting_call(lambda call: call.name == name)
        if call is not None:
            return call
        call = ToolCallPart(id=f"{MADE_UP_CALL}{name}", name=name, arguments={})
        self.read(Message(role="assistant", content=(call,)), path)
        call = self.messages[-1].tool_calls[0]
        self.adaptations.append(
            Adaptation(
                path=path,
                kind="synthesised",
                after=f"an assistant message that calls {name}",
                reason="a function result needs the call that it answers",
            )
        )
        return call


def _type_of(part: Any) -> Any:
    return part.get("type") if isinstance(part, Mapping) else getattr(part, "type", None)


def _content(value: Any, path: str, tool_calls: Any = None) -> tuple[Any, ...]:
    """A string, a part or a list of parts, with OpenAI's `tool_calls` behind them."""
    if isinstance(value, str):
        parts: list[Any] = [{"type": "text", "text": value}]
    elif value is None and tool_calls:
        parts = []
    elif isinstance(value, list | tuple):
        parts = [_part(part, f"{path}.{index}") for index, part in enumerate(value)]
    else:
        raise ValidationError(
            f"{path} must be a string or a list of parts, not {type(value).__name__}"
        )
    if tool_calls:
        if not isinstance(tool_calls, list | tuple):
            raise ValidationError(f"{path} has tool_calls that are no list")
        if parts == [{"type": "text", "text": ""}]:
            parts = []
        parts += [_tool_call(call, f"{path}.tool_calls.{i}") for i, call in enumerate(tool_calls)]
    return tuple(parts)


def _part(value: Any, path: str) -> Any:
    if isinstance(value, _PART_CLASSES):
        return value
    if isinstance(value, str):
        return {"type": "text", "text": value}
    if not isinstance(value, Mapping):
        if is_picture(value):
            return {"type": "image", "image": value}
        raise ValidationError(
            f"{path} must be a part (a dict with a type), not {type(value).__name__}"
        )
    value = with_vendors_keys(value)
    kind = value.get("type")
    if kind in _OPENAI_PARTS:
        inner = value.get(kind)
        rest = {key: item for key, item in value.items() if key not in ("type", kind)}
        return {**rest, **_openai_part(kind, inner, path)}
    if kind == "tool_result" and "content" in value:
        return {**value, "content": _content(value["content"], f"{path}.content")}
    return value


_OPENAI_PARTS = ("image_url", "input_audio", "file", "refusal")


def _openai_part(kind: str, value: Any, path: str) -> dict[str, Any]:
    """A part in the spelling of Chat Completions. Keys that it does not have are refused later."""
    if isinstance(value, str) and kind in ("image_url", "refusal"):
        is_text = kind == "refusal"
        return {"type": "text", "text": value} if is_text else {"type": "image", "image": value}
    if not isinstance(value, Mapping) or kind == "refusal":
        raise ValidationError(f"{path} must read {{'type': '{kind}', '{kind}': ...}}")
    given = dict(value)
    if kind == "image_url":
        detail = {"detail": given.pop("detail")} if "detail" in given else {}
        return {"type": "image", "image": given, **detail}
    if kind == "input_audio":
        ending = given.pop("format", None)
        return {"type": "audio", "audio": {**given, "media_type": MEDIA_TYPES.get(str(ending))}}
    if given.get("file_data") is None and given.get("file_id") is None:
        raise ValidationError(f"{path}: a file is given by its file_data, or by its file_id")
    name = given.pop("filename", None)
    found = {"url": given.pop("file_data", None), "id": given.pop("file_id", None)}
    return {"type": "document", "document": {**given, **found, "name": name}}


def _tool_call(value: Any, path: str) -> Any:
    """OpenAI's spelling of a call, whose arguments are JSON text."""
    if isinstance(value, ToolCallPart):
        return value
    function = value.get("function") if isinstance(value, Mapping) else None
    if not isinstance(function, Mapping):
        raise ValidationError(
            f"{path} must read {{'id': ..., 'function': {{'name', 'arguments'}}}}"
        )
    return {
        "type": "tool_call",
        "id": value.get("id"),
        "name": function.get("name"),
        **parse_arguments(function.get("arguments")),
    }


def parse_arguments(value: Any) -> dict[str, Any]:
    """`arguments`, beside it `written` where the value is the text of an object, and
    `arguments_raw` where it is neither an object nor null.

    The value is JSON text, or the object itself where the vendor has parsed it.
    """
    if value is None or value == "":
        return {"arguments": {}}
    parsed = value
    if isinstance(value, str):
        try:
            parsed = from_json(value, allow_inf_nan=False)
        except ValueError:
            return {"arguments": None, "arguments_raw": value}
    if isinstance(parsed, Mapping) and is_json(parsed):  # 1e400 is none, though JSON allows it
        written = {"written": value} if parsed is not value else {}
        return {"arguments": dict(parsed), **written}
    if parsed is None:
        return {"arguments": None}
    raw = value if isinstance(value, str) else json.dumps(value, default=str)
    return {"arguments": None, "arguments_raw": raw}


def read_messages(value: Any) -> tuple[tuple[Message, ...], tuple[Adaptation, ...]]:
    """The messages of one call, checked, and what had to be added to make them whole.

    The caller's list and dicts are never changed. Raises `ValidationError` with the path.
    """
    if isinstance(value, str | bytes | Mapping | Message) or not isinstance(value, Iterable):
        raise ValidationError(
            f"messages must be a list of messages, not {type(value).__name__}. "
            'For one question: [{"role": "user", "content": "..."}].'
        )
    reader = _Reader()
    for index, item in enumerate(value):
        reader.read(item, f"messages.{index}")
    if not reader.messages:
        raise ValidationError("messages is empty. Give at least one message.")
    return tuple(reader.messages), tuple(reader.adaptations)

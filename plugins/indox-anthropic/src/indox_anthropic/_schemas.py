"""A JSON schema as Claude takes it, every change recorded by its path.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
holds for answers and for strict tools. `FEATURES` is that page as a table; the reference is written
from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from indox_core.plugin import Adaptation, clamped, dropped

Fate = Literal["kept", "changed", "said", "refused"]


@dataclass(frozen=True, slots=True)
class Feature:
    """What becomes of some keywords of JSON Schema."""

    about: str
    keys: frozenset[str]
    fate: Fate
    """`said`: in the description, which the model reads and need not follow."""
    how: str = ""
    takes: Callable[[Any], bool] = lambda value: True
    """Which of their values; the others are said."""


def _keys(*names: str) -> frozenset[str]:
    return frozenset(names)


FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
# What the page names as supported, counts of one digit, and escaped punctuation.
_SIMPLE_PATTERN = re.compile(
    r"(?:[^\\({|\[]|\\[dws]|\\[^\w\s]|\((?!\?)|\{\d(?:,\d)?\}|\[(?:[^\\\]\[]|\\[dws]|\\[^\w\s])+\])*"
)


def _is_simple_pattern(value: Any) -> bool:
    return isinstance(value, str) and _SIMPLE_PATTERN.fullmatch(value) is not None


def _is_plain(value: Any) -> bool:
    return isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)


FEATURES: tuple[Feature, ...] = (
    Feature("Types, also several", _keys("type"), "kept"),
    Feature("Fields", _keys("properties", "required"), "kept"),
    Feature(
        "Enums of strings, integers, numbers, booleans and null", _keys("enum"), "kept",
        "with objects or lists among the values it is said", _is_plain,
    ),
    Feature(
        "Constants", _keys("const"), "kept", "an object or a list is said",
        lambda value: not isinstance(value, dict | list),
    ),
    Feature("Defaults, titles, descriptions", _keys("default", "title", "description"), "kept"),
    Feature("Unions", _keys("anyOf"), "kept"),
    Feature("Definitions", _keys("$defs", "definitions"), "kept"),
    Feature("References within the schema", _keys("$ref"), "kept",
            "a description, title or default beside it is kept where what it leads to has no "
            "reference itself; all else beside it is dropped"),
    Feature("Lists", _keys("items"), "kept"),
    Feature(
        "Fewest items", _keys("minItems"), "kept", "0 and 1; a higher number is said",
        lambda value: value in (0, 1),
    ),
    Feature(
        "Formats", _keys("format"), "kept", ", ".join(sorted(FORMATS)) + "; others are said",
        lambda value: value in FORMATS,
    ),
    Feature(
        "Patterns", _keys("pattern"), "kept",
        "simple ones; with lookaround, back references, word boundaries, alternatives or counts "
        "above 9 they are said",
        _is_simple_pattern,
    ),
    Feature(
        "`allOf`", _keys("allOf"), "kept",
        "refused with a reference or an object in it, which Claude closes by itself",
    ),
    Feature(
        "Fixed objects", _keys("additionalProperties"), "changed",
        "closed: `additionalProperties: false` is added, or takes the place of `true`",
    ),
    Feature("`oneOf`, with a discriminator or without", _keys("oneOf", "discriminator"), "changed",
            "into `anyOf`"),
    Feature(
        "Tuples", _keys("prefixItems"), "changed",
        "into a list whose items are of any of the types; their order is said",
    ),
    Feature("Names of the schema itself", _keys("$schema", "$id", "$anchor", "$comment"), "changed",
            "left out"),
    Feature(
        "Free maps", _keys("patternProperties", "propertyNames"), "refused",
        "also `additionalProperties` with a schema, and an object without `properties`",
    ),
    Feature("Recursive schemas, references to other documents", _keys(), "refused"),
    Feature("All other limits, such as `minimum` and `maxLength`", _keys(), "said"),
)  # fmt: skip
"""https://platform.claude.com/docs/en/build-with-claude/structured-outputs, as of 2026-10-10."""

_KEPT = {key: one for one in FEATURES if one.fate == "kept" for key in one.keys}
_LEFT_OUT = _keys("$schema", "$id", "$anchor", "$comment")
_BY_NAME = ("properties", "$defs", "definitions")
_NOTES = _keys("title", "description", "default")
_DATA = ("enum", "const", "default", "examples", "example")


class Unfit(Exception):
    """Claude has no strict schema for it. `problems`: each path and what is there."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(f"{path}: {what}" for path, what in problems))
        self.problems = problems


def strict_schema(schema: dict[str, Any], path: str, adaptations: list[Adaptation]) -> Any:
    """The schema as Claude keeps to it. Raises `Unfit`, and then records nothing."""
    loops = _loops(schema)
    if loops:
        raise Unfit(tuple((f"{path}{where}", "a schema within itself") for where in loops))
    while _is_reference(schema) and isinstance(_target(schema, schema["$ref"])[0], dict):
        # The root is the object itself: Claude wants its type there.
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**_target(schema, schema["$ref"])[0], **rest}
    fitting = _Fitting(schema)
    wire = fitting.fit(schema, path)
    if fitting.problems:
        raise Unfit(tuple(fitting.problems))
    adaptations += fitting.adaptations
    return wire


class _Fitting:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self.adaptations: list[Adaptation] = []
        self.problems: list[tuple[str, str]] = []

    def fit(self, schema: Any, path: str) -> Any:
        if not isinstance(schema, dict):
            return schema
        wire: dict[str, Any] = {}
        said: dict[str, Any] = {}
        schema = self._with_a_lone_reference(schema, path)
        self._refuse(schema, path)
        for key, value in schema.items():
            where = f"{path}.{key}"
            if key in _BY_NAME and isinstance(value, dict):
                wire[key] = {name: self.fit(one, f"{where}.{name}") for name, one in value.items()}
            elif key in ("anyOf", "allOf", "oneOf") and isinstance(value, list):
                wire["anyOf" if key == "oneOf" else key] = [
                    self.fit(one, f"{where}.{number}") for number, one in enumerate(value)
                ]
            elif key == "items":
                wire[key] = self.fit(value, where)
            elif key in _KEPT and _KEPT[key].takes(value):
                wire[key] = value
            elif key == "prefixItems" and isinstance(value, list):
                wire["items"] = self._of_any(value, where)
                said[key] = value
            elif key == "additionalProperties" or (key == "discriminator" and "oneOf" in schema):
                continue
            elif key in _LEFT_OUT:
                self.adaptations.append(dropped(where, "Claude takes no names of schemas", value))
            else:
                said[key] = value
        self._record(schema, said, path)
        if _is_object(schema):
            wire["additionalProperties"] = False
        if said:
            limits = ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())
            described = wire.get("description")
            wire["description"] = f"{described}\n\n{limits}" if described else limits
        return wire

    def _with_a_lone_reference(self, schema: dict[str, Any], path: str) -> dict[str, Any]:
        alone = schema.get("allOf")
        if isinstance(alone, list) and len(alone) == 1 and _is_reference(alone[0]):
            schema = {**{k: v for k, v in schema.items() if k != "allOf"}, **alone[0]}
            reason = "Claude takes no reference within allOf"
            self.adaptations.append(clamped(f"{path}.allOf", reason, alone, alone[0]))
        if not _is_reference(schema):
            return schema
        kept = {key: value for key, value in schema.items() if key in ("$ref", *_BY_NAME[1:])}
        beside = schema.keys() - kept.keys()
        target, _ = _target(self._root, schema["$ref"])
        if beside and beside <= _NOTES and isinstance(target, dict) and not _refers(target):
            return {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
        reason = "Claude takes nothing beside a reference"
        self.adaptations += [
            dropped(f"{path}.{key}", reason, value)
            for key, value in schema.items()
            if key not in kept
        ]
        return kept

    def _refuse(self, schema: dict[str, Any], path: str) -> None:
        more, fields = schema.get("additionalProperties"), schema.get("properties")
        if isinstance(more, dict) or (more is True and not fields):
            self.problems.append((f"{path}.additionalProperties", "a free map"))
        elif schema.get("patternProperties"):
            self.problems.append((f"{path}.patternProperties", "a free map"))
        elif _is_object(schema) and fields is None and more is not False:
            self.problems.append((path, "an object without fields of its own"))
        if _is_reference(schema) and not schema["$ref"].startswith("#"):
            self.problems.append((f"{path}.$ref", "a reference to another document"))
        both = schema.get("allOf")
        for number, one in enumerate(both if isinstance(both, list) else ()):
            if isinstance(one, dict) and (_is_reference(one) or _is_object(one)):
                what = "an object or a reference within allOf"
                self.problems.append((f"{path}.allOf.{number}", what))

    def _of_any(self, kinds: list[Any], path: str) -> Any:
        fitted = [self.fit(one, f"{path}.{number}") for number, one in enumerate(kinds)]
        different = [one for number, one in enumerate(fitted) if one not in fitted[:number]]
        return different[0] if len(different) == 1 else {"anyOf": different}

    def _record(self, schema: dict[str, Any], said: dict[str, Any], path: str) -> None:
        for key, value in said.items():
            reason = "Claude takes it as a description only"
            if key == "prefixItems":
                reason = "Claude has no tuples: a list of any of these types, and a description"
            self.adaptations.append(clamped(f"{path}.{key}", reason, value))
        if "oneOf" in schema:
            reason = "Claude knows it as anyOf; constants tell the branches apart"
            self.adaptations.append(
                Adaptation(path=f"{path}.oneOf", kind="renamed", after="anyOf", reason=reason)
            )
        if not _is_object(schema) or schema.get("additionalProperties") is False:
            return
        where, reason = f"{path}.additionalProperties", "Claude closes every object"
        if schema.get("additionalProperties") is True:
            self.adaptations.append(clamped(where, reason, True, False))
        else:
            self.adaptations.append(
                Adaptation(path=where, kind="synthesised", after=False, reason=reason)
            )


def _is_reference(schema: Any) -> bool:
    return isinstance(schema, dict) and isinstance(schema.get("$ref"), str)


def _is_object(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return kind == "object" or (
        "object" in kind if isinstance(kind, list) else kind is None and "properties" in schema
    )


def _refers(schema: Any) -> bool:
    """Whether there is a reference in it: written out, such a schema could grow without end."""
    inner = schema.values() if isinstance(schema, dict) else schema
    return _is_reference(schema) or (
        isinstance(schema, dict | list) and any(_refers(one) for one in inner)
    )


def _loops(root: dict[str, Any]) -> list[str]:
    """Where a schema leads back into itself."""
    found: list[str] = []
    seen: set[str] = set()

    def look(node: Any, where: str, within: frozenset[str]) -> None:
        if isinstance(node, list):
            for number, one in enumerate(node):
                look(one, f"{where}.{number}", within)
        if not isinstance(node, dict):
            return
        name = node.get("$ref")
        if isinstance(name, str) and name.startswith("#"):
            if name in within:
                found.append(f"{where}.$ref")
            elif name not in seen:
                seen.add(name)
                target, steps = _target(root, name)
                look(target, "".join(f".{step}" for step in steps), within | {name})
        for key, value in node.items():
            if key not in (*_DATA, *_BY_NAME[1:]):
                look(value, f"{where}.{key}", within)

    look(root, "", frozenset({"#"}))
    return found


def _target(root: dict[str, Any], name: str) -> tuple[Any, list[str]]:
    """What a reference within the schema leads to, and the steps there; `None`: to nothing."""
    if not name.startswith("#/"):
        return None, []
    steps = [part.replace("~1", "/").replace("~0", "~") for part in name.split("/")[1:]]
    node: Any = root
    for step in steps:
        if isinstance(node, list) and step.isdecimal() and int(step) < len(node):
            node = node[int(step)]
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node, steps

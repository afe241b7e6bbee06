"""A JSON schema as `responseJsonSchema` takes it, and what had to change, by its path.

What it takes: https://ai.google.dev/api/generate-content#generationconfig
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from indox_core.plugin import Adaptation, UnsupportedFeatureError, clamped, dropped

_ROOT = "response_schema.json_schema"
_KEPT = frozenset(
    {"$id", "$ref", "$anchor", "type", "format", "title", "description", "required", "minItems",
     "maxItems", "minimum", "maximum", "propertyOrdering"}
)  # fmt: skip
_ONE = frozenset({"items", "additionalProperties"})
_SEVERAL = frozenset({"anyOf", "oneOf", "prefixItems"})
_BY_NAME = frozenset({"properties", "$defs"})
_NOT_SAID = frozenset({"$schema", "$comment", "discriminator"})
"""What says nothing of the values that the rest does not say."""


def schema_to_google(schema: Any) -> tuple[Any, list[Adaptation]]:
    """The schema and its changes. Raises `UnsupportedFeatureError` for what has no form there."""
    changes: list[Adaptation] = []
    if isinstance(schema, dict) and "definitions" in schema:
        schema = _with_defs(schema, changes)
    found = _Translation(schema, changes).node(schema, _ROOT)
    if isinstance(found, dict):
        _loosen_cycles(found, changes)
    return found, changes


def _with_defs(schema: dict[str, Any], changes: list[Adaptation]) -> dict[str, Any]:
    """Older schemas say `definitions`."""
    changes.append(_renamed(f"{_ROOT}.definitions", "Gemini calls them $defs", "$defs"))
    text = json.dumps(schema).replace('"#/definitions/', '"#/$defs/')
    moved: dict[str, Any] = json.loads(text)
    moved["$defs"] = {**moved.pop("definitions"), **moved.get("$defs", {})}
    return moved


def _renamed(path: str, reason: str, after: str) -> Adaptation:
    return Adaptation(path=path, kind="renamed", after=after, reason=reason)


def _is_named(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


_KINDS = {"string": str, "integer": int, "number": float}


class _Translation:
    """One schema on its way; every change is noted with the path where it was made."""

    def __init__(self, root: Any, changes: list[Adaptation]) -> None:
        self._defs = root.get("$defs", {}) if isinstance(root, dict) else {}
        self._changes = changes

    def node(self, schema: Any, path: str) -> Any:
        if not isinstance(schema, dict):
            return schema
        if "allOf" in schema:
            return self.node(self._in_one(schema, path), path)
        beside = [key for key in schema if not key.startswith("$")]
        if "$ref" in schema and beside:
            if "anyOf" in schema or "oneOf" in schema:
                raise self._no_form(path, "a $ref beside an anyOf")
            reason = "Gemini takes nothing beside a $ref: it is in an anyOf of one"
            self._changes.append(_renamed(f"{path}.$ref", reason, "anyOf"))
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return self.node({**rest, "anyOf": [{"$ref": schema["$ref"]}]}, path)
        values = schema.get("enum")
        if isinstance(values, list) and None in values and "anyOf" not in schema:
            return self.node(self._beside_null(schema, path), path)
        wire: dict[str, Any] = {}
        said: dict[str, Any] = {}
        for key, value in schema.items():
            self._key(key, value, wire, said, f"{path}.{key}")
        if "patternProperties" in schema:
            self._map(schema, wire, path)
        if said:
            limits = ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())
            wire["description"] = "\n\n".join(filter(None, (wire.get("description"), limits)))
        return wire

    def _key(
        self, key: str, value: Any, wire: dict[str, Any], said: dict[str, Any], path: str
    ) -> None:
        if key in _KEPT:
            wire[key] = value
        elif key in _ONE:
            wire[key] = self.node(value, path)
        elif key in _SEVERAL and isinstance(value, list):
            inner = [self.node(item, f"{path}.{index}") for index, item in enumerate(value)]
            wire[key] = wire.get(key, []) + inner
        elif key in _BY_NAME and isinstance(value, dict):
            wire[key] = {name: self.node(item, f"{path}.{name}") for name, item in value.items()}
        elif key in ("enum", "const") and self._values(key, value, wire, path):
            pass
        elif key in _NOT_SAID:
            self._changes.append(dropped(path, f"Gemini takes no {key}", value))
        else:
            said[key] = list(value) if key == "patternProperties" else value
            self._changes.append(
                Adaptation(
                    path=path,
                    kind="moved",
                    before=value,
                    after="description",
                    reason=f"Gemini takes no {key}: the description says it",
                )
            )

    def _values(self, key: str, value: Any, wire: dict[str, Any], path: str) -> bool:
        """An enum of strings and numbers; `False` for one of other values."""
        values = [value] if key == "const" else value
        if not isinstance(values, list) or not all(map(_is_named, values)):
            return False
        wire["enum"] = values
        if key == "const":
            self._changes.append(_renamed(path, "Gemini takes it as an enum of one", "enum"))
        return True

    def _beside_null(self, schema: dict[str, Any], path: str) -> dict[str, Any]:
        """An enum with null as the enum or null."""
        values = [one for one in schema["enum"] if one is not None]
        rest = {key: value for key, value in schema.items() if key not in ("enum", "type")}
        kind = next((k for k, t in _KINDS.items() if all(type(v) is t for v in values)), None)
        named = [{**({"type": kind} if kind else {}), "enum": values}] if values else []
        reason = "Gemini takes strings and numbers in an enum: null is beside it in an anyOf"
        self._changes.append(_renamed(f"{path}.enum", reason, "anyOf"))
        return {**rest, "anyOf": [*named, {"type": "null"}]}

    def _map(self, schema: dict[str, Any], wire: dict[str, Any], path: str) -> None:
        """A map whose keys keep to patterns is one whose keys are any."""
        others = schema.get("additionalProperties", False)
        if others is True:
            return
        kinds = list(schema["patternProperties"].values())
        where = f"{path}.patternProperties"
        found = [self.node(kind, f"{where}.{index}") for index, kind in enumerate(kinds)]
        if isinstance(others, dict):
            found.append(wire["additionalProperties"])
        wire["additionalProperties"] = found[0] if len(found) == 1 else {"anyOf": found}

    def _in_one(self, schema: dict[str, Any], path: str) -> dict[str, Any]:
        """The parts of an `allOf` as one schema, where no two say different things."""
        rest = {key: value for key, value in schema.items() if key != "allOf"}
        parts = schema["allOf"]
        if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
            raise self._no_form(path, "an allOf of this kind")
        if len(parts) > 1 or "$ref" in rest:
            parts = [self._resolved(part) for part in parts]
            rest = self._resolved(rest)
        made: dict[str, Any] = {}
        for part in (*parts, rest):
            for key, value in part.items():
                before = made.get(key, value)
                if key == "properties" and not any(
                    before.get(name, item) != item for name, item in value.items()
                ):
                    made[key] = {**before, **value}
                elif key == "required":
                    made[key] = list(dict.fromkeys([*made.get(key, ()), *value]))
                elif before == value or key in ("title", "description"):
                    made[key] = value
                else:
                    raise self._no_form(path, f"an allOf whose parts differ in {key}")
        self._changes.append(_renamed(f"{path}.allOf", "Gemini takes it as one schema", "merged"))
        return made

    def _resolved(self, part: dict[str, Any]) -> dict[str, Any]:
        name = str(part.get("$ref", "")).removeprefix("#/$defs/")
        if not name or not isinstance(self._defs.get(name), dict):
            return part
        return {**self._defs[name], **{k: v for k, v in part.items() if k != "$ref"}}

    def _no_form(self, path: str, what: str) -> UnsupportedFeatureError:
        return UnsupportedFeatureError(
            f"{path}: Gemini takes no {what.removeprefix('an ').removeprefix('a ')}. "
            "Write it without, or use another model."
        )


# Schemas that hold themselves


def _loosen_cycles(root: dict[str, Any], changes: list[Adaptation]) -> None:
    """Gemini unrolls a cycle only within properties that are not required."""
    places = {"#": (root, _ROOT)}
    for name, schema in root.get("$defs", {}).items():
        places[f"#/$defs/{name}"] = (schema, f"{_ROOT}.$defs.{name}")
    edges = {
        name: list(_required_references(schema, path, None)) if isinstance(schema, dict) else []
        for name, (schema, path) in places.items()
    }
    for name in edges:
        for target, holder in tuple(edges[name]):
            edge = (target, holder)
            if holder is None or edge not in edges[name] or not _reaches(edges, target, name):
                continue
            owner, key, path = holder
            owner["required"] = [one for one in owner["required"] if one != key]
            edges[name] = [edge for edge in edges[name] if edge[1] != holder]
            reason = "Gemini takes a schema that holds itself where it is not required"
            changes.append(clamped(f"{path}.required", reason, key))
    for name, found in edges.items():
        if any(_reaches(edges, target, name) for target, _ in found):
            raise UnsupportedFeatureError(
                f"{places[name][1]}: Gemini takes a schema that holds itself only within a "
                "property of an object. Put it into one."
            )


_Holder = tuple[dict[str, Any], str, str]


def _required_references(
    schema: Any, path: str, holder: _Holder | None
) -> Iterator[tuple[str, _Holder | None]]:
    """Each reference that is not within an optional property, and the property that holds it."""
    if not isinstance(schema, dict):
        return
    if isinstance(schema.get("$ref"), str):
        yield schema["$ref"], holder
    for name, inner in schema.get("properties", {}).items():
        if name in schema.get("required", ()):
            yield from _required_references(
                inner, f"{path}.properties.{name}", (schema, name, path)
            )
    for key in _ONE:
        yield from _required_references(schema.get(key), f"{path}.{key}", holder)
    for key in _SEVERAL:
        for index, inner in enumerate(schema.get(key, ())):
            yield from _required_references(inner, f"{path}.{key}.{index}", holder)


def _reaches(edges: dict[str, list[tuple[str, _Holder | None]]], start: str, end: str) -> bool:
    """Whether the references lead from one schema to the other."""
    seen: set[str] = set()
    left = [start]
    while left:
        name = left.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            left += [target for target, _ in edges.get(name, ())]
    return False

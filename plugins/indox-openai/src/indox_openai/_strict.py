"""A JSON schema as OpenAI takes it under `strict`, and what had to change.

https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

import json
from typing import Any

from indox_core.plugin import Adaptation, clamped, dropped

KEPT = frozenset(
    {
        "$id", "$schema", "const", "description", "enum", "exclusiveMaximum", "exclusiveMinimum",
        "maxItems", "maximum", "minItems", "minimum", "multipleOf", "pattern", "title", "type",
    }
)  # fmt: skip
"""What the page names, and what only labels a schema."""
FORMATS = frozenset(
    {
        "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "uuid",
    }
)  # fmt: skip
IMPOSSIBLE = {
    "patternProperties": "no object in it has free keys",
    "prefixItems": "it knows no tuples",
    "not": "it excludes nothing",
    "if": "it knows no conditions",
    "then": "it knows no conditions",
    "else": "it knows no conditions",
    "dependentRequired": "it knows no conditions",
    "dependentSchemas": "it knows no conditions",
}
"""What would be lost if it were left out."""
MAX_DEPTH, MAX_PROPERTIES, MAX_VALUES = 10, 5000, 1000
_UNTYPED = ("$ref", "anyOf", "oneOf", "allOf")
_TYPES = {
    str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null",
    list: "array", dict: "object",
}  # fmt: skip


def strict_schema(
    schema: dict[str, Any], wanted: bool, path: str, adaptations: list[Adaptation]
) -> tuple[dict[str, Any], bool]:
    """A schema within OpenAI's limits for strict ones, and whether it can be one.

    Each change is recorded by its path. One that cannot be strict without losing something is
    sent as it is and without strict, and each place that is to blame is recorded.
    """
    if not wanted:
        return schema, False
    limits = _Limits(schema)
    wire = limits.root(path)
    if limits.faults:
        adaptations += limits.faults
        reason = f"{limits.faults[0].path}: {limits.faults[0].reason}"
        adaptations.append(clamped(f"{path.rpartition('.')[0]}.strict", reason, True, False))
        return schema, False
    adaptations += limits.changes
    return (schema if wire == schema else wire), True


class _Limits:
    """Walks one schema; remembers what it changed, and what cannot be strict."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.changes: list[Adaptation] = []
        self.faults: list[Adaptation] = []
        self._root = root
        self._properties = 0
        self._values = 0

    def root(self, path: str) -> dict[str, Any]:
        root = self._root
        if "$ref" in root:
            self._change(f"{path}.$ref", "the root is an object, not a reference to one")
            beside = {key: value for key, value in root.items() if key != "$ref"}
            root = {**self._referred(root["$ref"]), **beside}
        wire = self.schema(root, path)
        if wire.get("type") != "object" or "anyOf" in wire:
            self._fault(path, "a strict schema is an object at its root")
        if self._properties > MAX_PROPERTIES or self._values > MAX_VALUES:
            reason = f"{MAX_PROPERTIES} properties and {MAX_VALUES} values of enums are the most"
            self._fault(path, f"a strict schema is smaller: {reason}")
        return wire

    def schema(
        self, given: Any, path: str, depth: int = 0, opened: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """The schema with every object closed and complete."""
        if not isinstance(given, dict):
            self._fault(path, "a strict schema says what each value is")
            return {}
        if depth > MAX_DEPTH:
            self._fault(path, f"a strict schema is at most {MAX_DEPTH} levels deep")
            return {}
        if "$ref" in given and len(given) > 1 and given is not self._root:
            return self._reference(given, path, depth, opened)
        if isinstance(given.get("allOf"), list) and len(given["allOf"]) == 1:
            self._change(f"{path}.allOf", "a strict schema knows no allOf")
            rest = {key: value for key, value in given.items() if key != "allOf"}
            return self.schema({**given["allOf"][0], **rest}, path, depth, opened)
        wire: dict[str, Any] = {}
        said: list[str] = []
        for key, value in given.items():
            self._key(key, value, path, depth, opened, wire, said)
        if said:
            wire["description"] = "\n\n".join(filter(None, (given.get("description"), *said)))
        self._typed(given, wire, path)
        self._complete(given, wire, path)
        return wire

    def _key(
        self,
        key: str,
        value: Any,
        path: str,
        depth: int,
        opened: frozenset[str],
        wire: dict[str, Any],
        said: list[str],
    ) -> None:
        where = f"{path}.{key}"
        if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
            inner = depth + 1 if key == "properties" else 0
            self._properties += len(value) if key == "properties" else 0
            wire[key] = {
                name: self.schema(item, f"{where}.{name}", inner, opened)
                for name, item in value.items()
            }
        elif key == "items":
            wire[key] = self.schema(value, where, depth + 1, opened)
        elif key in ("anyOf", "oneOf") and isinstance(value, list):
            if key == "oneOf":
                self._change(where, "a strict schema has anyOf in its place")
            wire["anyOf"] = [
                self.schema(item, f"{where}.{number}", depth, opened)
                for number, item in enumerate(value)
            ]
        elif key in IMPOSSIBLE or key in ("allOf", "anyOf", "oneOf"):
            self._fault(where, f"a strict schema: {IMPOSSIBLE.get(key, f'it knows no {key}')}")
        elif key in ("default", "discriminator"):
            self.changes.append(dropped(where, f"a strict schema has no {key}", value))
        elif key in KEPT or key == "$ref" or (key == "format" and value in FORMATS):
            wire[key] = value
            self._values += len(value) if key == "enum" and isinstance(value, list) else 0
        elif key not in ("required", "additionalProperties"):
            said.append(f"{key}: {json.dumps(value)}")
            self.changes.append(
                Adaptation(
                    path=where,
                    kind="moved",
                    before=value,
                    after=f"{path}.description",
                    reason=f"a strict schema knows no such {key}",
                )
            )

    def _reference(
        self, given: dict[str, Any], path: str, depth: int, opened: frozenset[str]
    ) -> dict[str, Any]:
        """A reference stands alone: with a description beside it, it is written out."""
        reference = given["$ref"]
        beside = {key: value for key, value in given.items() if key not in ("$ref", "default")}
        if "default" in given:
            reason = "a strict schema has no default"
            self.changes.append(dropped(f"{path}.default", reason, given["default"]))
        if beside and reference in opened:  # written out, it would never end
            reason = "nothing stands beside a reference of a schema within itself"
            self.changes += [dropped(f"{path}.{key}", reason, beside[key]) for key in beside]
        elif beside:
            self._change(f"{path}.$ref", "nothing stands beside a reference: it is written out")
            whole = {**self._referred(reference), **beside}
            return self.schema(whole, path, depth, opened | {reference})
        return {"$ref": reference}

    def _typed(self, given: dict[str, Any], wire: dict[str, Any], path: str) -> None:
        if "type" in wire or any(key in given for key in _UNTYPED):
            return
        values = given.get("enum", [given["const"]] if "const" in given else None)
        if "properties" in given:
            wire["type"] = "object"
        elif "items" in given:
            wire["type"] = "array"
        elif isinstance(values, list) and values:
            kinds = list(dict.fromkeys(_TYPES.get(type(value), "string") for value in values))
            wire["type"] = kinds[0] if len(kinds) == 1 else kinds
        else:
            self._fault(path, "a strict schema says what each value is")
            return
        self._add(f"{path}.type", "a strict schema names the type", wire["type"])

    def _complete(self, given: dict[str, Any], wire: dict[str, Any], path: str) -> None:
        """An object without free keys, all of whose properties are required."""
        kinds = wire.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if "array" in kinds and "items" not in given and "prefixItems" not in given:
            self._fault(path, "a strict schema says what an array holds")
        if "object" not in kinds:
            return
        free = given.get("additionalProperties", None if "properties" in given else True)
        if free not in (None, False):
            self._fault(
                f"{path}.additionalProperties", "a strict schema: no object in it has free keys"
            )
        if free is None:
            self._add(f"{path}.additionalProperties", "a strict schema is closed", False)
        names = list(wire.setdefault("properties", {}))
        required = given.get("required")
        required = list(required) if isinstance(required, list) else []
        missing = [name for name in names if name not in required]
        wire["required"] = [*required, *missing]
        wire["additionalProperties"] = False
        if missing:
            reason = "a strict schema requires every property"
            self.changes.append(
                clamped(f"{path}.required", reason, required, list(wire["required"]))
            )

    def _referred(self, reference: Any) -> dict[str, Any]:
        """What `#/$defs/NAME` stands for; {} for what cannot be found."""
        found: Any = self._root
        for step in str(reference).removeprefix("#/").split("/"):
            found = found.get(step) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def _change(self, path: str, reason: str) -> None:
        self.changes.append(clamped(path, reason))

    def _add(self, path: str, reason: str, value: Any) -> None:
        self.changes.append(Adaptation(path=path, kind="synthesised", after=value, reason=reason))

    def _fault(self, path: str, reason: str) -> None:
        self.faults.append(clamped(path, reason))

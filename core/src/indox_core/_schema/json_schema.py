"""A JSON schema within what a vendor takes of one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_BY_NAME = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")


@dataclass(frozen=True, slots=True)
class SchemaLimits:
    """What a vendor takes of a JSON schema; `apply` says the rest in the description."""

    keys: frozenset[str] | None = None
    """The keys that it takes. `None`: all."""
    closed: bool = False
    """Whether every object says `additionalProperties: false`."""
    lone_references: bool = True
    """Whether nothing may stand beside a `$ref`."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Keys that it knows by another name, such as `oneOf` as `anyOf`."""
    takes: Callable[[str, Any], bool] = lambda key, value: True
    """Whether it takes this value of a key that it takes."""

    def apply(self, schema: Any) -> Any:
        """The schema as the vendor takes it."""
        if not isinstance(schema, dict):
            return schema
        wire: dict[str, Any] = {}
        said: dict[str, Any] = {}
        lone = self.lone_references and "$ref" in schema
        for key, value in schema.items():
            name = self.renamed.get(key, key)
            if lone and not key.startswith("$"):
                continue
            if key == "additionalProperties" and self.closed:
                continue
            if key in _BY_NAME and isinstance(value, dict):
                wire[key] = {item: self.apply(inner) for item, inner in value.items()}
            elif key == "description" or (self._knows(name) and self.takes(key, value)):
                wire[name] = self._inner(key, value)
            elif key == "const" and self._knows("enum"):
                wire["enum"] = [value]
            elif not key.startswith("$") and key != "discriminator":
                said[key] = value
        if self.closed and not lone and _is_object(schema):
            wire["additionalProperties"] = False
        if said:
            limits = ", ".join(f"{key}: {json.dumps(value)}" for key, value in said.items())
            wire["description"] = "\n\n".join(filter(None, (wire.get("description"), limits)))
        return wire

    def _knows(self, key: str) -> bool:
        return self.keys is None or key in self.keys

    def _inner(self, key: str, value: Any) -> Any:
        if key in _LISTS and isinstance(value, list):
            return [self.apply(item) for item in value]
        return self.apply(value) if key in ("items", "additionalProperties", "not") else value


def _is_object(schema: dict[str, Any]) -> bool:
    kind = schema.get("type")
    return (
        kind == "object"
        or (isinstance(kind, list) and "object" in kind)
        or (kind is None and "properties" in schema)
    )

"""A schema as Mistral takes it under `strict`, and what had to change, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from indox_core.plugin import Adaptation, ResponseSchema, SchemaLimits, clamped

_ROOT = "response_schema.json_schema"
_BY_NAME = ("properties", "$defs", "definitions")
_LISTS = ("anyOf", "allOf", "oneOf", "prefixItems")
_ONE = ("items", "not")
# The SDK's own `parse` closes every object of a strict schema, and changes nothing else.
_CLOSED = SchemaLimits(closed=True, lone_references=False)


def schema_to_mistral(schema: ResponseSchema, adaptations: list[Adaptation]) -> dict[str, Any]:
    """The `json_schema` of a response format.

    A map cannot be closed without being emptied: with one in it the schema is not strict.
    """
    wire = {"name": schema.name, "schema": schema.described, "strict": bool(schema.strict)}
    if not schema.strict:
        return wire
    objects = list(_objects(schema.described, _ROOT))
    maps = [path for path, one in objects if _is_map(one)]
    if maps:
        places = ", ".join(maps)
        reason = f"Mistral closes every object of a strict schema, and these are maps: {places}"
        adaptations.append(clamped("response_schema.strict", reason, True, False))
        return {**wire, "strict": False}
    reason = "Mistral closes every object of a strict schema"
    adaptations.extend(
        clamped(f"{path}.additionalProperties", reason, None, False)
        for path, one in objects
        if "additionalProperties" not in one
    )
    return {**wire, "schema": _CLOSED.apply(schema.described)}


def _is_map(schema: dict[str, Any]) -> bool:
    """Whether names are allowed that the schema does not list."""
    others = schema.get("additionalProperties", "properties" not in schema)
    return others is not False or bool(schema.get("patternProperties"))


def _objects(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema of an object, with its path."""
    if not isinstance(schema, dict):
        return
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if "object" in kinds or (kind is None and {"properties", "patternProperties"} & schema.keys()):
        yield path, schema
    for key in _BY_NAME:
        named = schema.get(key)
        for name, inner in named.items() if isinstance(named, dict) else ():
            yield from _objects(inner, f"{path}.{key}.{name}")
    for key in _LISTS:
        several = schema.get(key)
        for index, inner in enumerate(several if isinstance(several, list) else ()):
            yield from _objects(inner, f"{path}.{key}.{index}")
    for key in _ONE:
        yield from _objects(schema.get(key), f"{path}.{key}")

"""What becomes of a schema at Gemini: kept, changed by its path, or refused."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field

from indox_core import Client, UnsupportedFeatureError

HELLO = [{"role": "user", "content": "Hi"}]
ROOT = "response_schema.json_schema."
TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def sent(schema: Any) -> tuple[Any, dict[str, str]]:
    """The schema that is sent, and the changes: path under the schema, and kind."""
    with Client() as client:
        request = client.explain(HELLO, "google/gemini-3.6-flash", response_schema=schema)
    wire = request.body["generationConfig"]["responseJsonSchema"]
    return wire, {item.path.removeprefix(ROOT): item.kind for item in request.adaptations}


def of(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


KEPT = {
    "a map": of(a={"type": "object", "additionalProperties": NUMBER}),
    "a map of anything": of(a={"type": "object", "additionalProperties": True}),
    "a closed object": {**of(a=TEXT), "additionalProperties": False},
    "a tuple": of(a={"type": "array", "prefixItems": [TEXT, NUMBER], "minItems": 2}),
    "one of": of(a={"oneOf": [TEXT, NUMBER]}),
    "any of with null": of(a={"anyOf": [TEXT, {"type": "null"}]}),
    "two types": of(a={"type": ["string", "null"]}),
    "an enum of integers": of(a={"type": "integer", "enum": [1, 2]}),
    "a format": of(a={"type": "string", "format": "date-time"}),
    "limits": of(a={"type": "integer", "minimum": 1, "maximum": 9}),
    "a reference": {**of(a={"$ref": "#/$defs/A"}), "$defs": {"A": of(b=TEXT)}},
    "a cycle that is optional": {
        "type": "object", "properties": {"next": {"$ref": "#"}, "a": TEXT}, "required": ["a"],
    },
    "names that are keywords": of(pattern=TEXT, default=NUMBER, allOf=TEXT),
}  # fmt: skip


@pytest.mark.parametrize("schema", KEPT.values(), ids=KEPT)
def test_what_gemini_takes_is_sent_as_it_is(schema):
    assert sent(schema) == (schema, {})


def described(schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {**schema, "description": text}


CHANGED = {
    "a default": (
        of(a={**NUMBER, "default": 3}),
        of(a=described(NUMBER, "default: 3")),
        {"properties.a.default": "moved"},
    ),
    "limits of a text": (
        of(a={**TEXT, "pattern": "^x", "minLength": 2, "description": "A"}),
        of(a=described(TEXT, 'A\n\npattern: "^x", minLength: 2')),
        {"properties.a.pattern": "moved", "properties.a.minLength": "moved"},
    ),
    "a map by patterns": (
        of(a={"type": "object", "patternProperties": {"^x": NUMBER}}),
        of(a=described({"type": "object", "additionalProperties": NUMBER},
                       'patternProperties: ["^x"]')),
        {"properties.a.patternProperties": "moved"},
    ),
    "a map by patterns and others": (
        of(a={"type": "object", "patternProperties": {"^x": NUMBER},
              "additionalProperties": TEXT}),
        of(a=described({"type": "object", "additionalProperties": {"anyOf": [NUMBER, TEXT]}},
                       'patternProperties: ["^x"]')),
        {"properties.a.patternProperties": "moved"},
    ),
    "a discriminator": (
        of(a={"oneOf": [TEXT, NUMBER], "discriminator": {"propertyName": "kind"}}),
        of(a={"oneOf": [TEXT, NUMBER]}),
        {"properties.a.discriminator": "dropped"},
    ),
    "what stands beside a reference": (
        {**of(a={"$ref": "#/$defs/A", "description": "Where"}), "$defs": {"A": of(b=TEXT)}},
        {**of(a={"description": "Where", "anyOf": [{"$ref": "#/$defs/A"}]}),
         "$defs": {"A": of(b=TEXT)}},
        {"properties.a.$ref": "renamed"},
    ),
    "older definitions": (
        {**of(a={"$ref": "#/definitions/A"}), "definitions": {"A": of(b=TEXT)}},
        {**of(a={"$ref": "#/$defs/A"}), "$defs": {"A": of(b=TEXT)}},
        {"definitions": "renamed"},
    ),
    "a constant": (
        of(a={**TEXT, "const": "x"}),
        of(a={**TEXT, "enum": ["x"]}),
        {"properties.a.const": "renamed"},
    ),
    "an enum with null": (
        of(a={"enum": ["x", None]}),
        of(a={"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]}),
        {"properties.a.enum": "renamed"},
    ),
    "an enum of integers with null": (
        of(a={"type": ["integer", "null"], "enum": [1, 2, None], "title": "A"}),
        of(a={"title": "A", "anyOf": [{"type": "integer", "enum": [1, 2]}, {"type": "null"}]}),
        {"properties.a.enum": "renamed"},
    ),
    "an enum with null beside a choice": (
        of(a={"anyOf": [TEXT, {"type": "null"}], "enum": ["x", None]}),
        of(a=described({"anyOf": [TEXT, {"type": "null"}]}, 'enum: ["x", null]')),
        {"properties.a.enum": "moved"},
    ),
    "a constant truth": (
        of(a={"type": "boolean", "const": True}),
        of(a=described({"type": "boolean"}, "const: true")),
        {"properties.a.const": "moved"},
    ),
    "all of one": (
        {**of(a={"allOf": [{"$ref": "#/$defs/A"}]}), "$defs": {"A": of(b=TEXT)}},
        {**of(a={"$ref": "#/$defs/A"}), "$defs": {"A": of(b=TEXT)}},
        {"properties.a.allOf": "renamed"},
    ),
    "all of two": (
        of(a={"allOf": [of(b=TEXT), of(c=NUMBER)]}),
        of(a=of(b=TEXT, c=NUMBER)),
        {"properties.a.allOf": "renamed"},
    ),
    "all of a reference and more": (
        {**of(a={"allOf": [{"$ref": "#/$defs/A"}, of(c=NUMBER)], "title": "T"}),
         "$defs": {"A": of(b=TEXT)}},
        {**of(a={**of(b=TEXT, c=NUMBER), "title": "T"}), "$defs": {"A": of(b=TEXT)}},
        {"properties.a.allOf": "renamed"},
    ),
    "a map by patterns beside others of any kind": (
        of(a={"type": "object", "patternProperties": {"^x": NUMBER},
              "additionalProperties": True}),
        of(a=described({"type": "object", "additionalProperties": True},
                       'patternProperties: ["^x"]')),
        {"properties.a.patternProperties": "moved"},
    ),
    "an enum of null": (
        of(a={"enum": [None]}), of(a={"anyOf": [{"type": "null"}]}),
        {"properties.a.enum": "renamed"},
    ),
    "a cycle over two that is required": (
        {**of(a={"$ref": "#/$defs/A"}), "$defs": {
            "A": of(b={"$ref": "#/$defs/B"}, c={"$ref": "#/$defs/A"}),
            "B": of(a={"anyOf": [{"$ref": "#/$defs/A"}]})}},
        {**of(a={"$ref": "#/$defs/A"}), "$defs": {
            "A": {**of(b={"$ref": "#/$defs/B"}, c={"$ref": "#/$defs/A"}), "required": []},
            "B": of(a={"anyOf": [{"$ref": "#/$defs/A"}]})}},
        {"$defs.A.required": "clamped"},
    ),
    "a cycle over a list of its own": (
        {**of(a={"$ref": "#/$defs/Node"}), "$defs": {
            "List": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            "Node": of(children={"$ref": "#/$defs/List"})}},
        {**of(a={"$ref": "#/$defs/Node"}), "$defs": {
            "List": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            "Node": {**of(children={"$ref": "#/$defs/List"}), "required": []}}},
        {"$defs.Node.required": "clamped"},
    ),
    "a cycle that is required": (
        {"$ref": "#/$defs/Tree", "$defs": {"Tree": of(
            value=NUMBER, children={"type": "array", "items": {"$ref": "#/$defs/Tree"}})}},
        {"$ref": "#/$defs/Tree", "$defs": {"Tree": {
            **of(value=NUMBER, children={"type": "array", "items": {"$ref": "#/$defs/Tree"}}),
            "required": ["value"]}}},
        {"$defs.Tree.required": "clamped"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "wire", "changes"), CHANGED.values(), ids=CHANGED)
def test_what_gemini_takes_otherwise_is_recorded_by_its_path(schema, wire, changes):
    assert sent(schema) == (wire, changes)


REFUSED = {
    "parts that differ": of(a={"allOf": [TEXT, NUMBER]}),
    "an allOf that is no list": of(a={"allOf": TEXT}),
    "properties that differ": of(a={"allOf": [of(b=TEXT), of(b=NUMBER)]}),
    "a list of itself": {"type": "array", "items": {"$ref": "#"}},
    "a choice beside a reference": {
        **of(a={"$ref": "#/$defs/A", "anyOf": [TEXT]}), "$defs": {"A": TEXT},
    },
}  # fmt: skip


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED)
def test_what_has_no_form_at_gemini_is_refused_with_its_path(schema):
    with pytest.raises(UnsupportedFeatureError, match=r"response_schema\.json_schema"):
        sent(schema)


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Everything(BaseModel):
    scores: dict[str, int]
    pair: tuple[str, int]
    pet: Cat | Dog = Field(discriminator="kind")
    level: Literal[1, 2]
    next: Everything | None = None


def test_a_pydantic_model_keeps_its_maps_tuples_and_cycles():
    wire, _ = sent(Everything)
    found = {**wire, **wire.get("$defs", {}).get("Everything", {})}["properties"]
    assert found["scores"]["additionalProperties"] == NUMBER
    assert len(found["pair"]["prefixItems"]) == 2
    assert len(found["pet"]["oneOf"]) == 2
    assert found["level"]["enum"] == [1, 2]
    assert "$ref" in str(found["next"])


def test_on_unsupported_error_refuses_a_limit_that_is_only_said():
    schema = of(a={**TEXT, "pattern": "^x"})
    with (
        Client() as client,
        pytest.raises(UnsupportedFeatureError, match=r"properties\.a\.pattern"),
    ):
        client.explain(
            HELLO, "google/gemini-3.6-flash", response_schema=schema, on_unsupported="error"
        )

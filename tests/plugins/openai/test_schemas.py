"""What becomes of a schema at OpenAI: kept, changed with a record, or sent without strict."""

from __future__ import annotations

import copy
from enum import IntEnum
from typing import Annotated, Literal

import pytest
from plugins_openai import _USER, encode
from pydantic import BaseModel, Field

from indox_core import UnsupportedFeatureError
from indox_openai._strict import MAX_DEPTH

ROOT = "response_schema.json_schema"
CHAT = {"provider_options": {"openai": {"api": "chat"}}}


def closed(properties, **more):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **more,
    }


def sent(schema, **options):
    """The schema on the wire, whether it is strict, and the changes by their paths."""
    call = encode([_USER], response_schema=schema, **options)
    if call.operation == "responses":
        form = call.arguments["text"]["format"]
    else:
        form = call.arguments["response_format"]["json_schema"]
    changes = {item.path.removeprefix(f"{ROOT}."): item.kind for item in call.adaptations}
    return form["schema"], form["strict"], changes


TEXT = {"type": "string"}
NODE = closed({"value": TEXT, "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}})
STRICT_ALREADY = {
    "closed": closed({"a": TEXT, "b": {"type": ["integer", "null"]}}),
    "required-in-another-order": {
        **closed({"a": TEXT, "b": TEXT}),
        "required": ["b", "a"],
    },
    "limits-that-are-known": closed(
        {
            "a": {"type": "string", "pattern": "^x", "format": "date-time"},
            "b": {"type": "number", "minimum": 0, "multipleOf": 0.5},
            "c": {"type": "array", "items": TEXT, "minItems": 1, "maxItems": 3},
        }
    ),
    "enum-of-integers": closed({"a": {"type": "integer", "enum": [1, 2]}}),
    "titles-and-dialect": closed({"a": {**TEXT, "title": "A"}}, title="T", **{"$schema": "x"}),
    "recursion": {**closed({"node": {"$ref": "#/$defs/Node"}}), "$defs": {"Node": NODE}},
    "recursion-to-the-root": closed({"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}),
    "nothing-in-it": closed({}),
}


@pytest.mark.parametrize("schema", STRICT_ALREADY.values(), ids=list(STRICT_ALREADY))
@pytest.mark.parametrize("options", [{}, CHAT], ids=["responses", "chat"])
def test_a_schema_that_is_strict_already_goes_as_it_is(schema, options):
    assert sent(copy.deepcopy(schema), **options) == (schema, True, {})


class Point(BaseModel):
    x: int
    kind: Literal["point"] = "point"


class Line(BaseModel):
    length: int
    kind: Literal["line"] = "line"


class Colour(IntEnum):
    RED = 1
    BLUE = 2


class Shape(BaseModel):
    shape: Annotated[Point | Line, Field(discriminator="kind")]
    colour: Colour = Field(default=Colour.RED, description="Its colour")


# A property, what is sent of it, and which changes are recorded below `properties.p`.
CHANGED = {
    "default": ({**TEXT, "default": "x"}, TEXT, {"default": "dropped"}),
    "length": (
        {**TEXT, "minLength": 2, "description": "A name."},
        {**TEXT, "description": "A name.\n\nminLength: 2"},
        {"minLength": "moved"},
    ),
    "unknown-format": (
        {**TEXT, "format": "uri"},
        {**TEXT, "description": 'format: "uri"'},
        {"format": "moved"},
    ),
    "one-of": (
        {"oneOf": [TEXT, {"type": "null"}]},
        {"anyOf": [TEXT, {"type": "null"}]},
        {"oneOf": "clamped"},
    ),
    "all-of-one": ({"allOf": [TEXT], "title": "P"}, {**TEXT, "title": "P"}, {"allOf": "clamped"}),
    "reference-with-a-description": (
        {"$ref": "#/$defs/Name", "description": "Its name"},
        {**TEXT, "description": "Its name"},
        {"$ref": "clamped"},
    ),
    "reference-with-a-default": (
        {"$ref": "#/$defs/Name", "default": "x"},
        {"$ref": "#/$defs/Name"},
        {"default": "dropped"},
    ),
    "enum-without-a-type": (
        {"enum": [1, "a", None]},
        {"enum": [1, "a", None], "type": ["integer", "string", "null"]},
        {"type": "synthesised"},
    ),
    "constant-without-a-type": (
        {"const": True},
        {"const": True, "type": "boolean"},
        {"type": "synthesised"},
    ),
    "open-object": (
        {"properties": {"a": TEXT}},
        closed({"a": TEXT}),
        {"type": "synthesised", "additionalProperties": "synthesised", "required": "clamped"},
    ),
    "optional-property": (
        {**closed({"a": TEXT, "b": TEXT}), "required": ["b"]},
        {**closed({"a": TEXT, "b": TEXT}), "required": ["b", "a"]},
        {"required": "clamped"},
    ),
}


@pytest.mark.parametrize(("given", "wire", "changes"), CHANGED.values(), ids=list(CHANGED))
def test_a_change_is_recorded_by_its_path(given, wire, changes):
    defs = {"$defs": {"Name": TEXT}}
    schema, strict, recorded = sent({**closed({"p": given}), **defs})
    assert schema["properties"]["p"] == wire
    assert strict is True
    assert recorded == {f"properties.p.{key}": kind for key, kind in changes.items()}


# A property that cannot be strict without losing something, and where it says so.
LOOSE = {
    "free-map": ({"type": "object", "additionalProperties": TEXT}, "additionalProperties"),
    "any-object": ({"type": "object"}, "additionalProperties"),
    "further-keys": ({**closed({"a": TEXT}), "additionalProperties": True}, "additionalProperties"),
    "keys-by-pattern": (closed({}, patternProperties={"^x": TEXT}), "patternProperties"),
    "tuple": ({"type": "array", "prefixItems": [TEXT, TEXT]}, "prefixItems"),
    "array-of-anything": ({"type": "array"}, ""),
    "array-of-any-items": ({"type": "array", "items": {}}, "items"),
    "anything": ({}, ""),
    "anything-too": (True, ""),
    "all-of-several": ({"allOf": [TEXT, {"maxLength": 3}]}, "allOf"),
    "not": ({**TEXT, "not": {"const": "x"}}, "not"),
    "condition": ({**TEXT, "if": {"const": "x"}}, "if"),
    "dependency": (closed({"a": TEXT}, dependentRequired={"a": ["b"]}), "dependentRequired"),
}


@pytest.mark.parametrize(("given", "where"), LOOSE.values(), ids=list(LOOSE))
def test_what_cannot_be_strict_is_sent_whole_without_it(given, where):
    schema = closed({"p": given})
    wire, strict, recorded = sent(copy.deepcopy(schema))
    assert (wire, strict) == (schema, False)
    place = ".".join(filter(None, ["properties.p", where]))
    assert recorded == {place: "clamped", "response_schema.strict": "clamped"}


@pytest.mark.parametrize(
    "schema",
    [{"type": "array", "items": TEXT}, TEXT, {"anyOf": [closed({}), closed({"a": TEXT})]}],
    ids=["array", "string", "union"],
)
def test_what_is_no_object_at_its_root_is_sent_without_strict(schema):
    assert sent(copy.deepcopy(schema))[:2] == (schema, False)


def test_a_reference_at_the_root_is_written_out():
    node = {"$ref": "#/$defs/Node", "$defs": {"Node": NODE}}
    wire, strict, recorded = sent(node)
    assert (wire, strict) == ({**NODE, "$defs": {"Node": NODE}}, True)
    assert recorded == {"$ref": "clamped"}


def test_what_stands_beside_a_reference_within_itself_is_left_out():
    child = {"$ref": "#/$defs/Node", "description": "The next"}
    node = closed({"next": child})
    root = {**closed({"node": {**child, "title": "N"}}), "$defs": {"Node": node}}
    wire, strict, recorded = sent(root)
    assert strict is True
    assert wire["properties"]["node"]["properties"]["next"] == {"$ref": "#/$defs/Node"}
    assert recorded["properties.node.properties.next.description"] == "dropped"


@pytest.mark.parametrize(("depth", "strict"), [(MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
def test_a_schema_that_is_too_deep_is_sent_without_strict(depth, strict):
    schema = TEXT
    for _ in range(depth):
        schema = closed({"p": schema})
    assert sent(schema)[:2] == (schema, strict)


@pytest.mark.parametrize(("properties", "values"), [(5001, 1), (1, 1001)])
def test_a_schema_that_is_too_large_is_sent_without_strict(properties, values):
    choice = {"type": "string", "enum": [str(number) for number in range(values)]}
    schema = closed({f"p{number}": TEXT for number in range(properties)} | {"p": choice})
    wire, strict, recorded = sent(schema)
    assert (wire == schema, strict) == (True, False)
    assert recorded["response_schema.strict"] == "clamped"


def test_a_pydantic_class_with_a_discriminator_and_an_enum_stays_strict():
    wire, strict, recorded = sent(Shape)
    assert strict is True
    assert set(wire["properties"]["shape"]) == {"anyOf", "title"}
    assert wire["properties"]["colour"]["enum"] == [1, 2]
    assert {
        "properties.shape.oneOf": "clamped",
        "properties.shape.discriminator": "dropped",
        "properties.colour.default": "dropped",
        "$defs.Point.required": "clamped",
    }.items() <= recorded.items()


def test_a_schema_without_strict_goes_as_it_is():
    schema = {"type": "object", "additionalProperties": {"type": "integer", "default": 1}}
    asked = {"type": "json_schema", "name": "n", "schema": schema, "strict": False}
    assert sent(asked) == (schema, False, {})


def test_a_strict_tool_is_treated_the_same():
    parameters = {"type": "object", "properties": {"p": {"type": "object"}}}
    call = encode([_USER], tools=[{"name": "f", "parameters": parameters, "strict": True}])
    (tool,) = call.arguments["tools"]
    assert (tool["parameters"], tool["strict"]) == (parameters, False)
    assert [item.path for item in call.adaptations] == [
        "tools.0.parameters.properties.p.additionalProperties",
        "tools.0.strict",
    ]


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-3.5-turbo", "gpt-4-turbo"])
def test_any_json_object_is_spelled_as_openai_does(model):
    asked = {"response_schema": {"type": "json_object"}, "model": model}
    assert encode([_USER], **asked).arguments["text"] == {"format": {"type": "json_object"}}
    chat = encode([_USER], **asked, **CHAT)
    assert chat.arguments["response_format"] == {"type": "json_object"}
    assert chat.adaptations == ()


@pytest.mark.parametrize("model", ["gpt-3.5-turbo", "gpt-4-turbo", "gpt-4o-2024-05-13"])
def test_a_model_that_follows_no_schema_says_what_it_can(model):
    with pytest.raises(UnsupportedFeatureError, match="json_object"):
        encode([_USER], model=model, response_schema=closed({"a": TEXT}))

"""A schema reaches Claude whole, or each change has its path, or it is refused.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations
"""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel

from indox_anthropic._schemas import FEATURES, FORMATS
from indox_core import Client, UnsupportedFeatureError

ROOT = "response_schema.json_schema"
MODEL = "anthropic/claude-sonnet-5"
USER = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def client():
    with Client(providers={"anthropic": {"api_key": "unused"}}) as client:
        yield client


def field(schema):
    """An object with one field of that schema."""
    return {
        "type": "object", "properties": {"a": schema}, "required": ["a"],
        "additionalProperties": False,
    }  # fmt: skip


def as_answer(client, schema):
    """The schema as sent, and what is recorded under its path."""
    shown = client.explain(USER, MODEL, response_schema=schema)
    told = {
        item.path.removeprefix(f"{ROOT}."): item.kind
        for item in shown.adaptations
        if item.path.startswith(ROOT)
    }
    return shown.body["output_config"]["format"]["schema"], told


def as_tool(client, parameters):
    tool = {"name": "f", "parameters": parameters, "strict": True}
    shown = client.explain(USER, MODEL, tools=[tool])
    return shown.body["tools"][0], [item for item in shown.adaptations if "tools" in item.path]


A = "properties.a"
INTEGER, TEXT = {"type": "integer"}, {"type": "string"}
CLOSED = {"additionalProperties": False}
# Of which feature, a field's schema, as it is sent, what is recorded.
CASES: list[tuple[str, Any, Any, dict[str, str]]] = [
    ("Types", {"type": ["string", "null"]}, {"type": ["string", "null"]}, {}),
    ("Enums", {"type": "integer", "enum": [1, 2]}, {"type": "integer", "enum": [1, 2]}, {}),
    ("Enums", {"enum": ["a", 1, True, None]}, {"enum": ["a", 1, True, None]}, {}),
    ("Enums", {"enum": [[1], [2]]}, {"description": "enum: [[1], [2]]"}, {f"{A}.enum": "clamped"}),
    ("Constants", {"const": 3}, {"const": 3}, {}),
    ("Constants", {"const": {"b": 1}}, {"description": 'const: {"b": 1}'},
     {f"{A}.const": "clamped"}),
    ("Defaults", {"type": "string", "default": "x", "title": "T", "description": "D"},
     {"type": "string", "default": "x", "title": "T", "description": "D"}, {}),
    ("Unions", {"anyOf": [INTEGER, TEXT]}, {"anyOf": [INTEGER, TEXT]}, {}),
    ("Lists", {"type": "array", "items": INTEGER}, {"type": "array", "items": INTEGER}, {}),
    *[("Fewest", {"type": "array", "items": TEXT, "minItems": n},
       {"type": "array", "items": TEXT, "minItems": n}, {}) for n in (0, 1)],
    ("Fewest", {"type": "array", "items": TEXT, "minItems": 2},
     {"type": "array", "items": TEXT, "description": "minItems: 2"}, {f"{A}.minItems": "clamped"}),
    *[("Formats", {"type": "string", "format": name}, {"type": "string", "format": name}, {})
      for name in sorted(FORMATS)],
    ("Formats", {"type": "string", "format": "regex"},
     {"type": "string", "description": 'format: "regex"'}, {f"{A}.format": "clamped"}),
    ("allOf", {"allOf": [TEXT, {"title": "T"}]}, {"allOf": [TEXT, {"title": "T"}]}, {}),
    ("oneOf", {"oneOf": [INTEGER, TEXT]}, {"anyOf": [INTEGER, TEXT]}, {f"{A}.oneOf": "renamed"}),
    ("Fixed", {"type": "object", "properties": {"b": TEXT}},
     {"type": "object", "properties": {"b": TEXT}, **CLOSED},
     {f"{A}.additionalProperties": "synthesised"}),
    ("Fixed", {"type": "object", "properties": {"b": TEXT}, "additionalProperties": True},
     {"type": "object", "properties": {"b": TEXT}, **CLOSED},
     {f"{A}.additionalProperties": "clamped"}),
    ("Fixed", {"type": ["object", "null"], "properties": {"b": TEXT}, **CLOSED},
     {"type": ["object", "null"], "properties": {"b": TEXT}, **CLOSED}, {}),
    ("Tuples", {"type": "array", "prefixItems": [INTEGER, TEXT], "maxItems": 2},
     {"type": "array", "items": {"anyOf": [INTEGER, TEXT]}, "description":
      'prefixItems: [{"type": "integer"}, {"type": "string"}], maxItems: 2'},
     {f"{A}.prefixItems": "clamped", f"{A}.maxItems": "clamped"}),
    ("Tuples", {"type": "array", "prefixItems": [TEXT, TEXT]},
     {"type": "array", "items": TEXT, "description":
      'prefixItems: [{"type": "string"}, {"type": "string"}]'}, {f"{A}.prefixItems": "clamped"}),
    ("Names of", {"$comment": "c", "type": "string"}, TEXT, {f"{A}.$comment": "dropped"}),
    ("All other", {"type": "integer", "minimum": 1, "maximum": 9, "description": "Lives."},
     {"type": "integer", "description": "Lives.\n\nminimum: 1, maximum: 9"},
     {f"{A}.minimum": "clamped", f"{A}.maximum": "clamped"}),
    ("All other", {"type": "string", "not": {"const": ""}},
     {"type": "string", "description": 'not: {"const": ""}'}, {f"{A}.not": "clamped"}),
]  # fmt: skip


@pytest.mark.parametrize(("about", "schema", "sent", "told"), CASES)
def test_each_feature_is_kept_or_changed_with_its_path(client, about, schema, sent, told):
    assert any(about in one.about for one in FEATURES)
    assert as_answer(client, field(schema)) == (field(sent), told)
    tool, recorded = as_tool(client, field(schema))
    assert (tool["input_schema"], tool["strict"]) == (field(sent), True)
    assert {item.path.removeprefix("tools.0.parameters.") for item in recorded} == set(told)


PATTERNS = {
    True: [
        r"^[A-Z]\w*$",
        r"\d+",
        r"^\d{5}$",
        r"^a{2,3}$",
        r"(ab)+",
        r"[a-z\d]?",
        r"\.",
        "x.*y",
        r"[^\]]",
    ],
    False: [r"(?=x)", r"(?:a)", r"\bword\b", r"(a)\1", r"a{10,99}", r"a|b", r"\p{L}"],
}


@pytest.mark.parametrize(
    ("pattern", "kept"), [(one, kept) for kept, many in PATTERNS.items() for one in many]
)
def test_a_pattern_is_kept_if_it_is_as_simple_as_the_page_says(client, pattern, kept):
    wire, told = as_answer(client, field({"type": "string", "pattern": pattern}))
    assert ("pattern" in wire["properties"]["a"]) is kept
    assert told == ({} if kept else {f"{A}.pattern": "clamped"})


FREE = {"type": "object", "additionalProperties": INTEGER}
BRANCH = {"type": "object", "properties": {"b": TEXT}}
# A field's schema of which a strict schema could only make something else; where; what is there.
UNFIT = [
    (FREE, ".additionalProperties", "a free map"),
    ({"additionalProperties": INTEGER}, ".additionalProperties", "a free map"),
    ({"type": "object", "additionalProperties": {}}, ".additionalProperties", "a free map"),
    ({"type": "object", "additionalProperties": True}, ".additionalProperties", "a free map"),
    ({**BRANCH, "additionalProperties": INTEGER}, ".additionalProperties", "a free map"),
    ({"type": "object", "patternProperties": {"^x": INTEGER}}, ".patternProperties", "a free map"),
    ({"type": "object", "propertyNames": {"enum": ["x"]}}, "", "an object without fields"),
    ({"type": "object"}, "", "an object without fields"),
    ({"type": ["object", "null"]}, "", "an object without fields"),
    ({"anyOf": [FREE, {"type": "null"}]}, ".anyOf.0.additionalProperties", "a free map"),
    ({"type": "array", "items": FREE}, ".items.additionalProperties", "a free map"),
    ({"type": "array", "prefixItems": [FREE]}, ".prefixItems.0.additionalProperties", "a free map"),
    ({"allOf": [BRANCH, BRANCH]}, ".allOf.0", "an object or a reference within allOf"),
    ({"$ref": "https://example.org/a.json"}, ".$ref", "a reference to another document"),
    ({"$ref": "#"}, ".$ref", "a schema within itself"),
]


@pytest.mark.parametrize(("schema", "where", "what"), UNFIT)
def test_what_would_come_back_empty_is_refused_with_its_path(client, schema, where, what):
    with pytest.raises(UnsupportedFeatureError) as refused:
        client.explain(USER, MODEL, response_schema=field(schema))
    assert f"{ROOT}.{A}{where}: {what}" in str(refused.value)
    assert "a list of objects with a key and a value" in str(refused.value)


@pytest.mark.parametrize(("schema", "where", "what"), UNFIT)
def test_a_strict_tool_with_it_is_sent_whole_and_not_strict(client, schema, where, what):
    tool, (told,) = as_tool(client, field(schema))
    assert (tool["input_schema"], tool["strict"]) == (field(schema), False)
    assert (told.path, told.kind, told.before, told.after) == (
        "tools.0.strict", "clamped", True, False,
    )  # fmt: skip
    assert f"tools.0.parameters.{A}{where}: {what}" in told.reason


def test_a_tool_that_is_not_strict_goes_out_as_it_is(client):
    tool = {"name": "f", "parameters": field(FREE)}
    shown = client.explain(USER, MODEL, tools=[tool])
    assert shown.body["tools"] == [{"name": "f", "input_schema": field(FREE)}]


def test_a_model_before_4_5_gets_no_strict_tool(client):
    tool = {"name": "f", "parameters": field(TEXT), "strict": True}
    shown = client.explain(USER, "anthropic/claude-3-5-haiku-20241022", tools=[tool])
    assert "strict" not in shown.body["tools"][0]
    assert ("tools.0.strict", "dropped") in [(a.path, a.kind) for a in shown.adaptations]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(ge=1)


class Dog(BaseModel):
    kind: Literal["dog"]
    friend: Cat | None = None


class Pet(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


class Named(BaseModel):
    cat: Cat = Field(description="The one at home")
    dog: Dog = Field(description="The one outside")


class Tree(BaseModel):
    value: int
    children: list["Tree"] = []


class Even(BaseModel):
    odd: "Odd | None" = None


class Odd(BaseModel):
    even: Even


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid")


Even.model_rebuild()


def test_the_branches_of_a_discriminator_stay_apart_by_their_constants(client):
    wire, told = as_answer(client, Pet)
    assert wire["properties"]["pet"]["anyOf"] == [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]
    assert wire["$defs"]["Dog"]["properties"]["kind"]["const"] == "dog"
    assert told["properties.pet.oneOf"] == "renamed"
    assert told["$defs.Cat.properties.lives.minimum"] == "clamped"
    assert {told[f"{one}additionalProperties"] for one in ("", "$defs.Cat.", "$defs.Dog.")} == {
        "synthesised"
    }


def test_a_description_beside_a_reference_is_kept_where_the_schema_cannot_grow(client):
    wire, told = as_answer(client, Named)
    assert wire["properties"]["cat"]["description"] == "The one at home"
    assert set(wire["properties"]["cat"]["properties"]) == {"kind", "lives"}
    assert wire["properties"]["dog"] == {"$ref": "#/$defs/Dog"}
    assert told["properties.dog.description"] == "dropped"


def test_a_limit_beside_a_reference_is_dropped_and_told(client):
    schema = {**field({"$ref": "#/$defs/S", "minLength": 2}), "$defs": {"S": TEXT}}
    wire, told = as_answer(client, schema)
    assert (wire["properties"]["a"], told) == (
        {"$ref": "#/$defs/S"}, {f"{A}.minLength": "dropped"},
    )  # fmt: skip


def test_a_lone_reference_in_all_of_is_the_reference(client):
    schema = {**field({"allOf": [{"$ref": "#/$defs/S"}]}), "$defs": {"S": TEXT}}
    wire, told = as_answer(client, schema)
    assert (wire["properties"]["a"], told) == ({"$ref": "#/$defs/S"}, {f"{A}.allOf": "clamped"})


@pytest.mark.parametrize(
    ("schema", "where"),
    [(Tree, "$defs.Tree.properties.children.items.$ref"),
     (Even, "$defs.Odd.properties.even.$ref")],
)  # fmt: skip
def test_a_recursive_schema_is_refused_where_it_leads_back(client, schema, where):
    with pytest.raises(UnsupportedFeatureError, match="a schema within itself") as refused:
        client.explain(USER, MODEL, response_schema=schema)
    assert f"{ROOT}.{where}" in str(refused.value)


def test_one_definition_used_twice_is_not_recursion(client):
    wire, _ = as_answer(client, {**field({"anyOf": [{"$ref": "#/$defs/S"}, {"$ref": "#/$defs/S"}]}),
                                 "$defs": {"S": TEXT}})  # fmt: skip
    assert wire["$defs"] == {"S": TEXT}


def test_a_field_that_is_named_like_a_keyword_is_a_field(client):
    names = ("$ref", "enum", "oneOf", "additionalProperties", "$defs", "discriminator")
    schema = {"type": "object", "properties": dict.fromkeys(names, TEXT), **CLOSED}
    assert as_answer(client, schema) == (schema, {})


def test_data_in_a_schema_is_not_read_as_a_schema(client):
    schema = field({"type": "string", "default": {"$ref": "#"}})
    assert as_answer(client, schema) == (schema, {})


def test_a_root_that_is_a_reference_is_written_out_for_a_tool(client):
    parameters = {"$ref": "#/$defs/C", "$defs": {"C": field(TEXT)}}
    tool, told = as_tool(client, parameters)
    assert (tool["strict"], told) == (True, [])
    assert tool["input_schema"] == {**field(TEXT), "$defs": {"C": field(TEXT)}}


def test_an_object_that_is_empty_by_intent_stays_so(client):
    assert as_answer(client, Empty)[1] == {}
    tool, _ = as_tool(client, {"type": "object", "properties": {}})
    assert tool["input_schema"] == {"type": "object", "properties": {}, **CLOSED}


def test_a_list_at_the_root_is_kept(client):
    wire, told = as_answer(client, RootModel[list[int]])
    assert (wire["type"], wire["items"], told) == ("array", INTEGER, {})


def test_any_json_is_refused_since_claude_closes_objects(client):
    with pytest.raises(UnsupportedFeatureError, match="an object without fields of its own"):
        client.explain(USER, MODEL, response_schema={"type": "json_object"})


def test_what_only_closes_an_object_is_no_loss(client):
    shown = client.explain(
        USER, MODEL, response_schema={"type": "object", "properties": {"a": TEXT}},
        on_unsupported="error",
    )  # fmt: skip
    assert shown.body["output_config"]["format"]["schema"]["additionalProperties"] is False

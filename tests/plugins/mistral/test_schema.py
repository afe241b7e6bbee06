"""What becomes of a schema at Mistral: closed where it is strict, loose where that empties it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from indox_core import Client, UnsupportedFeatureError

HELLO = [{"role": "user", "content": "Hi"}]
ROOT = "response_schema.json_schema"
TEXT = {"type": "string"}


def sent(schema: Any, **options: Any) -> tuple[Any, bool, list[tuple[str, str]], str]:
    """The schema, whether it is strict, what was recorded, and the reasons."""
    with Client() as client:
        request = client.explain(
            HELLO, "mistral/mistral-small-latest", response_schema=schema, **options
        )
    wire = request.body["response_format"]["json_schema"]
    changes = [(item.path, item.kind) for item in request.adaptations]
    return wire["schema"], wire["strict"], changes, str([i.reason for i in request.adaptations])


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties),
            "additionalProperties": False}  # fmt: skip


MAPS = {
    "values of one kind": {"type": "object", "additionalProperties": {"type": "integer"}},
    "values of any kind": {"type": "object", "additionalProperties": True},
    "no word of its names": {"type": "object"},
    "names by a pattern": {"type": "object", "patternProperties": {"^x": TEXT}},
    "names by a pattern, and no others": {
        "type": "object", "patternProperties": {"^x": TEXT}, "additionalProperties": False,
    },
    "more names than are listed": {
        "type": "object", "properties": {"a": TEXT}, "additionalProperties": TEXT,
    },
    "a map or nothing": {"type": ["object", "null"], "additionalProperties": TEXT},
}  # fmt: skip


@pytest.mark.parametrize("one", MAPS.values(), ids=MAPS)
def test_a_map_keeps_its_names_and_the_schema_is_loose(one):
    """Closed, it would be an object without properties, which can only come back empty."""
    schema = closed(a=TEXT, scores=one)
    assert sent(schema)[:3] == (schema, False, [("response_schema.strict", "clamped")])
    assert f"{ROOT}.properties.scores" in sent(schema)[3]


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        (closed(a={"type": "array", "items": MAPS["values of one kind"]}), "properties.a.items"),
        (closed(a={"anyOf": [TEXT, MAPS["values of one kind"]]}), "properties.a.anyOf.1"),
        (
            {**closed(a={"$ref": "#/$defs/M"}), "$defs": {"M": MAPS["values of one kind"]}},
            "$defs.M",
        ),
    ],
)
def test_a_map_is_found_wherever_it_is(schema, place):
    wire, strict, _, reasons = sent(schema)
    assert (wire, strict) == (schema, False)
    assert f"{ROOT}.{place}" in reasons


KEPT = {
    "a closed object": closed(a=TEXT),
    "an object that is empty by its own word": closed(a=closed()),
    "a tuple": closed(a={"type": "array", "prefixItems": [TEXT, TEXT]}),
    "one of with a discriminator": closed(
        a={"oneOf": [closed(b=TEXT)], "discriminator": {"propertyName": "b"}}
    ),
    "a cycle": {**closed(a={"$ref": "#/$defs/T"}), "$defs": {"T": closed(b={"$ref": "#/$defs/T"})}},
    "an enum of integers": closed(a={"type": "integer", "enum": [1, 2]}),
    "a format, a default and limits": closed(
        a={"type": "string", "format": "date", "default": "x", "pattern": "^x", "minLength": 1}
    ),
    "what stands beside a reference": {
        **closed(a={"$ref": "#/$defs/T", "description": "Where"}), "$defs": {"T": closed(b=TEXT)},
    },
}  # fmt: skip


@pytest.mark.parametrize("schema", KEPT.values(), ids=KEPT)
def test_what_mistral_takes_is_sent_as_it_is(schema):
    assert sent(schema)[:3] == (schema, True, [])


class Town(BaseModel):
    name: str


class Trip(BaseModel):
    start: Town
    days: int


def test_every_object_that_is_closed_is_recorded_by_its_path():
    wire, strict, changes, _ = sent(Trip)
    assert strict is True
    assert wire["additionalProperties"] is wire["$defs"]["Town"]["additionalProperties"] is False
    assert set(changes) == {
        (f"{ROOT}.additionalProperties", "clamped"),
        (f"{ROOT}.$defs.Town.additionalProperties", "clamped"),
    }


def test_a_schema_that_is_not_strict_is_sent_as_it_is():
    schema = {"type": "object", "additionalProperties": TEXT}
    spelled = {"type": "json_schema",
               "json_schema": {"name": "a", "schema": schema, "strict": False}}  # fmt: skip
    assert sent(spelled)[:3] == (schema, False, [])


def test_on_unsupported_error_refuses_a_guarantee_that_is_lost():
    with pytest.raises(UnsupportedFeatureError, match=r"properties\.scores"):
        sent(closed(scores=MAPS["values of one kind"]), on_unsupported="error")

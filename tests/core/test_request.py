"""Spellings of a schema that are read."""

from __future__ import annotations

import pytest

from indox_core import Client, ResponseSchema, UnsupportedFeatureError, ValidationError
from indox_core.testing import FakeProvider

OBJECT = {"type": "object", "properties": {"name": {"type": "string"}}}
HELLO = [{"role": "user", "content": "Hello"}]


def read(schema):
    """What the provider is asked for."""
    fake = FakeProvider("{}")
    with Client(plugins=[fake]) as client:
        response = client.chat(HELLO, "fake/m", response_schema=schema)
    assert response.parsed == ({} if fake.requests[0].response_schema else None)
    return fake.requests[0].response_schema


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        (OBJECT, ResponseSchema(json_schema=OBJECT)),
        (
            {"type": "json_schema", "json_schema": {"name": "city", "schema": OBJECT}},
            ResponseSchema(name="city", json_schema=OBJECT),
        ),
        (
            {"type": "json_schema", "name": "city", "schema": OBJECT, "strict": False},
            ResponseSchema(name="city", json_schema=OBJECT, strict=False),
        ),
        (
            {"type": "json_schema", "name": "city", "schema": OBJECT, "description": "A city."},
            ResponseSchema(name="city", json_schema={"description": "A city.", **OBJECT}),
        ),
        ({"type": "json_object"}, ResponseSchema(json_schema={"type": "object"}, strict=False)),
        ({"type": "text"}, None),
        (None, None),
    ],
)
def test_openais_response_format_is_read(spelling, expected):
    assert read(spelling) == expected


def test_any_object_is_asked_for_or_refused():
    """Claude closes every object: one without properties could only be empty."""
    anything = {"type": "json_object"}
    with Client() as client:
        for model in ("openai/gpt-5-mini", "google/gemini-2.5-flash", "mistral/mistral-large"):
            body = client.explain(HELLO, model, response_schema=anything).body
            assert "additionalProperties" not in str(body)
        with pytest.raises(UnsupportedFeatureError, match="properties"):
            client.explain(HELLO, "anthropic/claude-sonnet-5", response_schema=anything)


@pytest.mark.parametrize(
    "wrong",
    ["json", 3, {"type": "json_schema"}, [OBJECT], {"type": "json_schema", "schem": OBJECT}],
)
def test_what_is_no_schema_is_refused(wrong):
    with pytest.raises(ValidationError, match="schema"):
        read(wrong)

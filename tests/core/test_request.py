"""Spellings of a schema that are read."""

from __future__ import annotations

import pytest

from indox_core import Client, ResponseSchema, ValidationError
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
        ({"type": "json_object"}, ResponseSchema(json_schema={"type": "object"}, strict=False)),
        ({"type": "text"}, None),
        (None, None),
    ],
)
def test_openais_response_format_is_read(spelling, expected):
    assert read(spelling) == expected


@pytest.mark.parametrize("wrong", ["json", 3, {"type": "json_schema"}, [OBJECT]])
def test_what_is_no_schema_is_refused(wrong):
    with pytest.raises(ValidationError, match="schema"):
        read(wrong)

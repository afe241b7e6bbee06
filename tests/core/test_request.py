"""Spellings of a schema that are read."""

from __future__ import annotations

import base64

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


NO_SCHEMAS = [
    "json", 3, [OBJECT], {"type": "json_schema"}, {"type": "json_schema", "schem": OBJECT},
    {"type": "text", "x": 1}, {"type": "json_schema", "json_schema": OBJECT, "strict": True},
]  # fmt: skip


@pytest.mark.parametrize("wrong", NO_SCHEMAS)
def test_what_is_no_schema_is_refused(wrong):
    with pytest.raises(ValidationError, match="schema"):
        read(wrong)


ANSWER = {"role": "assistant", "content": "Hi."}
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("message", "lost"),
    [
        ({**ANSWER, "refusal": "No."}, "messages.0.refusal"),
        ({**ANSWER, "annotations": [{"type": "url_citation"}]}, "messages.0.annotations"),
        ({**ANSWER, "audio": {"id": "a"}}, "messages.0.audio"),
        ({**ANSWER, "annotations": [], "audio": None, "refusal": None}, None),
        ({**ANSWER, "tool_calls": [{**CALL, "x": 1}]}, "messages.0.tool_calls.0.x"),
        (
            {**ANSWER, "tool_calls": [{**CALL, "function": {**CALL["function"], "x": 1}}]},
            "messages.0.tool_calls.0.function.x",
        ),
    ],
)
def test_what_openais_message_says_besides_is_told(message, lost):
    with Client(plugins=[FakeProvider("ok")]) as client:
        made = client.explain([message], "fake/m").adaptations
    assert [item.path for item in made] == ([lost] if lost else [])


def test_the_parts_of_chat_completions_are_read():
    audio = base64.b64encode(b"RIFF....WAVE" + bytes(8)).decode()
    pdf = "data:application/pdf;base64," + base64.b64encode(b"%PDF-1.7 ....").decode()
    content = [
        {"type": "text", "text": "These:"},
        {"type": "image_url", "image_url": {"url": "https://example.org/1.png", "detail": "low"}},
        {"type": "input_audio", "input_audio": {"data": audio, "format": "wav"}},
        {"type": "file", "file": {"file_data": pdf, "filename": "a.pdf"}},
    ]
    fake = FakeProvider("ok")
    with Client(plugins=[fake]) as client:
        client.chat([{"role": "user", "content": content}], "fake/m")
    _, image, sound, document = fake.requests[0].messages[0].content
    assert (image.detail, sound.audio.media_type) == ("low", "audio/wav")
    assert document.document.name == "a.pdf"


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.org/1.png", "x": 1}},
        {"type": "image_url", "image_url": {"url": "https://example.org/1.png"}, "x": 1},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": "data"},
    ],
)
def test_what_a_part_does_not_have_is_refused(part):
    with Client(plugins=[FakeProvider("ok")]) as client, pytest.raises(ValidationError):
        client.chat([{"role": "user", "content": [part]}], "fake/m")


def test_what_stands_beside_a_tools_function_is_read_or_refused():
    function = {"name": "f", "parameters": {"type": "object"}}
    fake = FakeProvider("ok")
    with Client(plugins=[fake]) as client:
        tool = {"type": "function", "function": function, "strict": True}
        client.chat(HELLO, "fake/m", tools=[tool])
        assert fake.requests[0].tools[0].strict is True
        with pytest.raises(ValidationError, match="cache_control"):
            client.chat(HELLO, "fake/m", tools=[{**tool, "cache_control": {}}])

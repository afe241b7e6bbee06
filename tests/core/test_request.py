"""Spellings of a schema that are read."""

from __future__ import annotations

import base64

import pytest

from indox_core import (
    Client,
    ResponseSchema,
    ToolCallPart,
    UnsupportedFeatureError,
    ValidationError,
)
from indox_core.plugin import arguments_text
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
            ResponseSchema(name="city", json_schema=OBJECT, strict=None),
        ),
        (
            {"type": "json_schema", "json_schema": {"schema": OBJECT, "strict": True}},
            ResponseSchema(json_schema=OBJECT),
        ),
        (
            {"type": "json_schema", "name": "city", "schema": OBJECT, "strict": False},
            ResponseSchema(name="city", json_schema=OBJECT, strict=False),
        ),
        (
            {"type": "json_schema", "name": "city", "schema": OBJECT, "description": "A city."},
            ResponseSchema(name="city", json_schema=OBJECT, strict=None, description="A city."),
        ),
        ({"type": "json_object"}, ResponseSchema(json_schema={"type": "object"}, strict=None)),
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
        with pytest.raises(UnsupportedFeatureError, match="named fields"):
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
        results = [{"role": "tool", "tool_call_id": "c1", "content": "done"}]
        history = [message, *(results if "tool_calls" in message else [])]
        made = client.explain(history, "fake/m").adaptations
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
        {"type": "file", "file": {"name": "a.pdf"}},
        {"type": "input_audio", "input_audio": "data"},
    ],
)
def test_what_a_part_does_not_have_is_refused(part):
    with Client(plugins=[FakeProvider("ok")]) as client, pytest.raises(ValidationError):
        client.chat([{"role": "user", "content": [part]}], "fake/m")


def test_what_stands_beside_a_tools_function_is_read_or_refused():
    function = {"name": "f", "parameters": {"type": "object"}}
    fake = FakeProvider("ok", name="openai")
    with Client(plugins=[fake]) as client:
        tool = {"type": "function", "function": function, "strict": True}
        client.chat(HELLO, "openai/m", tools=[tool])
        assert fake.requests[0].tools[0].strict is True
        inside = {"type": "function", "function": {**function, "x": 1}}
        for place, kept in (({**tool, "x": 1}, {"x": 1}), (inside, {"function": {"x": 1}})):
            client.chat(HELLO, "openai/m", tools=[place])
            assert fake.requests[-1].tools[0].own_options == kept
        with pytest.raises(ValidationError, match="x"):
            client.chat(HELLO, "openai/m", tools=[{**function, "x": 1}])


def test_a_file_of_the_vendors_own_is_for_those_who_read_it():
    part = {"type": "file", "file": {"file_id": "file-1"}}
    with (
        Client(plugins=[FakeProvider("ok")]) as client,
        pytest.raises(UnsupportedFeatureError, match="takes no id of a file"),
    ):
        client.chat([{"role": "user", "content": [part]}], "fake/m")


@pytest.mark.parametrize(
    ("key", "vendor"), [("prompt_cache_breakpoint", "openai"), ("cache_control", "anthropic")]
)
def test_what_one_vendor_knows_goes_into_its_options(key, vendor):
    part = {"type": "text", "text": "Hi", key: {"type": "x"}}
    tool = {"name": "f", key: {"type": "x"}}
    for name in (vendor, "fake"):
        fake = FakeProvider("ok", name=name)
        with Client(plugins=[fake], providers={name: {"api_key": "x"}}) as client:
            client.chat([{"role": "user", "content": [part]}], f"{name}/m", tools=[tool])
        request = fake.requests[0]
        own = {vendor: {key: {"type": "x"}}} if name == vendor else {}
        assert (request.messages[0].content[0].provider_options or {}) == own
        assert (request.tools[0].provider_options or {}) == own


@pytest.mark.parametrize("written", ['{"a": 1}', '{ "a":1 }', '{"a":1.0}'])
def test_what_a_model_wrote_goes_back_byte_for_byte(written):
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": written}}
    fake = FakeProvider("ok")
    history = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    with Client(plugins=[fake]) as client:
        client.chat(history, "fake/m")
    part = fake.requests[0].messages[0].tool_calls[0]
    assert part.arguments == {"a": 1}
    assert arguments_text(part) == written
    stored = ToolCallPart.model_validate_json(part.model_dump_json())
    assert arguments_text(stored) == written
    changed = ToolCallPart(**{**part.model_dump(), "arguments": {"a": 2}})
    assert arguments_text(changed) == '{"a":2}'


def test_a_call_is_the_same_however_it_was_written():
    spaced = ToolCallPart(id="1", name="f", arguments={"a": 1}, written='{"a": 1}')
    assert spaced == ToolCallPart(id="1", name="f", arguments={"a": 1})
    assert spaced != ToolCallPart(id="1", name="f", arguments={"a": 2})


def test_developer_is_recorded():
    with Client(plugins=[FakeProvider("ok")]) as client:
        explained = client.explain(
            [{"role": "developer", "content": "Be brief."}, *HELLO], "fake/m"
        )
    (item,) = explained.adaptations
    assert (item.path, item.kind, item.before) == ("messages.0.role", "renamed", "developer")


def test_no_parameters_are_the_same_as_none_given():
    fake = FakeProvider("ok")
    with Client(plugins=[fake]) as client:
        client.chat(HELLO, "fake/m", tools=[{"name": "f", "parameters": None}])
    assert fake.requests[0].tools[0].parameters == {"type": "object", "properties": {}}


def test_arguments_that_are_changed_in_place_are_sent_as_they_are():
    part = ToolCallPart(id="1", name="f", arguments={"a": 1}, written='{"a": 1}')
    part.arguments["a"] = "hidden"
    assert arguments_text(part) == '{"a":"hidden"}'


def test_a_number_that_json_cannot_hold_costs_no_answer():
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1e400}'}}
    history = [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    fake = FakeProvider("ok")
    with Client(plugins=[fake]) as client:
        client.chat(history, "fake/m")
    (part,) = fake.requests[0].messages[0].tool_calls
    assert (part.arguments, part.arguments_raw) == (None, '{"a": 1e400}')


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "function", "function": {"name": "f", "paramters": {}}},
        {"type": "function", "function": {"name": "f"}, "x": 1, "provider_options": 5},
        {"name": "f", "cache_control": {}, "provider_options": 5},
        {"name": "f", "cache_control": {}, "provider_options": {"anthropic": 5}},
    ],
)
def test_a_tool_that_is_misspelt_is_refused(wrong):
    with Client(plugins=[FakeProvider("ok")]) as client, pytest.raises(ValidationError):
        client.chat(HELLO, "fake/m", tools=[wrong])


def test_a_part_whose_options_are_none_is_refused():
    part = {"type": "text", "text": "Hi", "cache_control": {}, "provider_options": "x"}
    with Client(plugins=[FakeProvider("ok")]) as client, pytest.raises(ValidationError):
        client.chat([{"role": "user", "content": [part]}], "fake/m")

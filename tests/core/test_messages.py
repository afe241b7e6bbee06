"""The spellings that we accept for a message."""

from __future__ import annotations

import base64

import pytest

from indox_core import ImagePart, Message, TextPart, ToolCallPart, ToolResultPart
from indox_core._schema.spellings import read_messages

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(8)).decode()


def read(*messages):
    return read_messages(list(messages))[0]


def test_a_string_becomes_one_text_part():
    (message,) = read({"role": "user", "content": "Hi"})
    assert message == Message(role="user", content=(TextPart(text="Hi"),))


def test_empty_text_is_kept():
    (message,) = read({"role": "user", "content": ""})
    assert message.content == (TextPart(text=""),)


IMAGES = [
    pytest.param({"type": "image", "image": {"data": PNG}}, id="canonical"),
    pytest.param({"type": "image", "image": {"data": base64.b64decode(PNG)}}, id="bytes"),
    pytest.param({"type": "image", "data": PNG, "media_type": "image/png"}, id="flat"),
    pytest.param({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}),
    pytest.param({"type": "image_url", "image_url": f"data:image/png;base64,{PNG}"}),
]


@pytest.mark.parametrize("part", IMAGES)
def test_spellings_of_an_image(part):
    (message,) = read({"role": "user", "content": [part]})
    (image,) = message.content
    assert isinstance(image, ImagePart)
    assert (image.image.data, image.image.media_type) == (PNG, "image/png")


def test_openai_tool_calls_and_results():
    calls = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]
    assistant, tool = read(
        {"role": "assistant", "content": None, "tool_calls": calls, "refusal": None},
        {"role": "tool", "tool_call_id": "c1", "content": "42"},
    )
    assert assistant.tool_calls == (ToolCallPart(id="c1", name="f", arguments={"a": 1}),)
    (result,) = tool.content
    assert isinstance(result, ToolResultPart)
    assert (result.tool_call_id, result.text) == ("c1", "42")


def test_arguments_that_are_no_object_are_kept_as_text():
    calls = [{"id": "c1", "function": {"name": "f", "arguments": '{"a": '}}]
    (message,) = read({"role": "assistant", "tool_calls": calls})
    assert message.tool_calls[0].arguments is None
    assert message.tool_calls[0].arguments_raw == '{"a": '


def call(identifier, name):
    return {"type": "tool_call", "id": identifier, "name": name, "arguments": {}}


def test_a_function_result_goes_to_the_last_waiting_call_of_its_name():
    messages = read(
        {"role": "assistant", "content": [call("old", "f")]},
        {"role": "function", "name": "f", "content": "1"},
        {"role": "assistant", "content": [call("a", "f"), call("b", "f"), call("c", "g")]},
        {"role": "function", "name": "g", "content": "3"},
        {"role": "function", "name": "f", "content": "1"},
        {"role": "function", "name": "f", "content": "2"},
    )
    ids = [message.content[0].tool_call_id for message in messages if message.role == "tool"]
    assert ids == ["old", "c", "a", "b"]


def test_a_function_result_without_a_call_gets_one_and_it_is_recorded():
    messages, adaptations = read_messages(
        [{"role": "user", "content": "?"}, {"role": "function", "name": "f", "content": "42"}]
    )
    assert [message.role for message in messages] == ["user", "assistant", "tool"]
    assert messages[1].tool_calls[0].id == messages[2].content[0].tool_call_id
    assert [item.kind for item in adaptations] == ["synthesised"]


def test_ids_that_come_twice_are_told_apart():
    call = {"id": "c0", "function": {"name": "f", "arguments": "{}"}}
    turn = [
        {"role": "assistant", "content": None, "tool_calls": [call, call]},
        {"role": "tool", "tool_call_id": "c0", "content": "1"},
        {"role": "tool", "tool_call_id": "c0", "content": "2"},
    ]
    messages, adaptations = read_messages([*turn, *turn])
    calls = [call.id for message in messages for call in message.tool_calls]
    results = [message.content[0].tool_call_id for message in messages if message.role == "tool"]
    assert len(set(calls)) == 4
    assert results == calls
    assert [item.kind for item in adaptations] == ["renamed"] * 3
    assert read_messages([*turn, *turn]) == (messages, adaptations)  # prompt caches rely on it


def test_functions_of_old_that_are_called_twice_are_told_apart():
    turn = [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
    ]
    messages, adaptations = read_messages([*turn, *turn, turn[1]])
    calls = [call.id for message in messages for call in message.tool_calls]
    results = [message.content[0].tool_call_id for message in messages if message.role == "tool"]
    assert len(set(calls)) == 3
    assert results == calls
    assert [item.kind for item in adaptations] == ["synthesised"]


def test_typed_messages_and_json_round_trips_are_accepted():
    message = Message(role="assistant", content=(ToolCallPart(id="1", name="f", arguments={}),))
    (again,) = read(message.model_dump(mode="json"))
    assert again == message == read(message)[0]


def test_a_system_message_keeps_its_place():
    messages = read(
        {"role": "user", "content": "a"},
        {"role": "system", "content": "late"},
        {"role": "user", "content": "b"},
    )
    assert [message.role for message in messages] == ["user", "system", "user"]

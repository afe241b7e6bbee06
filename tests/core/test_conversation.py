"""A conversation keeps its messages and its cost, and comes back from JSON whole."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from decimal import Decimal

import pytest

from indox_core import (
    AsyncClient,
    Client,
    Conversation,
    Message,
    ToolCallPart,
    ValidationError,
)
from indox_core.plugin import TokenUsage
from indox_core.testing import FakeAnswer, FakeProvider

MINI = "openai/gpt-4o-mini"
COST = Decimal("0.0000045")  # 10 tokens read, 5 written, at 0.15 and 0.60 dollars a million


def fake(*answers):
    return FakeProvider(list(answers), name="openai")


def test_it_takes_the_place_of_the_messages():
    provider = fake(FakeAnswer(text="Hello."), FakeAnswer(text="Plenty."))
    talk = Conversation(system="You are terse.")
    with Client(plugins=[provider]) as client:
        assert talk.add(client.chat(talk.user("Hi"), MINI)).data == "Hello."
        stream = client.chat(talk.user("What can you do?"), MINI, stream=True)
        assert "".join(map(str, stream)) == "Plenty."
        talk.add(stream.response)
    assert [message.role for message in talk] == ["system", *["user", "assistant"] * 2]
    assert len(provider.requests[1].messages) == 4
    assert (talk.cost, talk.totals.calls) == (2 * COST, 2)


def test_another_client_and_another_provider_go_on():
    talk = Conversation(messages=[{"role": "user", "content": "Hi"}])

    async def go_on():
        async with AsyncClient(plugins=[fake(FakeAnswer(text="Hello."))]) as client:
            talk.add(await client.chat(talk, MINI))

    asyncio.run(go_on())
    with Client() as client:
        assert talk.add(client.chat(talk.user("Echo?"), "echo/any")).data == "Echo?"
    assert talk.totals.unknown == 1  # echo counts no tokens
    assert talk.cost == COST


def test_tool_calls_and_their_results():
    call = ToolCallPart(id="c1", name="get_weather", arguments={"city": "Oslo"})
    provider = fake(FakeAnswer(tool_calls=[call]), FakeAnswer(text="Cold."))
    talk = Conversation().user("The weather in Oslo?")
    tool = {"name": "get_weather", "parameters": {"type": "object"}}
    with Client(plugins=[provider]) as client:
        for asked in talk.add(client.chat(talk, MINI, tools=[tool])).tool_calls:
            talk.result(asked, '{"temperature": -3}')
        assert talk.add(client.chat(talk, MINI, tools=[tool])).data == "Cold."
    assert [m.role for m in talk] == ["user", "assistant", "tool", "assistant"]


def test_json_keeps_everything():
    talk = Conversation(system="Be kind.")
    answer = FakeAnswer(text="Hej.", reasoning="Swedish?", usage=TokenUsage(input=7, output=None))
    with Client(plugins=[fake(answer, FakeAnswer(text="Ja."))]) as client:
        talk.add(client.chat(talk.user(["Hej", jpeg()]), MINI))
        again = Conversation.from_json(talk.to_json())
        assert (again.messages, again.totals) == (talk.messages, talk.totals)
        again.add(client.chat(again.user("Ja?"), MINI))
    assert again.totals.calls == 2
    assert again.cost == talk.cost + COST
    assert talk.totals.calls == 1


def jpeg():
    return {"type": "image", "image": {"data": b"\xff\xd8\xff\xe0" + bytes(16)}}


def test_it_pickles_and_copies():
    talk = Conversation(system="Hi")
    for again in (pickle.loads(pickle.dumps(talk)), copy.deepcopy(talk)):
        assert (again.messages, again.totals) == (talk.messages, talk.totals)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"messages": 5, "totals": {"cost": "0"}}',
        '{"messages": {}, "totals": {"cost": "0"}}',
        "",
        "[]",
        "{}",
        "null",
        '{"messages": [], "totals": {}}',
        b"\xff",
    ],
)
def test_what_is_no_conversation_is_refused(text):
    with pytest.raises(ValidationError, match="no conversation"):
        Conversation.from_json(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [("calls", "1"), ("calls", -1), ("cost", "NaN"), ("cost", "-5"), ("cost", 1), ("more", 1)],
)
def test_totals_that_are_none_are_refused(key, value):
    stored = json.loads(Conversation().user("Hi").to_json())
    stored["totals"][key] = value
    if (key, value) == ("cost", 1):
        assert Conversation.from_json(json.dumps(stored)).cost == 1
        return
    with pytest.raises(ValidationError, match="no conversation"):
        Conversation.from_json(json.dumps(stored))


def test_a_message_that_is_refused_changes_nothing():
    talk = Conversation().user("Hi")
    before = list(talk)
    for wrong in ({"role": "usr", "content": "x"}, {"role": "user", "content": 3}, "text"):
        with pytest.raises(ValidationError):
            talk.add(wrong)
    assert list(talk) == before


def test_the_messages_may_be_changed():
    kept = Conversation()
    messages = kept.messages
    messages.append({"role": "assistant", "content": "Yes?"})
    kept.user("Hi")
    assert kept.messages is messages
    messages.append({"role": "assistant", "content": "Hello"})
    assert len(Conversation.from_json(kept.to_json())) == 3
    talk = Conversation().user("One").user("Two")
    del talk.messages[0]
    assert [message.text for message in talk] == ["Two"]
    assert isinstance(talk.messages[0], Message)
    assert repr(talk) == "Conversation(1 messages, cost=0)"

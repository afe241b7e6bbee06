"""Names of tools that a vendor does not take are renamed for it, and back in its calls."""

from __future__ import annotations

import asyncio

import pytest

from indox_core import AsyncClient, Client, ToolCallPart, ValidationError
from indox_core.testing import FakeAnswer, FakeProvider

USER = {"role": "user", "content": "Hi"}


def tool(name):
    return {"name": name, "parameters": {"type": "object", "properties": {}}}


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("github.search/issues", "github_search_issues"),
        ("mcp:files.read", "mcp_files_read"),
        ("a" * 100, "a" * 64),
        ("get_weather", "get_weather"),
    ],
)
def test_a_name_is_sent_as_the_vendor_takes_it(name, sent):
    with Client() as client:
        explained = client.explain([USER], "openai/gpt-5.2", tools=[tool(name)], tool_choice=name)
    assert explained.body["tools"][0]["name"] == sent
    assert explained.body["tool_choice"]["name"] == sent
    renamed = [(a.path, a.before, a.after) for a in explained.adaptations if a.kind == "renamed"]
    assert renamed == ([("tools.0.name", name, sent)] if sent != name else [])


def test_two_names_do_not_become_one():
    names = ["a.b", "a/b", "a_b"]
    with Client() as client:
        explained = client.explain([USER], "openai/gpt-5.2", tools=[tool(name) for name in names])
    sent = [one["name"] for one in explained.body["tools"]]
    assert len(set(sent)) == 3
    assert sent[2] == "a_b"


def test_calls_and_results_of_the_history_are_renamed_too():
    call = ToolCallPart(id="c1", name="a.b", arguments={})
    history = [
        USER,
        {"role": "assistant", "content": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    with Client() as client:
        explained = client.explain(history, "openai/gpt-5.2", tools=[tool("a.b")])
    assert [i["name"] for i in explained.body["input"] if i.get("type") == "function_call"] == [
        explained.body["tools"][0]["name"]
    ]


@pytest.mark.parametrize("stream", [False, True])
def test_the_answer_has_the_callers_name(stream):
    call = ToolCallPart(id="c1", name="a_b", arguments={"x": 1})

    def ask(plugins):
        with Client(plugins=plugins) as client:
            answer = client.chat([USER], "fake/m", tools=[tool("a.b")], stream=stream)
            if stream:
                named = [chunk.name for chunk in answer if getattr(chunk, "name", None)]
                assert set(named) == {"a.b"}
                return answer.response
            return answer

    response = ask([FakeProvider(FakeAnswer(tool_calls=[call]))])
    assert [one.name for one in response.tool_calls] == ["a.b"]
    assert response["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "a.b"


def test_in_async_too():
    call = ToolCallPart(id="c1", name="a_b", arguments={})

    async def run():
        async with AsyncClient(plugins=[FakeProvider(FakeAnswer(tool_calls=[call]))]) as client:
            return await client.chat([USER], "fake/m", tools=[tool("a.b")])

    assert asyncio.run(run()).tool_calls[0].name == "a.b"


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 129, "a\nb"])
def test_what_no_vendor_takes_is_refused(name):
    with Client() as client, pytest.raises(ValidationError, match="name"):
        client.explain([USER], "openai/gpt-5.2", tools=[tool(name)])


def test_names_that_begin_or_end_alike_stay_apart():
    names = [f"1{'b' * 60}_read", f"1{'b' * 60}_delete", "1a", "-x"]
    with Client() as client:
        explained = client.explain(
            [USER], "google/gemini-2.5-flash", tools=[tool(name) for name in names]
        )
    sent = [one["name"] for one in explained.body["tools"][0]["functionDeclarations"]]
    assert len(set(sent)) == 4
    assert all(name[0] == "_" and len(name) <= 64 for name in sent)


def test_what_the_history_alone_calls_is_recorded():
    history = [
        USER,
        {"role": "assistant", "content": [ToolCallPart(id="c1", name="a.b", arguments={})]},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    with Client() as client:
        made = client.explain(history, "openai/gpt-5.2").adaptations
    assert [(i.path, i.before, i.after) for i in made if i.kind == "renamed"] == [
        ("messages.1.content.0.name", "a.b", "a_b")
    ]

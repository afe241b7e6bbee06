"""What a message, a part or a tool carries for one vendor is sent to it, or told; to no other."""

from __future__ import annotations

import json

import pytest

from indox_core import Client

MODELS = (
    "openai/gpt-5.2",
    "openai/gpt-4o",
    "groq/llama-3.3-70b-versatile",
    "anthropic/claude-sonnet-4-5",
    "google/gemini-2.5-flash",
    "mistral/mistral-large-latest",
)


def history(options):
    """Each place that may carry some, marked by its own word."""

    def carrying(mark, **given):
        return {**given, "provider_options": {name: {mark: 1} for name in options}}

    text = carrying("m_text", type="text", text="Hi")
    call = carrying("m_call", type="tool_call", id="abcdefghi", name="f", arguments={})
    said = carrying("m_said", type="text", text="I look.")
    inner = carrying("m_inner", type="text", text="done")
    result = carrying("m_result", type="tool_result", tool_call_id="abcdefghi", content=[inner])
    messages = [
        carrying("m_system", role="system", content="Be brief."),
        carrying("m_user", role="user", content=[text]),
        carrying("m_assistant", role="assistant", content=[said, call]),
        carrying("m_tool", role="tool", content=[result]),
    ]
    return messages, [carrying("m_declared", name="f")]


MARKS = {
    "m_text": "messages.1.content.0", "m_call": "messages.2.content.1",
    "m_said": "messages.2.content.0", "m_inner": "messages.3.content.0",
    "m_result": "messages.3.content.0", "m_system": "messages.0", "m_user": "messages.1",
    "m_assistant": "messages.2", "m_tool": "messages.3", "m_declared": "tools.0",
}  # fmt: skip


@pytest.mark.parametrize("api", ["responses", "chat"])
@pytest.mark.parametrize("model", MODELS)
def test_it_is_sent_or_told(model, api):
    provider = model.partition("/")[0]
    messages, tools = history([provider])
    options = {"openai": {"api": api}} if provider == "openai" else None
    with Client() as client:
        explained = client.explain(messages, model, tools=tools, provider_options=options)
    sent = json.dumps(explained.body)
    told = [item.path for item in explained.adaptations if "provider_options" in item.path]
    lost = [
        mark
        for mark, path in MARKS.items()
        if f'"{mark}"' not in sent and not any(one.startswith(path) for one in told)
    ]
    assert lost == []


@pytest.mark.parametrize("model", MODELS)
def test_no_other_vendor_gets_it(model):
    provider = model.partition("/")[0]
    others = {"openai", "anthropic", "google", "mistral", "groq"} - {provider}
    messages, tools = history(sorted(others))
    with Client() as client:
        explained = client.explain(messages, model, tools=tools)
    assert "m_" not in json.dumps(explained.body)

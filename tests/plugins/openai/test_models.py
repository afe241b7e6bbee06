"""What each family of OpenAI's models takes: asked, what is sent, and why."""

from __future__ import annotations

import re

import pytest
from plugins_openai import _TOOL, _USER, City, encode

from indox_core import UnsupportedFeatureError
from indox_core.plugin import nearest_effort
from indox_openai._models import MODELS

OTHER = "https://llm.example.org/v1"
CHAT = {"provider_options": {"openai": {"api": "chat"}}}
RESPONSES = {"provider_options": {"openai": {"api": "responses"}}}
PENALTY = {"provider_options": {"openai": {"frequency_penalty": 0.5}}}
SOUND = {"type": "audio", "audio": {"data": "SUQzAAAA", "media_type": "audio/mpeg"}}


def paths(call):
    return {(item.path, item.kind) for item in call.adaptations}


def effort_in(body):
    return body.get("reasoning_effort", body.get("reasoning", {}).get("effort"))


# The model, the effort that is asked for, the effort that is sent.
EFFORTS = [
    # Those that never think take none.
    ("gpt-3.5-turbo", "low", None),
    ("gpt-4", "high", None),
    ("gpt-4.1-mini", "minimal", None),
    ("gpt-4o-audio-preview-2025-06-03", "low", None),
    ("gpt-4o-search-preview", "medium", None),
    ("gpt-5-search-api", "medium", None),
    ("gpt-5-chat-latest", "high", None),
    ("chatgpt-4o-latest", "high", None),
    ("gpt-audio-1.5", "high", None),
    ("ft:gpt-4o-mini-2024-07-18:org::id", "high", None),
    ("o1-mini", "high", None),
    # Those that always think have a lowest.
    ("o1", "none", "low"),
    ("o3-mini", "minimal", "low"),
    ("o4-mini", "xhigh", "high"),
    ("gpt-5", "none", "minimal"),
    ("gpt-5-nano", "minimal", "minimal"),
    ("gpt-5-codex", "minimal", "low"),
    ("gpt-5.1-codex-max", "xhigh", "xhigh"),
    ("gpt-5.1-codex-mini", "xhigh", "high"),
    ("gpt-6-astra", "minimal", "low"),
    ("gpt-6.1-sol", "none", "low"),
    ("gpt-6.1-sol", "max", "max"),
    # The others can stop it, and `minimal` is the nearest lower: `none`.
    ("gpt-5.1", "minimal", "none"),
    ("gpt-5.1", "xhigh", "high"),
    ("gpt-5.2", "xhigh", "xhigh"),
    ("gpt-5.3-codex", "none", "none"),
    ("gpt-5.4-mini", "max", "xhigh"),
    ("gpt-5.5", "none", "none"),
    ("gpt-5.6-terra", "max", "max"),
    ("gpt-6-sol", "none", "none"),
    ("gpt-6.1-terra", "none", "none"),
    # Pro models think hard, models of ChatGPT as they like.
    ("gpt-5-pro", "low", "high"),
    ("gpt-5.4-pro", "none", "medium"),
    ("gpt-5.5-pro-2026-04-23", "max", "xhigh"),
    ("gpt-5.3-chat-latest", "high", "medium"),
    ("chat-latest", "none", "medium"),
    ("o3-deep-research", "high", "medium"),
    # Names that are newer than the table.
    ("gpt-6.2-astra", "none", "low"),
    ("gpt-7-sol", "max", "high"),
    ("gpt-7-pro", "low", "medium"),
    ("gpt-7-codex", "none", "low"),
]


@pytest.mark.parametrize(("model", "asked", "sent"), EFFORTS)
def test_an_effort_is_one_that_the_family_takes(model, asked, sent):
    call = encode([_USER], model=model, reasoning_effort=asked)
    assert effort_in(call.arguments) == sent
    changed = paths(call) & {("reasoning_effort", "clamped"), ("reasoning_effort", "dropped")}
    assert bool(changed) is (sent != asked)


def test_no_effort_is_what_a_model_does_that_never_thinks():
    assert paths(encode([_USER], model="gpt-4o", reasoning_effort="none")) == set()


@pytest.mark.parametrize("facts", list(MODELS), ids=lambda facts: facts.models)
def test_every_row_names_its_page_and_stands_where_it_is_found(facts):
    assert facts.source.startswith("https://")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", facts.as_of)
    assert facts.default_effort in (*facts.efforts, None) or not facts.efforts
    assert facts.apis
    for effort in facts.efforts:
        assert nearest_effort(effort, facts.efforts) == effort


@pytest.mark.parametrize("model", ["gpt-4o", "o3", "gpt-6-astra", "gpt-9"])
def test_another_server_gets_what_was_asked_for(model):
    asked = {"reasoning_effort": "minimal", "temperature": 0.3, "stop": ["x"], "tools": [_TOOL]}
    call = encode([_USER], OTHER, model=model, **asked)
    assert call.operation == "chat.completions"
    assert call.arguments["reasoning_effort"] == "minimal"
    assert call.arguments["temperature"] == 0.3
    assert call.arguments["stop"] == ["x"]
    assert paths(call) == set()


# The model, the effort, and whether temperature goes along: only while it does not think.
SAMPLING = [
    ("gpt-4o", None, True),
    ("gpt-5", None, False),
    ("gpt-5-chat-latest", None, True),
    ("gpt-5.1", None, True),  # its default is `none`
    ("gpt-5.1", "low", False),
    ("gpt-5.4", None, True),
    ("gpt-5.5", None, False),  # its default is `medium`
    ("gpt-5.5", "none", True),
    ("gpt-6-sol", "none", True),
    ("gpt-6-astra", "none", False),
    ("o1-mini", None, False),
    ("gpt-4o-search-preview", None, False),
    ("gpt-9-new", None, False),
]


@pytest.mark.parametrize(("model", "effort", "sent"), SAMPLING)
def test_sampling_is_for_models_that_do_not_think(model, effort, sent):
    call = encode([_USER], model=model, reasoning_effort=effort, temperature=0.5, top_p=0.9)
    for name in ("temperature", "top_p"):
        assert (name in call.arguments) is sent
        assert ((name, "dropped") in paths(call)) is not sent


@pytest.mark.parametrize(("model", "sent"), [("gpt-4o", True), ("gpt-5", False), ("o3", False)])
def test_a_penalty_is_for_models_that_do_not_think(model, sent):
    call = encode([_USER], model=model, **PENALTY)
    assert ("frequency_penalty" in call.arguments) is sent
    dropped = ("provider_options.openai.frequency_penalty", "dropped")
    assert (dropped in paths(call)) is not sent


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-3.5-turbo", "o1", "o3-mini", "o3-mini-2025-01-31"]
)
def test_stop_goes_to_models_that_take_it(model):
    assert encode([_USER], model=model, stop=["END"]).arguments["stop"] == ["END"]


@pytest.mark.parametrize("model", ["o3", "o4-mini", "gpt-5", "gpt-5.4", "gpt-6-sol", "gpt-9-new"])
def test_stop_is_refused_for_models_that_do_not(model):
    with pytest.raises(UnsupportedFeatureError, match=f"openai/{model} has no stop"):
        encode([_USER], model=model, stop=["END"])


# The model, and the API that serves it alone.
ALONE = [
    ("gpt-5-pro", "responses"),
    ("gpt-5.4-pro-2026-03-05", "responses"),
    ("o1-pro", "responses"),
    ("o3-deep-research", "responses"),
    ("gpt-5.2-codex", "responses"),
    ("codex-mini-latest", "responses"),
    ("computer-use-preview", "responses"),
    ("gpt-4o-search-preview", "chat"),
    ("gpt-5-search-api", "chat"),
    ("gpt-audio-1.5", "chat"),
    ("o1-preview", "chat"),
]


@pytest.mark.parametrize(("model", "api"), ALONE)
def test_a_model_goes_to_the_api_that_serves_it(model, api):
    call = encode([_USER], model=model, seed=1)
    assert call.operation == {"chat": "chat.completions"}.get(api, api)
    assert "provider_options.openai.api" not in {path for path, _ in paths(call)}
    other = CHAT if api == "responses" else RESPONSES
    with pytest.raises(UnsupportedFeatureError, match=f"{model} is served by .* alone"):
        encode([_USER], model=model, **other)


def test_a_model_that_hears_goes_to_chat_without_being_asked():
    sound = [{"role": "user", "content": [SOUND]}]
    for messages in ([_USER], sound):
        call = encode(messages, model="gpt-audio-mini")
        assert call.operation == "chat.completions"
        assert paths(call) == set()
    assert encode([_USER], model="gpt-audio-mini", **RESPONSES).operation == "responses"


def test_a_model_that_searches_is_asked_to_on_chat():
    call = encode([_USER], model="gpt-5-search-api", web_search=True)
    assert call.arguments["web_search_options"] == {}
    with pytest.raises(UnsupportedFeatureError, match="Chat Completions has no web search"):
        encode([_USER], model="gpt-4o", web_search=True, **CHAT)


# The model, the effort, and whether tools may go to Chat Completions with it.
CHAT_TOOLS = [
    ("gpt-4o", None, True),
    ("gpt-5", "high", True),
    ("gpt-5.1", "high", True),
    ("gpt-5.4", None, True),
    ("gpt-5.4", "low", False),
    ("gpt-5.5", None, True),
    ("gpt-5.6", None, False),
    ("gpt-6-sol", "none", True),
    ("gpt-6-sol", "low", False),
    ("gpt-6-astra", None, False),
]


@pytest.mark.parametrize(("model", "effort", "taken"), CHAT_TOOLS)
def test_tools_go_to_chat_where_the_family_calls_them_there(model, effort, taken):
    options = {"tools": [_TOOL], "reasoning_effort": effort}
    assert encode([_USER], model=model, seed=1, **options).operation == (
        "chat.completions" if taken else "responses"
    )
    if taken:
        assert encode([_USER], model=model, **CHAT, **options).arguments["tools"]
    else:
        with pytest.raises(UnsupportedFeatureError, match="no tools on Chat Completions"):
            encode([_USER], model=model, **CHAT, **options)


@pytest.mark.parametrize(
    "model", ["o1-mini", "o3-deep-research", "chatgpt-4o-latest", "gpt-4-vision-preview"]
)
def test_tools_are_refused_for_models_that_call_none(model):
    with pytest.raises(UnsupportedFeatureError, match=f"openai/{model} has no tools"):
        encode([_USER], model=model, tools=[_TOOL])


@pytest.mark.parametrize("model", ["o1", "o3-mini", "o4-mini"])
def test_the_o_series_takes_no_choice_of_parallel_calls(model):
    call = encode([_USER], model=model, tools=[_TOOL], parallel_tool_calls=False)
    assert "parallel_tool_calls" not in call.arguments
    assert ("parallel_tool_calls", "dropped") in paths(call)


@pytest.mark.parametrize("model", ["o1-mini", "o1-preview-2024-09-12"])
def test_a_system_message_is_a_users_where_there_are_none(model):
    call = encode([{"role": "system", "content": "Be brief."}, _USER], model=model)
    assert [one["role"] for one in call.arguments["messages"]] == ["user", "user"]
    assert paths(call) == {("messages.0.role", "moved")}


@pytest.mark.parametrize("model", ["gpt-4", "gpt-audio", "o1-mini", "gpt-5.4-pro", "gpt-5.2-pro"])
def test_a_schema_is_refused_for_models_that_follow_none(model):
    with pytest.raises(UnsupportedFeatureError, match="has no response_schema"):
        encode([_USER], model=model, response_schema=City)


def test_reasoning_of_another_model_is_left_out_where_a_model_never_thinks():
    state = {
        "provider": "openai",
        "api": "responses",
        "data": {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
    }
    part = {"type": "reasoning", "text": "hm", "provider_state": state}
    answer = {"role": "assistant", "content": [part, {"type": "text", "text": "Yes"}]}
    call = encode([_USER, answer, _USER], model="gpt-4o")
    assert "gAAA" not in str(call.arguments)
    assert ("messages.1.content.0", "dropped") in paths(call)
    assert "gAAA" in str(encode([_USER, answer, _USER], model="gpt-5").arguments)

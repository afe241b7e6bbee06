"""Claude is sent what its family takes, as `explain` shows it.

https://platform.claude.com/docs/en/build-with-claude/thinking-troubleshooting#supported-models and
the pages that the columns of the table name.
"""

from typing import get_args

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from servers.conform import problems

from indox_anthropic._models import MODELS
from indox_anthropic._rates import surcharges_of
from indox_core import Client, UnsupportedFeatureError
from indox_core.plugin import ReasoningEffort, TokenUsage

EFFORT_NAMES = get_args(ReasoningEffort)
USER = {"role": "user", "content": "Hello"}
ANSWER = {"role": "assistant", "content": "Yes"}
LATE = {"role": "system", "content": "Be brief."}
TOOL = {"name": "f", "parameters": {"type": "object", "properties": {}}}
CALL = {
    "role": "assistant",
    "content": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {}}],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "42"}


@pytest.fixture(scope="module")
def client():
    with Client(providers={"anthropic": {"api_key": "unused"}}) as client:
        yield client


@pytest.fixture
def explain(client):
    def explained(model, *messages, **options):
        return client.explain(list(messages or (USER,)), f"anthropic/{model}", **options)

    return explained


def changes(shown, path):
    return [(item.kind, item.before, item.after) for item in shown.adaptations if item.path == path]


@pytest.mark.parametrize("facts", list(MODELS), ids=lambda facts: facts.models)
def test_a_family_holds_the_names_that_it_tells(facts):
    assert all(MODELS.of(name) is facts for name in facts.names)
    assert facts.names or facts.models == ".*"
    assert facts.source.startswith("https://platform.claude.com/docs/en/")


NEWER = ["claude-opus-6", "claude-opus-5-9", "claude-fable-5-3", "claude-sonnet-5-5-fast", "x"]


@pytest.mark.parametrize("model", NEWER)
def test_a_name_newer_than_the_table_is_sent_what_the_newest_models_take(explain, model):
    shown = explain(model, USER, LATE, reasoning_effort="none", temperature=0.5)
    assert shown.body["thinking"] == {"type": "adaptive"}
    assert shown.body["output_config"] == {"effort": "low"}
    assert "temperature" not in shown.body
    assert [message["role"] for message in shown.body["messages"]] == ["user"]
    with pytest.raises(UnsupportedFeatureError, match=r"messages\.1: .* does not go on"):
        explain(model, USER, ANSWER)
    forced = explain(model, tools=[TOOL], tool_choice="required")
    assert forced.body["tool_choice"] == {"type": "any"}


ADAPTIVE, OFF = {"type": "adaptive"}, {"type": "disabled"}
# The model, the effort asked for, `thinking` and the effort as sent, what is recorded.
EFFORTS = [
    ("claude-opus-5-5", "none", ADAPTIVE, "low", [("clamped", "none", "low")]),
    ("claude-fable-5-1", "none", ADAPTIVE, "low", [("clamped", "none", "low")]),
    ("claude-fable-5", "minimal", ADAPTIVE, "low", [("clamped", "minimal", "low")]),
    ("claude-mythos-5", "none", ADAPTIVE, "low", [("clamped", "none", "low")]),
    ("claude-mythos-preview", "none", ADAPTIVE, "low", [("clamped", "none", "low")]),
    ("claude-mythos-preview", "xhigh", ADAPTIVE, "high", [("clamped", "xhigh", "high")]),
    ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None, []),
    ("claude-sonnet-5-5", "xhigh", ADAPTIVE, "xhigh", []),
    ("claude-haiku-5-5", "none", OFF, None, []),
    ("claude-opus-5", "none", OFF, None, []),
    ("claude-opus-5", "max", ADAPTIVE, "max", []),
    ("claude-sonnet-5", "minimal", OFF, None, [("clamped", "minimal", "none")]),
    ("claude-opus-4-8-20260528", "xhigh", ADAPTIVE, "xhigh", []),
    ("claude-opus-4-7", "none", OFF, None, []),
    # "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium."
    ("claude-opus-4-6", "xhigh", ADAPTIVE, "high", [("clamped", "xhigh", "high")]),
    ("claude-opus-4-6-20260205", "xhigh", ADAPTIVE, "high", [("clamped", "xhigh", "high")]),
    ("claude-sonnet-4-6", "max", ADAPTIVE, "max", []),
    ("claude-haiku-4-5", "none", OFF, None, []),
    ("claude-3-5-haiku-20241022", "none", None, None, []),
    ("claude-3-haiku-20240307", "high", None, None, [("dropped", "high", None)]),
    ("claude-2.1", "low", None, None, [("dropped", "low", None)]),
]


@pytest.mark.parametrize(("model", "asked", "thinking", "effort", "recorded"), EFFORTS)
def test_an_effort_is_one_that_the_family_takes(explain, model, asked, thinking, effort, recorded):
    shown = explain(model, reasoning_effort=asked)
    assert shown.body.get("thinking") == thinking
    assert shown.body.get("output_config", {}).get("effort") == effort
    assert changes(shown, "reasoning_effort") == recorded


def test_sonnet_5_5_goes_on_thinking_between_calls_and_it_is_told(explain):
    shown = explain("claude-sonnet-5-5", tools=[TOOL], reasoning_effort="none")
    assert shown.body["thinking"] == {"type": "between_tools"}
    assert changes(shown, "reasoning_effort") == [("clamped", "none", "between_tools")]


@pytest.mark.parametrize("facts", list(MODELS), ids=lambda facts: facts.models)
def test_thinking_is_never_disabled_where_it_is_always_on(explain, facts):
    for name in facts.names:
        sent = explain(name, reasoning_effort="none").body.get("thinking")
        assert (sent == OFF) is (facts.off == "disabled")


# `max_tokens`, the effort, the budget (a fifth stays for the answer), the limit that is sent.
BUDGETS = [
    ("claude-sonnet-4-5", 5000, "medium", 4000, 5000),  # was 4999
    ("claude-sonnet-4-5", 1500, "medium", 1200, 1500),  # was 1499
    ("claude-sonnet-4-5", 1280, "medium", 1024, 1280),  # the least that leaves 256
    ("claude-sonnet-4-5", 1279, "medium", None, 1279),
    ("claude-sonnet-4-5", 1024, "medium", None, 1024),
    ("claude-sonnet-4-5", 1, "minimal", None, 1),
    ("claude-sonnet-4-5", 10239, "medium", 8191, 10239),
    ("claude-sonnet-4-5", 10240, "medium", 8192, 10240),
    ("claude-sonnet-4-5", 1280, "minimal", 1024, 1280),
    ("claude-sonnet-4-5", None, "minimal", 1024, 17408),
    ("claude-haiku-4-5", None, "max", 32000, 48384),
    ("claude-opus-4-1", None, "high", 16384, 32000),  # which writes 32,000 at most
    ("claude-opus-4-1", None, "max", 25600, 32000),
]


@pytest.mark.parametrize(("model", "limit", "effort", "budget", "sent"), BUDGETS)
def test_thinking_leaves_room_for_the_answer(explain, model, limit, effort, budget, sent):
    shown = explain(model, max_tokens=limit, reasoning_effort=effort)
    assert shown.body.get("thinking", {}).get("budget_tokens") == budget
    assert shown.body["max_tokens"] == sent
    asked = {"minimal": 1024, "medium": 8192, "high": 16384, "max": 32000}[effort]
    told = {None: [("dropped", effort, None)], asked: []}
    assert changes(shown, "reasoning_effort") == told.get(budget, [("clamped", effort, budget)])


@pytest.mark.parametrize(
    ("model", "taken"),
    [("claude-haiku-4-5", True), ("claude-opus-4-1", True), ("claude-3-haiku-20240307", True),
     ("claude-opus-4-6", False), ("claude-sonnet-4-6", False), ("claude-opus-5", False),
     ("claude-mythos-preview", False)],
)  # fmt: skip
def test_a_prefill_goes_to_the_models_that_take_one(explain, model, taken):
    if taken:
        assert explain(model, USER, ANSWER).body["messages"][-1]["role"] == "assistant"
    else:
        with pytest.raises(UnsupportedFeatureError, match="does not go on with a message"):
            explain(model, USER, ANSWER)


S, U, A, R = "system", "user", "assistant", "user of results"
NEW, OLD = "claude-opus-4-8", "claude-sonnet-5"
# The messages, the roles as sent, and where the system message went; `None`: it stays.
# https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages#limitations
LATE_ONES = [
    (NEW, (USER, LATE), [U, S], None),
    (NEW, (USER, LATE, ANSWER, USER), [U, S, A, U], None),
    (NEW, (USER, CALL, RESULT, LATE), [U, A, U, S], None),
    (NEW, (USER, LATE, USER), [U, U, S], "messages.2"),
    (NEW, (USER, ANSWER, LATE, USER), [U, A, U, S], "messages.3"),
    (NEW, (USER, ANSWER, LATE), [U, A, U], "messages.2"),  # as the user says it
    (NEW, (USER, ANSWER, LATE, ANSWER, USER), [U, A, U, A, U], "messages.2"),
    (OLD, (USER, LATE), [U], "system"),
    (OLD, (USER, LATE, ANSWER, USER), [U, A, U], "system"),
    (OLD, (USER, ANSWER, LATE, USER), [U, A, U], "system"),
    (OLD, (USER, ANSWER, LATE), [U, A, U], "messages.2"),  # no prefill comes of it
    ("claude-haiku-4-5", (USER, ANSWER, LATE), [U, A, U], "messages.2"),
]


@pytest.mark.parametrize(("model", "messages", "roles", "to"), LATE_ONES)
def test_a_late_system_message_goes_where_the_model_takes_it(explain, model, messages, roles, to):
    shown = explain(model, *messages, tools=[TOOL])
    assert [message["role"] for message in shown.body["messages"]] == roles
    number = messages.index(LATE)
    path = f"messages.{number}"
    assert changes(shown, path) == ([("moved", path, to)] if to is not None else [])
    text = {"type": "text", "text": "Be brief."}
    if to == "system":
        assert shown.body["system"] == [text]
    else:
        index = int(to.partition(".")[2]) if to is not None else number
        assert shown.body["messages"][index]["content"] == [text]


def test_neighbours_are_one_system_message_and_the_first_stay_in_front(explain):
    first = {"role": "system", "content": "You are a clerk."}
    shown = explain(NEW, first, USER, LATE, LATE)
    assert [message["role"] for message in shown.body["messages"]] == [U, S]
    assert [block["text"] for block in shown.body["messages"][1]["content"]] == ["Be brief."] * 2
    assert [block["text"] for block in shown.body["system"]] == ["You are a clerk."]


def test_a_system_message_may_follow_what_a_server_tool_brought(explain):
    found = {"type": "web_search_tool_result", "tool_use_id": "s1", "content": []}
    state = {"provider": "anthropic", "data": found}
    paused = {
        "role": "assistant",
        "content": [{"type": "text", "text": "", "provider_state": state}],
    }
    shown = explain(NEW, USER, paused, LATE)
    assert [message["role"] for message in shown.body["messages"]] == [U, A, S]


@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-5-5", "claude-mythos-5-2"])
@pytest.mark.parametrize("choice", ["required", "f"])
def test_a_tool_is_not_forced_on_models_that_refuse_it(explain, model, choice):
    with pytest.raises(UnsupportedFeatureError, match=r"tool_choice: .* cannot be made to call"):
        explain(model, tools=[TOOL], tool_choice=choice)
    assert explain(model, tools=[TOOL], tool_choice="auto").body["tool_choice"] == {"type": "auto"}
    assert explain("claude-opus-5", tools=[TOOL], tool_choice=choice).body["tool_choice"]


SAMPLING = [
    ("claude-sonnet-4-0", {"temperature": 0.5, "top_p": 0.9}, []),
    ("claude-opus-4-1", {"temperature": 0.5}, ["top_p"]),
    ("claude-opus-4-6", {"temperature": 0.5}, ["top_p"]),
    ("claude-opus-4-7", {}, ["temperature", "top_p"]),
    ("claude-mythos-preview", {}, ["temperature", "top_p"]),
]


@pytest.mark.parametrize(("model", "sent", "lost"), SAMPLING)
def test_sampling_is_sent_as_far_as_the_family_takes_it(explain, model, sent, lost):
    shown = explain(model, temperature=0.5, top_p=0.9)
    names = ("temperature", "top_p")
    assert {name: shown.body[name] for name in names if name in shown.body} == sent
    assert [name for name in names if changes(shown, name)] == lost


@pytest.mark.parametrize(
    ("model", "version"),
    [("claude-opus-4-5", "web_search_20250305"), ("claude-opus-4-6", "web_search_20260318"),
     ("claude-opus-9", "web_search_20260318")],
)  # fmt: skip
def test_the_search_tool_is_the_version_of_the_family(explain, model, version):
    assert explain(model, web_search=True).body["tools"][0]["type"] == version


@pytest.mark.parametrize(
    ("model", "wish"),
    [("claude-3-haiku-20240307", {"web_search": True}),
     ("claude-opus-4-1", {"response_schema": {"type": "object", "properties": {"a": {}}}}),
     ("claude-2.1", {"tools": [TOOL]})],
)  # fmt: skip
def test_what_an_older_model_cannot_promise_is_refused(explain, model, wish):
    with pytest.raises(UnsupportedFeatureError, match=f"{model} has no {next(iter(wish))}"):
        explain(model, **wish)


NAMES = [name for facts in MODELS for name in (*facts.names, "claude-of-tomorrow")]
STRICT = {**TOOL, "strict": True}
FORM = {"type": "object", "properties": {"a": {"type": "string", "minLength": 2}}}
REQUESTS = [
    *[((USER,), {"reasoning_effort": effort}) for effort in EFFORT_NAMES],
    *[((USER,), {"reasoning_effort": effort, "tools": [STRICT], "max_tokens": 3000})
      for effort in ("none", "high")],
    ((USER, LATE), {"cache": "1h"}),
    ((USER, ANSWER, LATE, USER), {"metadata": {"user_id": "u"}}),
    ((USER,), {"response_schema": FORM}),
    ((USER,), {"web_search": True}),
    ((USER,), {"provider_options": {"anthropic": {"thinking_display": "summarized"}}}),
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(NAMES)))
def test_what_is_sent_to_each_model_is_valid_by_the_sdks_own_types(explain, name):
    for messages, options in REQUESTS:
        if MODELS.of(name).lacks & options.keys():
            with pytest.raises(UnsupportedFeatureError, match="has no"):
                explain(name, *messages, **options)
        else:
            body = explain(name, *messages, **options).body
            assert problems(body, MessageCreateParamsNonStreaming) == []


@pytest.mark.parametrize(
    ("model", "sent"),
    [("claude-opus-5", {**ADAPTIVE, "display": "summarized"}), ("claude-opus-4-8", None),
     ("claude-haiku-4-5", None)],
)  # fmt: skip
def test_how_thinking_is_shown_turns_none_on(explain, model, sent):
    shown = explain(model, provider_options={"anthropic": {"thinking_display": "summarized"}})
    assert shown.body.get("thinking") == sent
    lost = [("dropped", "summarized", None)]
    path = "provider_options.anthropic.thinking_display"
    assert changes(shown, path) == ([] if sent else lost)


def test_a_region_and_a_speed_cost_what_the_family_says():
    us, fast = TokenUsage(region="us"), TokenUsage(speed="fast")
    factors = {
        name: [[str(one.factor) for one in surcharges_of(name, usage)] for usage in (us, fast)]
        for name in ("claude-opus-4-5", "claude-opus-4-6", "claude-opus-4-8", "claude-opus-9")
    }
    assert factors == {
        "claude-opus-4-5": [[], []],
        "claude-opus-4-6": [["1.1"], ["6"]],
        "claude-opus-4-8": [["1.1"], []],
        "claude-opus-9": [["1.1"], []],
    }

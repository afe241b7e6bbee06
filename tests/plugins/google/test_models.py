"""What goes to each family of Gemini's models, by its table."""

from __future__ import annotations

import base64

import pytest
from families import families, shown

from indox_core import Client, UnsupportedFeatureError
from indox_google._models import MODELS, facts_of

HELLO = [{"role": "user", "content": "Hi"}]
SYSTEM = {"role": "system", "content": "Be brief."}
BEGUN = [*HELLO, {"role": "assistant", "content": "He"}]
TOOL = {"name": "f", "parameters": {"type": "object", "properties": {}}}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def explained(model, messages=HELLO, **options):
    with Client() as client:
        return client.explain(messages, f"google/{model}", **options)


def thinking(model, effort, **options):
    """The thinking that is sent, and what was recorded of the effort."""
    request = explained(model, reasoning_effort=effort, **options)
    config = request.body.get("generationConfig", {}).get("thinkingConfig", {})
    changed = [item.after for item in request.adaptations if item.path == "reasoning_effort"]
    return config.get("thinkingLevel", config.get("thinkingBudget")), changed


LEVELS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        # https://ai.google.dev/gemini-api/docs/gemini-3: low and high
        ("gemini-3-pro-preview", "LOW LOW LOW LOW HIGH HIGH HIGH"),
        # https://ai.google.dev/gemini-api/docs/thinking: medium too; minimal is refused
        ("gemini-3.1-pro-preview", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-3.1-pro-preview-customtools", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        # the same page: Flash and Flash-Lite from minimal to high, up to 3.6
        ("gemini-3-flash-preview", "MINIMAL MINIMAL LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-3.1-flash-lite", "MINIMAL MINIMAL LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-3.5-flash-lite", "MINIMAL MINIMAL LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-3.6-flash", "MINIMAL MINIMAL LOW MEDIUM HIGH HIGH HIGH"),
        # the same page: minimal is an error from 3.7 on
        ("gemini-3.7-flash", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-3.8-flash", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        # https://ai.google.dev/gemini-api/docs/latest-model: low, medium and high
        ("gemini-4-argon", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-4-hydrogen", "LOW LOW LOW MEDIUM HIGH XHIGH XHIGH"),
        ("gemini-3.1-flash-image-preview", "MINIMAL MINIMAL MINIMAL MINIMAL HIGH HIGH HIGH"),
        ("gemma-4-31b-it", "MINIMAL MINIMAL MINIMAL MINIMAL HIGH HIGH HIGH"),
        # newer than the table, or an alias that moves: what the newest models all take
        ("gemini-flash-latest", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        ("gemini-5-xenon", "LOW LOW LOW MEDIUM HIGH HIGH HIGH"),
        ("models/gemini-3-pro-preview", "LOW LOW LOW LOW HIGH HIGH HIGH"),
    ],
)
def test_a_level_that_the_model_knows_is_sent_and_every_other_is_recorded(model, sent):
    for asked, level in zip(LEVELS, sent.split(), strict=True):
        exact = asked == level.lower()
        assert thinking(model, asked) == (level, [] if exact else [level.lower()])


@pytest.mark.parametrize(
    ("model", "budgets"),
    [
        # https://ai.google.dev/gemini-api/docs/thinking: 128 to 32768, and never off
        ("gemini-2.5-pro", [512, 512, 1024, 8192, 24576, 24576, 24576]),
        # 0 to 24576
        ("gemini-2.5-flash", [0, 512, 1024, 8192, 24576, 24576, 24576]),
        # 0, or 512 to 24576
        ("gemini-2.5-flash-lite", [0, 512, 1024, 8192, 24576, 24576, 24576]),
        ("gemini-robotics-er-1.5-preview", [0, 512, 1024, 8192, 24576, 24576, 24576]),
    ],
)
def test_a_budget_is_within_what_the_model_thinks_with(model, budgets):
    for asked, budget in zip(LEVELS, budgets, strict=True):
        exact = asked in facts_of(model).efforts
        sent, changed = thinking(model, asked)
        assert sent == budget
        assert bool(changed) is not exact


@pytest.mark.parametrize(
    ("model", "effort", "max_tokens", "budget"),
    [
        ("gemini-2.5-flash", "high", 100_000, 24576),  # there is room for both
        ("gemini-2.5-flash", "high", 10_000, 8000),  # a fifth is the answer's
        ("gemini-2.5-flash", "low", 1024, 768),  # and never less than 256
        ("gemini-2.5-flash", "low", 257, 1),
        ("gemini-2.5-flash", "low", 256, 0),  # no room: it does not think
        ("gemini-2.5-flash-lite", "low", 767, 0),  # 511 are fewer than it thinks with
        ("gemini-2.5-flash-lite", "low", 768, 512),
        ("gemini-2.5-pro", "low", 200, 128),  # it thinks always
        ("gemini-2.5-flash", "none", 100, 0),
    ],
)
def test_thinking_leaves_room_for_the_answer(model, effort, max_tokens, budget):
    sent, changed = thinking(model, effort, max_tokens=max_tokens)
    assert sent == budget
    clamped = budget not in (0, 24576) or (effort != "none" and budget == 0)
    assert changed == ([budget] if clamped else [])


@pytest.mark.parametrize(
    "model",
    ["gemini-2.0-flash", "gemini-1.5-pro", "gemma-3-27b-it", "lyria-3.5", "learnlm-1.5-pro",
     "gemini-2.5-pro-preview-tts", "gemini-2.5-computer-use-preview-10-2025",
     "gemini-2.5-flash-image", "deep-research-preview-04-2026"],
)  # fmt: skip
def test_who_does_not_think_is_sent_no_effort(model):
    assert thinking(model, "none") == (None, [])
    assert thinking(model, "low")[0] is None
    low = explained(model, reasoning_effort="low").adaptations
    assert [item.path for item in low] == ["reasoning_effort"]


@pytest.mark.parametrize(
    "model",
    ["gemini-3-pro-preview", "gemini-3.1-flash-lite", "gemini-3.8-flash", "gemini-4-argon",
     "gemini-pro-latest"],
)  # fmt: skip
def test_no_answer_is_begun_for_gemini_3_and_later(model):
    with pytest.raises(UnsupportedFeatureError, match=r"messages\.1: .* response_schema"):
        explained(model, BEGUN)


def test_an_answer_is_begun_for_models_before_gemini_3():
    assert explained("gemini-2.5-flash", BEGUN).body["contents"][-1]["role"] == "model"


@pytest.mark.parametrize(
    ("model", "taken"), [("gemini-2.5-flash", True), ("gemini-3.6-flash", False)]
)
def test_sampling_goes_to_those_who_take_it(model, taken):
    own = {"google": {"top_k": 3, "presence_penalty": 0.5}}
    request = explained(model, temperature=0.5, top_p=0.9, provider_options=own)
    config = request.body.get("generationConfig", {})
    names = {"temperature", "topP", "topK", "presencePenalty"}
    assert names & set(config) == (names if taken else set())
    lost = {item.path for item in request.adaptations}
    paths = {"temperature", "top_p", "provider_options.google.top_k",
             "provider_options.google.presence_penalty"}  # fmt: skip
    assert lost == (set() if taken else paths)


@pytest.mark.parametrize(
    "model", ["gemma-3-27b-it", "lyria-3-pro-preview", "gemini-omni-1.2-flash"]
)
def test_a_system_message_begins_the_first_turn_of_who_takes_none(model):
    request = explained(model, [SYSTEM, *HELLO])
    assert "systemInstruction" not in request.body
    assert request.body["contents"] == [
        {"role": "user", "parts": [{"text": "Be brief."}, {"text": "Hi"}]}
    ]
    assert [(item.path, item.kind) for item in request.adaptations] == [("messages.0", "moved")]
    begun = explained(
        "gemma-3-27b-it", [SYSTEM, {"role": "assistant", "content": "Yes?"}, *HELLO]
    ).body["contents"]
    assert [turn["role"] for turn in begun] == ["user", "model", "user"]


@pytest.mark.parametrize(
    ("model", "options"),
    [
        # https://ai.google.dev/gemini-api/docs/structured-output: with tools from Gemini 3 on
        ("gemini-2.5-flash", {"response_schema": SCHEMA, "tools": [TOOL]}),
        ("gemini-2.5-pro", {"response_schema": SCHEMA, "web_search": True}),
        ("lyria-3.5", {"tools": [TOOL]}),
        ("lyria-3.5", {"response_schema": SCHEMA}),
        ("gemini-2.5-pro-preview-tts", {"tools": [TOOL]}),
        ("deep-research-preview-04-2026", {"tools": [TOOL]}),
        ("gemini-3-pro-image-preview", {"tools": [TOOL]}),
    ],
)
def test_a_guarantee_that_the_model_lacks_is_refused(model, options):
    with pytest.raises(UnsupportedFeatureError, match=f"google/{model}"):
        explained(model, **options)


def test_gemini_3_keeps_to_a_schema_beside_tools():
    body = explained("gemini-3.6-flash", response_schema=SCHEMA, tools=[TOOL]).body
    assert body["tools"]
    assert body["generationConfig"]["responseJsonSchema"]


def test_a_model_that_reads_text_alone_gets_no_image():
    image = {"data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()}
    asked = [{"role": "user", "content": [{"type": "image", "image": image}]}]
    with pytest.raises(UnsupportedFeatureError, match="image"):
        explained("gemini-2.5-pro-preview-tts", asked)


def test_every_family_names_its_page_and_its_day():
    for facts in MODELS:
        assert facts.source.startswith("https://"), facts.models
        assert facts.as_of.count("-") == 2, facts.models


def test_the_page_shows_the_table_that_the_code_uses():
    """`uv run python tests/families.py` writes it."""
    assert shown("google") == families(MODELS)

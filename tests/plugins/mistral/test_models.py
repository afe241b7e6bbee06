"""What goes to each family of Mistral's models, by its table."""

from __future__ import annotations

import base64

import pytest
from families import families, shown

from indox_core import Client, UnsupportedFeatureError
from indox_mistral._models import MODELS

HELLO = [{"role": "user", "content": "Hi"}]
EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"]


def explained(model, messages=HELLO, **options):
    with Client() as client:
        return client.explain(messages, f"mistral/{model}", **options)


TOGGLE = "none none none none high high high"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        # https://docs.mistral.ai/inference/conversations/reasoning: none and high; the API refuses
        # all others ("Must be one of none, high")
        ("mistral-small-latest", TOGGLE),
        ("mistral-small-2603", TOGGLE),
        ("mistral-medium", TOGGLE),
        ("mistral-medium-latest", TOGGLE),
        ("mistral-medium-3.5", TOGGLE),
        ("mistral-medium-3-5", TOGGLE),
        ("mistral-large-4", TOGGLE),
        ("mistral-large-4-0", TOGGLE),
        # retired names, which lead to models that know the two
        ("magistral-medium-latest", TOGGLE),
        ("devstral-medium-latest", TOGGLE),
        # https://docs.mistral.ai/models/zai-glm-5-3: low, high and max
        ("zai-glm-5-3", "low low low low high high max"),
        ("zai-glm-latest", "low low low low high high max"),
        ("glm-5-2", "none minimal low medium high xhigh max"),
        # newer than the table
        ("mistral-huge-5", TOGGLE),
    ],
)
def test_the_nearest_lower_effort_is_sent_and_recorded(model, sent):
    for asked, effort in zip(EFFORTS, sent.split(), strict=True):
        request = explained(model, reasoning_effort=asked)
        assert request.body["reasoning_effort"] == effort
        changed = [(item.before, item.after) for item in request.adaptations]
        assert changed == ([] if asked == effort else [(asked, effort)])


@pytest.mark.parametrize(
    "model",
    ["mistral-large-latest", "mistral-large-2512", "mistral-medium-2508", "mistral-small-2506",
     "ministral-8b-latest", "codestral-latest", "devstral-small-2507", "mistral-code-latest",
     "mistral-tiny", "open-mistral-nemo", "pixtral-large-latest", "voxtral-small-latest",
     "labs-leanstral-1-5"],
)  # fmt: skip
def test_who_does_not_think_is_sent_no_effort(model):
    for asked in EFFORTS:
        request = explained(model, reasoning_effort=asked)
        assert "reasoning_effort" not in request.body
        changed = [item.path for item in request.adaptations]
        assert changed == ([] if asked == "none" else ["reasoning_effort"])


def test_a_model_of_text_alone_gets_no_image():
    image = {"data": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(16)).decode()}
    asked = [{"role": "user", "content": [{"type": "image", "image": image}]}]
    assert "image_url" in str(explained("mistral-small-latest", asked).body)
    for model in ("codestral-2508", "open-mistral-nemo", "mistral-tiny"):
        with pytest.raises(UnsupportedFeatureError, match=f"mistral/{model}"):
            explained(model, asked)


def test_codestral_mamba_calls_no_tools():
    tool = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    assert explained("codestral-latest", tools=[tool]).body["tools"]
    with pytest.raises(UnsupportedFeatureError, match="tools"):
        explained("codestral-mamba-latest", tools=[tool])


def test_an_answer_that_is_begun_is_marked_for_every_model():
    begun = [*HELLO, {"role": "assistant", "content": "He"}]
    for model in ("mistral-large-4", "mistral-small-latest", "codestral-latest"):
        assert explained(model, begun).body["messages"][-1]["prefix"] is True


def test_every_family_names_its_page_and_its_day():
    for facts in MODELS:
        assert facts.source.startswith("https://"), facts.models
        assert facts.as_of.count("-") == 2, facts.models


def test_the_page_shows_the_table_that_the_code_uses():
    """`uv run python tests/families.py` writes it."""
    assert shown("mistral") == families(MODELS)

"""A price is that of the model itself, never that of another whose name begins alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from servers.faults import FaultServer
from servers.vendors import VENDORS

from indox_core import Client, StreamInterruptedError
from indox_core._money.library import _snapshot, library_model, library_names
from indox_core._money.match import _texts, spelled_out

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELLO = [{"role": "user", "content": "Hello"}]
PROVIDERS = ("openai", "anthropic", "google", "mistral")

# Name, and the entry whose price is its own; before, the entry in the comment was taken.
OWN = [
    # spelled out by the entry
    ("google", "gemini-1.5-flash", "gemini-1.5-flash"),
    ("google", "gemini-flash-latest", "gemini-3.8-flash"),
    ("openai", "gpt-4o-mini-search-preview", "gpt-4o-mini"),
    ("openai", "gpt-5-codex", "gpt-5"),
    # a date behind it, in every vendor's way to write one
    ("openai", "gpt-5-mini-2025-08-07", "gpt-5-mini"),
    ("openai", "gpt-5.2-20251211", "gpt-5.2"),
    ("openai", "computer-use-preview-2025-03-11", "computer-use"),
    ("anthropic", "claude-opus-4-1-20250805", "claude-opus-4-1"),
    ("anthropic", "claude-opus-5@20261001", "claude-opus-5"),
    ("google", "gemini-2.5-pro-preview-05-06", "gemini-2.5-pro"),
    ("google", "gemini-2.5-flash-lite-preview-09-2025", "gemini-2.5-flash-lite"),
    ("google", "claude-opus-5@default", "claude-opus-5"),
    ("mistral", "magistral-medium-2509", "magistral-medium"),
    # a version or a stage
    ("google", "gemini-1.5-flash-002", "gemini-1.5-flash"),
    ("google", "models/gemini-1.5-pro-latest", "gemini-1.5-pro"),
    ("google", "gemini-2.0-flash-thinking-exp-01-21", "gemini-2.0-flash"),
    # a fine-tuned model is priced by its base; its owner named the rest
    ("openai", "ft:gpt-4o-mini-2024-07-18:acme:lite-audio:9xYz", "ft:gpt-4o-mini"),
    ("openai", "ft:gpt-4-0613:acme::9xYz", "gpt-4"),
    ("openai", "ft:gpt-3.5-turbo-0125:acme::9xYz", "ft:gpt-3.5-turbo-"),
]  # fmt: skip
OTHERS = [
    ("google", "gemini-1.5-flash-8b-exp-0924", "gemini-1.5-flash"),
    ("google", "gemini-3.8-flash-cyber", "gemini-3.8-flash"),  # twice its price
    ("google", "gemini-3.8-flash-lite", "gemini-3.8-flash"),
    ("google", "gemini-3.7-flash-image", "gemini-3.7-flash"),
    ("google", "gemini-2.5-pro-live", "gemini-2.5-pro"),
    ("google", "gemini-2.0-flash-exp-image-generation", "gemini-2.0-flash"),
    ("google", "gemini-3.5-flash-lite-tts", "gemini-3.5-flash-lite"),
    ("google", "gemma-3-270m", "gemma-3"),
    ("openai", "gpt-5-nano-audio", "gpt-5-nano"),
    ("openai", "gpt-4o-realtime-mini-2026-01-01", "gpt-4o-realtime-preview"),
    ("anthropic", "claude-haiku-4-5-mini", "claude-haiku-4-5"),
    ("anthropic", "claude-opus-4-10", "claude-opus-4-1"),
    ("anthropic", "claude-5-sonnet-5", "claude-sonnet-5"),
    ("mistral", "magistral-small-lite-2612", "magistral-small"),
    ("mistral", "magistral-medium-latest", "magistral-medium"),  # it moves; the plugin knows where
    ("mistral", "mixtral-8x7b-audio", "mixtral-8x7b"),
]


@pytest.mark.parametrize(("provider", "name", "entry"), OWN)
def test_a_name_of_the_entry_with_a_date_or_a_version_is_its_own(provider, name, entry):
    found = library_model(provider, name)
    assert found is not None
    assert found.id == entry


@pytest.mark.parametrize(("provider", "name", "entry"), OTHERS)
def test_what_begins_like_an_entry_and_is_another_model_has_no_price_of_it(provider, name, entry):
    """The library itself matches each of them, which is the fault that this guards against."""
    assert _snapshot().find_provider_model(name, None, provider, None)[1].id == entry
    assert library_model(provider, name) is None


SUFFIXES = ("8b", "lite", "mini", "nano", "audio", "image", "tts", "search", "pro", "live",
            "cyber", "5", "fast", "thinking-lite", "cyber-2026-01-01", "mini-latest")  # fmt: skip


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_model_of_the_list_lends_its_price_to_one_with_another_word_behind(provider):
    lent = []
    for name in library_names(provider):
        if ".ft-" in name:
            continue  # what is behind it is a name of its owner
        for suffix in SUFFIXES:
            other = f"{name}-{suffix}"
            found = library_model(provider, other)
            own = set() if found is None else {text for _, text in _texts(found.match)}
            if found is not None and other not in own | {found.id}:
                lent.append((other, found.id))
    assert lent == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_name_that_the_list_spells_out_keeps_its_price(provider):
    lost = []
    for known in _snapshot().providers:
        for entry in known.models if known.id == provider else ():
            for name in spelled_out(entry):
                first = _snapshot().find_provider_model(name, None, provider, None)[1]
                found = library_model(provider, name)
                if found is None or found.id != first.id:
                    lost.append(name)
    assert lost == []


# Of 228 real names: those that the library takes for another model, and whose price we then have.
LIKE_ANOTHER = {
    "google/gemini-3.1-pro-preview-customtools": "the plugin: one price for both",
    "google/gemma-3-27b-it": "the plugin: free in every size",
    "mistral/magistral-medium-latest": "the plugin: it moved",
    "mistral/magistral-small-latest": "the plugin: it moved",
}


def test_of_real_names_only_these_are_like_another_and_all_of_them_have_a_price(shared):
    listed = json.loads((shared / "model-facts.json").read_text())["models"]
    refused, unpriced, count = [], [], 0
    body = {"usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    with Client() as client:
        for provider, models in listed.items():
            for name in models:
                count += 1
                try:
                    _snapshot().find_provider_model(name, None, provider, None)
                except LookupError:
                    continue  # the library has nothing like it
                if library_model(provider, name) is None:
                    refused.append(f"{provider}/{name}")
                if client.receipt(f"{provider}/{name}", BODIES[provider](**body), AT).total is None:
                    unpriced.append(name)
    assert count >= 228
    assert refused == list(LIKE_ANOTHER)
    assert unpriced == []


def _openai(usage):
    choice = {"message": {"content": "ok"}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": usage}


def _anthropic(usage):
    counts = {"input_tokens": usage["prompt_tokens"], "output_tokens": usage["completion_tokens"]}
    return {"type": "message", "content": [], "stop_reason": "end_turn", "usage": counts}


def _google(usage):
    candidate = {"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}
    counts = {"promptTokenCount": usage["prompt_tokens"],
              "candidatesTokenCount": usage["completion_tokens"]}  # fmt: skip
    return {"candidates": [candidate], "usageMetadata": counts}


BODIES = {"openai": _openai, "anthropic": _anthropic, "google": _google, "mistral": _openai}


def cost(model, read, written, at=AT):
    body = BODIES[model.partition("/")[0]]({"prompt_tokens": read, "completion_tokens": written})
    with Client() as client:
        return client.receipt(model, body, at)


# Model, tokens read and written, the day, the cost that is right; the comment says what it was.
PRICED = [
    ("google/gemini-1.5-flash-8b", 100_000, 1000, AT, "0.0039"),  # 0.0078: that of 1.5-flash
    ("google/gemini-1.5-flash-8b-001", 200_000, 1000, AT, "0.0153"),  # above 128k twice as much
    ("google/gemini-1.5-flash", 100_000, 1000, AT, "0.0078"),
    ("google/gemini-3.1-pro-preview-customtools", 1000, 1000, AT, "0.014"),
    ("google/gemma-3-27b-it", 1000, 1000, AT, "0"),
    ("mistral/magistral-medium-latest", 1000, 1000, AT, "0.009"),  # 0.007: Medium 3.5 since
    ("mistral/magistral-medium-latest", 1000, 1000, datetime(2026, 7, 1), "0.007"),
    ("mistral/magistral-small-latest", 1000, 1000, AT, "0.00075"),  # 0.002: Small 4 since
    ("mistral/magistral-small-latest", 1000, 1000, datetime(2026, 7, 1), "0.002"),
    ("mistral/zai-glm-5-2", 1000, 1000, AT, "0.0058"),  # no price: the card has one
    ("mistral/mistral-medium", 1000, 1000, AT, "0.009"),  # 0.0024: that of the retired 3.1
    ("mistral/mistral-medium", 1000, 1000, datetime(2026, 5, 1), "0.0024"),
]


@pytest.mark.parametrize(("model", "read", "written", "at", "total"), PRICED)
def test_names_that_were_priced_as_another_model(model, read, written, at, total):
    assert cost(model, read, written, at).total == Decimal(total)


def test_a_refused_match_is_named_in_the_reason():
    receipt = cost("google/gemini-3.8-flash-cyber", 1000, 1000)
    assert (receipt.status, receipt.total) == ("unknown", None)
    assert receipt.reason == (
        "no price is known for gemini-3.8-flash-cyber; the nearest entry, gemini-3.8-flash, is "
        "another model"
    )
    unlike = cost("google/released-tomorrow", 1000, 1000)
    assert unlike.reason == "no price is known for released-tomorrow"


def test_the_reason_is_told_before_a_call_and_in_its_answer():
    model = "google/gemini-3.8-flash-cyber"
    vendor = next(vendor for vendor in VENDORS if vendor.provider == "google")
    body = _google({"prompt_tokens": 1, "completion_tokens": 1})
    with (
        FaultServer(vendor, lambda x: x.answer(body)) as server,
        Client(providers=server.providers) as client,
    ):
        before = client.explain(HELLO, model, max_tokens=5).price
        answered = client.chat(HELLO, model).receipt
    other = "gemini-3.8-flash, is another model"
    assert other in before.reason
    assert other in answered.reason


def test_the_reason_is_told_of_a_stream_that_was_cut():
    vendor = next(vendor for vendor in VENDORS if vendor.provider == "google")
    event = {"candidates": [{"content": {"role": "model", "parts": [{"text": "word"}]}}]}
    with (
        FaultServer(vendor, lambda x: x.events([event])) as server,
        Client(providers=server.providers) as client,
        pytest.raises(StreamInterruptedError) as caught,
    ):
        list(client.chat(HELLO, "google/gemini-3.8-flash-cyber", stream=True))
    assert "gemini-3.8-flash, is another model" in caught.value.partial.receipt.reason


def _heard(prompt, completion, sound, spoken):
    return _openai({
        "prompt_tokens": prompt, "completion_tokens": completion,
        "prompt_tokens_details": {"audio_tokens": sound},
        "completion_tokens_details": {"audio_tokens": spoken},
    })  # fmt: skip


@pytest.mark.parametrize(
    ("model", "total"),
    [  # 200 text at input, 800 sound in, 100 text out, 400 sound out
        ("gpt-4o-audio-preview", "0.0655"),  # partial before: no rate for sound
        ("gpt-4o-audio-preview-2024-12-17", "0.0655"),
        ("gpt-4o-audio-preview-2025-06-03", "0.0655"),
        ("gpt-4o-mini-audio-preview", "0.01609"),
        ("gpt-4o-mini-audio-preview-2024-12-17", "0.01609"),
        ("gpt-4o-audio-preview-2024-10-01", None),  # another price, which no page says any more
    ],
)
def test_sound_of_the_audio_previews_has_its_published_price(model, total):
    with Client() as client:
        receipt = client.receipt(f"openai/{model}", _heard(1000, 500, 800, 400), AT)
    assert receipt.total == (None if total is None else Decimal(total))
    if total is not None:
        assert all("developers.openai.com/api/docs/models" in line.source for line in receipt.lines)

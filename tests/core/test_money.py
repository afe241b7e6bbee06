"""Usage that is right, a receipt that adds up, and limits that hold."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal

import cost_cases
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers.faults import FaultServer
from servers.vendors import VENDORS

from indox_core import (
    AsyncClient,
    BudgetExceededError,
    Client,
    ConfigurationError,
    MalformedResponseError,
    Rates,
    StreamInterruptedError,
    TokenUsage,
    ValidationError,
    hookimpl,
)
from indox_core._engine.pricing import Question, listed_quote, own_quote
from indox_core._money.library import library_model, library_names, library_quote
from indox_core._money.overrides import read_overrides
from indox_core._money.quote import Quote, surcharged
from indox_core._money.receipts import settle
from indox_core._plugins.registry import Registry
from indox_core.plugin import Surcharge

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
HELLO = [{"role": "user", "content": "Hello"}]
REGISTRY = Registry()
PROVIDERS = ("openai", "anthropic", "google", "mistral")
BODY = {
    "object": "chat.completion",
    "model": "gpt-4o-mini",
    "choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 24, "completion_tokens": 7},
}


def test_every_cost_case_is_exact(shared):
    cases = cost_cases.load(shared)
    wrong = {case["id"]: found for case in cases if (found := cost_cases.differences(case))}
    assert len(cases) >= 40
    assert wrong == {}


# Properties: any usage, any model that is priced.

COUNTS = st.integers(min_value=0, max_value=10**7)
MAYBE = st.none() | COUNTS
MODELS = st.sampled_from([(p, m) for p in PROVIDERS for m in library_names(p)])
TIERS = st.sampled_from([None, "default", "standard", "flex", "priority", "batch", "new"])
USAGES = st.builds(
    TokenUsage,
    input=COUNTS,
    output=COUNTS,
    cache_read=MAYBE,
    cache_write=MAYBE,
    cache_write_1h=MAYBE,
    reasoning=MAYBE,
    web_searches=st.none() | st.integers(0, 50),
    input_audio=MAYBE,
    cache_read_audio=MAYBE,
    output_audio=MAYBE,
    output_image=MAYBE,
    service_tier=TIERS,
    region=st.sampled_from([None, "us", "global"]),
)


def priced(provider, model, usage, at=AT):
    question = Question(REGISTRY.provider(provider), model, None, usage, at)
    quote = own_quote(question, read_overrides(None), None)
    return settle(usage, quote if quote is not None else listed_quote(question), model)


@settings(deadline=None)
@given(MODELS, USAGES)
def test_the_parts_are_a_partition_of_the_total(name, usage):
    receipt = priced(*name, usage)
    known = [amount for amount in receipt.breakdown.values() if amount is not None]
    assert all(amount >= 0 for amount in known)
    if receipt.total is not None:
        assert sum(receipt.breakdown.values()) == receipt.total
        assert sum(line.amount for line in receipt.lines) == receipt.total
    else:
        assert receipt.reason
    tokens = [line for line in receipt.lines if line.unit == "token"]
    if receipt.lines:
        assert sum(line.quantity for line in tokens) == usage.input + usage.output
    json.dumps(receipt.as_json())


@settings(deadline=None)
@given(MODELS, USAGES)
def test_a_part_larger_than_its_whole_is_noted_and_raises_nothing(name, usage):
    receipt = priced(*name, usage)
    too_large = (usage.cache_read or 0) > usage.input or (usage.reasoning or 0) > usage.output
    if too_large and receipt.status != "unknown":
        assert receipt.notes


@settings(deadline=None)
@given(MODELS, USAGES, st.sampled_from(["input", "output"]))
def test_one_more_token_never_costs_less(name, usage, which):
    more = TokenUsage(**{f: getattr(usage, f) for f in usage.__dataclass_fields__ if f != which},
                      **{which: getattr(usage, which) + 1})  # fmt: skip
    before, after = priced(*name, usage).total, priced(*name, more).total
    if before is not None and after is not None:
        assert after >= before


@settings(deadline=None)
@given(MODELS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_the_library_itself_agrees_on_plain_calls(name, read, written):
    """The library's own arithmetic is the oracle where it is right: text alone."""
    from genai_prices import Usage

    provider, model = name
    info = library_model(provider, model)
    usage = TokenUsage(input=read, output=written)
    ours = settle(usage, library_quote(provider, model, AT, usage), model)
    if ours.total is None or info is None:
        return
    from indox_core._money.library import _snapshot

    own = next(p for p in _snapshot().providers if p.id == provider)
    theirs = info.calc_price(
        Usage(input_tokens=read, output_tokens=written), own, genai_request_timestamp=AT
    )
    assert ours.total == theirs.total_price


# Order of truth


def test_what_the_response_says_decides():
    body = {**BODY, "model": "gpt-5-mini", "service_tier": "flex"}
    with Client() as client:
        flex = client.receipt("openai/gpt-5", body, AT)
        hinted = client.receipt("openai/gpt-5", {**body, "service_tier": "default"}, AT, "batch")
        told = client.receipt("openai/gpt-5", body, AT, "batch")
    assert flex.lines[0].tier == told.lines[0].tier == "flex"
    assert hinted.lines[0].tier == "batch"
    assert flex.lines[0].unit_price == Decimal("0.125")


def test_the_user_wins_over_a_hook_over_the_plugin_over_the_library():
    class Observer:
        @hookimpl
        def indox_rates(self, provider, model, at):
            return Rates(input=Decimal(7), output=Decimal(7), source="hook")

    mine = {"openai/gpt-4o-mini": {"input": "1", "output": "1"}}
    with Client(plugins=[Observer()], prices=mine) as client:
        assert client.receipt("openai/gpt-4o-mini", BODY, AT).total == Decimal("0.000031")
    with Client(plugins=[Observer()]) as client:
        assert client.receipt("openai/gpt-4o-mini", BODY, AT).total == Decimal("0.000217")
    with Client() as client:
        assert client.receipt("openai/gpt-4o-mini", BODY, AT).total == Decimal("0.0000078")


def test_the_served_model_is_looked_up_before_the_one_asked_for():
    prices = {"openai/mine": {"input": "1", "output": "1"},
              "openai/gpt-*": {"input": "2", "output": "2"}}  # fmt: skip
    with Client(prices=prices) as client:
        served = client.receipt("openai/mine", BODY, AT).total
        asked = client.receipt("openai/mine", {**BODY, "model": None}, AT).total
    assert (served, asked) == (Decimal("0.000062"), Decimal("0.000031"))


def test_the_supplements_are_gone_when_the_library_has_caught_up():
    """Delete what this finds: the library has the price itself now."""
    from indox_mistral._rates import SUPPLEMENTS

    for model, periods in SUPPLEMENTS.items():
        rates = periods[-1][1]
        listed = library_quote("mistral", model, AT, TokenUsage(input=1, output=1))
        same = listed is not None and (
            (listed.rates.input, listed.rates.output, listed.rates.cache_read)
            == (rates.input, rates.output, rates.cache_read)
        )
        assert not same, f"{model}: the library has caught up"


def gemini(usage, **more):
    candidate = {"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}
    return {"candidates": [candidate], "usageMetadata": usage, **more}


def mistral(**usage):
    choice = {"message": {"content": "ok"}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": usage}


SOUND = {
    "promptTokenCount": 10000,
    "candidatesTokenCount": 100,
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4000}],
}
CACHED = {"promptTokenCount": 10000, "candidatesTokenCount": 1000, "cachedContentTokenCount": 4000}
RULES = [
    ("google/gemini-3.5-flash", gemini(SOUND), None, "priced", "0.0159"),
    ("google/gemini-2.5-pro", gemini(SOUND), None, "priced", "0.0135"),
    ("google/gemini-2.5-flash", gemini({**CACHED, "serviceTier": "flex"}), None, "priced",
     "0.00227"),
    ("google/gemini-2.5-flash", gemini({**CACHED, "trafficType": "ON_DEMAND_FLEX"}), None,
     "priced", "0.00227"),
    ("google/gemini-2.5-flash", gemini({**CACHED, "serviceTier": "unspecified"}), None, "priced",
     "0.00442"),
    ("google/gemini-2.5-flash", gemini({**CACHED, "serviceTier": "priority"}), None, "estimated",
     "0.00442"),
    ("google/gemini-3.8-flash", gemini({"promptTokenCount": 1000, "candidatesTokenCount": 1000,
     "serviceTier": "priority"}), None, "priced", "0.0081"),
    ("mistral/magistral-medium-latest", mistral(prompt_tokens=1000, completion_tokens=100,
     prompt_tokens_details={"cached_tokens": 640}), None, "priced", "0.001386"),
    ("mistral/devstral-medium-2507", mistral(prompt_tokens=1000, completion_tokens=100), None,
     "priced", "0.0006"),
    ("mistral/labs-leanstral-1-5", mistral(prompt_tokens=1000, completion_tokens=100), None,
     "priced", "0"),
    ("mistral/voxtral-small-latest", mistral(prompt_tokens=12, completion_tokens=43,
     prompt_audio_seconds=30, service_tier="priority"), None, "priced", "0.0035322"),
    ("mistral/mistral-small-latest", mistral(prompt_tokens=12, completion_tokens=43,
     prompt_audio_seconds=30), None, "partial", None),
    ("openai/gpt-5-mini", {**BODY, "model": "gpt-5-mini", "service_tier": "auto"}, "Batch",
     "priced", "0.00001"),
    ("openai/gpt-4o-mini", {**BODY, "model": 5}, None, "priced", "0.0000078"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "body", "tier", "status", "total"), RULES)
def test_the_vendors_rules(model, body, tier, status, total):
    with Client() as client:
        receipt = client.receipt(model, body, AT, tier)
    assert (receipt.status, receipt.total) == (status, None if total is None else Decimal(total))


@pytest.mark.parametrize(
    ("model", "body"),
    [
        ("openai/gpt-4o-mini", {**BODY, "usage": {"prompt_tokens": 1, "completion_tokens": 1,
                                                  "prompt_tokens_details": "x"}}),
        ("mistral/mistral-small-latest", mistral(prompt_tokens=1, prompt_tokens_details="x")),
        ("google/gemini-2.5-flash", gemini("x")),
        ("google/gemini-2.5-flash", gemini({"promptTokenCount": 1, "promptTokensDetails": "x"})),
        ("anthropic/claude-haiku-4-5", {"type": "message", "content": [], "stop_reason": "end_turn",
                                        "usage": {"input_tokens": 1, "cache_creation": "x"}}),
    ],
)  # fmt: skip
def test_odd_details_cost_no_answer(model, body):
    with Client() as client:
        assert client.receipt(model, body, AT).status


def test_the_callers_decimal_context_changes_nothing():
    from decimal import localcontext

    with Client() as client, localcontext(prec=3):
        receipt = client.receipt("openai/gpt-4o-mini", BODY, AT)
        assert str(receipt.total) == "0.0000078"


def test_special_prices_are_bounded_beforehand():
    def high(model, **options):
        with Client() as client:
            return client.explain(HELLO, model, max_tokens=1000, **options).price.high

    opus = "anthropic/claude-opus-4-6"
    plain = high(opus)
    assert high(opus, provider_options={"anthropic": {"speed": "fast"}}) == plain * 6
    us = {"anthropic": {"inference_geo": "us"}}
    assert high(opus, provider_options=us) == plain * Decimal("1.1")
    assert high("google/gemini-2.5-flash-image") > Decimal("0.03")
    priority = {"google": {"service_tier": "priority"}}
    assert high("google/gemini-2.5-flash", provider_options=priority) is None


def test_a_stream_that_is_left_is_counted():
    with (
        FaultServer(VENDORS[0], lambda x: x.good()) as server,
        Client(providers=server.providers) as client,
    ):
        with client.chat(HELLO, VENDORS[0].model, stream=True) as stream:
            next(stream)
        assert client.usage.total.calls == 1


def test_a_surcharge_multiplies_tokens_and_nothing_else():
    rates = Rates(input=Decimal(10), output=Decimal(20), web_search=Decimal("0.01"))
    usage = TokenUsage(input=1, output=1, service_tier="fastest")
    found = surcharged(
        Quote(rates, standard_for="fastest"),
        [Surcharge(factor=Decimal("1.1"), covers="service_tier", source="s")],
        usage,
    )
    assert (found.rates.input, found.rates.web_search) == (Decimal(11), Decimal("0.01"))
    assert (found.tier, found.standard_for) == ("fastest", None)


# Bad input


@pytest.mark.parametrize("value", [-5, None, "7", 1.5, 10**30, True, [], {}])
def test_odd_counts_cost_no_answer(value):
    with Client() as client:
        body = {**BODY, "usage": {"prompt_tokens": value, "completion_tokens": 7}}
        receipt = client.receipt("openai/gpt-4o-mini", body, AT)
    assert receipt.total is None or receipt.total >= 0


@pytest.mark.parametrize("body", [None, [], "text", {}, {"error": {"message": "no"}}])
def test_a_body_that_is_no_answer_is_an_error(body):
    from indox_core import CallError

    with Client() as client, pytest.raises(CallError):
        client.receipt("openai/gpt-4o-mini", body, AT)
    with Client() as client, pytest.raises(MalformedResponseError):
        client.receipt("openai/gpt-4o-mini", {"choices": [5]}, AT)


OVERRIDES = [
    ({"openai/x": {"inptu": "1"}}, 'no rate "inptu". Did you mean "input"?'),
    ({"openai/x": {"input": 2.5}}, "2.5 is a float"),
    ({"openai/x": {"input": "-1"}}, "between 0"),
    ({"openai/x": {"input": "NaN"}}, "decimal number"),
    ({"openai/x": {"input": True}}, "decimal number"),
    ({"openai/x": "free"}, "a table of rates"),
    ({"gpt": {"input": "1"}}, "provider/model"),
    ({"openai/*x": {"input": "1"}}, "provider/model"),
    (5, "dict or the path"),
]


@pytest.mark.parametrize(("prices", "text"), OVERRIDES)
def test_wrong_prices_are_refused(prices, text):
    with pytest.raises(ValidationError) as caught:
        Client(prices=prices)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "line", "text"),
    [
        ("p.toml", '["openai/a"]\ninput = "1"\n\n["openai/b"]\noutptu = "2"\n', 5, "outptu"),
        ("p.toml", '["openai/a"]\ninput = 2.50\n', 2, "2.50 is a float"),
        ("p.json", '{"openai/a": {\n"input": "1",\n"output": -2}}', 3, "output"),
        ("p.toml", '["openai/a"\n', None, "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_with_line_and_key(tmp_path, name, content, line, text):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ValidationError) as caught:
        Client(prices=path)
    assert text in str(caught.value)
    if line is not None:
        assert f"{name}, line {line}:" in str(caught.value)


def test_a_file_of_prices(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text('["openai/gpt-4o-*"]\ninput = "2.00"\noutput = "8.00"\n')
    with Client(prices=path) as client:
        receipt = client.receipt("openai/gpt-4o-mini", BODY, AT)
    assert receipt.total == Decimal("0.000104")
    assert receipt.lines[0].source == str(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Client(prices=tmp_path / "missing.toml")


# Live calls


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.provider)
def vendor(request):
    return request.param


def test_a_model_released_tomorrow_answers_and_says_why_it_has_no_price(vendor):
    def play(x):
        body = x.vendor.answer("Hi")
        body["model" if "model" in body else "modelVersion"] = "released-tomorrow"
        x.answer(body)

    with FaultServer(vendor, play) as server, Client(providers=server.providers) as client:
        response = client.chat(HELLO, vendor.model)
    assert (response.data, response.usage.cost) == ("Hi", None)
    assert response.usage.cost_status == "unknown"
    assert "released-tomorrow" in response.receipt.reason
    assert all(part is None for part in response.usage.cost_breakdown.values())


def test_explain_shows_the_wire_and_needs_no_key(vendor):
    options = {"max_tokens": 50, "temperature": 0.5, "stop": ["END"]}
    with Client() as client:
        shown = client.explain(HELLO, vendor.model, **options)
    with FaultServer(vendor, lambda x: x.good()) as server:
        with Client(providers=server.providers) as client:
            again = client.explain(HELLO, vendor.model, **options)
            response = client.chat(HELLO, vendor.model, **options)

        async def asynchronous():
            async with AsyncClient(providers=server.providers) as client:
                return await client.explain(HELLO, vendor.model, **options)

        assert asyncio.run(asynchronous()) == again
        (sent,) = server.received
    assert again.body == sent.json
    assert again.adaptations == response.adaptations
    assert "sk-loopback-canary" not in str(again)
    assert again.price.low <= response.receipt.total <= again.price.high
    assert shown.price.high is not None


def test_a_call_that_may_cost_too_much_is_not_sent(vendor):
    with FaultServer(vendor, lambda x: x.good()) as server:
        with Client(providers=server.providers) as client:
            with pytest.raises(BudgetExceededError, match="Nothing was sent"):
                client.chat(HELLO, vendor.model, max_tokens=100_000, max_cost="0.000001")
            unknown = {**server.providers}
            assert server.received == []
            assert client.chat(HELLO, vendor.model, max_tokens=50, max_cost=1).data
        assert len(server.received) == 1
        with Client(providers=unknown) as client, pytest.raises(BudgetExceededError):
            client.chat(HELLO, f"{vendor.provider}/released-tomorrow", max_tokens=5, max_cost=1)
        for value in (0, -1, "x", True, float("nan")):
            with Client(providers=unknown) as client, pytest.raises(ValidationError):
                client.chat(HELLO, vendor.model, max_cost=value)


def test_a_stream_that_grows_too_dear_is_stopped(vendor):
    pieces = ["word " * 2000] * 50

    def play(x):
        x.events(x.vendor.events(pieces))

    prices = {vendor.model: {"input": "1", "output": "10"}}
    with (
        FaultServer(vendor, play) as server,
        Client(providers=server.providers, prices=prices) as client,
    ):
        stream = client.chat(HELLO, vendor.model, stream=True, max_cost="0.2")
        with pytest.raises(BudgetExceededError, match="so far") as caught:
            list(stream)
        assert client.usage.total.estimated == 1
    partial = caught.value.partial
    assert pieces[0] in partial.data
    assert Decimal("0.2") < partial.receipt.total < Decimal("0.5")


def test_a_cut_stream_settles_with_bounds(vendor):
    def play(x):
        events = x.vendor.events(["word " * 40, "never"])
        found = next(i for i, event in enumerate(events) if "word" in json.dumps(event))
        x.events(events[: found + 1])

    with FaultServer(vendor, play) as server, Client(providers=server.providers) as client:
        with pytest.raises(StreamInterruptedError) as caught:
            list(client.chat(HELLO, vendor.model, stream=True, max_tokens=500))
        totals = client.usage
    receipt = caught.value.partial.receipt
    assert receipt.status == caught.value.partial.usage.cost_status == "estimated"
    assert receipt.low <= receipt.total <= receipt.high
    assert receipt.low > 0
    assert "cut" in receipt.reason
    assert totals.total.cost == receipt.total


def test_totals_add_up_over_threads(vendor):
    with (
        FaultServer(vendor, lambda x: x.good()) as server,
        Client(providers=server.providers) as client,
    ):
        threads = [
            threading.Thread(target=client.chat, args=(HELLO, vendor.model)) for _ in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one = client.chat(HELLO, vendor.model).receipt.total
        totals = client.usage
    assert (totals.total.calls, totals.total.tokens_prompt) == (21, 21 * 24)
    assert totals.by_model[vendor.model].cost == totals.total.cost == 21 * one
    assert totals.total.unknown == 0


def test_the_first_price_does_not_block_the_loop():
    code = """
import asyncio, sys, time
sys.path.insert(0, "tests")
from indox_core import AsyncClient
from servers.faults import FaultServer
from servers.vendors import VENDORS

async def run():
    longest, stop = 0.0, False
    async def tick():
        nonlocal longest
        while not stop:
            began = time.thread_time()
            await asyncio.sleep(0.005)
            longest = max(longest, time.thread_time() - began)
    with FaultServer(VENDORS[3], lambda x: x.good()) as server:
        async with AsyncClient(providers=server.providers) as client:
            ticking = asyncio.create_task(tick())
            response = await client.chat([{"role": "user", "content": "Hi"}], VENDORS[3].model)
            stop = True
            await ticking
            assert response.usage.cost > 0
            assert "genai_prices" in sys.modules
            print(longest)
asyncio.run(run())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100, check=True
    )
    # What the loop's own thread has done; the import and the first look-up would be half a second.
    assert float(done.stdout) < 0.25

"""What is exported of a call, by the real OpenTelemetry SDK."""

from __future__ import annotations

import asyncio
import builtins
import gc
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.schemas import Schemas
from opentelemetry.trace import SpanKind, StatusCode

from indox_core import (
    AsyncClient,
    AuthenticationError,
    BudgetExceededError,
    Client,
    ConfigurationError,
    OverloadedError,
    StreamInterruptedError,
    ToolCallPart,
)
from indox_core.plugin import Failure, TokenUsage
from indox_core.testing import FakeAnswer, FakeProvider
from indox_otel import Telemetry
from indox_otel._names import DURATION_BUCKETS, NEWEST, TOKEN_BUCKETS, VERSIONS

HELLO = [{"role": "user", "content": "canary-prompt"}]
MODEL = "openai/gpt-4o-mini"
KEY = "sk-canary-key"
PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="
newest_known = pytest.mark.skipif(
    f"V{NEWEST.replace('.', '_')}_0" not in Schemas.__members__,
    reason=f"left out: the installed conventions are older than {NEWEST}",
)


class Kit:
    """Telemetry with what it exports."""

    def __init__(self, sampler=None, **options):
        self.exporter = InMemorySpanExporter()
        self.traces = TracerProvider(sampler=sampler)
        self.traces.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.reader = InMemoryMetricReader()
        self.meters = MeterProvider([self.reader])
        self.telemetry = Telemetry(
            tracer_provider=self.traces, meter_provider=self.meters, **options
        )

    def plugins(self, answers, name="openai"):
        return [self.telemetry, FakeProvider(answers, name=name)]

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    @property
    def span(self):
        """The only one."""
        (span,) = self.spans
        return span

    @property
    def attributes(self):
        return dict(self.span.attributes)

    @property
    def metrics(self):
        data = self.reader.get_metrics_data()
        if data is None:
            return {}
        return {
            m.name: m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics
        }

    def points(self, name):
        return list(self.metrics[name].data.data_points)

    @property
    def cost(self):
        points = self.points("indox.client.cost") if "indox.client.cost" in self.metrics else []
        return sum(point.value for point in points)

    def everything(self):
        """All that left the process, as text."""
        spans = "".join(span.to_json() for span in self.spans)
        return spans + json.dumps([json.loads(m.to_json()) for m in self.metrics.values()])

    def close(self):
        self.traces.shutdown()
        self.meters.shutdown()


@pytest.fixture
def made():
    kits = []

    def make(**options):
        kits.append(Kit(**options))
        return kits[-1]

    yield make
    for kit in kits:
        assert kit.telemetry._open == {}  # nothing is left behind, whatever happened
        kit.close()


@pytest.fixture
def kit(made):
    return made()


def chat(kit, answers="canary-answer", messages=HELLO, model=MODEL, **options):
    """One call in a client of its own; a stream is read to its end."""
    with Client(plugins=kit.plugins(answers)) as client:
        answer = client.chat(messages, model, byok_api_key=KEY, **options)
        if not options.get("stream"):
            return answer
        for _ in answer:
            pass
        return answer.response


async def achat(kit, answers="canary-answer", stream=False, **options):
    async with AsyncClient(plugins=kit.plugins(answers)) as client:
        answer = await client.chat(HELLO, MODEL, stream=stream, **options)
        if not stream:
            return answer
        async for _ in answer:
            pass
        return answer.response


WAYS = {
    "sync": lambda kit, *answers: chat(kit, *answers),
    "sync-stream": lambda kit, *answers: chat(kit, *answers, stream=True),
    "async": lambda kit, *answers: asyncio.run(achat(kit, *answers)),
    "async-stream": lambda kit, *answers: asyncio.run(achat(kit, *answers, stream=True)),
}


@pytest.mark.parametrize("way", WAYS)
def test_an_answered_call_is_one_client_span(kit, way):
    response = WAYS[way](kit)
    span = kit.span
    assert (span.name, span.kind) == ("chat gpt-4o-mini", SpanKind.CLIENT)
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope.name == "indox_otel"
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.cache_creation.input_tokens": 0,
        "gen_ai.usage.reasoning.output_tokens": 0,
        "indox.request_id": response.request_id,
        "indox.cost_usd": response.usage.cost,
        "indox.cost_status": "priced",
        "indox.attempts": 1,
    }
    if "stream" in way:
        expected["gen_ai.request.stream"] = True
    assert kit.attributes == expected
    assert response.usage.cost > 0


def test_the_request_is_described(kit):
    chat(
        kit,
        max_tokens=100,
        temperature=0,
        top_p=0.5,
        seed=7,
        stop=["END"],
        response_schema={"type": "object"},
        provider_options={"openai": {"n": 3}},
    )
    found = kit.attributes
    assert {name: found[name] for name in found if name.startswith("gen_ai.request.")} == {
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.request.choice.count": 3,
    }
    assert isinstance(found["gen_ai.request.temperature"], float)
    assert found["gen_ai.output.type"] == "json"


@pytest.mark.parametrize(
    ("name", "written"),
    [("google", "gcp.gemini"), ("mistral", "mistral_ai"), ("anthropic", "anthropic"),
     ("xai", "x_ai"), ("fake", "fake")],
)  # fmt: skip
def test_providers_are_named_as_the_conventions_name_them(kit, name, written):
    with Client(plugins=kit.plugins("Hi", name)) as client:
        client.chat(HELLO, f"{name}/m")
    assert kit.attributes["gen_ai.provider.name"] == written
    if name != "fake":
        assert written in {v.value for v in gen_ai_attributes.GenAiProviderNameValues}


@pytest.mark.parametrize(
    "semconv",
    [pytest.param(v, marks=newest_known) if v == NEWEST else v for v in VERSIONS],
)
def test_every_name_and_type_is_in_the_schema_of_the_conventions(made, semconv):
    kit = made(semconv=semconv, content=semconv != "1.36")
    usage = TokenUsage(input=10, output=5, cache_read=2, cache_write=3, reasoning=1)
    chat(
        kit,
        FakeAnswer(text="Hi", usage=usage),
        [{"role": "system", "content": "Be brief"}, *HELLO],
        stream=True,
        max_tokens=9,
        stop="x",
        seed=1,
        temperature=1.0,
        top_p=1.0,
        provider_options={"openai": {"n": 2}},
    )
    known = {v for k, v in vars(gen_ai_attributes).items() if k.startswith("GEN_AI_")}
    points = [p for m in kit.metrics.values() for p in m.data.data_points]
    used = {name for where in [kit.span, *points] for name in where.attributes}
    genai = {name for name in used if name.startswith("gen_ai.")}
    assert len(genai) >= 14
    assert genai <= known
    assert all(n.startswith(("gen_ai.", "indox.", "server.", "error.", "http.")) for n in used)
    texts = {"operation.name", "provider.name", "system", "model", "id", "messages",
             "system_instructions"}  # fmt: skip
    for name, value in kit.attributes.items():
        if name.endswith(("_tokens", "seed", "count", "attempts", "port")):
            assert type(value) is int, name
        elif name.endswith(("temperature", "top_p", "cost_usd")):
            assert type(value) is float, name
        elif name.endswith(("finish_reasons", "stop_sequences", "adaptations")):
            assert type(value) is tuple, name
        elif name.endswith(tuple(texts)):
            assert type(value) is str, name


@newest_known
def test_the_newest_version_has_every_name_that_the_package_has_for_it():
    names = VERSIONS[NEWEST]
    assert names.cache_creation_tokens == gen_ai_attributes.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS
    assert names.reasoning_tokens == gen_ai_attributes.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS
    assert names.provider == gen_ai_attributes.GEN_AI_PROVIDER_NAME
    assert names.input_messages == gen_ai_attributes.GEN_AI_INPUT_MESSAGES


def test_version_1_36_says_system_and_knows_no_cache(made):
    kit = made(semconv="1.36")
    chat(kit)
    assert kit.attributes["gen_ai.system"] == "openai"
    assert not {n for n in kit.attributes if "provider" in n or "cache" in n or "reasoning" in n}
    assert kit.span.instrumentation_scope.schema_url.endswith("/1.36.0")


def test_version_1_36_holds_content_as_events(made):
    kit = made(semconv="1.36", content=True)
    chat(kit, messages=[{"role": "system", "content": "Be brief"}, *HELLO])
    assert [event.name for event in kit.span.events] == [
        "gen_ai.system.message",
        "gen_ai.user.message",
        "gen_ai.choice",
    ]
    assert json.loads(kit.span.events[1].attributes["content"])[0]["content"] == "canary-prompt"
    assert kit.span.events[2].attributes["gen_ai.system"] == "openai"
    assert not {name for name in kit.attributes if "messages" in name}


def test_version_1_37_knows_no_cache(made):
    kit = made(semconv="1.37", content=True)
    chat(kit)
    assert kit.attributes["gen_ai.provider.name"] == "openai"
    assert "gen_ai.input.messages" in kit.attributes
    assert not {name for name in kit.attributes if "cache" in name or "reasoning" in name}


@pytest.mark.parametrize("semconv", ["1.35", "", None, ["1.36"]])
def test_an_unknown_version_is_refused_and_the_known_ones_are_named(semconv):
    with pytest.raises(ConfigurationError, match=r"1\.36, 1\.37, 1\.41"):
        Telemetry(semconv=semconv)


def test_the_parent_is_the_span_of_the_caller(kit):
    tracer = kit.traces.get_tracer("app")
    with tracer.start_as_current_span("app") as parent:
        chat(kit)
    assert kit.spans[0].parent.span_id == parent.get_span_context().span_id


def test_the_parent_is_the_span_of_the_task(kit):
    tracer = kit.traces.get_tracer("app")

    async def ask(client, name):
        with tracer.start_as_current_span(name):
            await client.chat([{"role": "user", "content": name}], f"openai/{name}")

    async def all_at_once():
        async with AsyncClient(plugins=kit.plugins(FakeAnswer(text="Hi", delay_s=0.01))) as client:
            await asyncio.gather(*(ask(client, f"m{number}") for number in range(50)))

    asyncio.run(all_at_once())
    parents = {span.context.span_id: span.name for span in kit.spans if span.parent is None}
    ours = [span for span in kit.spans if span.parent is not None]
    assert len(ours) == 50
    assert all(span.name == f"chat {parents[span.parent.span_id]}" for span in ours)
    assert len({span.attributes["indox.request_id"] for span in ours}) == 50


def test_eight_threads_do_not_mix(kit):
    def answer(request):
        return FakeAnswer(text="Hi", usage=TokenUsage(input=int(request.model[1:]), output=1))

    with Client(plugins=kit.plugins(answer)) as client, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: client.chat(HELLO, f"openai/m{number}"), range(80)))
    assert len(kit.spans) == 80
    for span in kit.spans:
        found = span.attributes
        assert found["gen_ai.request.model"] == f"m{found['gen_ai.usage.input_tokens']}"
        assert span.name == f"chat {found['gen_ai.request.model']}"


def test_a_retry_is_an_event_of_the_span(kit):
    chat(kit, [Failure("overloaded", f"no {KEY}", 503, retry_after_s=0.01), "Hi"])
    (event,) = kit.span.events
    assert event.name == "indox.retry"
    assert event.attributes["indox.retry.attempt"] == 1
    assert event.attributes["indox.retry.reason"] == "overloaded, HTTP 503"
    assert event.attributes["indox.retry.wait_s"] > 0
    assert kit.attributes["indox.attempts"] == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_failure_is_an_error_without_the_words_of_the_vendor(kit, way):
    with pytest.raises(AuthenticationError):
        WAYS[way](kit, [Failure("authentication", "canary-words", 401)])
    assert kit.span.status.status_code is StatusCode.ERROR
    assert kit.span.status.description == "AuthenticationError"
    assert kit.attributes["error.type"] == "AuthenticationError"
    assert kit.attributes["http.response.status_code"] == 401
    assert kit.attributes["indox.attempts"] == 1
    assert "indox.cost_usd" not in kit.attributes
    assert "canary" not in kit.everything()
    (point,) = kit.points("gen_ai.client.operation.duration")
    assert point.attributes["error.type"] == "AuthenticationError"


def test_a_call_that_falls_back_is_a_span_per_model(kit):
    def answer(request):
        if request.model == "gpt-4o":
            return Failure("overloaded", "no", 503, final=True)
        return "Hi"

    response = chat(kit, answer, model=[f"openai/{name}" for name in ("gpt-4o", "gpt-4o-mini")])
    first, second = kit.spans
    assert (first.name, second.name) == ("chat gpt-4o", "chat gpt-4o-mini")
    assert first.attributes["error.type"] == "OverloadedError"
    assert second.status.status_code is StatusCode.UNSET
    assert second.attributes["indox.cost_usd"] == response.usage.cost
    assert len(kit.points("gen_ai.client.operation.duration")) == 2


def test_a_call_that_falls_back_in_vain_leaves_nothing(kit):
    with pytest.raises(OverloadedError):
        chat(kit, lambda request: Failure("overloaded", "", 503, final=True), model=[MODEL] * 1)
    assert kit.attributes["error.type"] == "OverloadedError"


def left_by_close(kit, client):
    stream = client.chat(HELLO, MODEL, stream=True)
    next(stream)
    stream.close()


def left_by_forgetting(kit, client):
    stream = client.chat(HELLO, MODEL, stream=True)
    next(stream)
    del stream
    gc.collect()


@pytest.mark.parametrize("leave", [left_by_close, left_by_forgetting])
def test_a_stream_that_is_left_ends_its_span_with_what_it_cost(kit, leave):
    with Client(plugins=kit.plugins(FakeAnswer(text="canary and more", delay_s=0.001))) as client:
        chat(kit, "first")  # loads the prices
        leave(kit, client)
        spent = client.usage.total.cost
    found = dict(kit.spans[1].attributes)
    assert found["indox.left"] is True
    assert found["indox.cost_status"] == "estimated"
    assert found["indox.cost_usd"] == float(spent)
    assert found["gen_ai.usage.input_tokens"] > 0
    assert "error.type" not in found
    assert kit.spans[1].status.status_code is StatusCode.UNSET
    lefts = [p.attributes.get("indox.left") for p in kit.points("gen_ai.client.operation.duration")]
    assert sorted(lefts, key=str) == [None, True]


def test_an_async_stream_that_is_left_ends_its_span(kit):
    async def leave():
        async with (
            AsyncClient(plugins=kit.plugins("a b c")) as client,
            await client.chat(HELLO, MODEL, stream=True) as stream,
        ):
            await anext(stream)

    asyncio.run(leave())
    assert kit.attributes["indox.left"] is True


@pytest.mark.parametrize("stream", [False, True])
def test_a_cancelled_task_ends_its_span(kit, stream):
    async def cancelled():
        answer = FakeAnswer(text="Hi", delay_s=5)
        async with AsyncClient(plugins=kit.plugins(answer)) as client:
            await asyncio.wait_for(read(await client.chat(HELLO, MODEL, stream=stream)), 0.1)

    async def read(stream):
        async for _ in stream:
            pass

    with pytest.raises(builtins.TimeoutError):
        asyncio.run(asyncio.wait_for(cancelled(), 0.2))
    assert kit.attributes["indox.left"] is True
    assert "error.type" not in kit.attributes


@pytest.mark.parametrize("way", ["sync-stream", "async-stream"])
def test_a_stream_that_breaks_is_an_error_with_what_it_cost(kit, way):
    with pytest.raises(StreamInterruptedError) as caught:
        WAYS[way](kit, FakeAnswer(text="one two three", cut_after=2))
    partial = caught.value.partial
    assert kit.attributes["error.type"] == "StreamInterruptedError"
    assert kit.attributes["indox.cost_usd"] == partial.usage.cost
    assert kit.attributes["indox.cost_status"] == "estimated"
    assert kit.attributes["gen_ai.usage.output_tokens"] == partial.usage.tokens_completion
    assert "gen_ai.response.finish_reasons" not in kit.attributes


def test_a_refused_budget_is_an_error(kit):
    with pytest.raises(BudgetExceededError):
        chat(kit, max_tokens=100_000, max_cost="0.000001")
    assert kit.attributes["error.type"] == "BudgetExceededError"


def test_the_metrics_add_up_to_the_usage_of_the_client(kit):
    answers = iter(
        [
            "whole",
            "whole",
            FakeAnswer(text="a b c", cut_after=2),
            FakeAnswer(text="a b c"),
            Failure("authentication", "", 401),
            FakeAnswer(text="free of counts", usage=None),
        ]
    )
    with Client(plugins=kit.plugins(lambda request: next(answers))) as client:
        client.chat(HELLO, MODEL)
        list(client.chat(HELLO, MODEL, stream=True))
        with pytest.raises(StreamInterruptedError):
            list(client.chat(HELLO, MODEL, stream=True))
        left_by_close(kit, client)
        with pytest.raises(AuthenticationError):
            client.chat(HELLO, MODEL)
        client.chat(HELLO, MODEL)
        total = client.usage.total
    assert kit.cost == pytest.approx(float(total.cost))
    assert kit.cost == pytest.approx(
        sum(span.attributes.get("indox.cost_usd", 0.0) for span in kit.spans)
    )
    counted = kit.points("gen_ai.client.token.usage")
    assert {point.attributes["gen_ai.token.type"] for point in counted} == {"input", "output"}
    for kind, expected in (("input", total.tokens_prompt), ("output", total.tokens_completion)):
        sums = [p.sum for p in counted if p.attributes["gen_ai.token.type"] == kind]
        assert sum(sums) == expected
    assert sum(point.count for point in kit.points("gen_ai.client.operation.duration")) == 6
    assert len(kit.spans) == 6


def test_a_cost_that_is_not_known_is_absent(kit):
    with Client(plugins=kit.plugins("Hi", "fake")) as client:
        client.chat(HELLO, "fake/m")
    assert "indox.cost_usd" not in kit.attributes
    assert kit.attributes["indox.cost_status"] == "unknown"
    assert "indox.client.cost" not in kit.metrics


def test_the_metrics_have_the_units_and_buckets_of_the_conventions(kit):
    chat(kit)
    assert {name: metric.unit for name, metric in kit.metrics.items()} == {
        "gen_ai.client.token.usage": "{token}",
        "gen_ai.client.operation.duration": "s",
        "indox.client.cost": "{USD}",
    }
    (tokens, _), (duration,) = (
        kit.points(f"gen_ai.client.{name}") for name in ("token.usage", "operation.duration")
    )
    assert list(tokens.explicit_bounds) == TOKEN_BUCKETS
    assert TOKEN_BUCKETS[-1] == 67108864
    assert list(duration.explicit_bounds) == DURATION_BUCKETS
    assert DURATION_BUCKETS == [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24,
                                20.48, 40.96, 81.92]  # fmt: skip
    assert dict(duration.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o-mini",
        "gen_ai.response.model": "gpt-4o-mini",
    }


CALL = {"id": "canary-id", "type": "function", "function": {"name": "f", "arguments": "{}"}}
RESULT = {"role": "tool", "tool_call_id": "canary-id", "content": "42"}
TWICE = [
    *HELLO,
    *[{"role": "assistant", "content": None, "tool_calls": [CALL]}, RESULT] * 2,
]
"""One id for two calls, which has to be changed."""


def test_adaptations_are_listed_without_values(kit):
    response = chat(kit, messages=TWICE)
    (made,) = response.adaptations
    assert "canary" in str(made.before)
    assert kit.attributes["indox.adaptations"] == (f"{made.path}: {made.kind}: {made.reason}",)
    assert "canary" not in kit.everything()


def test_adaptations_of_the_messages_are_listed_for_a_failure_too(kit):
    with pytest.raises(AuthenticationError):
        chat(kit, [Failure("authentication", "", 401)], TWICE)
    assert len(kit.attributes["indox.adaptations"]) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("semconv", VERSIONS)
def test_without_content_nothing_of_the_conversation_is_exported(made, way, semconv):
    kit = made(semconv=semconv)
    answer = FakeAnswer(text="canary-answer", reasoning="canary-thought")
    WAYS[way](kit, [Failure("overloaded", f"canary {KEY}", 503, retry_after_s=0.01), answer])
    assert "gpt-4o-mini" in kit.everything()
    assert "canary" not in kit.everything()


def test_content_has_the_shape_of_the_conventions(made):
    kit = made(content=True)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    broken = ToolCallPart(id="c2", name="g", arguments=None, arguments_raw="{x")
    chat(
        kit,
        FakeAnswer(text="Grüße", reasoning="Hm", tool_calls=[broken]),
        [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": [
                {"type": "text", "text": "Look"},
                {"type": "image", "image": {"url": PNG}},
                {"type": "image", "image": {"url": "https://example.com/canary.png"}},
            ]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            {"role": "system", "content": "Now in German"},
        ],
    )  # fmt: skip
    found = kit.attributes
    assert json.loads(found["gen_ai.system_instructions"]) == [
        {"type": "text", "content": "Be brief"}
    ]
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [
            {"type": "text", "content": "Look"},
            {"type": "image", "modality": "image", "mime_type": "image/png"},
            {"type": "image", "modality": "image", "mime_type": None},
        ]},
        {"role": "assistant", "parts": [
            {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"x": 1}}]},
        {"role": "tool", "parts": [
            {"type": "tool_call_response", "id": "c1", "response": "42"}]},
        {"role": "system", "parts": [{"type": "text", "content": "Now in German"}]},
    ]  # fmt: skip
    assert json.loads(found["gen_ai.output.messages"]) == [
        {"role": "assistant", "finish_reason": "tool_call", "parts": [
            {"type": "reasoning", "content": "Hm"},
            {"type": "text", "content": "Grüße"},
            {"type": "tool_call", "id": "c2", "name": "g", "arguments": "{x"},
        ]}
    ]  # fmt: skip
    assert "iVBOR" not in kit.everything()
    assert "canary" not in kit.everything()


def test_content_of_a_tool_with_an_image_is_its_media_type(made):
    kit = made(content=True)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    result = [{"type": "text", "text": "see"}, {"type": "image", "image": {"url": PNG}}]
    chat(kit, messages=[
        *HELLO,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": [
            {"type": "tool_result", "tool_call_id": "c1", "content": result}]},
    ])  # fmt: skip
    *_, tool = json.loads(kit.attributes["gen_ai.input.messages"])
    assert tool["parts"][0]["response"][1]["mime_type"] == "image/png"
    assert "iVBOR" not in kit.everything()


def test_content_of_a_refusal_is_text(made):
    kit = made(content=True)
    chat(kit, FakeAnswer(refusal="I will not"))
    (message,) = json.loads(kit.attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "I will not"}]
    assert message["finish_reason"] == "content_filter"


def test_content_of_a_stream_that_breaks_is_what_had_arrived(made):
    kit = made(content=True)
    with pytest.raises(StreamInterruptedError):
        chat(kit, FakeAnswer(text="one two three", cut_after=2), stream=True)
    (message,) = json.loads(kit.attributes["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "one two"}]


def test_content_of_a_call_that_fails_has_the_prompt_alone(made):
    kit = made(content=True)
    with pytest.raises(AuthenticationError):
        chat(kit, [Failure("authentication", "", 401)])
    assert "gen_ai.input.messages" in kit.attributes
    assert "gen_ai.output.messages" not in kit.attributes


def test_a_span_that_is_not_sampled_is_not_described_and_is_measured_all_the_same(
    made, monkeypatch
):
    kit = made(sampler=ALWAYS_OFF, content=True)
    monkeypatch.setattr(Telemetry, "_describe", lambda *_: pytest.fail("described"))
    chat(kit, [Failure("overloaded", "", 503, retry_after_s=0.01), "Hi"])
    assert kit.spans == ()
    assert kit.cost > 0


def test_without_any_sdk_a_call_is_answered_and_nothing_is_kept(caplog):
    telemetry = Telemetry(content=True)
    with Client(plugins=[telemetry, FakeProvider("Hi")]) as client:
        assert client.chat(HELLO, "fake/m").data == "Hi"
    assert telemetry._open == {}
    assert caplog.text == ""


def test_a_processor_that_raises_costs_no_answer_and_keeps_nothing(kit):
    class Broken(SimpleSpanProcessor):
        def on_end(self, span):
            raise ZeroDivisionError

    kit.traces.add_span_processor(Broken(kit.exporter))
    assert chat(kit).data == "canary-answer"
    assert kit.cost > 0


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        ("https://api.example.com/v1", ("api.example.com", 443)),
        ("http://example.com", ("example.com", 80)),
        ("http://[::1]:8080/v1", ("::1", 8080)),
        ("https://canary:canary@example.com", ("example.com", 443)),
        ("https://example.com:99999", None),
        ("", None),
    ],
)
def test_the_server_is_the_host_and_port_of_the_address(base_url, server):
    from indox_otel._telemetry import _server

    assert _server(base_url) == server


def test_no_hook_keeps_a_call_that_it_does_not_know(kit):
    kit.telemetry.indox_chat_left("unknown", None, None)
    assert kit.spans == ()


def test_a_stream_closed_by_another_thread_ends_its_span_once(kit):
    with Client(plugins=kit.plugins(FakeAnswer(text="a b c d", delay_s=0.05))) as client:
        stream = client.chat(HELLO, MODEL, stream=True)
        threading.Timer(0.07, stream.close).start()
        with pytest.raises(Exception, match="closed"):
            list(stream)
    assert kit.attributes["indox.left"] is True

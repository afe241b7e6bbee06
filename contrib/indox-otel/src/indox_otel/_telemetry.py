"""The observer: one span per model that is asked, and three metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from urllib.parse import urlsplit

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.util.types import AttributeValue

from indox_core import (
    CallError,
    ChatRequest,
    ChatResponse,
    IndoxError,
    Receipt,
    Retry,
    Usage,
    hookimpl,
)

from ._content import attributes_of, events_of
from ._names import DURATION_BUCKETS, NEWEST, TOKEN_BUCKETS, Names, names_of


@dataclass(frozen=True, slots=True)
class _Open:
    """A call that has begun."""

    span: Span
    common: dict[str, AttributeValue]
    """What its span and its metrics share."""
    started: float
    """Seconds on the clock of `time.perf_counter`."""


@dataclass(frozen=True, slots=True)
class _End:
    """How a call ended; one of `response` alone, `error` or `left`."""

    request: ChatRequest
    usage: Usage | None
    response: ChatResponse | None = None
    """With an error, what had arrived of a stream."""
    error: IndoxError | None = None
    left: bool = False


class Telemetry:
    """An observer for `Client(plugins=[...])`. One may serve many clients, threads and tasks.

    `None` as a provider is OpenTelemetry's global one, also one that is set later. `content` puts
    prompts and answers on the spans. `semconv` is the version of the GenAI conventions whose names
    are written; raises `ConfigurationError` for one that is not known.
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        content: bool = False,
        semconv: str = NEWEST,
    ) -> None:
        self._names = names = names_of(semconv)
        self._content = content
        self._open: dict[str, _Open] = {}
        scope, ours = "indox_otel", version("indox-otel")
        self._tracer = trace.get_tracer(scope, ours, tracer_provider, names.schema_url)
        meter = metrics.get_meter(scope, ours, meter_provider, names.schema_url)
        self._tokens = meter.create_histogram(
            names.token_usage,
            "{token}",
            "Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=TOKEN_BUCKETS,
        )
        self._duration = meter.create_histogram(
            names.duration,
            "s",
            "GenAI operation duration.",
            explicit_bucket_boundaries_advisory=DURATION_BUCKETS,
        )
        self._cost = meter.create_counter(names.cost, "{USD}", "Cost of the calls in US dollars.")

    @hookimpl
    def indox_before_chat(self, request_id: str, request: ChatRequest) -> None:
        names = self._names
        common: dict[str, AttributeValue] = {
            names.operation: "chat",
            names.provider: names.providers.get(request.provider, request.provider),
            names.request_model: request.model,
        }
        server = _server(request.base_url)
        if server is not None:
            common[names.server_address], common[names.server_port] = server
        span = self._tracer.start_span(
            f"chat {request.model}", kind=SpanKind.CLIENT, attributes=common
        )
        if span.is_recording():
            span.set_attributes(_asked(names, request_id, request))
        self._open[request_id] = _Open(span, common, time.perf_counter())

    @hookimpl
    def indox_retry(self, request_id: str, retry: Retry) -> None:
        call = self._open.get(request_id)
        if call is not None and call.span.is_recording():
            names = self._names
            attributes: dict[str, AttributeValue] = {
                names.retry_attempt: retry.attempt,
                names.retry_wait_s: retry.wait_s,
                names.retry_reason: retry.reason,
            }
            call.span.add_event(names.retry_event, attributes)

    @hookimpl
    def indox_after_chat(
        self, request_id: str, request: ChatRequest, response: ChatResponse
    ) -> None:
        self._end(request_id, _End(request, response.usage, response))

    @hookimpl
    def indox_chat_failed(self, request_id: str, request: ChatRequest, error: IndoxError) -> None:
        partial: ChatResponse | None = getattr(error, "partial", None)
        usage = None if partial is None else partial.usage
        self._end(request_id, _End(request, usage, partial, error))

    @hookimpl
    def indox_chat_left(
        self, request_id: str, request: ChatRequest, receipt: Receipt | None
    ) -> None:
        usage = None if receipt is None else receipt.usage
        self._end(request_id, _End(request, usage, left=True))

    def _end(self, request_id: str, end: _End) -> None:
        call = self._open.pop(request_id, None)
        if call is None:
            return
        try:
            if call.span.is_recording():
                self._describe(call, end)
            self._measure(call, end)
        finally:
            call.span.end()

    def _describe(self, call: _Open, end: _End) -> None:
        names, span = self._names, call.span
        span.set_attributes(_ended(names, end))
        if end.error is not None:
            span.set_status(Status(StatusCode.ERROR, type(end.error).__name__))
        if not self._content:
            return
        if names.input_messages is not None:
            span.set_attributes(attributes_of(names, end.request, end.response))
            return
        for name, attributes in events_of(names, end.request, end.response):
            span.add_event(name, {names.provider: call.common[names.provider], **attributes})

    def _measure(self, call: _Open, end: _End) -> None:
        names, usage = self._names, end.usage
        common = dict(call.common)
        if end.response is not None and end.response.served_model:
            common[names.response_model] = end.response.served_model
        context = trace.set_span_in_context(call.span)  # exemplars name the call's own span
        outcome: dict[str, AttributeValue] = {}
        if end.error is not None:
            outcome[names.error_type] = type(end.error).__name__
        if end.left:
            outcome[names.left] = True
        seconds = time.perf_counter() - call.started
        self._duration.record(seconds, {**common, **outcome}, context)
        if usage is None:
            return
        counts = {"input": usage.tokens_prompt, "output": usage.tokens_completion}
        for kind, count in counts.items():
            if count is not None:
                self._tokens.record(count, {**common, names.token_type: kind}, context)
        if usage.cost is not None:
            self._cost.add(usage.cost, {**common, names.cost_status: usage.cost_status}, context)


@lru_cache(maxsize=64)
def _server(base_url: str) -> tuple[str, int] | None:
    """Host and port. `None` for a provider that has no address."""
    try:
        parts = urlsplit(base_url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None


def _asked(names: Names, request_id: str, request: ChatRequest) -> dict[str, AttributeValue]:
    choices = getattr(request.options, "n", None)  # OpenAI's, and those of its protocol
    return _known(
        {
            names.request_id: request_id,
            names.request_max_tokens: request.max_tokens,
            names.request_temperature: request.temperature,
            names.request_top_p: request.top_p,
            names.request_seed: request.seed,
            names.request_stop: request.stop or None,
            names.request_choices: None if choices == 1 else choices,
            names.request_stream: request.stream or None,
            names.output_type: "json" if request.response_schema is not None else None,
        }
    )


def _ended(names: Names, end: _End) -> dict[str, AttributeValue]:
    response, error, usage = end.response, end.error, end.usage
    adaptations = end.request.adaptations if response is None else response.adaptations
    found: dict[str | None, AttributeValue | None] = {
        names.adaptations: [f"{a.path}: {a.kind}: {a.reason}" for a in adaptations] or None,
        names.left: end.left or None,
    }
    if response is not None:
        found[names.response_model] = response.served_model
        found[names.response_id] = response.provider_request_id
        found[names.attempts] = response.attempts
        if error is None:
            found[names.finish_reasons] = [c.finish.unified for c in response.choices]
    if usage is not None:
        found[names.input_tokens] = usage.tokens_prompt
        found[names.output_tokens] = usage.tokens_completion
        found[names.cache_read_tokens] = usage.cache_read_tokens
        found[names.cache_creation_tokens] = usage.cache_write_tokens
        found[names.reasoning_tokens] = usage.reasoning_tokens
        found[names.cost_usd] = usage.cost
        found[names.cost_status] = usage.cost_status
    if error is not None:
        found[names.error_type] = type(error).__name__
    if isinstance(error, CallError):
        found[names.status_code] = error.status_code
        found[names.attempts] = error.attempts
    return _known(found)


def _known(values: Mapping[str | None, AttributeValue | None]) -> dict[str, AttributeValue]:
    """Without what is not known, and what this version has no name for."""
    return {name: value for name, value in values.items() if name and value is not None}

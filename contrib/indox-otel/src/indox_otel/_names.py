"""Every name that is written, in one table per version of the GenAI conventions.

A version is the first release of the conventions that has these names:
https://github.com/open-telemetry/semantic-conventions/tree/v1.41.0/docs/gen-ai
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from indox_core import ConfigurationError

_SCHEMA = "https://opentelemetry.io/schemas/"
_UNTIL_1_36 = {"google": "gcp.gemini", "mistral": "mistral_ai"}
_PROVIDERS = {**_UNTIL_1_36, "xai": "x_ai"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Names of attributes, events and metrics. `None`: this version has none for it."""

    schema_url: str
    providers: Mapping[str, str]
    """What the conventions call a provider that they name unlike us."""

    operation: str = "gen_ai.operation.name"
    provider: str = "gen_ai.provider.name"
    server_address: str = "server.address"
    server_port: str = "server.port"
    error_type: str = "error.type"
    status_code: str = "http.response.status_code"

    request_model: str = "gen_ai.request.model"
    request_max_tokens: str = "gen_ai.request.max_tokens"
    request_temperature: str = "gen_ai.request.temperature"
    request_top_p: str = "gen_ai.request.top_p"
    request_seed: str = "gen_ai.request.seed"
    request_stop: str = "gen_ai.request.stop_sequences"
    request_choices: str = "gen_ai.request.choice.count"
    request_stream: str | None = "gen_ai.request.stream"
    output_type: str = "gen_ai.output.type"

    response_model: str = "gen_ai.response.model"
    response_id: str = "gen_ai.response.id"
    finish_reasons: str = "gen_ai.response.finish_reasons"
    input_tokens: str = "gen_ai.usage.input_tokens"
    output_tokens: str = "gen_ai.usage.output_tokens"
    cache_read_tokens: str | None = "gen_ai.usage.cache_read.input_tokens"
    cache_creation_tokens: str | None = "gen_ai.usage.cache_creation.input_tokens"
    reasoning_tokens: str | None = "gen_ai.usage.reasoning.output_tokens"

    system_instructions: str = "gen_ai.system_instructions"
    input_messages: str | None = "gen_ai.input.messages"
    """`None`: each message is an event, by the two names that follow."""
    output_messages: str = "gen_ai.output.messages"
    message_event: str = "gen_ai.{role}.message"
    choice_event: str = "gen_ai.choice"

    token_usage: str = "gen_ai.client.token.usage"  # noqa: S105 # no secret
    token_type: str = "gen_ai.token.type"  # noqa: S105 # no secret
    duration: str = "gen_ai.client.operation.duration"

    # Our own, in every version.
    request_id: str = "indox.request_id"
    cost_usd: str = "indox.cost_usd"
    cost_status: str = "indox.cost_status"
    adaptations: str = "indox.adaptations"
    attempts: str = "indox.attempts"
    left: str = "indox.left"
    retry_event: str = "indox.retry"
    retry_attempt: str = "indox.retry.attempt"
    retry_wait_s: str = "indox.retry.wait_s"
    retry_reason: str = "indox.retry.reason"
    cost: str = "indox.client.cost"


VERSIONS = {
    "1.36": Names(
        schema_url=f"{_SCHEMA}1.36.0",
        providers=_UNTIL_1_36,
        provider="gen_ai.system",
        request_stream=None,
        cache_read_tokens=None,
        cache_creation_tokens=None,
        reasoning_tokens=None,
        input_messages=None,
    ),
    "1.37": Names(
        schema_url=f"{_SCHEMA}1.37.0",
        providers=_PROVIDERS,
        request_stream=None,
        cache_read_tokens=None,
        cache_creation_tokens=None,
        reasoning_tokens=None,
    ),
    "1.41": Names(schema_url=f"{_SCHEMA}1.41.0", providers=_PROVIDERS),
}
NEWEST = "1.41"
TOKEN_BUCKETS = [4**power for power in range(14)]
DURATION_BUCKETS = [0.01 * 2**power for power in range(14)]
"""Seconds. Both as the conventions have them, in every version."""


def names_of(semconv: str) -> Names:
    """Raises `ConfigurationError` for a version that is not in the table."""
    if isinstance(semconv, str) and semconv in VERSIONS:
        return VERSIONS[semconv]
    raise ConfigurationError(f"semconv={semconv!r} is not known. Known: {', '.join(VERSIONS)}.")

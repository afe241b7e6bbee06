"""What Mistral's refusals mean."""

from __future__ import annotations

from indox_core.plugin import Rule, rules_by_name

_ERRORS = "https://docs.mistral.ai/api"

RULES: tuple[Rule, ...] = (
    *rules_by_name(
        {
            "invalid_model": "not_found",
            "context_length_exceeded": "context_length",
            "rate_limited": "rate_limit",
            "insufficient_quota": "credits",
            "service_unavailable": "overloaded",
        },
        _ERRORS,
    ),
    Rule(
        kind="context_length",
        text=r"too large for model|maximum context length",
        source=_ERRORS,
    ),
)

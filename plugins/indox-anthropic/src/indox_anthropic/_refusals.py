"""What Anthropic's refusals mean."""

from __future__ import annotations

from indox_core.plugin import Rule, rules_by_name

_ERRORS = "https://platform.claude.com/docs/en/api/errors"
_CONTEXT = "https://platform.claude.com/docs/en/build-with-claude/context-windows"
_LIMITS = "https://platform.claude.com/docs/en/api/rate-limits"

RULES: tuple[Rule, ...] = (
    Rule(kind="credits", name="spend_limit_reached", source=_LIMITS),
    # What is an invalid_request_error by name is told apart by its text alone.
    Rule(
        kind="context_length",
        status=(200, 400, 413),
        text=r"prompt is too long|exceed context limit|too many total text bytes",
        source=_CONTEXT,
    ),
    Rule(
        kind="credits",
        status=(200, 400, 402, 403, 429),
        text=r"credit balance is too low|reached your specified (api|workspace api)? ?usage limits",
        source=_LIMITS,
    ),
    Rule(kind="content_filter", text=r"blocked by content filtering policy", source=_ERRORS),
    *rules_by_name(
        {
            "authentication_error": "authentication",
            "billing_error": "credits",
            "permission_error": "permission",
            "not_found_error": "not_found",
            "invalid_request_error": "invalid",
            "rate_limit_error": "rate_limit",
            "overloaded_error": "overloaded",
        },
        _ERRORS,
    ),
    # Where no status says it, as in a stream.
    Rule(kind="not_found", name="not_found_error", text="model", status=200, source=_ERRORS),
    Rule(
        kind="invalid",
        name="not_found_error|invalid_request_error|request_too_large",
        status=200,
        source=_ERRORS,
    ),
)

"""What Google's refusals mean."""

from __future__ import annotations

from indox_core.plugin import Rule, rules_by_name

_ERRORS = "https://ai.google.dev/gemini-api/docs/troubleshooting"
_LIMITS = "https://ai.google.dev/gemini-api/docs/rate-limits"
_REGIONS = "https://ai.google.dev/gemini-api/docs/available-regions"

RULES: tuple[Rule, ...] = (
    Rule(kind="authentication", name="API_KEY_INVALID|API_KEY_EXPIRED", source=_ERRORS),
    # No wait of a call's length cures a quota of a whole day.
    Rule(kind="credits", name=r".*PerDay.*", source=_LIMITS),
    Rule(kind="context_length", text=r"token count.{0,40}exceeds", source=_ERRORS),
    Rule(kind="permission", text=r"location is not supported", source=_REGIONS),
    *rules_by_name(
        {
            "UNAUTHENTICATED": "authentication",
            "PERMISSION_DENIED": "permission",
            "RESOURCE_EXHAUSTED": "rate_limit",
            "UNAVAILABLE": "overloaded",
        },
        _ERRORS,
    ),
)

"""What refusals mean: OpenAI's, and those of servers that speak its protocol."""

from __future__ import annotations

from indox_core.plugin import Rule, rules_by_name

_OPENAI = "https://developers.openai.com/api/docs/guides/error-codes"
_AZURE = "https://learn.microsoft.com/azure/ai-services/openai/concepts/content-filter"
_ZAI = "https://docs.z.ai/api-reference/api-code"
_MOONSHOT = "https://platform.moonshot.ai/docs/api/chat#error-description"
_XAI = "https://docs.x.ai/docs/key-information/debugging"
_OPENROUTER = "https://openrouter.ai/docs/api-reference/errors"
_FIREWORKS = "https://docs.fireworks.ai/guides/inference-error-codes"
_LITELLM = "https://docs.litellm.ai/docs/proxy/users"
_VLLM = "vLLM's server, and those that are made from it"
_TGI = "Text Generation Inference, which Together and others run"
_OF_THE_REQUEST = (200, 400, 413, 422)
"""Where the request is to blame: a server that is busy may speak of its context too."""

RULES: tuple[Rule, ...] = (
    *rules_by_name(
        {
            "insufficient_quota": "credits",
            "billing_hard_limit_reached": "credits",
            "billing_not_active": "credits",
            "context_length_exceeded": "context_length",
            "content_filter": "content_filter",
            "content_policy_violation": "content_filter",
            "invalid_prompt": "content_filter",
            "model_not_found": "not_found",
            "invalid_api_key": "authentication",
            "rate_limit_exceeded": "rate_limit",
            "server_overloaded": "overloaded",
            "slow_down": "overloaded",
            "unsupported_country_region_territory": "permission",
        },
        _OPENAI,
    ),
    Rule(kind="content_filter", name="ResponsibleAIPolicyViolation", source=_AZURE),
    Rule(kind="credits", name="exceeded_current_quota_error", source=_MOONSHOT),
    Rule(kind="overloaded", name="engine_overloaded_error", source=_MOONSHOT),
    *rules_by_name(
        {
            "1112": "permission",
            "1113": "credits",
            "1211": "not_found",
            "1261": "context_length",
            "1301": "content_filter",
            "1302": "rate_limit",
            "1303": "rate_limit",
            "1304": "credits",
            "1305": "overloaded",
            "1308": "credits",
            "1309": "credits",
        },
        _ZAI,
    ),
    Rule(kind="context_length", name="exceed_context_size_error", source="llama.cpp's server"),
    Rule(kind="credits", name="budget_exceeded|ExceededBudget", source=_LITELLM),
    # A prompt that is too long has no name of its own at these.
    Rule(
        kind="context_length",
        status=_OF_THE_REQUEST,
        text=r"maximum (context|prompt|sequence|model) length|context (window|length)",
        source=f"{_VLLM}; {_XAI}; {_OPENROUTER}; {_FIREWORKS}",
    ),
    Rule(
        kind="context_length",
        status=_OF_THE_REQUEST,
        text=r"`?max_new_tokens`? must be <=|`inputs` (tokens|must have less than)",
        source=_TGI,
    ),
    Rule(
        kind="context_length",
        status=_OF_THE_REQUEST,
        text=r"prompt is too long|input is too long",
        source=_FIREWORKS,
    ),
    # Nor has an account without money.
    Rule(
        kind="credits",
        status=(200, 400, 402, 403, 412, 429),
        text=r"insufficient (balance|credit|fund|quota)|credit balance is too low"
        r"|(used all|out of) (of )?(your )?(available )?credits"
        r"|(reached|exceeded|exceeds|reaching)[^.]{0,40}(spending|usage|credit|budget) limit"
        r"|budget has been exceeded|key limit exceeded|account is in arrears",
        source=f"{_XAI}; {_OPENROUTER}; {_MOONSHOT}; {_FIREWORKS}; {_LITELLM}",
    ),
    Rule(kind="content_filter", status=403, text=r"flagged|moderation", source=_OPENROUTER),
    Rule(
        kind="authentication",
        status=400,
        text=r"(incorrect|invalid) api key|api key (is )?(invalid|not valid)",
        source=_XAI,
    ),
    # The types of many refusals whose code or status says more.
    Rule(kind="invalid", name="invalid_request_error", status=200, source=_OPENAI),
    Rule(kind="api", name="server_error", source=_OPENAI),
)

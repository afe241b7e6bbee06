"""The generateContent API's JSON to a reply."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from indox_core.plugin import (
    JSON,
    Citation,
    Failure,
    Finish,
    FinishReason,
    ProviderFailure,
    Refusal,
    TokenUsage,
    as_object,
    count,
)

from ._refusals import RULES

_FINISH: dict[str, FinishReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    **dict.fromkeys(
        (
            "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII",
            "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION", "MODEL_ARMOR",
            "PUP_LIMITED_DISABLED",
        ),
        "content_filter",
    ),
    **dict.fromkeys(
        (
            "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS",
            "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE", "NO_IMAGE", "IMAGE_OTHER",
        ),
        "error",
    ),
    "CONTINUATION": "paused",
}  # fmt: skip


_ANSWER = frozenset({"candidates", "promptFeedback", "usageMetadata", "responseId"})


def is_newer(event: JSON) -> bool:
    """Whether an event of a stream is of a kind that is not known here, and no failure."""
    known = {*_ANSWER, "error", "code", "status", "message"}
    return isinstance(event, dict) and bool(event) and not event.keys() & known


def check(body: JSON) -> dict[str, Any]:
    """The body as an object that is an answer. Raises `ProviderFailure`."""
    if not isinstance(body, dict) or body.get("error") or not body.keys() & _ANSWER:
        raise ProviderFailure(failure_of(body))
    return body


def failure_of(body: Any, status: int | None = None) -> Failure:
    """What an error body means; `status` is `None` inside an answer with 200."""
    refusal = Refusal.read(body, status)
    details = as_object(refusal.details).get("details")
    waits = map(_retry_delay, details if isinstance(details, list) else ())
    wait = next((seconds for seconds in waits if seconds is not None), None)
    return replace(refusal.failure(RULES), retry_after_s=wait)


def _retry_delay(detail: Any) -> float | None:
    """Google's RetryInfo: `{"retryDelay": "30.5s"}`."""
    delay = as_object(detail).get("retryDelay")
    if not isinstance(delay, str) or not delay.endswith("s"):
        return None
    try:
        return float(delay[:-1])
    except ValueError:
        return None


def finish_of(raw: str, has_calls: bool, message: str | None = None) -> Finish:
    """STOP is also said of an answer that calls tools."""
    unified = _FINISH.get(raw, "unknown")
    return Finish("tool_calls" if unified == "stop" and has_calls else unified, raw, message)


def blocked_of(feedback: dict[str, Any]) -> Finish | None:
    """Why the prompt was blocked. `None`: it was not."""
    reason = feedback.get("blockReason")
    if not reason:
        return None
    message = words_of(feedback.get("blockReasonMessage"), feedback.get("safetyRatings"))
    return Finish("content_filter", f"blocked:{reason}", message)


def words_of(message: Any, ratings: Any) -> str | None:
    """What Google says of an end: its own words, and the harms that it blocked something for."""
    harms = [
        str(rating.get("category"))
        for rating in map(as_object, ratings if isinstance(ratings, list) else ())
        if rating.get("blocked")
    ]
    said = [message] if isinstance(message, str) and message else []
    return "; ".join([*said, *(["blocked for " + ", ".join(harms)] if harms else [])]) or None


def citations_of(candidate: dict[str, Any]) -> list[Citation]:
    """The pages that ground the answer, and the works that it quotes."""
    found: list[Citation] = []
    grounding = candidate.get("groundingMetadata") or {}
    for chunk in grounding.get("groundingChunks") or ():
        source = chunk.get("web") or chunk.get("retrievedContext") or chunk.get("maps") or {}
        found.append(
            Citation(url=source.get("uri"), title=source.get("title"), text=source.get("text"))
        )
    cited = candidate.get("citationMetadata") or {}
    for source in cited.get("citationSources") or cited.get("citations") or ():
        found.append(Citation(url=source.get("uri"), title=source.get("title")))
    return found


def usage_of(usage: dict[str, Any], searches: int | None) -> TokenUsage:
    """Gemini's prompt leaves out what its tools read, its candidates what it thought: added.

    A count of 0 is left out on the wire. `searches` is `None` without grounding.
    """
    prompt = count(usage.get("promptTokenCount"))
    tools = count(usage.get("toolUsePromptTokenCount"))
    written = count(usage.get("candidatesTokenCount"))
    thought = count(usage.get("thoughtsTokenCount"))
    return TokenUsage(
        input=None if prompt is None and tools is None else (prompt or 0) + (tools or 0),
        output=None if prompt is written is thought is None else (written or 0) + (thought or 0),
        cache_read=count(usage.get("cachedContentTokenCount")),
        reasoning=thought,
        web_searches=searches,
        input_audio=_of(usage, "promptTokensDetails", "AUDIO"),
        cache_read_audio=_of(usage, "cacheTokensDetails", "AUDIO"),
        output_audio=_of(usage, "candidatesTokensDetails", "AUDIO"),
        output_image=_of(usage, "candidatesTokensDetails", "IMAGE"),
        output_video=_of(usage, "candidatesTokensDetails", "VIDEO"),
        service_tier=_tier(usage.get("serviceTier") or usage.get("trafficType")),
    )


def _tier(value: Any) -> str | None:
    """Two fields say it: `flex`, or `ON_DEMAND_FLEX`; on demand alone is the standard."""
    if not isinstance(value, str):
        return None
    tier = value.lower().removeprefix("service_tier_").removeprefix("on_demand").strip("_")
    return None if tier in ("", "unspecified", "traffic_type_unspecified") else tier


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(usage: dict[str, Any], name: str, modality: str) -> int | None:
    """The tokens of one kind; `None` if the details do not name it."""
    found = [
        count(item.get("tokenCount")) or 0
        for item in _list(usage.get(name))
        if isinstance(item, dict) and item.get("modality") == modality
    ]
    return sum(found) if found else None

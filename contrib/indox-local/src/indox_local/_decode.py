"""The engine's JSON to a reply."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    Failure,
    FailureKind,
    Finish,
    FinishReason,
    ProviderFailure,
    Reply,
    TextPart,
    TokenUsage,
    kind_of_status,
)

_FINISH: dict[str, FinishReason] = {"stop": "stop", "length": "length"}
_KINDS: dict[str, FailureKind] = {"exceed_context_size_error": "context_length"}


def local_to_reply(body: JSON) -> Reply:
    """One whole answer."""
    choice = first_choice(body)
    text = choice["message"]["content"]
    return Reply(
        parts=(TextPart(text=text),) if text else (),
        finish=finish_of(choice.get("finish_reason")),
        usage=usage_of(body),
        id=body.get("id"),
    )


def first_choice(body: JSON) -> dict[str, Any]:
    """The answer's only choice; {} for a chunk without one. Raises `ProviderFailure`."""
    error = body.get("error")
    if error:
        status = error.get("code")
        kind = _KINDS.get(error.get("type")) or kind_of_status(status)
        raise ProviderFailure(Failure(kind, error.get("message", ""), status, error.get("type")))
    choices = body.get("choices")
    return choices[0] if choices else {}


def finish_of(raw: str | None) -> Finish:
    return Finish(_FINISH.get(str(raw), "unknown"), raw)


def usage_of(body: dict[str, Any]) -> TokenUsage | None:
    usage = body.get("usage")
    if not usage:
        return None
    details = usage.get("prompt_tokens_details") or {}
    return TokenUsage(
        input=usage.get("prompt_tokens"),
        output=usage.get("completion_tokens"),
        cache_read=details.get("cached_tokens"),
    )

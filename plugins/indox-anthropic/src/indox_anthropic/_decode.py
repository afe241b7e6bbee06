"""The Messages API's JSON to a reply."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    Citation,
    ContentPart,
    Failure,
    Finish,
    FinishReason,
    ProviderFailure,
    ProviderState,
    ReasoningPart,
    Refusal,
    Reply,
    TextPart,
    TokenUsage,
    ToolCallPart,
    as_object,
    count,
    parse_arguments,
)

from ._conversation import PROVIDER
from ._refusals import RULES

_FINISH: dict[str, FinishReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "paused",
    "refusal": "refusal",
}


def messages_to_reply(body: JSON) -> Reply:
    """A `message` object."""
    if not isinstance(body, dict) or body.get("type") == "error":
        raise ProviderFailure(failure_of(body))
    content = body.get("content")
    if not isinstance(content, list):
        raise ProviderFailure(Failure("malformed", "the answer has no content"))
    refused = body.get("stop_reason") == "refusal"
    return Reply(
        parts=tuple(part for block in content for part in parts_of_block(block)),
        finish=finish_of(body.get("stop_reason"), body.get("stop_details")),
        usage=usage_of(body.get("usage")),
        id=body.get("id"),
        model=body.get("model"),
        refusal=refusal_of(body.get("stop_details")) if refused else None,
        citations=tuple(c for block in content for c in citations_of(block.get("citations"))),
    )


def failure_of(body: Any, status: int | None = None) -> Failure:
    """What an error body means; `status` is `None` inside an answer with 200."""
    return Refusal.read(body, status).failure(RULES)


def parts_of_block(block: dict[str, Any]) -> list[ContentPart]:
    """The parts of one content block.

    Thinking goes back with its signature; blocks of server tools, and of kinds that are not known
    here, go back as they came.
    """
    kind = block.get("type")
    if kind == "text":
        if not block.get("text"):
            return []
        # The next turn wants the citations back.
        state = _state(_cited(block)) if block.get("citations") else None
        return [TextPart(text=block["text"], provider_state=state)]
    if kind == "tool_use":
        arguments = parse_arguments(block.get("input") or {})
        return [ToolCallPart(id=block["id"], name=block["name"], **arguments)]
    if kind == "thinking":
        return [ReasoningPart(text=block.get("thinking") or "", provider_state=_state(block))]
    if kind == "redacted_thinking":
        return [ReasoningPart(provider_state=_state(block))]
    return [TextPart(text="", provider_state=_state(block))]


def _cited(block: dict[str, Any]) -> dict[str, Any]:
    """A text as it goes back; a citation's `file_id` is only for reading."""
    notes = [{k: v for k, v in note.items() if k != "file_id"} for note in block["citations"]]
    return {"type": "text", "text": block["text"], "citations": notes}


def _state(block: dict[str, Any]) -> ProviderState:
    return ProviderState(provider=PROVIDER, data=block)


def citations_of(citations: Any) -> list[Citation]:
    return [
        Citation(
            url=note.get("url"),
            title=note.get("title") or note.get("document_title"),
            text=note.get("cited_text"),
        )
        for note in citations or ()
    ]


def finish_of(raw: Any, details: Any = None) -> Finish:
    """Why the answer ended; of a refusal, its category too, such as `cyber`."""
    category = details.get("category") if isinstance(details, dict) else None
    return Finish(_FINISH.get(str(raw), "unknown"), _text(raw), _text(category))


def refusal_of(details: Any) -> str | None:
    """Why Claude refuses, in its words, if it says so; its text, if any, is in the parts."""
    return _text(details.get("explanation")) if isinstance(details, dict) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def usage_of(usage: Any) -> TokenUsage | None:
    """Anthropic's input leaves out what was read from and written to the cache: added here."""
    if not isinstance(usage, dict):
        return None
    fresh = count(usage.get("input_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    split = as_object(usage.get("cache_creation"))
    for_an_hour = count(split.get("ephemeral_1h_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    if written is None and split:
        written = (for_an_hour or 0) + (count(split.get("ephemeral_5m_input_tokens")) or 0)
    tools = as_object(usage.get("server_tool_use"))
    details = as_object(usage.get("output_tokens_details"))
    return TokenUsage(
        input=None if fresh is None else fresh + (read or 0) + (written or 0),
        output=count(usage.get("output_tokens")),
        cache_read=read,
        cache_write=written,
        cache_write_1h=for_an_hour,
        reasoning=count(details.get("thinking_tokens")),
        web_searches=count(tools.get("web_search_requests")),
        service_tier=_text(usage.get("service_tier")),
        speed=_text(usage.get("speed")),
        region=_text(usage.get("inference_geo")),
    )

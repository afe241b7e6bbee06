"""The Responses API's JSON to a reply."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    Citation,
    ContentPart,
    Failure,
    Finish,
    FinishReason,
    ProviderFailure,
    ProviderState,
    ReasoningPart,
    Reply,
    TextPart,
    TokenUsage,
    ToolCallPart,
    as_object,
    count,
    media_part,
    parse_arguments,
)
from indox_openai._shared import expect_object, failure_of, usage_of

from .encode import OPERATION


def responses_to_reply(body: JSON) -> Reply:
    """A `response` object."""
    body = expect_object(body)
    if body.get("status") == "failed":
        raise ProviderFailure(failure_of({"error": body.get("error")}))
    if not isinstance(body.get("output"), list):
        raise ProviderFailure(Failure("malformed", "the answer has no output"))
    parts: list[ContentPart] = []
    refusals: list[str] = []
    for item in body.get("output") or ():
        parts += parts_of_item(item, refusals)
    has_calls = any(isinstance(part, ToolCallPart) for part in parts)
    return Reply(
        parts=tuple(parts),
        finish=_finish(body, has_calls, bool(refusals)),
        usage=_usage(body),
        id=body.get("id"),
        model=body.get("model"),
        refusal="".join(refusals) or None,
        citations=_citations(body),
    )


def parts_of_item(item: dict[str, Any], refusals: list[str]) -> list[ContentPart]:
    kind = item.get("type")
    if kind == "message":
        content = item.get("content") or ()
        refusals += [str(c.get("refusal")) for c in content if c.get("type") == "refusal"]
        return [part for c in content if (part := content_part(c, item)) is not None]
    if kind in ("function_call", "custom_tool_call"):
        return [_call_part(item)]
    if kind == "reasoning":
        return [_reasoning_part(item)]
    if kind == "image_generation_call" and item.get("result"):
        return [media_part(item["result"], None, _state(item))]
    # The calls of tools that OpenAI runs itself: the next turn wants them back.
    return [TextPart(text="", provider_state=_state(item))]


def content_part(content: dict[str, Any], item: dict[str, Any]) -> TextPart | None:
    """One content of a message; of a kind that is not known here, it stays opaque."""
    kind = content.get("type")
    if kind == "refusal" or (kind == "output_text" and not content.get("text")):
        return None
    if kind == "output_text":
        phase = item.get("phase")
        return TextPart(
            text=content["text"], provider_state=_state({"phase": phase}) if phase else None
        )
    state = ProviderState(provider="openai", api="responses.content", data=content)
    return TextPart(text="", provider_state=state)


def _call_part(item: dict[str, Any]) -> ToolCallPart:
    """A call of a function, or of a custom tool, whose input is free text."""
    identifier = item.get("call_id") or item.get("id") or f"{MADE_UP_CALL}0"
    name = item.get("name") or ""
    if item.get("type") == "custom_tool_call":
        return ToolCallPart(
            id=identifier,
            name=name,
            arguments_raw=item.get("input") or "",
            provider_state=_state(item),
        )
    return ToolCallPart(id=identifier, name=name, **parse_arguments(item.get("arguments")))


def _reasoning_part(item: dict[str, Any]) -> ReasoningPart:
    """The readable text, and the item itself for the next turn."""
    texts = item.get("content") or item.get("summary") or ()
    text = "\n\n".join(t["text"] for t in texts if isinstance(t, dict) and t.get("text"))
    # What OpenAI did not write itself, it does not take back.
    kept = {name: item[name] for name in ("type", "id", "summary", "encrypted_content")
            if item.get(name) is not None}  # fmt: skip
    kept.setdefault("summary", [])
    return ReasoningPart(
        text=text,
        provider_state=_state(kept) if item.get("encrypted_content") else None,
    )


def _state(item: dict[str, Any]) -> ProviderState:
    return ProviderState(provider="openai", api=OPERATION, data=item)


def _finish(body: dict[str, Any], has_calls: bool, refused: bool) -> Finish:
    status = body.get("status")
    reason = (body.get("incomplete_details") or {}).get("reason")
    if status == "incomplete":
        if reason in ("max_output_tokens", "max_messages"):
            return Finish("length", reason)
        unified: FinishReason = "content_filter" if reason == "content_filter" else "unknown"
        return Finish(unified, reason or status)
    if status == "completed":
        return Finish("refusal" if refused else "tool_calls" if has_calls else "stop", status)
    return Finish("error" if status == "cancelled" else "unknown", status)


def _usage(body: dict[str, Any]) -> TokenUsage | None:
    searches = as_object(as_object(body.get("tool_usage")).get("web_search")).get("num_requests")
    if searches is None:
        searches = sum(
            item.get("type") == "web_search_call"
            and (item.get("action") or {}).get("type", "search") == "search"
            for item in body.get("output") or ()
        )
    return usage_of(
        body.get("usage"),
        ("input_tokens", "output_tokens"),
        body.get("service_tier"),
        count(searches),
    )


def _citations(body: dict[str, Any]) -> tuple[Citation, ...]:
    return tuple(
        Citation(url=note.get("url"), title=note.get("title"))
        for item in body.get("output") or ()
        for content in item.get("content") or ()
        for note in content.get("annotations") or ()
        if note.get("type") == "url_citation"
    )

"""The chat completions API's JSON to a reply."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    Choice,
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

from ._encode import PROVIDER
from ._refusals import RULES

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",
    "tool_calls": "tool_calls",
    "error": "error",
}


def mistral_to_reply(body: JSON) -> Reply:
    """A `chat.completion` object."""
    if not isinstance(body, dict) or body.get("object") == "error" or "choices" not in body:
        raise ProviderFailure(failure_of(body))
    check_errors(body)
    choices = body["choices"]
    if not isinstance(choices, list) or not choices:
        raise ProviderFailure(Failure("malformed", "the answer has no choices"))
    first, *more = [_choice(item) for item in choices]
    return Reply(
        parts=first.parts,
        finish=first.finish,
        usage=usage_of(body.get("usage")),
        id=body.get("id"),
        model=body.get("model"),
        citations=citations_of((choices[0].get("message") or {}).get("content")),
        more_choices=tuple(more),
    )


def failure_of(body: Any, status: int | None = None) -> Failure:
    """What an error body means; `status` is `None` inside an answer with 200."""
    return Refusal.read(body, status).failure(RULES)


def check_errors(body: dict[str, Any]) -> None:
    """Raises `ProviderFailure` for an error beside what was written before it, or in a choice."""
    choices = body.get("choices")
    for place in (body, *(choices if isinstance(choices, list) else ())):
        if as_object(place).get("error"):
            raise ProviderFailure(failure_of({"error": place["error"]}))


def is_newer(event: JSON) -> bool:
    """Whether an event of a stream is of a kind that is not known here, and no failure."""
    known = {"choices", "usage", "error", "message", "detail"}
    return (
        isinstance(event, dict)
        and bool(event)
        and not event.keys() & known
        and event.get("object") not in ("error", "chat.completion.chunk")
    )


def _choice(choice: dict[str, Any]) -> Choice:
    message = choice.get("message")
    if not isinstance(message, dict):
        raise ProviderFailure(Failure("malformed", "a choice has no message"))
    parts = parts_of_content(message.get("content"))
    calls = message.get("tool_calls") or ()
    for index, call in enumerate(calls):
        function = call.get("function") or {}
        parts.append(
            ToolCallPart(
                id=call_id(call) or f"{MADE_UP_CALL}{index}",
                name=function.get("name") or "",
                **parse_arguments(function.get("arguments")),
            )
        )
    return Choice(tuple(parts), finish_of(choice.get("finish_reason"), bool(calls)))


def call_id(call: dict[str, Any]) -> str | None:
    """The SDK writes the text "null" where there is no id."""
    identifier = call.get("id")
    return identifier if identifier and identifier != "null" else None


def parts_of_content(content: Any) -> list[ContentPart]:
    """The parts of a content that is a string or a list of chunks; adjacent texts are one part."""
    if isinstance(content, str):
        return [TextPart(text=content)] if content else []
    parts: list[ContentPart] = []
    for chunk in chunks_of(content):
        kind = chunk.get("type")
        if kind == "thinking":
            parts.append(thinking_part(chunk))
        elif kind != "text":
            parts.append(opaque_part(chunk))
        elif parts and isinstance(parts[-1], TextPart) and parts[-1].text:
            parts[-1] = TextPart(text=parts[-1].text + (chunk.get("text") or ""))
        elif chunk.get("text"):
            parts.append(TextPart(text=chunk["text"]))
    return parts


def chunks_of(content: Any) -> list[dict[str, Any]]:
    """A content as chunks, whether it is a string, a list of chunks or one of strings."""
    items = content if isinstance(content, list) else [content] if content else []
    return [{"type": "text", "text": item} if isinstance(item, str) else item for item in items]


def opaque_part(chunk: dict[str, Any]) -> TextPart:
    """A chunk that has no place in the schema; it goes back as it came."""
    return TextPart(text="", provider_state=ProviderState(provider=PROVIDER, data=chunk))


def thinking_part(chunk: dict[str, Any]) -> ReasoningPart:
    """The readable text, and the chunk itself for the next turn."""
    return ReasoningPart(
        text=thinking_text(chunk), provider_state=ProviderState(provider=PROVIDER, data=chunk)
    )


def thinking_text(chunk: dict[str, Any]) -> str:
    inner = chunk.get("thinking")
    if isinstance(inner, str):
        return inner
    return "".join(item.get("text") or "" for item in inner or () if isinstance(item, dict))


def citations_of(content: Any) -> tuple[Citation, ...]:
    """Sources that are named between the texts."""
    return tuple(
        Citation(url=chunk.get("url"), title=chunk.get("title"))
        for chunk in chunks_of(content)
        if chunk.get("url") and chunk.get("type") in ("reference", "tool_reference")
    )


def finish_of(raw: Any, has_calls: bool) -> Finish:
    unified = _FINISH.get(str(raw), "unknown")
    if unified == "stop" and has_calls:
        unified = "tool_calls"
    return Finish(unified, raw if isinstance(raw, str) else None)


def usage_of(usage: Any) -> TokenUsage | None:
    """Mistral's prompt holds cached tokens but not those of audio: added here.

    Cached tokens have had two spellings.
    """
    if not isinstance(usage, dict):
        return None
    details = as_object(usage.get("prompt_tokens_details") or usage.get("prompt_token_details"))
    spellings = (count(details.get("cached_tokens")), count(usage.get("num_cached_tokens")))
    read = max((number for number in spellings if number is not None), default=None)
    prompt = count(usage.get("prompt_tokens"))
    completion = count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens"))
    audio = count(details.get("audio_tokens"))
    if prompt is not None and audio and total == prompt + audio + (completion or 0):
        prompt += audio
    tier = usage.get("service_tier")
    return TokenUsage(
        input=prompt,
        output=completion,
        cache_read=read,
        input_audio=audio,
        audio_seconds=count(usage.get("prompt_audio_seconds")),
        service_tier=tier if isinstance(tier, str) else None,
    )

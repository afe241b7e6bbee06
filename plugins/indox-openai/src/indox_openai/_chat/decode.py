"""Chat Completions' JSON to a reply."""

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
    Reply,
    TextPart,
    TokenUsage,
    ToolCallPart,
    as_object,
    count,
    media_part,
    parse_arguments,
)
from indox_openai._shared import expect_object, usage_of

from .encode import OPERATION

_FINISH: dict[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def chat_to_reply(body: JSON) -> Reply:
    """A `chat.completion` object."""
    body = expect_object(body)
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ProviderFailure(Failure("malformed", "the answer has no choices"))
    read = [_choice(item) for item in choices]
    first = read[0]
    return Reply(
        parts=first.parts,
        finish=first.finish,
        usage=chat_usage(body),
        id=body.get("id"),
        model=body.get("model"),
        refusal=first.refusal,
        citations=(*citations_of(choices[0].get("message") or {}), *sources_of(body)),
        more_choices=tuple(read[1:]),
    )


def chat_usage(body: dict[str, Any]) -> TokenUsage | None:
    usage = body.get("usage")
    if usage is None:  # Groq's streams say it there
        usage = as_object(body.get("x_groq")).get("usage")
    searches = count(as_object(usage).get("num_search_queries"))  # Perplexity's
    names = ("prompt_tokens", "completion_tokens")
    return usage_of(usage, names, body.get("service_tier"), searches)


def _choice(choice: Any) -> Choice:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise ProviderFailure(Failure("malformed", "a choice has no message"))
    parts: list[ContentPart] = []
    if thought := reasoning_of(message):
        parts.append(ReasoningPart(text=thought))
    if text := text_of(message.get("content")):
        parts.append(TextPart(text=text))
    if isinstance(sound := message.get("audio"), dict):
        opaque = ProviderState(provider="openai", api=OPERATION, data={"audio": sound})
        parts.append(media_part(sound.get("data"), None, opaque))
    calls = list(message.get("tool_calls") or ())
    if message.get("function_call"):  # before tools there were functions, one call and no id
        calls.append({"function": message["function_call"]})
    for index, call in enumerate(calls):
        function = call.get("function") or call.get("custom") or {}
        parts.append(
            ToolCallPart(
                id=call.get("id") or f"{MADE_UP_CALL}{index}",
                name=function.get("name") or "",
                **parse_arguments(function.get("arguments", function.get("input"))),
            )
        )
    refusal = message.get("refusal") or None
    return Choice(
        tuple(parts), finish_of(choice.get("finish_reason"), bool(calls), bool(refusal)), refusal
    )


def finish_of(raw: Any, has_calls: bool, refused: bool) -> Finish:
    """Our word for the finish reason. A forced tool call ends with `stop` on the wire."""
    unified = _FINISH.get(str(raw), "unknown")
    if unified == "stop" and refused:
        unified = "refusal"
    elif unified == "stop" and has_calls:
        unified = "tool_calls"
    return Finish(unified, None if raw is None else str(raw))


def text_of(content: Any) -> str:
    """The text of a content that is a string or, on some servers, a list of parts."""
    if isinstance(content, list):
        return "".join(
            item if isinstance(item, str) else str(item.get("text") or "") for item in content
        )
    return content if isinstance(content, str) else ""


def reasoning_of(message: dict[str, Any]) -> str:
    """DeepSeek's and llama.cpp's name for it, then OpenRouter's."""
    value = message.get("reasoning_content") or message.get("reasoning")
    return value if isinstance(value, str) else ""


def citations_of(message: dict[str, Any]) -> tuple[Citation, ...]:
    found = (item.get("url_citation") for item in message.get("annotations") or ())
    return tuple(Citation(url=c.get("url"), title=c.get("title")) for c in found if c)


def sources_of(body: dict[str, Any]) -> tuple[Citation, ...]:
    """What Perplexity's answers quote stands beside the choices."""
    found = body.get("search_results")
    if isinstance(found, list):
        return tuple(Citation(url=s.get("url"), title=s.get("title")) for s in found)
    return tuple(Citation(url=url) for url in body.get("citations") or () if isinstance(url, str))

"""Chat Completions' JSON to a reply."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    MADE_UP_CALL,
    Choice,
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
from .message import citations_of, media_of, objects, once, reasoning_of, sources_of, text_of

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
        citations=once([*citations_of(message_of(choices[0])), *sources_of(body)]),
        more_choices=tuple(read[1:]),
    )


def chat_usage(body: dict[str, Any]) -> TokenUsage | None:
    """The counts: of OpenAI, in Groq's streams, or in a choice, as in Moonshot's."""
    places = (body, as_object(body.get("x_groq")), *objects(body.get("choices")))
    usage = next((found for place in places if (found := as_object(place.get("usage")))), None)
    searches = count(as_object(usage).get("num_search_queries"))  # Perplexity's
    names = ("prompt_tokens", "completion_tokens")
    return usage_of(usage, names, body.get("service_tier"), searches)


def message_of(choice: dict[str, Any]) -> dict[str, Any]:
    """The message of a choice. Some servers answer a plain call with the chunk of a stream."""
    return as_object(choice.get("message")) or as_object(choice.get("delta"))


def check_choice(choice: dict[str, Any]) -> None:
    """Raises `ProviderFailure` for a choice that ended in an error, as OpenRouter tells it."""
    error, finish = choice.get("error"), choice.get("finish_reason")
    if error or finish == "error":
        failed = {"error": error or "the server ended the answer with an error"}
        raise ProviderFailure(failure_of(failed))


def _choice(choice: Any) -> Choice:
    choice = as_object(choice)
    check_choice(choice)
    message = message_of(choice)
    if not message:
        raise ProviderFailure(Failure("malformed", "a choice has no message"))
    parts: list[ContentPart] = []
    if thought := reasoning_of(message):
        parts.append(ReasoningPart(text=thought))
    if text := text_of(message.get("content")):
        parts.append(TextPart(text=text))
    parts += dict(media_of(message)).values()
    if sound := as_object(message.get("audio")):
        parts.append(sound_part(sound))
    calls = calls_of(message)
    for index, call in enumerate(calls):
        function = function_of(call)
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


def sound_part(sound: dict[str, Any]) -> ContentPart:
    """What the model says aloud."""
    opaque = ProviderState(provider="openai", api=OPERATION, data={"audio": sound})
    return media_part(sound.get("data"), None, opaque)


def calls_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls; before tools there were functions, one call and no id."""
    calls = objects(message.get("tool_calls"))
    if isinstance(function := message.get("function_call"), dict) and function:
        calls.append({"index": 0, "function": function})
    return calls


def function_of(call: dict[str, Any]) -> dict[str, Any]:
    """What is called with what. Some servers leave out the object around both."""
    return as_object(call.get("function")) or as_object(call.get("custom")) or call


def finish_of(raw: Any, has_calls: bool, refused: bool) -> Finish:
    """Our word for the finish reason. A forced tool call ends with `stop` on the wire."""
    unified = _FINISH.get(str(raw), "unknown")
    if unified == "stop" and refused:
        unified = "refusal"
    elif unified == "stop" and has_calls:
        unified = "tool_calls"
    return Finish(unified, None if raw is None else str(raw))

"""What both APIs share: schemas, errors inside a body, counts."""

from __future__ import annotations

from typing import Any

from indox_core.plugin import (
    JSON,
    MEDIA_TYPES,
    Adaptation,
    ChatRequest,
    Failure,
    Media,
    Message,
    ProviderFailure,
    Refusal,
    ResponseSchema,
    TextPart,
    TokenUsage,
    ToolResultPart,
    UnsupportedFeatureError,
    as_object,
    count,
    dropped,
)

from ._models import facts_of
from ._refusals import RULES
from ._strict import strict_schema


def failure_of(body: JSON, status: int | None = None) -> Failure:
    """What an error body means; `status` is `None` inside an answer with 200."""
    return Refusal.read(body, status).failure(RULES)


def expect_object(body: JSON) -> dict[str, Any]:
    """The body as an object without an error in it. Raises `ProviderFailure`."""
    if not isinstance(body, dict):
        raise ProviderFailure(Failure("malformed", "the answer is not a JSON object"))
    if body.get("error"):
        raise ProviderFailure(failure_of(body))
    return body


def usage_of(
    usage: Any, names: tuple[str, str], tier: Any = None, web_searches: int | None = None
) -> TokenUsage | None:
    """Both APIs' counts; `names` are those of input and output. The totals include their parts."""
    if not isinstance(usage, dict):
        return None
    read = as_object(usage.get(f"{names[0]}_details"))
    written = as_object(usage.get(f"{names[1]}_details"))
    return TokenUsage(
        input=count(usage.get(names[0])),
        output=count(usage.get(names[1])),
        # The second spelling is DeepSeek's.
        cache_read=count(read.get("cached_tokens", usage.get("prompt_cache_hit_tokens"))),
        cache_write=count(read.get("cache_write_tokens")),
        reasoning=count(written.get("reasoning_tokens")),
        input_audio=count(read.get("audio_tokens")),
        output_audio=count(written.get("audio_tokens")),
        web_searches=web_searches,
        service_tier=tier if isinstance(tier, str) else None,
    )


def plain_text(message: Message) -> str | None:
    """The text of a message that is one text and nothing more, as most are; `None` of others."""
    content = message.content
    if len(content) != 1 or type(content[0]) is not TextPart or message.name is not None:
        return None
    part = content[0]
    if part.provider_state is not None or part.provider_options or message.provider_options:
        return None
    return part.text or None


def file_of(media: Media) -> dict[str, Any]:
    """A document as both APIs take it: its bytes, or the id of a file that was uploaded."""
    if media.id is not None:
        return {"file_id": media.id}
    ending = next((end for end, kind in MEDIA_TYPES.items() if kind == media.media_type), "pdf")
    return {"filename": media.name or f"document.{ending}", "file_data": media.data_url}


def json_format(request: ChatRequest, adaptations: list[Adaptation]) -> dict[str, Any] | None:
    """What makes the answer JSON: `type`, and of a schema its name, itself and strict.

    Raises `UnsupportedFeatureError` for a schema where the model follows none.
    """
    schema = request.response_schema
    if schema is None:
        return None
    if schema == ResponseSchema.read({"type": "json_object"}):
        return {"type": "json_object"}  # which is how `response_format` spells it
    if not facts_of(request).json_schema:
        raise UnsupportedFeatureError(
            f"{request.provider}: {request.model} follows no schema. It answers with any JSON "
            'object for response_schema={"type": "json_object"}.'
        )
    path = "response_schema.json_schema"
    wire, strict = strict_schema(schema.json_schema, bool(schema.strict), path, adaptations)
    about = {"description": schema.description} if schema.description else {}
    kept = {"strict": strict} if schema.strict is not None else {}
    return {"type": "json_schema", "name": schema.name, **about, "schema": wire, **kept}


def note_cache(request: ChatRequest, adaptations: list[Adaptation]) -> None:
    """OpenAI caches long prompts by itself, so that `cache` has nothing to set."""
    if request.cache:
        reason = "OpenAI decides itself what it caches"
        adaptations.append(dropped("cache", reason, request.cache))


def note_is_error(part: ToolResultPart, number: int, adaptations: list[Adaptation]) -> None:
    """OpenAI has no mark for a tool that failed; its text has to say so."""
    if part.is_error:
        reason = "OpenAI marks no tool result as an error"
        adaptations.append(dropped(f"messages.{number}.is_error", reason, True))

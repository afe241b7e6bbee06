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
    ProviderFailure,
    Refusal,
    ResponseSchema,
    TokenUsage,
    ToolResultPart,
    as_object,
    clamped,
    count,
    dropped,
)

from ._refusals import RULES


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


def file_of(media: Media) -> dict[str, Any]:
    """A document as both APIs take its bytes."""
    ending = next((end for end, kind in MEDIA_TYPES.items() if kind == media.media_type), "pdf")
    return {"filename": media.name or f"document.{ending}", "file_data": media.data_url}


def json_format(schema: ResponseSchema, adaptations: list[Adaptation]) -> dict[str, Any]:
    """name, schema and strict of a JSON-schema answer, within OpenAI's limits for strict ones."""
    fields: dict[str, Any] = {"name": schema.name, "schema": schema.json_schema, "strict": False}
    if not schema.strict:
        return fields
    wire, strict = strict_schema(
        schema.json_schema, True, "response_schema.json_schema", adaptations
    )
    return {**fields, "schema": wire, "strict": strict}


def strict_schema(
    schema: dict[str, Any], wanted: bool, path: str, adaptations: list[Adaptation]
) -> tuple[dict[str, Any], bool]:
    """A schema within OpenAI's limits for strict ones, and whether it can be one.

    https://developers.openai.com/api/docs/guides/structured-outputs#supported-schemas
    """
    if not wanted:
        return schema, False
    root = schema
    if "$ref" in root:  # the root must be an object, not a reference to one
        root = {**_referred(root["$ref"], schema), **{k: v for k, v in root.items() if k != "$ref"}}
    strict, expressible = _strict(root, root)
    if not expressible or strict.get("type") != "object":
        adaptations.append(
            clamped(
                f"{path.rpartition('.')[0]}.strict",
                "a strict schema is an object, and no object in it has free keys",
                True,
                False,
            )
        )
        return schema, False
    if strict != schema:
        adaptations.append(
            clamped(path, "a strict schema needs every property required and no others")
        )
    return strict, True


def _referred(reference: Any, root: dict[str, Any]) -> dict[str, Any]:
    """What `#/$defs/NAME` stands for; {} for what cannot be found."""
    found: Any = root
    for step in str(reference).removeprefix("#/").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _strict(
    schema: Any, root: dict[str, Any], opened: frozenset[str] = frozenset()
) -> tuple[Any, bool]:
    """The schema with every object closed and complete, and whether that can be said of all."""
    if isinstance(schema, list):
        items = [_strict(item, root, opened) for item in schema]
        return [item for item, _ in items], all(possible for _, possible in items)
    if not isinstance(schema, dict):
        return schema, True
    if "$ref" in schema and len(schema) > 1 and schema is not root:
        # A reference stands alone: with a description beside it, it is written out.
        beside = {key: value for key, value in schema.items() if key not in ("$ref", "default")}
        if not beside:
            return {"$ref": schema["$ref"]}, True
        if schema["$ref"] in opened:
            return {"$ref": schema["$ref"]}, True  # written out it would never end
        target = {**_referred(schema["$ref"], root), **beside}
        return _strict(target, root, opened | {schema["$ref"]})
    closed: dict[str, Any] = {}
    possible = schema.get("additionalProperties", False) is False
    possible = possible and not schema.keys() & {"oneOf", "not", "if", "patternProperties"}
    for key, value in schema.items():
        if key in ("properties", "$defs", "definitions") and isinstance(value, dict):
            inner = {name: _strict(item, root, opened) for name, item in value.items()}
            closed[key] = {name: item for name, (item, _) in inner.items()}
            possible = possible and all(ok for _, ok in inner.values())
        elif key in ("items", "anyOf", "allOf", "prefixItems"):
            closed[key], ok = _strict(value, root, opened)
            possible = possible and ok
        elif key != "default":
            closed[key] = value
    kind = schema.get("type")
    if kind is None and "properties" in schema:
        kind = closed["type"] = "object"
    if kind == "object" or (isinstance(kind, list) and "object" in kind):
        if "properties" not in schema:
            return closed, False
        closed["required"] = list(schema["properties"])
        closed["additionalProperties"] = False
    return closed, possible


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

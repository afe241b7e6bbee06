"""What a message of an answer holds, or a piece of one: each server has its own ways to say it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from indox_core.plugin import (
    AudioPart,
    Citation,
    ImagePart,
    ProviderState,
    TextPart,
    as_object,
    media_part,
)

from .encode import OPERATION

_THOUGHT = ("thinking", "reasoning", "reasoning.text", "reasoning.summary")


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a list, without what else may stand in it."""
    if isinstance(value, dict):
        return [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text_of(content: Any) -> str:
    """The text of a content that is a string or, on some servers, a list of parts."""
    if isinstance(content, list):
        return "".join(
            item if isinstance(item, str) else _text(item)
            for item in content
            if isinstance(item, str) or as_object(item).get("type") not in _THOUGHT
        )
    return content if isinstance(content, str) else ""


def reasoning_of(message: dict[str, Any]) -> str:
    """What the model thought.

    `reasoning_content` is DeepSeek's and llama.cpp's name for it, `reasoning` Groq's and vLLM's;
    `reasoning_details` are OpenRouter's; a list of contents may hold it too, as Mistral's does.
    """
    for name in ("reasoning_content", "reasoning"):
        value = message.get(name)
        if isinstance(value, str) and value:
            return value
    if not message.get("reasoning_details") and not isinstance(message.get("content"), list):
        return ""
    details = [*objects(message.get("reasoning_details")), *objects(message.get("content"))]
    return "".join(_text(item) for item in details if item.get("type") in _THOUGHT)


def _text(item: Any) -> str:
    """The text of a part, in any of its names."""
    for name in ("text", "summary", "thinking", "reasoning"):
        value = as_object(item).get(name)
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return "".join(_text(inner) for inner in value)
    return ""


def media_of(message: dict[str, Any]) -> Iterator[tuple[str, ImagePart | AudioPart | TextPart]]:
    """The images of an answer, each with its address, which tells one that comes twice.

    OpenRouter gives them as `images`, others among the contents.
    """
    contents = message.get("content")
    if not message.get("images") and not isinstance(contents, list):
        return
    found = [*objects(message.get("images"))]
    if isinstance(contents, list):
        found += [item for item in objects(contents) if "image_url" in item]
    for item in found:
        given = item.get("image_url", item)
        address = given if isinstance(given, str) else as_object(given).get("url")
        if not isinstance(address, str) or not address:
            continue
        opaque = ProviderState(provider="openai", api=OPERATION, data={"image": item})
        head, comma, data = address.partition(",")
        if address.startswith("data:") and comma:
            yield address, media_part(data, head[5:].partition(";")[0] or None, opaque)
            continue
        try:
            part = {"type": "image", "image": {"url": address}}
            yield address, ImagePart.model_validate(part)
        except ValueError:
            yield address, TextPart(text="", provider_state=opaque)


def citations_of(message: dict[str, Any]) -> list[Citation]:
    """The sources that a message quotes, as OpenAI's models that search give them."""
    if not message.get("annotations"):
        return []
    found = (item.get("url_citation") for item in objects(message.get("annotations")))
    return [Citation(url=c.get("url"), title=c.get("title")) for c in objects(list(found))]


def sources_of(body: dict[str, Any]) -> list[Citation]:
    """What Perplexity's and xAI's answers quote stands beside the choices, at times twice."""
    citations = body.get("citations")
    if not citations and not body.get("search_results"):
        return []
    found = [
        Citation(url=item) if isinstance(item, str) else _source(item)
        for item in (citations if isinstance(citations, list) else ())
        if isinstance(item, str | dict)
    ]
    return list(once([*found, *map(_source, objects(body.get("search_results")))]))


def _source(item: dict[str, Any]) -> Citation:
    return Citation(url=item.get("url"), title=item.get("title"))


def name_of(citation: Citation) -> str:
    """What tells one source from another."""
    return citation.url or f"{citation.title}\n{citation.text}"


def once(citations: Iterable[Citation]) -> tuple[Citation, ...]:
    """Each source once, where it is named first, with its title from wherever that stands."""
    kept: dict[str, Citation] = {}
    for citation in citations:
        name = name_of(citation)
        known = kept.get(name)
        if known is None or (known.title is None and citation.title is not None):
            kept[name] = citation
    return tuple(kept.values())

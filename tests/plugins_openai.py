"""What the tests of indox-openai share: requests, and a way to encode and to fold."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic import BaseModel

from indox_core._plugins.model_facts import fitted
from indox_core._schema.events import Fold
from indox_core._schema.request import read_request
from indox_core.plugin import Call, StreamDecoder
from indox_openai._provider import OpenAIProvider

OWN = OpenAIProvider.spec.base_url


class City(BaseModel):
    name: str
    population: int | None = None


def encode(messages: Any, base_url: str = OWN, **options: Any) -> Call:
    model, stream = options.pop("model", "gpt-4o-mini"), options.pop("stream", False)
    spec = OpenAIProvider.spec
    request = read_request(messages, "openai", model, base_url, stream, options, spec.options)
    facts = OpenAIProvider().facts(request)
    if facts is not None:
        request = fitted(request, facts)
    call = OpenAIProvider().encode(request)
    return Call(
        call.operation, call.arguments, request.adaptations + call.adaptations, call.headers
    )


def fold(decoder: StreamDecoder, events: list[Any]) -> Fold:
    folded = Fold()
    for event in events:
        for chat_event in decoder.push(event):
            folded.add(chat_event)
    for chat_event in decoder.finish():
        folded.add(chat_event)
    return folded


def _b64(data: bytes) -> str:
    return base64.b64encode(data + bytes(16)).decode()


_USER = {"role": "user", "content": "Hi"}
_TOOL = {"name": "f", "description": "Does f.", "parameters": {"type": "object", "properties": {}}}
_CALL = {"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}
_TOOLS = [
    {"role": "user", "content": "Go"},
    {"role": "assistant", "content": [{"type": "text", "text": "I call f."}, _CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "42"},
]
_PARTS = [
    {"type": "text", "text": "Look"},
    {"type": "image", "image": {"data": _b64(b"\xff\xd8\xff")}},
    {"type": "image", "image": {"url": "https://example.org/a.png"}, "detail": "high"},
    {"type": "document", "document": {"data": _b64(b"%PDF-1.7"), "name": "a.pdf"}},
]


def example_requests(api: str) -> list[Any]:
    """Messages and options that reach every branch of the encoder."""
    both: dict[str, tuple[list[Any], dict[str, Any]]] = {
        "text": ([_USER], {}),
        "system": ([{"role": "system", "content": "Be terse."}, _USER], {"max_tokens": 5}),
        "late-system": ([_USER, {"role": "system", "content": "Now terse."}, _USER], {}),
        "same-role": ([_USER, _USER], {"temperature": 0.5, "top_p": 0.9}),
        "empty-text": ([{"role": "user", "content": ""}], {}),
        "parts": ([{"role": "user", "content": _PARTS}], {}),
        "tools": (_TOOLS, {"tools": [_TOOL], "tool_choice": "auto", "parallel_tool_calls": False}),
        "one-tool": ([_USER], {"tools": [{**_TOOL, "strict": True}], "tool_choice": "f"}),
        "function-role": ([_USER, {"role": "function", "name": "f", "content": "42"}], {}),
        "schema": ([_USER], {"response_schema": City}),
        "loose-schema": ([_USER], {"response_schema": {"type": "object"}}),
        "reasoning": ([_USER], {"model": "gpt-5-mini", "reasoning_effort": "low"}),
        "options": (
            [_USER],
            {"metadata": {"a": "b"}, "cache": True, "seed": 1},
        ),
    }
    if api == "chat":
        both["stop-and-seed"] = ([_USER], {"stop": ["END"], "seed": 7})
        both["audio"] = (
            [{"role": "user", "content": [{"type": "audio", "audio": {"data": _b64(b"ID3")}}]}],
            {},
        )
    else:
        document = {"type": "document", "document": {"url": "https://example.org/a.pdf"}}
        both["document-url"] = ([{"role": "user", "content": [document]}], {})
        both["web-search"] = ([_USER], {"web_search": True})
        image_result = {"role": "tool", "name": "f", "content": _PARTS[:2]}
        both["image-result"] = ([_USER, image_result], {})
    return [pytest.param(messages, options, id=name) for name, (messages, options) in both.items()]

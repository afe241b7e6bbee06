"""A small server for each vendor's protocol: it says "You said: " and the last user text."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from indox_core.testing import HTTPAnswer, LoopbackServer, Received, sse

from . import openai as openai_server

Events = list[Any]


def anthropic_answer(text: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 24, "output_tokens": 7},
    }


def anthropic_events(pieces: list[str]) -> Events:
    start = {**anthropic_answer(""), "content": [], "stop_reason": None}
    deltas = [{"type": "text_delta", "text": piece} for piece in pieces]
    return [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 7},
        },
        {"type": "message_stop"},
    ]


def google_answer(text: str, finish: str | None = "STOP") -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    return {
        "candidates": [{**candidate, "finishReason": finish} if finish else candidate],
        "usageMetadata": {"promptTokenCount": 24, "candidatesTokenCount": 7},
        "modelVersion": "gemini-2.5-flash",
        "responseId": "resp_1",
    }


def google_events(pieces: list[str]) -> Events:
    return [*(google_answer(piece, None) for piece in pieces[:-1]), google_answer(pieces[-1])]


def mistral_answer(text: str) -> dict[str, Any]:
    body = {"model": "mistral-small-latest"}
    return openai_server.chat_body(body, text, (24, 7))


def mistral_events(pieces: list[str]) -> Events:
    body = {"model": "mistral-small-latest", "stream_options": {"include_usage": True}}
    return openai_server.chat_events(body, pieces, (24, 7))


class Vendor:
    """How one vendor's protocol is told apart and answered."""

    def __init__(
        self,
        model: str,
        key_header: str,
        answer: Callable[[str], Any],
        events: Callable[[list[str]], Events],
        error: Callable[[int, str], Any],
    ) -> None:
        self.model = model
        self.provider = model.partition("/")[0]
        self.key_header = key_header
        self.answer = answer
        self.events = events
        self.error = error


def _openai_error(status: int, message: str) -> Any:
    return {"error": {"message": message, "type": "t", "code": None}}


def _anthropic_error(status: int, message: str) -> Any:
    names = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error",
             529: "overloaded_error"}  # fmt: skip
    error = {"type": names.get(status, "api_error"), "message": message}
    return {"type": "error", "error": error, "request_id": "req_body"}


def _google_error(status: int, message: str) -> Any:
    names = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED"}
    return {"error": {"code": status, "message": message, "status": names.get(status, "INTERNAL")}}


def _mistral_error(status: int, message: str) -> Any:
    return {"object": "error", "message": message, "type": "some_error", "code": "1000"}


VENDORS = [
    Vendor(
        "openai/gpt-4o-mini",
        "authorization",
        lambda text: openai_server.chat_body({"model": "gpt-4o-mini"}, text, (24, 7)),
        lambda pieces: openai_server.chat_events(
            {"model": "gpt-4o-mini", "stream_options": {"include_usage": True}}, pieces, (24, 7)
        ),
        _openai_error,
    ),
    Vendor(
        "anthropic/claude-haiku-4-5",
        "authorization",
        anthropic_answer,
        anthropic_events,
        _anthropic_error,
    ),
    Vendor(
        "google/gemini-2.5-flash", "x-goog-api-key", google_answer, google_events, _google_error
    ),
    Vendor(
        "mistral/mistral-small-latest",
        "authorization",
        mistral_answer,
        mistral_events,
        _mistral_error,
    ),
]


def last_text(body: dict[str, Any]) -> str:
    if "contents" in body:
        return "".join(part.get("text", "") for part in body["contents"][-1]["parts"])
    return openai_server.last_text(body)


class VendorServer(LoopbackServer):
    """`cut` ends a stream after that many events."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__(self._answer)
        self.vendor = vendor
        self.cut: int | None = None
        self.gate: threading.Semaphore | None = None

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        return {self.vendor.provider: {"api_key": "sk-loopback", "base_url": self.url}}

    def _answer(self, received: Received) -> HTTPAnswer:
        if received.method == "GET":
            listed = {"id": "model-1", "name": "models/model-1", "inputTokenLimit": 9,
                      "max_input_tokens": 9, "max_context_length": 9}  # fmt: skip
            return HTTPAnswer({"data": [listed], "models": [listed]})
        body = received.json
        if "count" in received.path or received.path.endswith("input_tokens"):
            return HTTPAnswer({"input_tokens": 12, "totalTokens": 12})
        text = f"You said: {last_text(body)}"
        if body.get("stream") or "streamGenerateContent" in received.path:
            return HTTPAnswer(self._paced(self.vendor.events(openai_server.split_in_two(text))))
        return HTTPAnswer(self.vendor.answer(text))

    def _paced(self, events: Events) -> Iterator[bytes]:
        for event in events[: self.cut]:
            yield sse(event)
            if self.gate is not None:
                self.gate.acquire(timeout=100)

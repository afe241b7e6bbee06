"""A server that speaks OpenAI's two chat APIs and refuses what OpenAI would refuse.

What it says: "You said: " and the last user text, in two pieces; or whatever `say` returns.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as responses_params

from indox_core.testing import HTTPAnswer, LoopbackServer, Received, sse

from .conform import problems

_SAMPLING_MODELS = ("gpt-3.5", "gpt-4", "chatgpt-", "smollm2")
_PARAMS = {
    ("chat", False): chat_params.CompletionCreateParamsNonStreaming,
    ("chat", True): chat_params.CompletionCreateParamsStreaming,
    ("responses", False): responses_params.ResponseCreateParamsNonStreaming,
    ("responses", True): responses_params.ResponseCreateParamsStreaming,
}


class OpenAIServer(LoopbackServer):
    """`gate`, if set, is acquired before each further event of a stream."""

    def __init__(self, say: Callable[[Received], str] | None = None) -> None:
        super().__init__(self._answer)
        self.gate: threading.Semaphore | None = None
        self.hung_up = threading.Event()
        self._say = say or echo
        self.tokens = (24, 7)

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def _answer(self, received: Received) -> HTTPAnswer:
        api = {"/v1/chat/completions": "chat", "/v1/responses": "responses"}.get(received.path)
        if api is None:
            return refusal(404, "Unknown path", "unknown_url")
        scheme, _, key = received.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key or key.startswith("wrong"):
            return refusal(401, f"Incorrect API key provided: {key}", "invalid_api_key")
        body = received.json
        stream = body.get("stream") is True
        found = problems(body, _PARAMS[api, stream]) or rule_problems(body, api)
        if found:
            return refusal(400, "; ".join(found[:3]), "invalid_request")
        pieces = split_in_two(self._say(received))
        reply = (chat_events if api == "chat" else responses_events) if stream else None
        if reply is None:
            whole = chat_body if api == "chat" else responses_body
            return HTTPAnswer(
                whole(body, "".join(pieces), self.tokens), headers={"x-request-id": "req_loopback"}
            )
        events = reply(body, pieces, self.tokens)
        return HTTPAnswer(self._paced(received, events), headers={"x-request-id": "req_loopback"})

    def _paced(self, received: Received, events: list[Any]) -> Iterator[bytes]:
        try:
            for event in events:
                yield sse(event)
                while self.gate is not None and not self.gate.acquire(timeout=0.02):
                    if received.hung_up(0):
                        self.hung_up.set()
                        return
        except GeneratorExit:  # the server could not write
            self.hung_up.set()
            raise


def echo(received: Received) -> str:
    return f"You said: {last_text(received.json)}"


def fingerprint(received: Received) -> str:
    """Tells which key arrived, without saying it."""
    return hashlib.sha256(received.headers["authorization"].encode()).hexdigest()[:16]


def last_text(body: dict[str, Any]) -> str:
    content = (body.get("messages") or body.get("input"))[-1].get("content", "")
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def split_in_two(text: str) -> list[str]:
    return [text[: len(text) // 2], text[len(text) // 2 :]]


def rule_problems(body: dict[str, Any], api: str) -> list[str]:
    """What the types allow and the vendor does not."""
    found = []
    messages = body.get("messages", body.get("input"))
    if not messages:
        found.append("messages is empty")
    if not str(body.get("model", "")).startswith(_SAMPLING_MODELS):
        found += [f"{n} is not supported" for n in ("temperature", "top_p", "stop") if n in body]
        if "max_tokens" in body:
            found.append("max_tokens is not supported, use max_completion_tokens")
    calls = {
        call["id"] for message in body.get("messages", ()) for call in message.get("tool_calls", ())
    }
    calls |= {i.get("call_id") for i in messages or () if i.get("type") == "function_call"}
    for message in messages or ():
        answered = message.get("tool_call_id")
        if message.get("type") == "function_call_output":
            answered = message.get("call_id")
        if answered is not None and answered not in calls:
            found.append(f"no call {answered} precedes this result")
    if api == "responses" and body.get("store") is not False:
        found.append("this test wants store=false")
    return found


def refusal(status: int, message: str, code: str) -> HTTPAnswer:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
    return HTTPAnswer({"error": error}, status, {"x-request-id": "req_refused"})


def chat_body(body: dict[str, Any], text: str, tokens: tuple[int, int]) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": chat_usage(tokens),
    }


def chat_usage(tokens: tuple[int, int]) -> dict[str, int]:
    return {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "total_tokens": sum(tokens),
    }


def chat_events(body: dict[str, Any], pieces: list[str], tokens: tuple[int, int]) -> list[Any]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": body["model"]}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    events: list[Any] = [chunk({"role": "assistant", "content": ""})]
    events += [chunk({"content": piece}) for piece in pieces]
    events.append(chunk({}, "stop"))
    if body.get("stream_options", {}).get("include_usage"):
        events.append({**head, "choices": [], "usage": chat_usage(tokens)})
    return [*events, "[DONE]"]


def responses_body(body: dict[str, Any], text: str, tokens: tuple[int, int]) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": body["model"],
        "output": [{"type": "message", "id": "msg_1", "role": "assistant", "content": content}],
        "usage": {
            "input_tokens": tokens[0],
            "output_tokens": tokens[1],
            "total_tokens": sum(tokens),
        },
    }


def responses_events(body: dict[str, Any], pieces: list[str], tokens: tuple[int, int]) -> list[Any]:
    whole = responses_body(body, "".join(pieces), tokens)
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        *({"type": "response.output_text.delta", "delta": piece, **place} for piece in pieces),
        {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]},
        {"type": "response.completed", "response": whole},
    ]

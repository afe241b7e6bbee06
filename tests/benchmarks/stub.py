"""A provider that costs nothing: a process that speaks five wire protocols, from bytes made before.

The first part of a path says how it answers: `plain`, `delay-MS`, `burst-N` (a stream of N pieces
in one write) or `paced-N-MS` (each event in a write of its own, after so many milliseconds).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

TEXT = "The quick brown fox jumps over the lazy dog. " * 4
READ, WRITTEN = 240, 40
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def piece(number: int) -> str:
    """One piece of a stream; no two in a row are the same, which one peer takes for a fault."""
    return f"lazy dog {number % 7} "


def spoken(count: int) -> str:
    """The text of a stream with so many pieces."""
    return "".join(map(piece, range(count)))


def protocol_of(path: str) -> str:
    if "enerateContent" in path:
        return "gemini"
    if path.endswith("/responses"):
        return "responses"
    if path.endswith("/messages"):
        return "anthropic"
    return "mistral" if "/mistral/" in path else "openai"


@cache
def whole(protocol: str) -> bytes:
    """The whole answer of a protocol."""
    if protocol == "responses":
        part = {"type": "output_text", "text": TEXT, "annotations": [], "logprobs": []}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
                   "content": [part]}  # fmt: skip
        body: dict[str, Any] = {**_RESPONSE, "output": [message], "usage": _USAGE["responses"]}
    elif protocol == "anthropic":
        content = [{"type": "text", "text": TEXT}]
        body = {
            **_MESSAGE,
            "content": content,
            "stop_reason": "end_turn",
            "usage": _USAGE[protocol],
        }
    elif protocol == "gemini":
        body = _gemini(TEXT, "STOP")
    else:
        message = {"role": "assistant", "content": TEXT}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        body = {**_chat(protocol, "chat.completion"), "choices": choices, "usage": _USAGE["openai"]}
    return json.dumps(body).encode()


@cache
def events(protocol: str, count: int) -> tuple[bytes, ...]:
    """A stream with `count` pieces of text, event by event."""
    return tuple(_sse(protocol, event) for event in _events(protocol, count))


def _events(protocol: str, count: int) -> Iterator[Any]:
    if protocol == "responses":
        item = {"output_index": 0, "item_id": "msg_1", "content_index": 0}
        response = {**_RESPONSE, "status": "in_progress", "output": []}
        yield {"type": "response.created", "response": response, "sequence_number": 0}
        for number in range(count):
            yield {"type": "response.output_text.delta", **item, "delta": piece(number),
                   "logprobs": [], "sequence_number": number + 1}  # fmt: skip
        part = {"type": "output_text", "text": spoken(count), "annotations": [], "logprobs": []}
        message = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
                   "content": [part]}  # fmt: skip
        done = {**_RESPONSE, "output": [message], "usage": _USAGE["responses"]}
        yield {"type": "response.completed", "response": done, "sequence_number": count + 1}
    elif protocol == "anthropic":
        yield {"type": "message_start",
               "message": {**_MESSAGE, "content": [], "usage": _USAGE[protocol]}}  # fmt: skip
        yield {"type": "content_block_start", "index": 0,
               "content_block": {"type": "text", "text": ""}}  # fmt: skip
        for number in range(count):
            yield {"type": "content_block_delta", "index": 0,
                   "delta": {"type": "text_delta", "text": piece(number)}}  # fmt: skip
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
               "usage": {"output_tokens": WRITTEN}}  # fmt: skip
        yield {"type": "message_stop"}
    elif protocol == "gemini":
        for number in range(count):
            yield _gemini(piece(number), "STOP" if number == count - 1 else None)
    else:
        base = _chat(protocol, "chat.completion.chunk")
        for number in range(count):
            yield {**base, "choices": [{"index": 0, "delta": {"content": piece(number)},
                                        "finish_reason": None}]}  # fmt: skip
        last = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
        if protocol == "mistral":
            yield {**base, "choices": [last], "usage": _USAGE["openai"]}
        else:
            yield {**base, "choices": [last]}
            yield {**base, "choices": [], "usage": _USAGE["openai"]}
        yield "[DONE]"


_USAGE = {
    "openai": {"prompt_tokens": READ, "completion_tokens": WRITTEN,
               "total_tokens": READ + WRITTEN},
    "responses": {"input_tokens": READ, "input_tokens_details": {"cached_tokens": 0},
                  "output_tokens": WRITTEN, "output_tokens_details": {"reasoning_tokens": 0},
                  "total_tokens": READ + WRITTEN},
    "anthropic": {"input_tokens": READ, "output_tokens": WRITTEN},
}  # fmt: skip
_RESPONSE = {
    "id": "resp_1", "object": "response", "created_at": 1790000000, "status": "completed",
    "model": "gpt-4o-mini", "error": None, "incomplete_details": None, "instructions": None,
    "metadata": {}, "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto",
    "tools": [], "top_p": 1.0,
}  # fmt: skip
_MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5",
    "stop_reason": None, "stop_sequence": None,
}  # fmt: skip


def _chat(protocol: str, kind: str) -> dict[str, Any]:
    model = "mistral-small-latest" if protocol == "mistral" else "gpt-4o-mini"
    return {"id": "chatcmpl-1", "object": kind, "created": 1790000000, "model": model}


def _gemini(text: str, finish: str | None) -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": READ, "candidatesTokenCount": WRITTEN,
             "totalTokenCount": READ + WRITTEN}  # fmt: skip
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash",
            "responseId": "resp_1"}  # fmt: skip


def _sse(protocol: str, event: Any) -> bytes:
    text = event if isinstance(event, str) else json.dumps(event)
    name = f"event: {event['type']}\n" if protocol in ("anthropic", "responses") else ""
    return f"{name}data: {text}\n\n".encode()


class _Stub(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._data = b""
        self._task: asyncio.Task[None] | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        while True:
            head, blank, rest = self._data.partition(b"\r\n\r\n")
            if not blank:
                return
            match = _LENGTH.search(head)
            length = int(match[1]) if match else 0
            if len(rest) < length:
                return
            body, self._data = rest[:length], rest[length:]
            self._respond(head.split(b" ", 2)[1].decode(), body)

    def _respond(self, target: str, body: bytes) -> None:
        path = target.partition("?")[0]
        how, *numbers = path.split("/")[1].split("-")
        protocol = protocol_of(path)
        if "stream" in path or b'"stream":true' in body.replace(b" ", b"")[-3000:] + body[:3000]:
            count = int(numbers[0]) if how in ("burst", "paced") else 10
            pieces = events(protocol, count)
            if how == "paced":
                pause = int(numbers[1]) / 1000
                self._task = asyncio.create_task(self._paced(pieces, pause))
            else:
                self._transport.write(_STREAM_HEAD + b"".join(map(_chunk, pieces)) + b"0\r\n\r\n")
            return
        answer = whole(protocol)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        sent = head % len(answer) + answer
        if how == "delay":
            loop = asyncio.get_running_loop()
            loop.call_later(int(numbers[0]) / 1000, self._transport.write, sent)
        else:
            self._transport.write(sent)

    async def _paced(self, pieces: tuple[bytes, ...], pause: float) -> None:
        self._transport.write(_STREAM_HEAD)
        for piece in pieces:
            await asyncio.sleep(pause)
            self._transport.write(_chunk(piece))
        self._transport.write(b"0\r\n\r\n")


_STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Stub, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Whoever started this process ends it by closing its standard input.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())

"""The event sources over an unread response: server-sent events, or JSON by the line."""

from __future__ import annotations

import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Generator,
    Iterator,
)
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from indox_core._schema import JSON

from .headers import request_id_of
from .json_body import apieces, aread_json, malformed, pieces, read_json
from .parsers import LineParser, SSEParser

if TYPE_CHECKING:
    import httpx2


_BY_LINE = tuple(f"application/{name}" for name in ("x-ndjson", "ndjson", "jsonl", "jsonlines"))


def _parser(response: httpx2.Response) -> SSEParser | LineParser:
    return LineParser() if _type_of(response) in _BY_LINE else SSEParser()


def _type_of(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _other_type(response: httpx2.Response) -> str | None:
    """The type of a body that is no event stream; `None` if it is one, or does not say."""
    if response.status_code == 204:
        return "nothing"
    kind = _type_of(response)
    return None if kind in ("", "text/event-stream", *_BY_LINE) else kind


def _events_in(body: JSON, kind: str) -> list[JSON]:
    """The events of a stream that came as one JSON array, or an error object in its place."""
    if isinstance(body, list) and body and all(isinstance(item, dict) for item in body):
        return body
    if isinstance(body, dict) and (body.get("error") or body.get("object") == "error"):
        return [body]
    raise malformed(f"the provider answered a stream call with {kind}")


class SSESource:
    """An `EventSource` over an unread response: server-sent events, or JSON by the line."""

    def __init__(self, response: httpx2.Response) -> None:
        self.request_id = request_id_of(response)
        self._response = response
        self._events = self._read()

    def _read(self) -> Iterator[JSON]:
        if (kind := _other_type(self._response)) is not None:
            yield from _events_in(read_json(self._response), kind)
            return
        parser = _parser(self._response)
        for chunk in pieces(self._response):
            yield from parser.feed(chunk)
        yield from parser.close()

    def __iter__(self) -> Iterator[JSON]:
        return self

    def __next__(self) -> JSON:
        return next(self._events)

    def close(self) -> None:
        self._response.close()


class _Unregistered:
    """Awaits the first step of nested async generators without telling the event loop of them.

    A loop that ends closes all generators that it knows at the same time, and says "asynchronous
    generator is already running" of those that close each other. We close the response instead.
    """

    def __init__(self, step: Awaitable[Any]) -> None:
        self._step = step

    def __await__(self) -> Generator[Any, Any, Any]:
        step = self._step.__await__()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(None, None)
        try:
            waiting = next(step)  # all of them begin here, before the first wait
        except StopIteration as stop:
            return stop.value
        finally:
            sys.set_asyncgen_hooks(*hooks)
        while True:
            try:
                sent = yield waiting
            except BaseException as error:  # noqa: BLE001 # handed on
                resume = partial(step.throw, error)
            else:
                resume = partial(step.send, sent)
            try:
                waiting = resume()
            except StopIteration as stop:
                return stop.value


class AsyncSSESource:
    """An `AsyncEventSource` over an unread response."""

    def __init__(self, response: httpx2.Response) -> None:
        self.request_id = request_id_of(response)
        self._response = response
        self._chunks = cast("AsyncGenerator[bytes]", apieces(response))
        self._parser = _parser(response)
        self._ready: list[JSON] = []
        self._ended = False
        self._begun = False

    def __aiter__(self) -> AsyncIterator[JSON]:
        return self

    async def __anext__(self) -> JSON:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            if (kind := _other_type(self._response)) is not None:
                self._ended = True
                body = await aread_json(self._response)
                self._ready = _events_in(body, kind)[::-1]
                continue
            try:
                self._ready = self._parser.feed(await self._next_chunk())
            except StopAsyncIteration:
                self._ended = True
                self._ready = self._parser.close()
            self._ready.reverse()
        return self._ready.pop()

    async def _next_chunk(self) -> bytes:
        if self._begun:
            return await anext(self._chunks)
        self._begun = True
        chunk: bytes = await _Unregistered(anext(self._chunks))
        return chunk

    async def aclose(self) -> None:
        # The response first: another task may be waiting in the generator, and this wakes it.
        await self._response.aclose()
        with suppress(RuntimeError):  # it is running: that task ends it
            await self._chunks.aclose()

"""From the bytes of an HTTP answer to JSON: whole bodies and event streams, with caps.

For connections whose SDK hands out the unread `httpx2.Response`.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
    Mapping,
)
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import from_json, to_json

from indox_core._engine.retry import retry_after
from indox_core._errors import Failure, ProviderFailure
from indox_core._plugins.provider import Access, Answer, Call, ConnectionSettings
from indox_core._schema.content import JSON

if TYPE_CHECKING:
    import httpx2

MAX_BODY = 32 * 2**20
"""Bytes of one whole answer, decompressed."""
MAX_EVENT = 16 * 2**20
"""Bytes of one event of a stream."""


def malformed(message: str) -> ProviderFailure:
    return ProviderFailure(Failure("malformed", message))


def parse(body: bytes) -> JSON:
    """JSON from the vendor. Raises `ProviderFailure` without quoting what was sent."""
    try:
        return from_json(body.removeprefix(b"\xef\xbb\xbf"))
    except ValueError:
        what = "an empty body" if not body.strip() else "a body that is not JSON"
        raise malformed(f"the provider answered with {what}") from None


class _Body:
    """Collects the pieces of one body, up to the cap."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise malformed(f"the answer is larger than {MAX_BODY // 2**20} MiB")
        self._pieces.append(piece)

    def answer(self, response: httpx2.Response) -> Answer:
        return Answer(parse(b"".join(self._pieces)), request_id_of(response))


def request_id_of(response: httpx2.Response) -> str | None:
    """The vendor's id for the request, from the usual headers."""
    for name in ("x-request-id", "request-id"):
        value: str | None = response.headers.get(name)
        if value:
            return value
    return None


def _pieces(response: httpx2.Response) -> Iterator[bytes]:
    """The body as it comes: the core's transport has inflated it, others' may have not."""
    if "content-encoding" in response.headers:
        return response.iter_bytes()
    return iter(response.stream)  # type: ignore[arg-type] # of a sync client


def _apieces(response: httpx2.Response) -> AsyncIterator[bytes]:
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    return aiter(response.stream)  # type: ignore[arg-type] # of an async client


def read_answer(response: httpx2.Response) -> Answer:
    """The whole body of an unread response as JSON; the response is closed."""
    body = _Body()
    try:
        for piece in _pieces(response):
            body.add(piece)
    finally:
        response.close()
    return body.answer(response)


async def aread_answer(response: httpx2.Response) -> Answer:
    body = _Body()
    try:
        async for piece in _apieces(response):
            body.add(piece)
    finally:
        await response.aclose()
    return body.answer(response)


class SSEParser:
    """Server-sent events to JSON, however the bytes are cut. `[DONE]` comes out as that string."""

    def __init__(self) -> None:
        self._line: list[bytes] = []
        self._data: list[bytes] = []
        self._size = 0
        """Bytes since the last complete event."""
        self._began = False
        self._after_cr = False
        self._failure: ProviderFailure | None = None
        self._whole = False
        """Whether nothing is left of the chunks so far."""

    def feed(self, chunk: bytes) -> list[JSON]:
        """The events that are complete with this chunk.

        What stands before a broken event is given first; the next call raises `ProviderFailure`.
        """
        if self._failure is not None:
            raise self._failure
        if self._whole and chunk[-2:] == b"\n\n":
            events = _events_at_once(chunk)
            if events is not None:
                return events
        self._whole = False
        if self._after_cr or b"\r" in chunk:
            chunk = self._with_newlines(chunk)
        self._size += len(chunk)
        if self._size > MAX_EVENT:
            raise malformed(f"one event is larger than {MAX_EVENT // 2**20} MiB")
        head, newline, rest = chunk.partition(b"\n")
        self._line.append(head)
        if not newline:
            return []
        lines = [b"".join(self._line), *rest.split(b"\n")]
        tail = lines.pop()
        self._line = [tail]
        events = []
        if not self._began:
            self._began = True
            lines[0] = lines[0].removeprefix(b"\xef\xbb\xbf")
        for line in lines:
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line[5:6] == b" " else line[5:])
            elif not line and self._data:
                data = b"\n".join(self._data).strip()
                self._data = []
                if data:
                    try:
                        events.append(_event(data))
                    except ProviderFailure as failure:
                        if not events:
                            raise
                        self._failure = failure
                        return events
        if events or not self._data:
            self._size = len(tail) + sum(map(len, self._data))
        self._whole = not (tail or self._data or self._after_cr)
        return events

    def _with_newlines(self, chunk: bytes) -> bytes:
        """Lines may end with CR, LF or both, which may come in two chunks."""
        if self._after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def close(self) -> list[JSON]:
        """The last event, where only its blank line is missing. Half an event is left out."""
        if self._failure is not None:
            raise self._failure
        try:
            return self.feed(b"\n\n")
        except ProviderFailure:
            return []


class LineParser:
    """JSON by the line to JSON, however the bytes are cut."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[JSON]:
        """The lines that are complete with this chunk. Raises `ProviderFailure`."""
        self._size += len(chunk)
        if self._size > MAX_EVENT:
            raise malformed(f"one event is larger than {MAX_EVENT // 2**20} MiB")
        *lines, rest = chunk.split(b"\n")
        if not lines:
            self._rest.append(rest)
            return []
        lines[0] = b"".join([*self._rest, lines[0]])
        self._rest, self._size = [rest], len(rest)
        return [_event(line) for line in map(bytes.strip, lines) if line]

    def close(self) -> list[JSON]:
        """The last line, where only its end is missing. Half a line is left out."""
        try:
            return self.feed(b"\n")
        except ProviderFailure:
            return []


_BY_LINE = tuple(f"application/{name}" for name in ("x-ndjson", "ndjson", "jsonl", "jsonlines"))


def _parser(response: httpx2.Response) -> SSEParser | LineParser:
    return LineParser() if _type_of(response) in _BY_LINE else SSEParser()


def _events_at_once(chunk: bytes) -> list[JSON] | None:
    """The events of a chunk that holds whole ones, as most do; `None` if it needs a closer look."""
    if b"\r" in chunk or len(chunk) > MAX_EVENT:
        return None
    events = []
    for block in chunk[:-2].split(b"\n\n"):
        data = block[5:] if block.startswith(b"data:") else block.partition(b"\ndata:")[2]
        if b"\n" in data or not data:
            return None
        try:
            events.append(_event(data.strip()))
        except ProviderFailure:
            return None
    return events


def _event(data: bytes) -> JSON:
    if data == b"[DONE]":
        return "[DONE]"
    try:
        return from_json(data)
    except ValueError:
        raise malformed("the stream holds an event that is not JSON") from None


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
            yield from _events_in(read_answer(self._response).body, kind)
            return
        parser = _parser(self._response)
        for chunk in _pieces(self._response):
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
        self._chunks = cast("AsyncGenerator[bytes]", _apieces(response))
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
                answer = await aread_answer(self._response)
                self._ready = _events_in(answer.body, kind)[::-1]
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


class ResponseConnection(ABC):
    """A connection to an SDK that hands out the unread response; the rest is the same for all."""

    @abstractmethod
    def _open(self, call: Call, access: Access) -> httpx2.Response:
        """Send the call. Raises the SDK's exception if the status is a failure."""

    @abstractmethod
    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        """The same, awaited."""

    def send(self, call: Call, access: Access) -> Answer:
        return read_answer(self._open(call, access))

    def stream(self, call: Call, access: Access) -> SSESource:
        return SSESource(self._open(call, access))

    async def asend(self, call: Call, access: Access) -> Answer:
        return await aread_answer(await self._aopen(call, access))

    async def astream(self, call: Call, access: Access) -> AsyncSSESource:
        return AsyncSSESource(await self._aopen(call, access))

    def close(self) -> None:  # noqa: B027 # a default that does nothing
        """Nothing: closing an SDK client would close the pools that it was lent."""


def _with_bearer(access: Access) -> dict[str, str]:
    return {"Authorization": access.bearer} if access.key is not None else {}


class HTTPConnection(ResponseConnection):
    """A connection to a vendor without an SDK: JSON over HTTP, on the core's pool.

    A call's operation is its path below the base URL; it is a POST, or a GET without arguments.
    `failure` says what a refusal's body means, `None` for a body that is no JSON; what the headers
    say besides is added. `headers` are those that carry the key: a bearer token unless told.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        failure: Callable[[JSON, int], Failure],
        headers: Callable[[Access], Mapping[str, str]] = _with_bearer,
    ) -> None:
        self._settings = settings
        self._failure = failure
        self._headers = headers

    def _open(self, call: Call, access: Access) -> httpx2.Response:
        client = self._settings.http_client
        response = client.send(self._request(client, call, access), stream=True)
        if not response.is_success:
            response.read()
            raise self._refusal(response)
        return response

    async def _aopen(self, call: Call, access: Access) -> httpx2.Response:
        client = self._settings.async_http_client
        response = await client.send(self._request(client, call, access), stream=True)
        if not response.is_success:
            await response.aread()
            raise self._refusal(response)
        return response

    def _request(
        self, client: httpx2.Client | httpx2.AsyncClient, call: Call, access: Access
    ) -> httpx2.Request:
        return client.build_request(
            "POST" if call.arguments else "GET",
            access.base_url + call.operation,
            content=to_json(call.arguments) if call.arguments else None,
            headers=self._all_headers(call, access),
            timeout=access.timeout_s,
        )

    def _all_headers(self, call: Call, access: Access) -> dict[str, str]:
        """Those that carry the key win: a client's header must not pay for every user's calls."""
        own = self._headers(access)
        mine = {name.lower() for name in own}
        configured = {**call.headers, **access.headers}
        others = {name: value for name, value in configured.items() if name.lower() not in mine}
        return {"Content-Type": "application/json", **others, **own}

    def _refusal(self, response: httpx2.Response) -> ProviderFailure:
        try:
            body = from_json(response.content)
        except ValueError:
            body = None
        failure = self._failure(body, response.status_code)
        wait = retry_after(response.headers)
        return ProviderFailure(
            replace(
                failure,
                status_code=response.status_code,
                request_id=failure.request_id or request_id_of(response),
                retry_after_s=failure.retry_after_s if wait is None else wait,
            )
        )

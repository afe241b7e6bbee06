"""The body of an answer: inflated piece by piece, and cut where it tells of an error."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Protocol, TypeAlias

import httpcore2
import httpx2
from pydantic_core import from_json

from .deadline import deadline
from .errors import AS_HTTPX2

RawHeaders: TypeAlias = "list[tuple[bytes, bytes]]"


class LoopsStream(Protocol):
    def __aiter__(self) -> AsyncGenerator[bytes]: ...
    async def aclose(self) -> None: ...


# What an error says fits into this; the SDKs would read whatever comes.
_MAX_ERROR_BODY = 2**20
_ERROR_BODY_S = 2.0
"""Seconds that an error's body may take: its status is known already."""


_PIECE = 2**18
_TURN = 2**20


_LAYERS = 2
Inflate = Callable[[bytes], Iterator[bytes]]


_ENCODING, _LENGTH, _TYPE = b"content-encoding", b"content-length", b"content-type"


def decoding(status: int, headers: RawHeaders) -> tuple[RawHeaders, Inflate | None]:
    """The headers, and what inflates the body piece by piece, however much it expands.

    httpx2 would inflate each chunk at once: 200 KB may become 200 MB. A compression that was not
    asked for fails when the body is read, where a broken one does.
    """
    named = b",".join(value for name, value in headers if name.lower() == _ENCODING)
    encodings = [e for part in named.split(b",") if (e := part.strip().lower()) not in _PLAIN]
    if status >= 300:
        # An error is read by the SDK with whatever codec its charset names; we know it is UTF-8.
        headers = [(n, v.partition(b";")[0] if n.lower() == _TYPE else v) for n, v in headers]
    if not encodings:
        return headers, None
    kept = [item for item in headers if item[0].lower() not in (_ENCODING, _LENGTH)]
    if len(encodings) > _LAYERS or not set(encodings) <= _KNOWN:
        return kept, _unasked
    return kept, _chained([_inflater(encoding) for encoding in reversed(encodings)])


_PLAIN = (b"", b"identity")
_KNOWN = {b"gzip", b"x-gzip", b"deflate"}


def _unasked(chunk: bytes) -> Iterator[bytes]:
    raise httpx2.DecodingError("the body has a compression that was not asked for")


def _chained(inflaters: list[Inflate]) -> Inflate:
    if len(inflaters) == 1:
        return inflaters[0]
    first, rest = inflaters[0], _chained(inflaters[1:])

    def inflate(chunk: bytes) -> Iterator[bytes]:
        for piece in first(chunk):
            yield from rest(piece)

    return inflate


def _inflater(encoding: bytes) -> Inflate:
    """gzip, also of several members; deflate with zlib's header or without."""
    gzip = encoding != b"deflate"
    state = zlib.decompressobj(wbits=zlib.MAX_WBITS | (16 if gzip else 0))
    begun = False

    def inflate(chunk: bytes) -> Iterator[bytes]:
        nonlocal state, begun
        while chunk:
            try:
                piece = state.decompress(chunk, _PIECE)
            except zlib.error:
                if gzip or begun:
                    raise httpx2.DecodingError("the body's compression is broken") from None
                state, begun = zlib.decompressobj(wbits=-zlib.MAX_WBITS), True
                continue
            begun = True
            if state.eof and gzip and state.unused_data:
                chunk = state.unused_data
                state = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
            else:
                chunk = state.unconsumed_tail
            if piece:
                yield piece

    return inflate


def _error_text(data: bytearray) -> bytes:
    """The error's body as SDKs can read it: UTF-8, and JSON only if it is some."""
    text = bytes(data).decode("utf-8", "replace")
    if text.lstrip()[:1] in ("{", "["):
        try:
            from_json(text)
        except ValueError:
            return b'""'  # cut, broken or nested without end
    return text.encode()


def first(body: SyncBody) -> bytes:
    """The beginning of an error's body, as far as it can be read: the status says the rest."""
    data = bytearray()
    token = deadline.set(min(deadline.get(math.inf), time.monotonic() + _ERROR_BODY_S))
    try:
        for piece in body:
            data += piece
            if len(data) >= _MAX_ERROR_BODY:
                break
    except (httpx2.TransportError, httpx2.DecodingError):
        data = bytearray()
    finally:
        deadline.reset(token)
        body.close()
    return _error_text(data)


async def afirst(body: AsyncBody) -> bytes:
    data = bytearray()
    try:
        async with asyncio.timeout(_ERROR_BODY_S):
            async for piece in body:
                data += piece
                if len(data) >= _MAX_ERROR_BODY:
                    break
    except (TimeoutError, httpx2.TransportError, httpx2.DecodingError):
        data = bytearray()
    finally:
        await body.aclose()
    return _error_text(data)


class SyncBody(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response, inflate: Inflate | None) -> None:
        self._response = response
        self._inflate = inflate

    def __iter__(self) -> Iterator[bytes]:
        with AS_HTTPX2:
            for chunk in self._response.iter_stream():
                if self._inflate is None:
                    yield chunk
                else:
                    yield from self._inflate(chunk)

    def close(self) -> None:
        self._response.close()


class AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, stream: LoopsStream, inflate: Inflate | None) -> None:
        self._stream = stream
        self._inflate = inflate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        with AS_HTTPX2:
            async with contextlib.aclosing(aiter(self._stream)) as chunks:
                async for chunk in chunks:
                    read += len(chunk)
                    if read > _TURN:  # bytes that are there already would hold up the loop
                        read = 0
                        await asyncio.sleep(0)
                    if self._inflate is None:
                        yield chunk
                        continue
                    for piece in self._inflate(chunk):
                        yield piece
                        await asyncio.sleep(0)  # a large body leaves the loop its turns

    async def aclose(self) -> None:
        await self._stream.aclose()

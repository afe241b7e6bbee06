"""The whole body of an answer as JSON, with a cap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from pydantic_core import from_json

from indox_core._errors import Failure, ProviderFailure
from indox_core._schema import JSON

if TYPE_CHECKING:
    import httpx2


MAX_BODY = 32 * 2**20
"""Bytes of one whole answer, decompressed."""


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

    def json(self) -> JSON:
        return parse(b"".join(self._pieces))


def pieces(response: httpx2.Response) -> Iterator[bytes]:
    """The body as it comes: the core's transport has inflated it, others' may have not."""
    if "content-encoding" in response.headers:
        return response.iter_bytes()
    return iter(response.stream)  # type: ignore[arg-type] # of a sync client


def apieces(response: httpx2.Response) -> AsyncIterator[bytes]:
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    return aiter(response.stream)  # type: ignore[arg-type] # of an async client


def read_json(response: httpx2.Response) -> JSON:
    """The whole body of an unread response; the response is closed. Raises `ProviderFailure`."""
    body = _Body()
    try:
        for piece in pieces(response):
            body.add(piece)
    finally:
        response.close()
    return body.json()


async def aread_json(response: httpx2.Response) -> JSON:
    """The same, awaited."""
    body = _Body()
    try:
        async for piece in apieces(response):
            body.add(piece)
    finally:
        await response.aclose()
    return body.json()

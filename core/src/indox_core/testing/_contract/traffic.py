"""A server on a real socket that gives the recorded answers, and the four ways to ask it."""

from __future__ import annotations

import asyncio
import pickle
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from indox_core import AsyncClient, Client, IndoxError, hookimpl
from indox_core.plugin import Provider
from indox_core.testing._loopback import HTTPAnswer, LoopbackServer, Received
from indox_core.testing._scenarios import CANARY

from .recordings import Recordings
from .samples import HELLO
from .tree import differences

_JSON = "application/json"
_STREAM_TYPES = {"sse": "text/event-stream", "ndjson": "application/x-ndjson"}


@dataclass(frozen=True)
class Address:
    """Where a server would be."""

    url: str


@contextmanager
def nobody_listens() -> Iterator[Address]:
    """A port of one's own, so that nobody else begins to listen on it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield Address(f"http://127.0.0.1:{held.getsockname()[1]}")


class Traffic(Recordings):
    """Asks the provider through a client of the core, as an application does."""

    def server(
        self,
        name: str,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
        pieces: int | None = None,
        broken: bool = False,
        hang: bool = False,
        hang_after_first: bool = False,
    ) -> LoopbackServer:
        """A server that gives the recorded answer, or misbehaves as told."""
        self._needs_address()
        for suffix in ("json",) if name == "error" else ("json", "stream"):
            assert self._file(name, suffix).is_file(), self._wanted(name, suffix)

        def respond(received: Received) -> HTTPAnswer:
            stream = status == 200 and self.is_stream(received)
            body = self._bytes(name, "stream" if stream else "json") if raw is None else raw
            kind = _STREAM_TYPES[self.stream_format] if stream and raw is None else _JSON
            if raw is not None and raw.startswith(b"<"):
                kind = "text/html"
            sent = {"content-type": kind, "x-request-id": "req_contract",
                    "request-id": "req_contract", **(headers or {})}  # fmt: skip
            if hang:
                received.hung_up(10)
            if broken:
                return HTTPAnswer(_break(body[:10]), status, sent)
            if hang_after_first:
                return HTTPAnswer(_stall(body, received), status, sent)
            if pieces is not None:
                return HTTPAnswer(_cut(body, pieces), status, sent)
            return HTTPAnswer(body, status, sent)

        return LoopbackServer(respond)

    def is_stream(self, received: Received) -> bool:
        """Whether a request asks for a stream: by its path, a field of its body, or a header.

        Override it for a vendor that says it in another way.
        """
        plain, stream = (self.encode(self.request(HELLO, stream=s)) for s in (False, True))
        if plain.operation != stream.operation:
            ends = [received.path.endswith(call.operation) for call in (plain, stream)]
            holds = [call.operation.partition("?")[0] in received.path for call in (plain, stream)]
            for is_plain, is_stream in (ends, holds):
                if is_plain != is_stream:
                    return is_stream
        marks = differences(plain.arguments, stream.arguments)
        headers = differences(plain.headers, stream.headers)
        body = received.json if received.body else {}
        if not marks and not headers:  # the connection says so itself
            return bool(body.get("stream"))
        sent = received.headers
        return all(body.get(name) == value for name, value in marks.items()) and all(
            sent.get(name.lower()) == value for name, value in headers.items()
        )

    def ask(self, server: LoopbackServer | Address | None, way: str, **options: Any) -> Any:
        """The response to the same question, in one of the four ways.

        `server` is `None` for a provider that has no address.
        """
        client, arguments = self._client_arguments(server, options)
        if way.startswith("async"):
            return asyncio.run(self._aask(client, way, arguments))
        with Client(**client) as caller:
            answer: Any = caller.chat(**{"messages": HELLO, **arguments, **_mode(way)})
            if way == "chat":
                return answer
            for _ in answer:
                pass
            return answer.response

    async def _aask(
        self,
        client: dict[str, Any],
        way: str,
        *calls: dict[str, Any],
        after: Callable[[], None] | None = None,
    ) -> Any:
        """The response to the last call; `after` is called while the client is open."""
        answer: Any = None
        async with AsyncClient(**client, **self.async_client) as caller:
            for arguments in calls:
                answer = await caller.chat(**{"messages": HELLO, **arguments, **_mode(way)})
                if "stream" in way:
                    async for _ in answer:
                        pass
                    answer = answer.response
            if after is not None:
                answer = None
                after()
        return answer

    def leave(self, server: LoopbackServer, way: str) -> None:
        """Read one chunk of a stream and go; in async, by a task that is cancelled."""
        # The server is silent for longer than this after the first events: they must not wait.
        client, arguments = self._client_arguments(server, {"timeout": 5})
        if way == "stream":
            with (
                Client(**client) as caller,
                caller.chat(HELLO, **arguments, stream=True) as stream,
            ):
                next(iter(stream))
            return

        async def run() -> None:
            begun = asyncio.Event()
            async with AsyncClient(**client, **self.async_client) as caller:

                async def read() -> None:
                    async for _ in await caller.chat(HELLO, **arguments, stream=True):
                        begun.set()

                task = asyncio.create_task(read())
                await asyncio.wait_for(begun.wait(), 5)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task

        asyncio.run(run())

    def fails(self, server: LoopbackServer | Address, way: str, **options: Any) -> IndoxError:
        """The error of a call that must fail."""
        try:
            response = self.ask(server, way, **options)
        except IndoxError as error:
            return error
        pytest.fail(f"{way}: answered {response.data!r} and did not fail.")

    def _client_arguments(
        self, server: LoopbackServer | Address | None, options: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        name = self.provider.spec.name
        config: dict[str, Any] = {} if server is None else {"base_url": server.url + self.base_path}
        if self.provider.spec.key_variable is not None:
            config["api_key"] = CANARY
        if server is not None:
            config["headers"] = {"x-canary": "canary-header"}
        client = {"providers": {name: config}, "plugins": [_Hook(self.provider)]}
        arguments = {"model": f"{name}/{self.model}", "max_retries": 0, "timeout": 20}
        return client, {**arguments, **self.options, **options}

    def asked_side_by_side(self, server: LoopbackServer, way: str, names: list[str]) -> None:
        """One client serves several users at the same time, each with a key of his own."""
        client, arguments = self._client_arguments(server, {})

        def options(name: str) -> dict[str, Any]:
            key = f"sk-of-{name}"
            return {**arguments, "messages": [{"role": "user", "content": f"I am {name}"}],
                    "byok_api_key": key, "stream": "stream" in way}  # fmt: skip

        if not way.startswith("async"):
            with Client(**client) as caller, ThreadPoolExecutor(len(names)) as pool:
                list(pool.map(lambda name: list(caller.chat(**options(name))), names))
            return

        async def run() -> None:
            async with AsyncClient(**client, **self.async_client) as caller:

                async def one(name: str) -> None:
                    answer: Any = await caller.chat(**options(name))
                    if "stream" in way:
                        async for _ in answer:
                            pass

                await asyncio.gather(*map(one, names))

        asyncio.run(run())


def _mode(way: str) -> dict[str, bool]:
    return {"stream": "stream" in way}


class _Hook:
    """Hands the tested class over as a plugin, whatever is installed."""

    def __init__(self, provider: type[Provider]) -> None:
        self.indox_provider = hookimpl(lambda: provider)


def holds_no_key(error: IndoxError) -> None:
    shown = f"{error!r} {error} {vars(error)} {error.__cause__!r} {error.__context__!r}"
    assert CANARY not in shown, "The key stands in an error."
    assert CANARY.encode() not in pickle.dumps(error), "The key stands in a pickled error."
    assert pickle.loads(pickle.dumps(error)) == error  # noqa: S301 # our own bytes


def _break(beginning: bytes) -> Iterator[bytes]:
    yield beginning
    raise ConnectionAbortedError


def _stall(body: bytes, received: Received) -> Iterator[bytes]:
    """The body without its end, then nothing until the client is gone."""
    lines = body.split(b"\n\n")
    yield b"\n\n".join(lines[: max(len(lines) - 2, 1)]) + b"\n\n"
    received.hung_up(10)


def _cut(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]

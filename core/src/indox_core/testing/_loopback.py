"""A real HTTP server on loopback that answers what it is told."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True, slots=True)
class HTTPAnswer:
    """What the server sends back.

    `body` is bytes, JSON data (sent as JSON), or an iterator of bytes, each sent by itself as soon
    as it is there. An iterator that raises `ConnectionAbortedError` breaks the connection.
    """

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: socket.socket = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def hung_up(self, timeout: float) -> bool:
        """Whether the client closes the connection within that many seconds."""
        if self.connection.fileno() < 0:  # the server has noticed, and closed its side too
            return True
        try:
            readable, _, _ = select.select([self.connection], [], [], timeout)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except (OSError, ValueError):  # closed in the meantime
            return True


def sse(*events: Any) -> bytes:
    """Server-sent events; a string is sent as it is, everything else as JSON."""
    texts = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f"data: {text}\n\n" for text in texts).encode()


Responder = Callable[[Received], HTTPAnswer]


class LoopbackServer:
    """An HTTP server on 127.0.0.1 with a free port; each connection has a thread.

    Used as a context manager. `received` holds the requests in order of arrival, `connections`
    counts how many were opened.
    """

    def __init__(self, respond: Responder) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self._respond = respond
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.loopback = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="loopback", daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> LoopbackServer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, received: Received) -> HTTPAnswer:
        self.received.append(received)
        return self._respond(received)


def _streamed(body: Any) -> bool:
    return isinstance(body, Iterable) and hasattr(body, "__next__")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    loopback: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up in many tests; nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        cast(_Server, self.server).loopback.connections += 1

    def log_message(self, format: str, *args: object) -> None:  # the base's name
        """The test says what matters."""

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        received = Received(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            self.connection,
        )
        try:
            answer = cast(_Server, self.server).loopback.answer(received)
            body = answer.body
            if not _streamed(body) and not isinstance(body, bytes):
                body = json.dumps(body).encode()
        except Exception as error:  # noqa: BLE001 # the test's own: told where it is seen
            text = f"the test's responder raised {type(error).__name__}: {error}"
            answer = HTTPAnswer(status=500)
            body = json.dumps({"error": {"message": text, "type": "test"}}).encode()
        try:
            self._send(answer, body)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    do_GET = do_POST

    def _send(self, answer: HTTPAnswer, body: Any) -> None:
        streamed = _streamed(body)
        self.send_response(answer.status)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        headers.setdefault("content-type", "text/event-stream" if streamed else "application/json")
        if streamed:
            headers["transfer-encoding"] = "chunked"
        else:
            headers.setdefault("content-length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if not streamed:
            self.wfile.write(body)
            return
        for piece in body:
            if not piece:  # an empty chunk would end the body
                continue
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

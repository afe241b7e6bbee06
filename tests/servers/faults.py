"""A server that misbehaves on purpose: raw sockets, one exchange after the other."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .vendors import Vendor

Play = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request, and the socket on which it is answered as the fault wants."""

    vendor: Vendor
    number: int
    """From 1, over all connections of the server."""
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    ended: threading.Event
    """Set when the server stops, so that what hangs need not be awaited."""
    connection: socket.socket = field(repr=False)
    keep: bool = False
    """Whether the connection is kept for another request."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def stream(self) -> bool:
        return b'"stream":true' in self.body or "streamGenerateContent" in self.path

    @property
    def key(self) -> str:
        return self.headers.get(self.vendor.key_header, "").rpartition(" ")[2]

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def head(self, status: int = 200, length: int | None = None, **headers: str) -> None:
        """The status line and headers; names with `_` for `-`. No length: until the close."""
        lines = [f"HTTP/1.1 {status} Status"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if length is not None:
            lines.append(f"content-length: {length}")
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def answer(self, body: Any, status: int = 200, **headers: str) -> None:
        """A whole answer; what is no bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers.setdefault("content_type", "application/json")
        self.head(status, len(data), **headers)
        self.send(data)
        self.keep = True

    def error(self, status: int, message: str = "no", **headers: str) -> None:
        """The vendor's error body, which quotes the key that came."""
        self.answer(self.vendor.error(status, f"{message} {self.key}"), status, **headers)

    def events(self, events: Iterable[Any], pause: float = 0.0) -> None:
        """Events of a stream, with the headers before them; the end is the close."""
        self.head(content_type="text/event-stream")
        for event in events:
            text = event if isinstance(event, str) else json.dumps(event)
            self.send(f"data: {text}\n\n".encode())
            if pause:
                self.ended.wait(pause)

    def good(self, text: str = "You said: Hello") -> None:
        """What the vendor answers when nothing is wrong."""
        if self.stream:
            half = len(text) // 2
            self.events(self.vendor.events([text[:half], text[half:]]))
        else:
            self.answer(self.vendor.answer(text))

    def hang(self) -> None:
        """Nothing more, until the client goes or the server stops."""
        self.connection.settimeout(0.05)
        while not self.ended.is_set():
            try:
                if self.connection.recv(1, socket.MSG_PEEK) == b"":
                    return
                self.ended.wait(0.05)
            except TimeoutError:
                continue

    def reset(self) -> None:
        """Close with a TCP reset instead of an orderly end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


class FaultServer:
    """Plays one fault for every request that comes in. Used as a context manager."""

    def __init__(self, vendor: Vendor, play: Play) -> None:
        self.vendor = vendor
        self.play = play
        self.received: list[Exchange] = []
        self.connections = 0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._open: set[socket.socket] = set()
        self._closed = threading.Condition(self._lock)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        return {self.vendor.provider: {"api_key": "sk-loopback-canary", "base_url": self.url}}

    def wait_until_closed(self) -> None:
        """Until the server has closed every connection that was opened."""
        with self._lock:
            self._closed.wait_for(lambda: not self._open)

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            with connection, connection.makefile("rb") as reader:
                while self._one(connection, reader):
                    pass
        except (OSError, ValueError):
            return  # the client went, or the fault closed the socket
        finally:
            with self._lock:
                self._open.discard(connection)
                self._closed.notify_all()

    def _one(self, connection: socket.socket, reader: Any) -> bool:
        line = reader.readline().decode("latin-1").split()
        if len(line) < 2:
            return False
        headers: dict[str, str] = {}
        while (header := reader.readline().decode("latin-1").strip()) != "":
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        body = reader.read(int(headers.get("content-length", 0)))
        with self._lock:
            number = len(self.received) + 1
            exchange = Exchange(
                self.vendor, number, line[0], line[1], headers, body, self._ended, connection
            )
            self.received.append(exchange)
        self.play(exchange)
        return exchange.keep

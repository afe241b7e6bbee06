"""From the bytes of a stream to its events, however they are cut."""

from __future__ import annotations

from pydantic_core import from_json

from indox_core._errors import ProviderFailure
from indox_core._schema import JSON

from .json_body import malformed

MAX_EVENT = 16 * 2**20
"""Bytes of one event of a stream."""


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

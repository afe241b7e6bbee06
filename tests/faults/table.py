"""The faults, and what must come of each: exact class, attempts on the wire, status.

Written before the code that passes it. One row holds for all four providers, sync and async.
"""

from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from servers.faults import Exchange, Play

from indox_core import (
    APIError,
    AuthenticationError,
    CallError,
    InsufficientCreditsError,
    InvalidParametersError,
    MalformedResponseError,
    ModelNotFoundError,
    NetworkError,
    OverloadedError,
    PermissionDeniedError,
    RateLimitError,
    StreamInterruptedError,
    TimeoutError,
)

SAID = "You said: Hello"
HALF = SAID[: len(SAID) // 2]
SOON = {"retry_after_ms": "1"}


@dataclass(frozen=True, slots=True)
class Want:
    """What must come of a fault. `error` is `None` for an answer."""

    error: type[CallError] | None = None
    attempts: int = 1
    status: int | None = None
    partial: str | None = None
    """The text that `error.partial` must hold; `None`: it may hold none."""
    retry_after_s: float | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    name: str
    play: Play
    chat: Want | None
    """`None`: the fault is one of streams only."""
    stream: Want | None = None
    """`None`: as `chat`."""
    options: dict[str, Any] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    """The providers whose protocol has this fault; () for all."""
    area: str = ""

    @property
    def expires(self) -> list[str]:
        """Which timeouts are so short that they are meant to pass."""
        return [name for name, value in self.options.items()
                if name.endswith("timeout") and value < 5]  # fmt: skip

    def wants(self) -> list[tuple[bool, Want]]:
        found = [] if self.chat is None else [(False, self.chat)]
        want = self.stream or self.chat
        return [*found, (True, want)] if want is not None else found


def status(number: int, error: type[CallError], attempts: int = 1, **headers: str) -> Fault:
    retried = {**SOON, **headers} if attempts > 1 else headers
    wait = 0.001 if retried else None
    return Fault(
        f"status {number}",
        lambda x: x.error(number, "no such model", **retried),
        Want(error, attempts, number, retry_after_s=wait),
        area="status",
    )


def retry_after(value: str, want: Want, header: str = "retry_after") -> Fault:
    return Fault(
        f"429, {header.replace('_', '-')}: {value[:12]}",
        lambda x: x.error(429, **{header: value}),
        want,
        area="retry-after",
        options={"max_retries": 1},
    )


def body(name: str, data: Any, want: Want | None = None, kind: str = "application/json") -> Fault:
    return Fault(
        f"200, {name}",
        lambda x: x.answer(data, content_type=kind),
        want or Want(MalformedResponseError),
        area="body",
    )


def then_good(play: Play) -> Play:
    """The fault once, then the good answer."""
    return lambda x: play(x) if x.number == 1 else x.good()


def quota(x: Exchange) -> None:
    """A quota that no wait cures, as each vendor says it."""
    errors: dict[str, Any] = {
        "openai": {"error": {"type": "insufficient_quota", "code": "insufficient_quota",
                             "message": "You exceeded your current quota"}},
        "anthropic": {"type": "error", "error": {"type": "rate_limit_error", "message": "limit",
                                                 "code": "spend_limit_reached"}},
        "google": {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota",
                             "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure",
                                          "violations": [{"quotaId": "GenerateRequestsPerDay"}]}]}},
        "mistral": {"object": "error", "type": "insufficient_quota", "code": "insufficient_quota",
                    "message": "Monthly limit"},
    }  # fmt: skip
    x.answer(errors[x.vendor.provider], 429)


def overloaded_event(x: Exchange) -> Any:
    """An error inside a stream that began with 200."""
    return {
        "openai": {"error": {"message": "busy", "type": "server_error", "code": "slow_down"}},
        "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}},
        "google": {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}},
        "mistral": {"object": "error", "message": "busy", "type": "service_unavailable",
                    "code": "3600"},
    }[x.vendor.provider]  # fmt: skip


def halves(x: Exchange) -> tuple[list[Any], list[Any]]:
    """The events up to the first half of the text, and the rest."""
    events = x.vendor.events([HALF, SAID[len(HALF) :]])
    found = next(i for i, event in enumerate(events) if HALF in json.dumps(event))
    return events[: found + 1], events[found + 1 :]


def after_half(play: Callable[[Exchange], None]) -> Play:
    """The first half of a stream in chunked encoding, then the fault."""

    def run(x: Exchange) -> None:
        if not x.stream:
            x.good()
            return
        x.events(halves(x)[0])
        play(x)

    return run


def drip(data: bytes, pause: float) -> Play:
    def run(x: Exchange) -> None:
        for index in range(len(data)):
            x.send(data[index : index + 1])
            if x.ended.wait(pause):
                return

    return run


def raw(data: bytes) -> Play:
    return lambda x: x.send(data)


def cut_json(x: Exchange) -> None:
    x.head(200, 5000, content_type="application/json")
    x.send(b'{"id": "x", ')


def pieces(x: Exchange) -> None:
    """One byte at a time, CRLF, comments, no space behind `data:`, split inside a character."""
    if not x.stream:
        x.good()
        return
    x.head(content_type="text/event-stream")
    text = "".join(
        f": ping\r\ndata:{event if isinstance(event, str) else json.dumps(event)}\r\n\r\n"
        for event in x.vendor.events([HALF, SAID[len(HALF) :]])
    )
    for byte in text.encode():
        x.send(bytes([byte]))


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def two_members(data: bytes) -> bytes:
    half = len(data) // 2
    return gzip.compress(data[:half]) + gzip.compress(data[half:])


def squeezed(x: Exchange, pack: Callable[[bytes], bytes], encoding: str) -> None:
    if x.stream:
        x.good()
    else:
        x.answer(pack(json.dumps(x.vendor.answer(SAID)).encode()), content_encoding=encoding)


def bare_cr(x: Exchange) -> None:
    x.head(content_type="text/event-stream")
    for event in x.vendor.events([HALF, SAID[len(HALF) :]]):
        text = event if isinstance(event, str) else json.dumps(event)
        x.send(f"data: {text}\r\r".encode())


def whole_then(x: Exchange, after: Callable[[], None]) -> None:
    x.good()
    after()


def unknown_events(x: Exchange) -> None:
    if not x.stream:
        x.good()
        return
    strange: dict[str, Any] = {
        "openai": {"choices": [], "id": "x", "new": 1},
        "anthropic": {"type": "hologram", "index": 0},
        "google": {"responseId": "x", "hologram": 1},
        "mistral": {"choices": [], "id": "x", "new": 1},
    }
    events = x.vendor.events([HALF, SAID[len(HALF) :]])
    odd = strange[x.vendor.provider]
    if x.vendor.provider in ("openai", "mistral"):
        x.events([odd, *events])
    else:
        x.events([*itertools.chain.from_iterable((event, odd) for event in events[:-1]),
                  events[-1]])  # fmt: skip


def redirect(number: int) -> Fault:
    return Fault(
        f"redirect {number}",
        lambda x: x.answer({}, number, location="http://127.0.0.1:9/elsewhere"),
        Want(APIError, 1, number),
        area="status",
    )


def informed(x: Exchange) -> None:
    x.send(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    x.good()


def closed_while_idle(x: Exchange) -> None:
    x.good()
    x.keep = False  # closes although keep-alive was promised


DEEP = b"[" * 100_000 + b"]" * 100_000
BROKEN_GZIP = gzip.compress(b"{}" * 1000)[:40]
PAST = format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)
NET = {"timeout": 60}

STATUSES = [
    status(400, InvalidParametersError),
    status(401, AuthenticationError),
    status(402, InsufficientCreditsError),
    status(403, PermissionDeniedError),
    status(404, ModelNotFoundError),
    status(405, InvalidParametersError),
    status(408, APIError, 3),
    status(409, InvalidParametersError, 3),
    status(410, InvalidParametersError),
    status(413, InvalidParametersError),
    status(418, InvalidParametersError),
    status(422, InvalidParametersError),
    status(429, RateLimitError, 3),
    status(500, APIError, 3),
    status(501, APIError),
    status(502, APIError, 3),
    status(503, OverloadedError, 3),
    status(504, APIError, 3),
    status(507, APIError),
    status(529, OverloadedError, 3),
    redirect(301),
    redirect(302),
    redirect(307),
    redirect(308),
    Fault(
        "404 as a page of HTML",
        lambda x: x.answer(b"<html>" + b"x" * 90_000, 404, content_type="text/html"),
        Want(InvalidParametersError, 1, 404),
        area="status",
    ),
    Fault(
        "502 as a page of HTML",
        lambda x: x.answer(b"<html>Bad Gateway", 502, content_type="text/html", **SOON),
        Want(APIError, 3, 502),
        area="status",
    ),
    Fault("500 without a body", lambda x: x.answer(b"", 500, **SOON), Want(APIError, 3, 500),
          area="status"),
    Fault("429 for a quota", quota, Want(InsufficientCreditsError, 1, 429), area="status"),
    Fault("204 without content", lambda x: x.head(204), Want(MalformedResponseError),
          area="status"),
    Fault("503, then good", then_good(lambda x: x.error(503, **SOON)), Want(None, 2),
          area="status"),
    Fault("529 twice, then good",
          lambda x: x.error(529, **SOON) if x.number < 3 else x.good(), Want(None, 3),
          area="status"),
]  # fmt: skip
RETRY_AFTER = [
    retry_after("3600", Want(RateLimitError, 1, 429, retry_after_s=3600.0)),
    retry_after("61", Want(RateLimitError, 1, 429, retry_after_s=61.0)),
    retry_after("0", Want(RateLimitError, 2, 429, retry_after_s=0.0)),
    retry_after("5", Want(RateLimitError, 2, 429, retry_after_s=0.005), "retry_after_ms"),
    retry_after(PAST, Want(RateLimitError, 2, 429, retry_after_s=0.0)),
    retry_after("-5", Want(RateLimitError, 2, 429)),
    retry_after("soon", Want(RateLimitError, 2, 429)),
    retry_after("1e999", Want(RateLimitError, 2, 429)),
    retry_after("NaN", Want(RateLimitError, 2, 429)),
    retry_after("", Want(RateLimitError, 2, 429)),
    Fault(
        "429, Retry-After: 3600 and 50 s left",
        lambda x: x.error(429, retry_after="3600"),
        Want(RateLimitError, 1, 429, retry_after_s=3600.0),
        options={"timeout": 50},
        area="retry-after",
    ),
    Fault(
        "429, Google's RetryInfo of 55 s and 50 s left",
        lambda x: x.answer(
            {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "no",
                       "details": [{"retryDelay": "55s"}]}}, 429),
        Want(RateLimitError, 1, 429, retry_after_s=55.0),
        options={"timeout": 50},
        only=("google",),
        area="retry-after",
    ),
]  # fmt: skip
BODIES = [
    body("a page of HTML", b"<html>Log in</html>", kind="text/html"),
    body("no body", b""),
    body("[]", b"[]"),
    body("null", b"null"),
    body("42", b"42"),
    body("a string", b'"x"'),
    body("{}", b"{}"),
    body("half of the JSON", b'{"id": "x", "choices": [{'),
    body("JSON 100,000 deep", DEEP),
    body("broken UTF-8", b'{"id": "\xff\xfe"}'),
    body("NUL bytes", bytes(2000)),
    Fault("200, an error object", lambda x: x.answer(x.vendor.error(500, "failed inside")),
          Want(APIError), area="body", only=("openai", "anthropic", "mistral")),
    Fault("200, an error object that names a 500",
          lambda x: x.answer(x.vendor.error(500, "failed inside")),
          Want(APIError, 3, 500), area="body", only=("google",)),
    Fault("200, no choices",
          lambda x: x.answer({"openai": {"choices": []}, "anthropic": {"content": None},
                              "google": {"candidates": []}, "mistral": {"choices": []},
                              }[x.vendor.provider]),
          Want(MalformedResponseError), area="body"),
    Fault("200, broken gzip",
          lambda x: x.answer(BROKEN_GZIP + b"\xff" * 50, content_encoding="gzip"),
          Want(MalformedResponseError), area="body"),
    Fault("200, gzip that is none",
          lambda x: x.answer(b"{}", content_encoding="gzip"),
          Want(MalformedResponseError), area="body"),
    Fault("200, shorter than its length", cut_json, Want(NetworkError, 3), area="body",
          options=NET),
]  # fmt: skip
SOCKETS = [
    Fault("reset before the answer", lambda x: x.reset(), Want(NetworkError, 3), area="socket"),
    Fault("closed before the answer", lambda x: None, Want(NetworkError, 3), area="socket"),
    Fault("reset, then good", then_good(lambda x: x.reset()), Want(None, 2), area="socket"),
    Fault("closed, then good", then_good(lambda x: None), Want(None, 2), area="socket"),
    Fault("closed inside the status line", raw(b"HTTP/1.1 20"), Want(NetworkError, 3),
          area="socket"),
    Fault("closed inside the headers", raw(b"HTTP/1.1 200 OK\r\ncontent-ty"),
          Want(NetworkError, 3), area="socket"),
    Fault("no HTTP", raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), Want(NetworkError, 3), area="socket"),
    Fault("a header of 200 KB", lambda x: x.answer({}, x_big="a" * 200_000),
          Want(NetworkError, 3), area="socket"),
    Fault("broken chunked encoding",
          raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nnonsense"),
          Want(NetworkError, 3), area="socket"),
    Fault("an informational answer first", informed, Want(None, 1), area="socket"),
    Fault("never an answer", lambda x: x.hang(), Want(TimeoutError), options={"timeout": 0.4},
          area="socket"),
    Fault("headers, then nothing",
          lambda x: (x.head(200, 50, content_type="application/json"), x.hang())[1],
          Want(TimeoutError), options={"timeout": 0.8}, area="socket"),
    Fault("headers that drip", drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 4000, 0.02),
          Want(TimeoutError), options={"timeout": 0.8}, area="socket"),
    Fault("a body that drips",
          lambda x: (x.head(200, 4000, content_type="application/json"),
                     drip(b" " * 4000, 0.02)(x))[1],
          Want(TimeoutError), options={"timeout": 0.8}, area="socket"),
    Fault("503 until the wait is too long for what is left",
          lambda x: x.error(503, retry_after_ms="1" if x.number < 4 else "30000"),
          Want(OverloadedError, 4, 503, retry_after_s=30.0),
          options={"timeout": 25, "max_retries": 1_000_000}, area="socket"),
]  # fmt: skip
# What fresh eyes thought of.
MORE = [
    Fault("200, a UTF-8 BOM before the JSON",
          lambda x: x.answer(b"\xef\xbb\xbf" + json.dumps(x.vendor.answer(SAID)).encode())
          if not x.stream else x.good(), Want(None), area="body"),
    Fault("200, raw deflate", lambda x: squeezed(x, raw_deflate, "deflate"), Want(None),
          area="body"),
    Fault("200, gzip of two members", lambda x: squeezed(x, two_members, "gzip"), Want(None),
          area="body"),
    Fault("200, gzip twice",
          lambda x: squeezed(x, lambda d: gzip.compress(gzip.compress(d)), "gzip, gzip"),
          Want(None), area="body"),
    Fault("200, a compression nobody asked for",
          lambda x: x.answer(b"x" * 50, content_encoding="br"), Want(MalformedResponseError),
          area="body"),
    Fault("401, cut inside its body",
          lambda x: (x.head(401, 5000, content_type="application/json"), x.send(b'{"er'))[1],
          Want(AuthenticationError, 1, 401), area="status"),
    Fault("401 whose body never comes",
          lambda x: (x.head(401, 50, content_type="application/json"), x.hang())[1],
          Want(AuthenticationError, 1, 401), area="status"),
    Fault("500, gzip that is none",
          lambda x: x.answer(b"{}", 500, content_encoding="gzip", **SOON),
          Want(APIError, 3, 500), area="status"),
    Fault("400, an odd charset",
          lambda x: x.answer(x.vendor.error(400, "no"), 400,
                             content_type="application/json; charset=hex"),
          Want(InvalidParametersError, 1, 400), area="status"),
    Fault("400, JSON 100,000 deep", lambda x: x.answer(DEEP, 400),
          Want(InvalidParametersError, 1, 400), area="status"),
    Fault("400, broken UTF-8",
          lambda x: x.answer(b'{"error": {"message": "\xff"}}', 400),
          Want(InvalidParametersError, 1, 400), area="status"),
    Fault("200, an error object that quotes the key",
          lambda x: x.answer(x.vendor.error(400, f"bad {x.key}")),
          Want(APIError), area="body", only=("openai", "anthropic", "mistral")),
]  # fmt: skip
STREAMS = [
    Fault("ends half-way", after_half(lambda x: None), None,
          Want(StreamInterruptedError, partial=HALF)),
    Fault("reset half-way", after_half(lambda x: x.reset()), None,
          Want(StreamInterruptedError, partial=HALF)),
    Fault("half an event, then the end", after_half(lambda x: x.send(b'data: {"cho')), None,
          Want(StreamInterruptedError, partial=HALF)),
    Fault("an event that is no JSON",
          after_half(lambda x: x.send(b"data: {oops}\n\n")), None,
          Want(MalformedResponseError, partial=HALF)),
    Fault("an event that is a number", after_half(lambda x: x.send(b"data: 5\n\n")), None,
          Want(MalformedResponseError, partial=HALF)),
    Fault("an error event after text",
          after_half(lambda x: x.send(f"data: {json.dumps(overloaded_event(x))}\n\n".encode())),
          None, Want(OverloadedError, partial=HALF)),
    Fault("stalls half-way", after_half(lambda x: x.hang()), None,
          Want(TimeoutError, partial=HALF), options={"idle_timeout": 0.4}),
    Fault("stalls half-way until the deadline", after_half(lambda x: x.hang()), None,
          Want(TimeoutError, partial=HALF), options={"timeout": 0.6}),
    Fault("without its end signal",
          lambda x: x.events([e for e in [*halves(x)[0], *halves(x)[1]]
                              if SAID[len(HALF):] in json.dumps(e) or e in halves(x)[0]]
                             if x.vendor.provider != "google" else halves(x)[0]), None,
          Want(StreamInterruptedError)),
    Fault("an error event first", lambda x: x.events([overloaded_event(x)]), None,
          Want(OverloadedError, 3)),
    Fault("no event at all", lambda x: x.events([]), None, Want(StreamInterruptedError)),
    Fault("comments only", lambda x: (x.head(content_type="text/event-stream"),
                                      x.send(b": ping\n\n" * 9))[1], None,
          Want(StreamInterruptedError)),
    Fault("plain JSON in its place", lambda x: x.answer(x.vendor.answer(SAID)), None,
          Want(MalformedResponseError)),
    Fault("one byte at a time, CRLF, comments", pieces, None, Want(None)),
    Fault("lines that end with CR alone", bare_cr, None, Want(None)),
    Fault("the whole stream, then nothing", lambda x: whole_then(x, lambda: x.hang()), None,
          Want(None), options={"idle_timeout": 1}),
    Fault("the whole stream, then a reset", lambda x: whole_then(x, lambda: x.reset()), None,
          Want(None)),
    Fault("events of unknown kinds between", unknown_events, None, Want(None)),
]  # fmt: skip
FAULTS: list[Fault] = [*STATUSES, *RETRY_AFTER, *BODIES, *SOCKETS, *MORE, *STREAMS]

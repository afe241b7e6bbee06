"""Bytes to JSON, however they are cut."""

from __future__ import annotations

import json

import pytest

from indox_core._errors import ProviderFailure
from indox_core._transport.json_body import parse
from indox_core._transport.parsers import MAX_EVENT, SSEParser
from indox_core.testing import sse

EVENTS = [{"text": "Grüße 🌍"}, {"n": 1}, "[DONE]"]
SPELLINGS = {
    "plain": sse(*EVENTS),
    "crlf": sse(*EVENTS).replace(b"\n", b"\r\n"),
    "comments": b": ping\n\n" + sse(*EVENTS).replace(b"data:", b"event: x\nid: 7\ndata:"),
    "no-space": sse(*EVENTS).replace(b"data: ", b"data:"),
    "no-last-blank-line": sse(*EVENTS)[:-1],
    "no-last-line-end": sse(*EVENTS)[:-2],
    "several-data-lines": b'data: {"text":\ndata: "Gr\xc3\xbc\xc3\x9fe \xf0\x9f\x8c\x8d"}\n\n'
    + sse(*EVENTS[1:]),
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_cut_gives_the_same_events(spelling, size):
    data = SPELLINGS[spelling]
    parser = SSEParser()
    events = []
    for start in range(0, len(data), size):
        events += parser.feed(data[start : start + size])
    assert [*events, *parser.close()] == EVENTS


def test_half_an_event_at_the_end_is_left_out():
    parser = SSEParser()
    assert parser.feed(sse({"n": 1}) + b'data: {"n":') == [{"n": 1}]
    assert parser.close() == []


@pytest.mark.parametrize("body", [b"", b"  ", b"<html>", b'{"a":', b"[" * 100_000, b"\xff\xfe"])
def test_what_is_not_json_is_malformed(body):
    with pytest.raises(ProviderFailure) as caught:
        parse(body)
    assert caught.value.failure.kind == "malformed"


def test_a_broken_event_is_malformed():
    with pytest.raises(ProviderFailure):
        SSEParser().feed(b"data: {broken\n\n")


def test_one_event_has_a_cap_and_many_have_none():
    parser = SSEParser()
    chunk = sse({"pad": "x" * 60_000})
    for _ in range(MAX_EVENT // 60_000 + 10):
        assert len(parser.feed(chunk)) == 1
    for _ in range(MAX_EVENT // 60_000):
        parser.feed(b"x" * 60_000)
    with pytest.raises(ProviderFailure, match="larger than 16 MiB"):
        parser.feed(b"x" * 60_000)


def test_json_numbers_and_unicode_survive():
    assert parse(json.dumps({"big": 2**70, "text": "ü"}).encode()) == {"big": 2**70, "text": "ü"}

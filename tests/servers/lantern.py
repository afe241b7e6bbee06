"""Lantern, the made-up vendor of the tutorial: it refuses what its page does not allow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from indox_core.testing import HTTPAnswer, LoopbackServer, Received, sse

_FIELDS = {
    "engine": str, "turns": list, "live": bool, "heat": float, "limit": int, "ends": list,
    "tools": list, "pick": (str, dict),
}  # fmt: skip
_TURN = {"who", "say", "calls", "ref", "failed"}
_WHO = ("guide", "human", "lantern", "tool")


class LanternServer(LoopbackServer):
    """Answers with the last turn, or calls the first tool that it is given."""

    key = "sk-lantern"

    def __init__(self) -> None:
        super().__init__(self._talk)

    def _talk(self, received: Received) -> HTTPAnswer:
        if received.headers.get("x-lantern-key") != self.key:
            return _oops(401, "key_unknown", "That key opens nothing.")
        if received.path != "/v1/talks" or received.method != "POST":
            return _oops(404, "path_unknown", "Nothing is here.")
        body = received.json
        problem = _problem(body)
        if problem:
            return _oops(400, "unreadable", problem)
        if body["engine"] != "lantern-2":
            return _oops(404, "engine_unknown", "There is only lantern-2.")
        turn, why = _answer(body)
        end = {"talk": "t_1", "engine": "lantern-2", "why": why, "tokens": {"in": 8, "out": 3}}
        if body["live"]:
            return HTTPAnswer(_events(turn, end))
        return HTTPAnswer({**end, "turn": turn})


def _problem(body: dict[str, Any]) -> str:
    for name, value in body.items():
        if name not in _FIELDS:
            return f"{name} is no field of a talk."
        if not isinstance(value, _FIELDS[name]):
            return f"{name} is of the wrong kind."
    refs = set()
    for turn in body["turns"]:
        if not set(turn) <= _TURN or turn.get("who") not in _WHO:
            return "A turn cannot be read."
        refs |= {call["ref"] for call in turn.get("calls", ()) if json.loads(call["with"])}
        if turn["who"] == "tool" and turn["ref"] not in refs:
            return "A tool answers a call that nobody made."
    return ""


def _answer(body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    last = body["turns"][-1]
    if body.get("tools") and body.get("pick") != "never" and last["who"] == "human":
        call = {"ref": "c1", "tool": body["tools"][0]["tool"], "with": '{"city": "Paris"}'}
        return {"calls": [call]}, "calls"
    return {"say": f"You said: {last['say']}"}, "done"


def _events(turn: dict[str, Any], end: dict[str, Any]) -> Iterator[bytes]:
    for word in turn.get("say", "").split(" "):
        if word:
            yield sse({"say": f"{word} "})
    for call in turn.get("calls", ()):
        yield sse({"call": call})
    yield sse({"done": end})


def _oops(status: int, code: str, text: str) -> HTTPAnswer:
    return HTTPAnswer({"oops": {"code": code, "text": text}}, status)

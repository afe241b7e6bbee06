"""Lantern's JSON to replies and events."""

from typing import Any

from indox_core.plugin import (
    JSON,
    ChatEnd,
    ChatEvent,
    ChatStart,
    Failure,
    FailureKind,
    Finish,
    FinishReason,
    ProviderFailure,
    Reply,
    TextDelta,
    TextPart,
    TokenUsage,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
    count,
    kind_of_status,
    parse_arguments,
)

_WHY: dict[str, FinishReason] = {"done": "stop", "full": "length", "calls": "tool_calls"}
_OOPS: dict[str, FailureKind] = {"engine_unknown": "not_found", "empty_purse": "credits"}


def reply_of_lantern(body: JSON) -> Reply:
    """A talk."""
    if not isinstance(body, dict) or "turn" not in body:
        raise ProviderFailure(failure_of(body, 200))
    turn = body["turn"]
    text = [TextPart(text=turn["say"])] if turn.get("say") else []
    calls = [
        ToolCallPart(id=call["ref"], name=call["tool"], **parse_arguments(call["with"]))
        for call in turn.get("calls") or ()
    ]
    return Reply(
        parts=(*text, *calls),
        finish=_finish(body),
        usage=_usage(body),
        id=body.get("talk"),
        model=body.get("engine"),
    )


class LanternDecoder:
    """The events of a live talk. The text is part 0, each call a part of its own."""

    def __init__(self) -> None:
        self.finished = False
        self._calls = 0

    def push(self, event: JSON) -> list[ChatEvent]:
        match event:
            case {"say": text}:
                return [TextDelta(text)]
            case {"call": call}:
                self._calls += 1
                return [ToolCallDelta(self._calls, call["ref"], call["tool"], call["with"])]
            case {"done": end}:
                self.finished = True
                start = ChatStart(end.get("talk"), end.get("engine"))
                usage = _usage(end)
                told = [UsageSnapshot(usage)] if usage is not None else []
                return [start, *told, ChatEnd(_finish(end))]
            case {"oops": _}:
                raise ProviderFailure(failure_of(event, 200))
        return []  # an event that is newer than this plugin

    def finish(self) -> list[ChatEvent]:
        return []  # no `done` was there: the stream was cut


def failure_of(body: JSON, status: int) -> Failure:
    """What a refusal means: by its code, else by its status."""
    oops: Any = body.get("oops") if isinstance(body, dict) else None
    if not isinstance(oops, dict):
        kind = kind_of_status(status) if status >= 400 else "malformed"
        return Failure(kind, "the answer is not what Lantern promises")
    code = str(oops.get("code"))
    kind = _OOPS.get(code) or (kind_of_status(status) if status >= 400 else "api")
    return Failure(kind, str(oops.get("text")), code=code)


def _finish(body: dict[str, Any]) -> Finish:
    why = body.get("why")
    return Finish(_WHY.get(str(why), "unknown"), why)


def _usage(body: dict[str, Any]) -> TokenUsage | None:
    tokens = body.get("tokens")
    if tokens is None:
        return None
    return TokenUsage(input=count(tokens.get("in")), output=count(tokens.get("out")))

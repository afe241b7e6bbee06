"""Events fold into the reply that `decode` would have made."""

from __future__ import annotations

import pytest

from indox_core import ChatEnd, Citation, Finish, ReasoningPart, TextDelta, TextPart, ToolCallPart
from indox_core._schema.events import Fold
from indox_core._schema.response import Choice, Reply
from indox_core._schema.usage import TokenUsage
from indox_core.plugin import (
    ChatStart,
    PartEnd,
    ReasoningDelta,
    ToolCallDelta,
    UsageSnapshot,
    events_of,
)

STOP = Finish("stop", "stop")


def fold(*events):
    folded = Fold()
    for event in events:
        folded.add(event)
    return folded


REPLIES = [
    pytest.param(Reply((TextPart(text="Hi"),), STOP, id="1", model="m"), id="text"),
    pytest.param(Reply((), Finish("refusal", None), refusal="No."), id="refusal"),
    pytest.param(Reply((), Finish("error", "BAD_CALL", "an extra {")), id="what-the-vendor-says"),
    pytest.param(
        Reply(
            (
                ReasoningPart(text="hm"),
                TextPart(text="a"),
                ToolCallPart(id="c", name="f", arguments={"x": 1}),
                ToolCallPart(id="d", name="f", arguments=None, arguments_raw="{"),
            ),
            Finish("tool_calls", "tool_use"),
            usage=TokenUsage(input=3, output=4),
            citations=(Citation(url="https://a"),),
        ),
        id="everything",
    ),
    pytest.param(
        Reply((TextPart(text="1"),), STOP, more_choices=(Choice((TextPart(text="2"),), STOP),)),
        id="two-choices",
    ),
]


@pytest.mark.parametrize("reply", REPLIES)
def test_the_events_of_a_reply_fold_back_into_it(reply):
    folded = fold(*events_of(reply))
    assert folded.ended
    assert folded.reply() == reply


def test_interleaved_tool_calls_keep_their_pieces_apart():
    reply = fold(
        ToolCallDelta(0, "a", "f", '{"x"'),
        ToolCallDelta(1, "b", "g"),
        ToolCallDelta(0, arguments=": 1}"),
        ToolCallDelta(1, arguments="{}"),
        ChatEnd(STOP),
    ).reply()
    assert reply.parts == (
        ToolCallPart(id="a", name="f", arguments={"x": 1}),
        ToolCallPart(id="b", name="g", arguments={}),
    )


def test_parts_keep_the_order_in_which_they_began():
    reply = fold(
        ReasoningDelta("thi"), TextDelta("an"), ReasoningDelta("nk"), TextDelta("swer")
    ).reply()
    assert reply.parts == (ReasoningPart(text="think"), TextPart(text="answer"))


def test_a_whole_part_replaces_its_deltas():
    whole = ReasoningPart(text="all of it")
    assert fold(ReasoningDelta("all", 2), PartEnd(whole, 2)).reply().parts == (whole,)


def test_usage_snapshots_replace_each_other():
    folded = fold(
        UsageSnapshot(TokenUsage(input=1, output=1)), UsageSnapshot(TokenUsage(input=1, output=5))
    )
    assert folded.reply().usage == TokenUsage(input=1, output=5)


def test_a_stream_is_ended_when_every_choice_is():
    assert not fold(TextDelta("a")).ended
    assert not fold(ChatEnd(STOP), TextDelta("b", choice=1)).ended
    assert fold(ChatEnd(STOP), TextDelta("b", choice=1), ChatEnd(STOP, 1)).ended


def test_a_later_start_adds_to_the_first():
    reply = fold(ChatStart("id-1"), ChatStart(model="m")).reply()
    assert (reply.id, reply.model) == ("id-1", "m")


def test_a_chunk_prints_as_its_text():
    text, finish = TextDelta("Hi"), ChatEnd(STOP)
    assert (str(text), text["data"], text.kind, "data" in text) == ("Hi", "Hi", "text", True)
    assert (str(finish), finish["data"], finish["kind"]) == ("", "", "finish")
    assert str(TextDelta("second choice", choice=1)) == ""
    with pytest.raises(KeyError):
        text["other"]

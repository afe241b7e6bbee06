"""Several models, of which the first that answers is taken."""

from __future__ import annotations

import time

from indox_core._errors import CallError
from indox_core._schema import ChatResponse

from .commands import Plan
from .invocation import Invocation
from .plan import chat
from .retry import falls_back


def first_answer(invocations: list[Invocation]) -> Plan[ChatResponse]:
    """The plan of the first model that answers; all share one deadline.

    Once output has reached the caller no other model is asked: its text would follow the first's.
    """
    tried: tuple[str, ...] = ()
    for invocation, following in zip(invocations, [*invocations[1:], None], strict=True):
        invocation.tried = tried
        try:
            return (yield from chat(invocation))
        except CallError as error:
            tried = error.tried = (*tried, f"{invocation.name}: {type(error).__name__}")
            out_of_time = time.monotonic() >= invocation.end
            began = invocation.began
            if following is None or began or out_of_time or not falls_back(error):
                if len(invocations) > 1:
                    _name_all(error, invocations, invocation.name if began and following else "")
                raise
    raise AssertionError("a call has at least one model")


def _name_all(error: CallError, invocations: list[Invocation], began: str) -> None:
    """`began` is the model whose output had begun, '' if no other was left or none had."""
    text = f"{error.message} Tried: {', '.join(error.tried)}."
    if began:
        others = ", ".join(other.name for other in invocations[1:])
        text += f" Output of {began} had begun, so that no other was asked; there were {others}."
    error.message = text
    error.args = (text,)

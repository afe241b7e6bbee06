"""A conversation that a program keeps: its messages, and what it has cost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypeVar

from indox_core._errors import ValidationError

from .content import ToolCallPart
from .messages import Message, MessageLike
from .response import ChatResponse
from .spellings import read_messages
from .totals import ModelTotals

AddedT = TypeVar("AddedT", bound=ChatResponse | MessageLike)


class Conversation:
    """The messages so far; give it to `chat` of any client in their place.

    It calls nobody: add your question, hand it to `chat`, add the response, which may be of another
    provider each time. For one thread or task at a time.
    """

    def __init__(self, system: str | None = None, messages: Iterable[MessageLike] = ()) -> None:
        """`system` is instructions to the model; `messages` what was said before.

        Raises `ValidationError` for what is no message.
        """
        first = [] if system is None else [{"role": "system", "content": system}]
        begun = [*first, *messages]
        self.messages: list[Message] = list(read_messages(begun)[0]) if begun else []
        """Yours to change, such as to shorten a long conversation."""
        self.totals = ModelTotals()
        """Tokens and US dollars of the responses that were added, those before `to_json` too."""

    def user(self, content: Any) -> Conversation:
        """Add a message of the user, text or a list of parts, and return the conversation.

        Raises `ValidationError`; nothing is added then.
        """
        self.add({"role": "user", "content": content})
        return self

    def result(self, call: ToolCallPart, content: Any, *, is_error: bool = False) -> Conversation:
        """Add what the function of a call returned, text or a list of parts."""
        result = {"type": "tool_result", "tool_call_id": call.id, "name": call.name,
                  "content": [content] if isinstance(content, str) else content,
                  "is_error": is_error}  # fmt: skip
        self.add({"role": "tool", "content": [result]})
        return self

    def add(self, item: AddedT) -> AddedT:
        """Add a response, with its cost, or a message in any spelling; returns what it was given.

        Raises `ValidationError`; nothing is added then.
        """
        message = item.to_message() if isinstance(item, ChatResponse) else item
        self.messages[:] = read_messages([*self.messages, message])[0]
        if isinstance(item, ChatResponse):
            self.totals += ModelTotals.of(item.usage, item.receipt)
        return item

    def __iter__(self) -> Iterator[Message]:
        return iter(self.messages)

    def __len__(self) -> int:
        return len(self.messages)

    def __repr__(self) -> str:
        return f"Conversation({len(self)} messages, cost={self.totals.cost:f})"

    @property
    def cost(self) -> Decimal:
        """US dollars of the responses whose cost is known; `totals.unknown` counts the others."""
        return self.totals.cost

    def to_json(self) -> str:
        """The whole conversation as JSON text, signatures and encrypted reasoning included.

        Raises `ValidationError` where you have put into `messages` what is none.
        """
        messages = read_messages(self.messages)[0] if self.messages else ()
        return json.dumps(
            {
                "messages": [message.model_dump(mode="json") for message in messages],
                "totals": {**asdict(self.totals), "cost": f"{self.cost:f}"},
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Conversation:
        """What `to_json` wrote. Raises `ValidationError` for anything else."""
        try:
            stored = json.loads(text)
            messages, totals = stored["messages"], stored["totals"]
            counts = [count for name, count in totals.items() if name != "cost"]
            so_far = ModelTotals(**{**totals, "cost": Decimal(totals["cost"])})
            sane = so_far.cost.is_finite() and so_far.cost >= 0
            if not isinstance(messages, list) or not sane:
                raise ValueError
            if any(type(count) is not int or count < 0 for count in counts):
                raise ValueError
        except (ValueError, ArithmeticError, LookupError, TypeError, RecursionError):
            raise ValidationError("This is no conversation that to_json has written.") from None
        conversation = cls(messages=messages)
        conversation.totals = so_far
        return conversation

"""The events of a stream, and how they fold into one reply.

A decoder emits `ChatStart`, deltas, `PartEnd`, `CitationFound`, `UsageSnapshot` and one `ChatEnd`
per choice. Callers see those that have a `kind`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from .content import MADE_UP_CALL, ContentPart, ReasoningPart, TextPart, ToolCallPart
from .response import Choice, Citation, Finish, Reply
from .spellings import parse_arguments
from .usage import TokenUsage

ChunkKind = Literal["text", "reasoning", "tool_call", "usage", "finish"]


class Chunk:
    """What iterating a stream gives: prints as its text, and `chunk["data"]` is that text.

    What is not text prints as the empty string.
    """

    __slots__ = ()
    kind: ClassVar[ChunkKind]

    @property
    def data(self) -> str:
        return ""

    def __str__(self) -> str:
        return self.data

    def __getitem__(self, key: str) -> Any:
        if key in ("data", "kind"):
            return getattr(self, key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return key in ("data", "kind")


@dataclass(slots=True)
class TextDelta(Chunk):
    """More text. `part` tells the blocks of one answer apart, `choice` several answers."""

    kind: ClassVar[ChunkKind] = "text"
    text: str
    part: int = 0
    choice: int = 0

    @property
    def data(self) -> str:
        return self.text if self.choice == 0 else ""


@dataclass(slots=True)
class ReasoningDelta(Chunk):
    """More of what the model thinks."""

    kind: ClassVar[ChunkKind] = "reasoning"
    text: str
    part: int = 0
    choice: int = 0


@dataclass(slots=True)
class ToolCallDelta(Chunk):
    """A piece of a tool call: id and name come first, then the arguments' JSON text in pieces."""

    kind: ClassVar[ChunkKind] = "tool_call"
    part: int
    id: str | None = None
    name: str | None = None
    arguments: str = ""
    choice: int = 0


@dataclass(slots=True)
class UsageSnapshot(Chunk):
    """The counts so far. A later snapshot replaces an earlier one."""

    kind: ClassVar[ChunkKind] = "usage"
    usage: TokenUsage


@dataclass(slots=True)
class ChatEnd(Chunk):
    """The vendor's own end signal for one choice."""

    kind: ClassVar[ChunkKind] = "finish"
    finish: Finish
    choice: int = 0


@dataclass(slots=True)
class ChatStart:
    """The vendor's id of the answer and the model that serves it."""

    id: str | None = None
    model: str | None = None


@dataclass(slots=True)
class RefusalDelta:
    """More of what the model says instead of answering."""

    text: str
    choice: int = 0


@dataclass(slots=True)
class PartEnd:
    """A part that is complete: it replaces what the deltas of the same kind and number gave."""

    content: ContentPart
    part: int = 0
    choice: int = 0


@dataclass(slots=True)
class CitationFound:
    """A source that the answer quotes."""

    citation: Citation


ChatEvent: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | UsageSnapshot
    | ChatEnd
    | ChatStart
    | RefusalDelta
    | PartEnd
    | CitationFound
)
EVENTS = get_args(ChatEvent)


class _CallPieces:
    """A tool call whose arguments are still arriving."""

    __slots__ = ("arguments", "id", "name")

    def __init__(self) -> None:
        self.id: str | None = None
        self.name = ""
        self.arguments: list[str] = []

    def part(self, index: int) -> ToolCallPart:
        return ToolCallPart(
            id=self.id or f"{MADE_UP_CALL}{index}",
            name=self.name,
            **parse_arguments("".join(self.arguments)),
        )


class _ChoiceFold:
    """The parts of one choice, in the order in which they began."""

    __slots__ = ("finish", "parts", "refusal")

    def __init__(self) -> None:
        self.parts: dict[tuple[str, int], Any] = {}
        self.refusal: list[str] = []
        self.finish: Finish | None = None

    def choice(self) -> Choice:
        parts: list[ContentPart] = []
        for (kind, number), value in self.parts.items():
            if isinstance(value, _CallPieces):
                parts.append(value.part(number))
            elif isinstance(value, list):
                text = "".join(value)
                parts.append(TextPart(text=text) if kind == "text" else ReasoningPart(text=text))
            else:
                parts.append(value)
        refusal = "".join(self.refusal) or None
        return Choice(tuple(parts), self.finish or Finish("unknown"), refusal)


class Fold:
    """Folds the events of one stream into a `Reply`, the same as `decode` makes of a plain one."""

    def __init__(self) -> None:
        self.usage: TokenUsage | None = None
        self._start = ChatStart()
        self._choices: dict[int, _ChoiceFold] = {0: _ChoiceFold()}
        self._citations: list[Citation] = []

    @property
    def ended(self) -> bool:
        """Whether the vendor's end signal has arrived for every choice that began."""
        return all(choice.finish is not None for choice in self._choices.values())

    def add(self, event: ChatEvent) -> None:
        if isinstance(event, TextDelta):
            self._texts(event.choice, "text", event.part).append(event.text)
        elif isinstance(event, ReasoningDelta):
            self._texts(event.choice, "reasoning", event.part).append(event.text)
        elif isinstance(event, ToolCallDelta):
            self._add_call(event)
        elif isinstance(event, UsageSnapshot):
            self.usage = event.usage
        elif isinstance(event, ChatEnd):
            self._choice(event.choice).finish = event.finish
        elif isinstance(event, PartEnd):
            self._choice(event.choice).parts[event.content.type, event.part] = event.content
        elif isinstance(event, ChatStart):
            known = {k: v for k, v in (("id", event.id), ("model", event.model)) if v is not None}
            self._start = replace(self._start, **known)
        elif isinstance(event, RefusalDelta):
            self._choice(event.choice).refusal.append(event.text)
        else:
            self._citations.append(event.citation)

    def reply(self) -> Reply:
        """What has arrived so far."""
        choices = [self._choices[index].choice() for index in sorted(self._choices)]
        first = choices[0]
        return Reply(
            parts=first.parts,
            finish=first.finish,
            usage=self.usage,
            id=self._start.id,
            model=self._start.model,
            refusal=first.refusal,
            citations=tuple(self._citations),
            more_choices=tuple(choices[1:]),
        )

    def _choice(self, index: int) -> _ChoiceFold:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _ChoiceFold()
        return choice

    def _texts(self, choice: int, kind: str, part: int) -> list[str]:
        parts = self._choice(choice).parts
        texts = parts.get((kind, part))
        if not isinstance(texts, list):
            texts = parts[kind, part] = []
        return texts

    def _add_call(self, event: ToolCallDelta) -> None:
        parts = self._choice(event.choice).parts
        pieces = parts.get(("tool_call", event.part))
        if not isinstance(pieces, _CallPieces):
            pieces = parts["tool_call", event.part] = _CallPieces()
        if event.id:
            pieces.id = event.id
        if event.name:
            pieces.name = event.name
        if event.arguments:
            pieces.arguments.append(event.arguments)


class CallNumbers:
    """Numbers the calls of one answer whose pieces stream in.

    Some servers leave out `index`, and some give two calls the same one: an id that is new begins
    a new call, and a piece without an id belongs to the last call of its index.
    """

    __slots__ = ("_last", "_numbers")

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._last: dict[int | None, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def number(self, identifier: str | None, index: int | None) -> int:
        """The number of the call that a piece with this id and index belongs to."""
        known = self._numbers
        if identifier and identifier in known:
            number = known[identifier]
        elif identifier or not known or (index is not None and index not in self._last):
            number = len(known)
            known[identifier or f"#{number}"] = number
        else:
            number = self._last.get(index, max(known.values()))
        self._last[index] = number
        return number


def reply_of(events: Iterable[ChatEvent]) -> Reply:
    """The reply that the events fold into; for a `decode` that uses the decoder."""
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold.reply()

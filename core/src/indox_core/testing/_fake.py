"""A provider that answers what a test tells it to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

from indox_core._content import JSON, ToolCallPart
from indox_core._errors import ConfigurationError, Failure, ProviderFailure
from indox_core._events import (
    ChatEnd,
    ChatEvent,
    ChatStart,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageSnapshot,
    reply_of,
)
from indox_core._hookspecs import hookimpl
from indox_core._provider import (
    Access,
    Answer,
    AsyncEventSource,
    Call,
    ConnectionSettings,
    EventSource,
    IteratorEvents,
    Provider,
    ProviderSpec,
)
from indox_core._request import ChatRequest
from indox_core._response import Finish, FinishReason, Reply, arguments_text
from indox_core._usage import TokenUsage


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeAnswer:
    """One scripted answer."""

    text: str = ""
    reasoning: str = ""
    tool_calls: Sequence[ToolCallPart] = ()
    refusal: str = ""
    finish: FinishReason | None = None
    """`None`: what follows from the rest, such as `tool_calls` where there are some."""
    usage: TokenUsage | None = field(default_factory=lambda: TokenUsage(input=10, output=5))
    """`None`: the provider reports no counts."""
    model: str | None = None
    """The model that is said to have answered. `None`: the one that was asked."""
    pieces: Sequence[str] | None = None
    """How a stream cuts the text. `None`: before each word."""
    delay_s: float = 0.0
    """Seconds before the answer, and before each piece of a stream."""
    cut_after: int | None = None
    """Pieces after which the connection breaks; a whole answer then does not come at all."""

    def __post_init__(self) -> None:
        if self.pieces is not None and "".join(self.pieces) != self.text:
            raise ConfigurationError("FakeAnswer: the pieces are not those of the text.")

    def events(self, model: str) -> list[JSON]:
        """What the connection hands on, in a shape of our own."""
        words = self.text.replace(" ", "\0 ").split("\0")
        pieces = words if self.pieces is None else self.pieces
        following: FinishReason = "tool_calls" if self.tool_calls else "stop"
        finish = self.finish or ("refusal" if self.refusal else following)
        return [
            {"start": self.model or model},
            *([{"reasoning": self.reasoning}] if self.reasoning else []),
            *({"text": piece} for piece in pieces if piece),
            *(
                {
                    "call": number,
                    "id": call.id,
                    "name": call.name,
                    "arguments": arguments_text(call),
                }
                for number, call in enumerate(self.tool_calls)
            ),
            *([{"refusal": self.refusal}] if self.refusal else []),
            {"end": finish, "usage": None if self.usage is None else asdict(self.usage)},
        ]


FakeStep: TypeAlias = str | FakeAnswer | Failure
"""A text, an answer in full, or a failure as the vendor would tell it."""


class FakeProvider:
    """A provider for tests of an application: `Client(plugins=[FakeProvider("Hello!")])`.

    `answers` is one answer for every call, a list that is used up in order, or a function of the
    request. `name` is the prefix that it answers to, also that of an installed provider: then its
    models have their prices. No key is needed, nothing leaves the process, and `requests` holds
    what was asked. Safe to share between threads, which then share the list.
    """

    def __init__(
        self,
        answers: FakeStep | Sequence[FakeStep] | Callable[[ChatRequest], FakeStep] = "",
        *,
        name: str = "fake",
    ) -> None:
        self.requests: list[ChatRequest] = []
        """Every request that was sent, further attempts included."""
        self._answers = answers
        self._left = iter(answers) if isinstance(answers, list | tuple) else None
        self._name = name

    @hookimpl
    def indox_provider(self) -> type[Provider]:
        spec = ProviderSpec(
            name=self._name,
            contract=1,
            fetches_urls=frozenset({"image", "document", "audio"}),
        )
        return type("FakedProvider", (_FakedProvider,), {"spec": spec, "fake": self})

    def answer(self, request: ChatRequest) -> FakeAnswer:
        """The next answer. Raises `ProviderFailure` for a scripted failure."""
        self.requests.append(request)
        step: Any = self._answers
        if callable(step):
            step = step(request)
        elif self._left is not None:
            step = next(self._left, None)
        if step is None:
            raise ConfigurationError(
                f"FakeProvider: request {len(self.requests)} has no answer; "
                f"{len(self.requests) - 1} were given."
            )
        if isinstance(step, Failure):
            raise ProviderFailure(step)
        return FakeAnswer(text=step) if isinstance(step, str) else step


@dataclass(frozen=True, slots=True, kw_only=True)
class _AskedCall(Call):
    """The call with the request that it was made of."""

    request: ChatRequest


class _FakedProvider(Provider):
    fake: ClassVar[FakeProvider]

    def encode(self, request: ChatRequest) -> Call:
        arguments = request.model_dump(mode="json", exclude_defaults=True)
        return _AskedCall("fake", arguments, request=request)

    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        return reply_of(event for sent in body for event in _read(sent))

    def decoder(self, operation: str) -> _Decoder:
        return _Decoder()

    def connect(self, settings: ConnectionSettings) -> _Connection:
        return _Connection(self.fake)


class _Decoder:
    def __init__(self) -> None:
        self.finished = False

    def push(self, event: JSON) -> list[ChatEvent]:
        self.finished = "end" in event
        return _read(event)

    def finish(self) -> list[ChatEvent]:
        return []


def _read(event: JSON) -> list[ChatEvent]:
    match event:
        case {"start": model}:
            return [ChatStart(None, model)]
        case {"reasoning": text}:
            return [ReasoningDelta(text, 0)]
        case {"text": text}:
            return [TextDelta(text, 1)]
        case {"call": number, "id": identifier, "name": name, "arguments": arguments}:
            return [ToolCallDelta(2 + number, identifier, name, arguments)]
        case {"refusal": text}:
            return [RefusalDelta(text)]
    usage = [] if event["usage"] is None else [UsageSnapshot(TokenUsage(**event["usage"]))]
    return [*usage, ChatEnd(Finish(event["end"], event["end"]))]


class _Connection:
    def __init__(self, fake: FakeProvider) -> None:
        self._fake = fake

    def send(self, call: Call, access: Access) -> Answer:
        answer = self._answer(call)
        _wait(answer.delay_s, time.monotonic() + access.timeout_s, access)
        return _whole(answer, call)

    def stream(self, call: Call, access: Access) -> EventSource:
        return IteratorEvents(_pieces(self._answer(call), call, access))

    async def asend(self, call: Call, access: Access) -> Answer:
        answer = self._answer(call)
        await asyncio.sleep(answer.delay_s)
        return _whole(answer, call)

    async def astream(self, call: Call, access: Access) -> AsyncEventSource:
        return _AsyncEvents(self._answer(call), call)

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, call: Call) -> FakeAnswer:
        assert isinstance(call, _AskedCall)
        return self._fake.answer(call.request)


def _wait(seconds: float, end: float, access: Access) -> None:
    left = end - time.monotonic()
    access.cancelled.wait(min(seconds, max(left, 0)))
    if seconds > left:
        raise TimeoutError


def _whole(answer: FakeAnswer, call: Call) -> Answer:
    if answer.cut_after is not None:
        raise _broken()
    return Answer(answer.events(call.arguments["model"]))


def _pieces(answer: FakeAnswer, call: Call, access: Access) -> Iterator[JSON]:
    end = time.monotonic() + access.timeout_s
    for number, event in enumerate(answer.events(call.arguments["model"])):
        _check_cut(answer, number)
        _wait(answer.delay_s, end, access)
        yield event


class _AsyncEvents:
    def __init__(self, answer: FakeAnswer, call: Call) -> None:
        self.request_id: str | None = None
        self._answer = answer
        self._events = enumerate(answer.events(call.arguments["model"]))

    def __aiter__(self) -> AsyncIterator[JSON]:
        return self

    async def __anext__(self) -> JSON:
        for number, event in self._events:
            _check_cut(self._answer, number)
            await asyncio.sleep(self._answer.delay_s)
            return event
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Nothing is held."""


def _check_cut(answer: FakeAnswer, number: int) -> None:
    if answer.cut_after is not None and number > answer.cut_after:  # the start is no piece
        raise _broken()


def _broken() -> ProviderFailure:
    return ProviderFailure(Failure("network", "the connection broke, as the test wants it"))

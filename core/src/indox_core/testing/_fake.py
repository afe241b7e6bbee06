"""A provider that answers what a test tells it to."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, TypeAlias

from indox_core._errors import ConfigurationError, Failure, ProviderFailure
from indox_core._plugins import (
    Access,
    Answer,
    AsyncEventSource,
    Call,
    ConnectionSettings,
    EventSource,
    IteratorEvents,
    Provider,
    ProviderSpec,
    Registry,
    hookimpl,
    installed,
)
from indox_core._schema import (
    JSON,
    ChatEnd,
    ChatEvent,
    ChatRequest,
    ChatStart,
    Finish,
    FinishReason,
    ReasoningDelta,
    RefusalDelta,
    Reply,
    TextDelta,
    TokenUsage,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
    arguments_text,
    reply_of,
)
from indox_core._transport import deadline


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
    """Seconds before a whole answer, and before each piece of a stream's text."""
    cut_after: int | None = None
    """Pieces of text after which the connection breaks; a whole answer then does not come."""

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
    request. `name` is the prefix that it answers to, also that of an installed provider: then it
    takes that one's `provider_options`, and its models have their prices. No key is needed, nothing
    leaves the process, and `requests` holds what was asked. Safe to share between threads, which
    then share the list.
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
        several = isinstance(answers, Sequence) and not isinstance(answers, str)
        self._left = iter(answers) if several else None  # type: ignore[arg-type] # a sequence
        self._name = name

    @hookimpl
    def indox_provider(self) -> type[Provider]:
        stands_for: Any = None
        if any(item.name == self._name for item in installed()):
            stands_for = Registry().provider(self._name)
        spec = ProviderSpec(
            name=self._name,
            contract=1,
            fetches_urls=frozenset({"image", "document", "audio"}),
            options=stands_for.spec.options if stands_for is not None else None,
        )
        prices = {} if stands_for is None else {
            name: staticmethod(getattr(stands_for, name))
            for name in ("rates", "complete_rates", "surcharges")
        }  # fmt: skip
        return type("FakedProvider", (_FakedProvider,), {"spec": spec, "fake": self, **prices})

    def answer(self, request: ChatRequest) -> FakeAnswer:
        """The next answer. Raises `ProviderFailure` for a scripted failure."""
        self.requests.append(request)
        step: Any = self._answers
        if callable(step):
            step = self._called(step, request)
        elif self._left is not None:
            step = next(self._left, _NONE_LEFT)
        if step is _NONE_LEFT:
            raise ConfigurationError(
                f"FakeProvider: request {len(self.requests)} has no answer; "
                f"{len(self.requests) - 1} were given."
            )
        if isinstance(step, Failure):
            raise ProviderFailure(step)
        if not isinstance(step, str | FakeAnswer):
            raise ConfigurationError(
                f"FakeProvider: an answer is a str, FakeAnswer or Failure, not "
                f"{type(step).__name__}."
            )
        return FakeAnswer(text=step) if isinstance(step, str) else step

    def _called(self, function: Callable[[ChatRequest], Any], request: ChatRequest) -> Any:
        try:
            return function(request)
        except Exception as error:  # the test's own
            raise ConfigurationError(
                f"FakeProvider: the function of answers raised {type(error).__name__}: {error}"
            ) from error


_NONE_LEFT = object()


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
        _wait(answer.delay_s)
        return _whole(answer, call)

    def stream(self, call: Call, access: Access) -> EventSource:
        return IteratorEvents(_pieces(self._answer(call), call))

    async def asend(self, call: Call, access: Access) -> Answer:
        answer = self._answer(call)
        await _asleep(answer.delay_s)
        return _whole(answer, call)

    async def astream(self, call: Call, access: Access) -> AsyncEventSource:
        return _AsyncEvents(self._answer(call), call)

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, call: Call) -> FakeAnswer:
        assert isinstance(call, _AskedCall)
        return self._fake.answer(call.request)


def _wait(seconds: float) -> None:
    """As a socket would: no longer than the driver allows."""
    left = deadline.get(math.inf) - time.monotonic()
    time.sleep(min(seconds, max(left, 0.0)))
    if seconds > left:
        raise TimeoutError


async def _asleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def _whole(answer: FakeAnswer, call: Call) -> Answer:
    if answer.cut_after is not None:
        raise _broken()
    return Answer(answer.events(call.arguments["model"]))


def _pieces(answer: FakeAnswer, call: Call) -> Iterator[JSON]:
    for event, delay_s in _timed(answer, call):
        _wait(delay_s)
        yield event


def _timed(answer: FakeAnswer, call: Call) -> Iterator[tuple[JSON, float]]:
    """The events, each with the seconds before it; raises where the connection breaks."""
    texts = 0
    for event in answer.events(call.arguments["model"]):
        after_text = "text" in event or "end" in event
        if after_text and answer.cut_after is not None and texts >= answer.cut_after:
            raise _broken()
        texts += "text" in event
        yield event, answer.delay_s if "text" in event else 0.0


class _AsyncEvents:
    def __init__(self, answer: FakeAnswer, call: Call) -> None:
        self.request_id: str | None = None
        self._events = _timed(answer, call)

    def __aiter__(self) -> AsyncIterator[JSON]:
        return self

    async def __anext__(self) -> JSON:
        for event, delay_s in self._events:
            await _asleep(delay_s)
            return event
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Nothing is held."""


def _broken() -> ProviderFailure:
    return ProviderFailure(Failure("network", "the connection broke, as the test wants it"))

"""One call as a plan without I/O.

A plan is a generator: it yields what it needs done (`Send`, `Open`, `NEXT`, `Sleep`, `Load`) or a
list of chunks for the caller, and is resumed with the outcome or the exception. The drivers, in
`_drive_sync` and `_drive_async`, do the same steps each in their own way. A plan never yields in a
`finally`; the driver owns the event source and closes it.
"""

from __future__ import annotations

import builtins
import logging
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from pydantic import SecretStr
from pydantic import ValidationError as PydanticError
from pydantic_core import from_json

from indox_core._credentials import redact
from indox_core._errors import (
    ERROR_CLASSES,
    BudgetExceededError,
    CallError,
    ConfigurationError,
    Failure,
    IndoxError,
    PluginLoadError,
    ProviderFailure,
    StreamInterruptedError,
    UnsupportedFeatureError,
    describe,
)
from indox_core._money import prices
from indox_core._money.budget import Spending, asked_usage, price_range, settled
from indox_core._money.ledger import Ledger
from indox_core._money.overrides import Overrides
from indox_core._plugins.hooks import Retry, tell
from indox_core._plugins.provider import (
    Access,
    Answer,
    Call,
    Connection,
    Provider,
    StreamDecoder,
    breach,
)
from indox_core._schema.events import EVENTS, ChatEvent, Chunk, Fold
from indox_core._schema.request import ChatRequest
from indox_core._schema.response import ChatResponse, Reply, text_of
from indox_core._schema.usage import CostBreakdown, Receipt, TokenUsage, Usage
from indox_core._transport.lazy import lazy

from .retry import RetryBudget, falls_back, is_retryable, wait_before_next
from .stored import (
    SHAPES,
    WELL_FORMED,
    decoded,
    plugin_raised,
    unread,
    well_formed,
    whole,
)

if TYPE_CHECKING:
    import httpx2
    import pluggy

    from indox_core._transport.transports import Pools

log = logging.getLogger("indox")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Send the call and bring back the whole `Answer`."""

    connection: Connection
    call: Call
    access: Access


@dataclass(frozen=True, slots=True)
class Open:
    """Send the call and keep its event source, which is brought back to be looked at."""

    connection: Connection
    call: Call
    access: Access


@dataclass(frozen=True, slots=True)
class Sleep:
    seconds: float


@dataclass(frozen=True, slots=True)
class Load:
    """Call a function that imports something large; off the event loop in async.

    It is told whether the driver is the async one.
    """

    function: Callable[[bool], Any]


class Marker:
    """A command or an outcome without content."""


NEXT = Marker()
"""Bring back the source's next event, or `END`."""
END = Marker()
DRAIN = Marker()
"""Nothing more can come: read what is left, briefly, so that the connection can be used again."""

Command: TypeAlias = Send | Open | Sleep | Load | Marker | list[Chunk]
Plan: TypeAlias = Generator[Command, Any, T]


_EXCERPT = 500
"""Characters of the vendor's own words that an error quotes; a page of HTML has more."""


class Lender:
    """Lends the pools to connections, and makes them when the first asks."""

    def __init__(self, proxy: str | None, verify: Any, transport: str) -> None:
        self._options = (proxy, verify, transport)

    @lazy
    def _pools(self) -> Pools:
        from indox_core._transport.transports import Pools

        return Pools(*self._options)

    @property
    def http_client(self) -> httpx2.Client:
        return self._pools.http_client

    @property
    def async_http_client(self) -> httpx2.AsyncClient:
        return self._pools.async_http_client

    def close(self) -> None:
        if "_pools" in self.__dict__:
            self._pools.close()

    async def aclose(self) -> None:
        if "_pools" in self.__dict__:
            await self._pools.aclose()


class Connections:
    """The connections of one client: one per provider, made at first use."""

    def __init__(self, lender: Lender) -> None:
        self.lender = lender
        self.retries = RetryBudget()
        self.closed = False
        self._made: dict[str, Connection] = {}
        self._lock = Lock()

    def get(self, name: str) -> Connection | None:
        return self._made.get(name)

    def make(self, provider: Provider) -> Connection:
        name = provider.spec.name
        with self._lock:
            if self.closed:
                raise ConfigurationError("This client is closed. Make a new one.")
            if name not in self._made:
                connection = provider.connect(self.lender)
                if not isinstance(connection, Connection):
                    raise breach(name, "connect", "a Connection", connection)
                self._made[name] = connection
            return self._made[name]

    def ready(self, provider: Provider, asynchronous: bool) -> Connection:
        """The provider's connection with its SDK's client of that flavour; imports what it needs.

        A plugin may raise anything.
        """
        connection = self.make(provider)
        prepare = getattr(connection, "prepare", None)
        if prepare is not None:
            prepare(asynchronous)
        return connection

    def close(self) -> None:
        """Close what the connections hold; the pools are closed by the client."""
        with self._lock:
            self.closed = True
            made, self._made = self._made, {}
        for connection in made.values():
            try:
                connection.close()
            except Exception:  # the others are closed all the same
                log.exception("closing a connection failed")


@dataclass(slots=True)
class Run:
    """One call, ready to be driven."""

    request: ChatRequest
    call: Call
    provider: Provider
    connections: Connections
    key: SecretStr | None
    headers: Mapping[str, str]
    timeout_s: float
    idle_timeout_s: float | None
    max_retries: int
    include_raw: bool
    debug: bool
    overrides: Overrides
    """The user's own prices."""
    ledger: Ledger
    max_cost: Decimal | None = None
    """US dollars that the call may cost. `None`: no limit."""
    observers: pluggy.PluginManager | None = None
    """`None`: nobody observes; only chats are observed."""
    parse: Callable[[str], Any] | None = None
    """Makes `response.parsed` of the text. `None`: no schema was asked for."""

    request_id: str = field(default_factory=lambda: str(uuid4()))
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    started: float = field(default_factory=time.monotonic)
    attempt: int = 0
    fold: Fold = field(default_factory=Fold)
    raw_events: list[Any] = field(default_factory=list)
    began: bool = False
    """Whether output has reached the caller."""
    asked: bool = False
    """Whether the request is out and was not refused: it may have to be paid for."""
    tried: tuple[str, ...] = ()
    provider_request_id: str | None = None
    _spending: Spending | None = None
    _raw: Any = None
    _cause: Exception | None = field(default=None, repr=False)
    """The SDK's exception, kept only with debug=True."""

    @property
    def end(self) -> float:
        """The deadline, on the monotonic clock."""
        return self.started + self.timeout_s

    # The plans

    def chat(self) -> Plan[ChatResponse]:
        """Send, wait, decode, price."""
        try:
            self._tell("indox_before_chat", request=self.request)
            if self.max_cost is not None:
                yield from self._check_budget()
            reply = yield from self._tried(self._decode)
            return (yield from self._answered(reply, self._raw))
        except BaseException as error:
            self._left(error)
            raise

    def fetch(
        self, method: str, read: Callable[[Any], T], wanted: str, is_wanted: Callable[[Any], bool]
    ) -> Plan[T]:
        """Send, wait, read: for what is no chat, such as a list of models.

        `read` is the plugin's `method`, which must return what is `wanted`.
        """

        def checked(answer: Answer) -> T:
            value = read(answer.body)
            if not is_wanted(value):
                raise breach(self.request.provider, method, wanted, value)
            return value

        return (yield from self._tried(checked, method))

    def _tried(self, read: Callable[[Answer], T], reading: str = "decode") -> Plan[T]:
        """What `read` makes of the first good answer; `reading` is the plugin's method."""
        connection = yield from self._connection()
        while True:
            self._check_open()
            self.attempt += 1
            method = "send"
            answer = None
            self.asked = True
            try:
                answer = yield Send(connection, self.call, self._access())
                if not isinstance(answer, Answer):
                    raise breach(self.request.provider, "send", "an Answer", answer)
                method = reading
                return read(answer)
            except Exception as error:  # noqa: BLE001 # judged, and raised as ours
                verdict = self._judge(error, method)
            answer = None  # it may echo the key, and a traceback shows locals
            self.asked = False
            yield Sleep(self._wait_or_raise(verdict))

    def stream(self) -> Plan[ChatResponse]:
        """Open, decode event by event, price. Yields lists of chunks."""
        try:
            return (yield from self._streamed())
        except BaseException as error:
            self._left(error)
            raise

    def _left(self, error: BaseException) -> None:
        """Tell of what ends a call from outside: it was left, its task or the program ended.

        Errors were told before they were raised.
        """
        if not isinstance(error, Exception):
            receipt = self._count_as_left() if self.asked else None
            self._tell("indox_chat_left", request=self.request, receipt=receipt)

    def _count_as_left(self) -> Receipt:
        """What was sent may be paid for: a stream as far as it came."""
        name = f"{self.request.provider}/{self.request.model}"
        if not self.request.stream:
            unknown = Receipt("unknown", reason="the call was cancelled before its answer came")
            self.ledger.add(name, usage_of(None, unknown), unknown)
            return unknown
        reply = self.fold.reply()
        usages = settled(self.request, self.call, reply)

        def quote_of(usage: TokenUsage) -> prices.Quote | None:
            question = self._question(reply.model, usage)
            own = prices.own_quote(question, self.overrides, self.observers)
            if own is not None or not prices.loaded():  # nothing is loaded for it any more
                return own
            return prices.listed_quote(question)

        model = reply.model or self.request.model
        receipt = prices.estimate(usages, quote_of, model, "the stream was left")
        usage = usage_of(usages[0], receipt)
        self.ledger.add(name, usage, receipt)
        return receipt.of(usage)

    def _streamed(self) -> Plan[ChatResponse]:
        self._tell("indox_before_chat", request=self.request)
        if self.max_cost is not None:
            yield from self._check_budget()
        connection = yield from self._connection()
        while True:
            self._check_open()
            self.attempt += 1
            self.fold, self.raw_events = Fold(), []
            method, decoder = "decoder", None
            try:
                decoder = self.provider.decoder(self.call.operation)
                if not all(hasattr(decoder, name) for name in ("push", "finish", "finished")):
                    raise breach(self.request.provider, "decoder", "a StreamDecoder", decoder)
                method = "stream"
                self.asked = True
                source = yield Open(connection, self.call, self._access())
                steps = hasattr(source, "__next__") or hasattr(source, "__anext__")
                if not (steps and hasattr(source, "request_id")):
                    raise breach(self.request.provider, "stream", "an EventSource", source)
                self.provider_request_id = source.request_id
                source = None  # the driver owns it
                yield []  # the request is sent: the caller gets the stream
                while (event := (yield NEXT)) is not END:
                    if self.include_raw:
                        self.raw_events.append(event)
                    method = "push"
                    chunks = self._fold(decoder.push(event), "push")
                    method = "stream"
                    if chunks:
                        self.began = True
                        if self._spending is not None:
                            self._watch(self._spending, chunks)
                        yield chunks
                    if decoder.finished:
                        yield DRAIN
                        break
                method = "finish"
                if chunks := self._fold(decoder.finish(), "finish"):
                    self.began = True
                    yield chunks
                reply = whole(self.fold.reply())
                break
            except Exception as error:  # noqa: BLE001 # judged, and raised as ours
                verdict = self._judge(error, method)
            # They may echo the key, and a traceback shows locals.
            event, chunks = None, []
            if isinstance(verdict, Failure) and verdict.kind in ("network", "timeout"):
                self._end_as_the_vendor_did(decoder)
            decoder = None
            if self.began:
                reply = yield from self._interrupt(verdict)
                break
            self.asked = False
            yield Sleep(self._wait_or_raise(verdict))
        if not self.fold.ended:
            how = "it ended without the vendor's end signal"
            raise self._failed((yield from self._interrupted(how)))
        raw = self.raw_events if self.include_raw else None
        return (yield from self._answered(reply, raw))

    def _end_as_the_vendor_did(self, decoder: StreamDecoder | None) -> None:
        """The end of a stream whose connection broke: complete, if its end signal was there."""
        if decoder is None or not self.began:
            return
        try:
            self._fold(decoder.finish(), "finish")
        except Exception:  # noqa: BLE001 # the failure of the connection is what is told
            return

    # Steps of both

    @property
    def _payer(self) -> tuple[str, int]:
        """Whose budget of further attempts it is."""
        return self.request.provider, hash(self.key)

    def _connection(self) -> Plan[Connection]:
        name = self.provider.spec.name
        self._check_open()
        self.connections.retries.pay_in(*self._payer)
        connection = self.connections.get(name)
        if connection is not None:
            return connection
        try:
            made: Connection = yield Load(
                lambda flavour: self.connections.ready(self.provider, flavour)
            )
            return made
        except IndoxError as error:
            problem = error
        except Exception as error:  # noqa: BLE001 # a plugin may raise anything
            problem = self._plugin_error(error, "connect")
        raise self._failed(problem)

    def _check_open(self) -> None:
        if self.connections.closed:
            raise self._failed(ConfigurationError("This client is closed. Make a new one."))

    def _access(self) -> Access:
        return Access(
            self.key,
            self.request.base_url,
            self.headers,
            max(self.end - time.monotonic(), 0.001),
        )

    def _decode(self, answer: Answer) -> Reply:
        self.provider_request_id = answer.request_id
        if self.include_raw:
            self._raw = answer.body
        reply = decoded(self.provider, answer.body, self.call.operation)
        log.debug(
            "attempt %d of %s/%s: answered", self.attempt, self.request.provider, self.request.model
        )
        return reply

    def _check_budget(self) -> Plan[None]:
        """Refuse a call whose worst case is dearer than its limit; nothing is sent."""
        limit = self.max_cost
        assert limit is not None
        quote_of = yield from self._quotes(None, asked_usage(self.request))
        price = price_range(self.request, self.call, quote_of)
        streams = self.request.stream and price.low is not None
        if price.high is None and not streams:
            problem = f"its worst case is not known: {price.reason}"
        elif price.high is not None and price.high > limit:
            problem = f"it may cost {price.high:f}"
        else:
            self._spending = Spending(self.request, quote_of, limit)
            return
        raise self._failed(
            BudgetExceededError(
                f"{self.request.provider}/{self.request.model}: max_cost is {limit:f} US dollars, "
                f"and {problem}. Nothing was sent."
            )
        )

    def _watch(self, spending: Spending, chunks: list[Chunk]) -> None:
        for chunk in chunks:
            text = getattr(chunk, "text", "") or getattr(chunk, "arguments", "")
            cost = spending.over(text, self.fold.usage)
            if cost is not None:
                raise BudgetExceededError(
                    f"{self.request.provider}/{self.request.model}: the answer has cost about "
                    f"{cost:f} US dollars so far, max_cost is {self.max_cost:f}. error.partial "
                    "holds what had arrived."
                )

    def _fold(self, events: list[ChatEvent], method: str) -> list[Chunk]:
        wanted = "a list of chat events"
        if not isinstance(events, (list, tuple)):
            raise breach(self.request.provider, method, wanted, events)
        for event in events:
            if not isinstance(event, EVENTS):
                raise breach(self.request.provider, method, wanted, event)
            self.fold.add(event)
        return [event for event in events if isinstance(event, Chunk)]

    def _judge(self, error: Exception, method: str) -> Failure | IndoxError:
        """What an exception means, in plain values; the exception itself is let go."""
        if isinstance(error, IndoxError):
            return error
        failure = error.failure if isinstance(error, ProviderFailure) else None
        try:
            if failure is None and method in ("send", "stream"):
                failure = self.provider.classify(error)
                if not isinstance(failure, Failure | None):
                    return breach(self.request.provider, "classify", "a Failure or None", failure)
                failure = failure or _transport_failure(error)
        except Exception as second:  # noqa: BLE001 # a plugin may raise anything
            return self._plugin_error(second, "classify")
        if failure is None and isinstance(error, SHAPES):
            failure = unread(self.request.provider, error, method)
        if failure is None:
            return self._plugin_error(error, method)
        if not well_formed(failure):
            raised = method if isinstance(error, ProviderFailure) else "classify"
            return breach(self.request.provider, raised, WELL_FORMED, failure)
        if failure.kind == "network":
            failure = _explained(failure, error, self.request.base_url)
        # At once: the vendor may echo the key, and a traceback may show our frames' locals.
        failure = self._cleaned(failure)
        log.debug(
            "attempt %d of %s/%s: %s, HTTP %s",
            self.attempt,
            self.request.provider,
            self.request.model,
            failure.kind,
            failure.status_code,
        )
        if self.debug:
            self._cause = error
        return failure

    def _plugin_error(self, error: Exception, method: str) -> PluginLoadError:
        problem = plugin_raised(self.request.provider, error, method)
        if self.debug:
            problem.__cause__ = error
        return problem

    def _wait_or_raise(self, verdict: Failure | IndoxError) -> float:
        """Seconds until the next attempt; raises if there is none."""
        if isinstance(verdict, IndoxError):
            raise self._failed(verdict)
        left = self.end - time.monotonic()
        wait = wait_before_next(verdict, self.attempt, self.max_retries, left)
        self._check_open()
        if wait is not None and not self.connections.retries.take(*self._payer):
            wait = None
        if wait is None:
            raise self._failed(self._error(verdict))
        if self.observers is not None:
            status = f", HTTP {verdict.status_code}" if verdict.status_code else ""
            retry = Retry(
                self.request.provider,
                self.request.model,
                self.attempt,
                wait,
                f"{verdict.kind}{status}",
            )
            self._tell("indox_retry", retry=retry)
        return wait

    def _interrupt(self, verdict: Failure | IndoxError) -> Plan[Reply]:
        """A failure after output began: raised, unless the end signal was there already."""
        if isinstance(verdict, IndoxError):
            partial = yield from self._partial()  # it is paid for, whatever is raised
            if isinstance(verdict, BudgetExceededError):
                verdict.partial = partial
            raise self._failed(verdict)
        if verdict.kind in ("network", "timeout") and self.fold.ended:
            return self.fold.reply()
        if verdict.kind == "network":
            raise self._failed((yield from self._interrupted("the connection broke")))
        error = self._error(verdict)
        error.partial = yield from self._partial()
        raise self._failed(error)

    def _interrupted(self, how: str) -> Plan[StreamInterruptedError]:
        partial = yield from self._partial()
        return StreamInterruptedError(
            f"{self.request.provider}: the stream is incomplete: {how}. "
            "error.partial holds what had arrived.",
            provider=self.request.provider,
            model=self.request.model,
            request_id=self._vendors_id(None),
            attempts=self.attempt,
            retryable=True,
            partial=partial,
        )

    def _partial(self) -> Plan[ChatResponse | None]:
        """What had arrived; `None` if not even that can be read."""
        try:
            return (yield from self._respond(self.fold.reply(), None, cut=True))
        except SHAPES:
            return None

    def _error(self, failure: Failure) -> CallError:
        message = describe(failure, self.request.provider)
        if failure.kind == "timeout":
            idle = self.idle_timeout_s is not None and time.monotonic() < self.end
            limit = (
                f"idle_timeout={self.idle_timeout_s:g}" if idle else f"timeout={self.timeout_s:g}"
            )
            failure = replace(failure, message=f"{limit} has passed without a complete answer")
            message = describe(failure, self.request.provider)
        return ERROR_CLASSES[failure.kind](
            message,
            provider=self.request.provider,
            model=self.request.model,
            status_code=failure.status_code,
            code=failure.code,
            request_id=self._vendors_id(failure.request_id),
            retry_after_s=failure.retry_after_s,
            attempts=self.attempt,
            retryable=is_retryable(failure),
        )

    def _cleaned(self, failure: Failure) -> Failure:
        """The failure without the key, and with an excerpt of what the vendor said."""
        message = self._clean(failure.message)
        if len(message) > _EXCERPT:  # cut only now: half a key would not be found
            message = message[:_EXCERPT] + "..."
        code = None if failure.code is None else self._clean(failure.code)
        request_id = None if failure.request_id is None else self._clean(failure.request_id)
        return replace(failure, message=message, code=code, request_id=request_id)

    def _clean(self, text: str) -> str:
        """Text of the provider without the call's key and configured headers."""
        return redact(text, (self.key.get_secret_value() if self.key else "", *self._secrets))

    def _vendors_id(self, from_body: str | None) -> str | None:
        identifier = from_body or self.provider_request_id
        return self._clean(identifier) if identifier else None

    @property
    def _secrets(self) -> tuple[str, ...]:
        return tuple(value for value in self.headers.values() if len(value) >= 8)

    def _failed(self, error: IndoxError) -> IndoxError:
        """The error, told to the observers."""
        if self.debug and error.__cause__ is None:
            error.__cause__ = self._cause
        self._tell("indox_chat_failed", request=self.request, error=error)
        return error

    # The answer

    def _answered(self, reply: Reply, raw: Any) -> Plan[ChatResponse]:
        problem: Failure | IndoxError | None = None
        try:
            response = yield from self._respond(reply, raw)
        except Exception as error:  # noqa: BLE001 # judged, and raised as ours
            problem = self._judge(error, "decode")
        if problem is not None:
            raise self._failed(problem if isinstance(problem, IndoxError) else self._error(problem))
        self._tell("indox_after_chat", request=self.request, response=response)
        return response

    def _respond(self, reply: Reply, raw: Any, cut: bool = False) -> Plan[ChatResponse]:
        first = reply.first
        data = text_of(first.parts)
        seconds = time.monotonic() - self.started
        try:
            receipt = yield from (self._settled(reply) if cut else self._receipt(reply))
        except Exception:  # the answer is paid for: it never fails for its price
            log.exception("the price of %s/%s", self.request.provider, self.request.model)
            receipt = Receipt("unknown", reason="looking up the price failed; see the log")
        counted = receipt.counted if receipt.counted is not None else reply.usage
        usage = usage_of(counted, receipt, seconds)
        name = f"{self.request.provider}/{self.request.model}"
        self.ledger.add(name, usage, receipt)
        return ChatResponse(
            request_id=self.request_id,
            created_at=self.created_at,
            duration_ms=seconds * 1000,
            provider=self.request.provider,
            model=self.request.model,
            usage=usage,
            raw_response=raw,
            data=data,
            finish_reason=first.finish.unified,
            parts=first.parts,
            finish=first.finish,
            choices=(first, *reply.more_choices),
            citations=reply.citations,
            adaptations=self.request.adaptations + self.call.adaptations,
            receipt=receipt.of(usage),
            refusal=first.refusal,
            parsed=self.parse(data) if self.parse is not None else None,
            served_model=reply.model,
            service_tier=reply.usage.service_tier if reply.usage is not None else None,
            provider_request_id=self._vendors_id(reply.id),
            attempts=self.attempt,
            tried=self.tried,
        )

    def _receipt(self, reply: Reply) -> Plan[Receipt]:
        if reply.usage is None:
            return prices.settle(None, None, self.request.model)
        quote = yield from self._quote(reply.model, reply.usage)
        return prices.settle(reply.usage, quote, reply.model or self.request.model)

    def _settled(self, reply: Reply) -> Plan[Receipt]:
        """What an answer that was cut has cost, as near as can be told."""
        usages = settled(self.request, self.call, reply)
        quote_of = yield from self._quotes(reply.model, usages[0])
        model = reply.model or self.request.model
        reason = "the stream was cut: counted from what had arrived of it"
        return prices.estimate(usages, quote_of, model, reason)

    def _quotes(self, served: str | None, usage: TokenUsage) -> Plan[prices.QuoteOf]:
        """What the call is priced with at any size; the library is loaded if it is needed."""
        yield from self._quote(served, usage)
        return lambda of: prices.quote(self._question(served, of), self.overrides, self.observers)

    def _question(self, served: str | None, usage: TokenUsage) -> prices.Question:
        return prices.Question(self.provider, self.request.model, served, usage, datetime.now(UTC))

    def _quote(self, served: str | None, usage: TokenUsage) -> Plan[prices.Quote | None]:
        question = self._question(served, usage)
        quote = prices.own_quote(question, self.overrides, self.observers)
        if quote is not None:
            return quote
        if not prices.loaded():
            yield Load(lambda asynchronous: prices.load())
        return prices.listed_quote(question)

    def _tell(self, hook: str, **facts: Any) -> None:
        if self.observers is not None:
            tell(self.observers, hook, request_id=self.request_id, **facts)


def first_answer(runs: list[Run], stream: bool) -> Plan[ChatResponse]:
    """The plan of the first model that answers; all share one deadline.

    Once output has reached the caller no other model is asked: its text would follow the first's.
    """
    tried: tuple[str, ...] = ()
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        run.tried = tried
        try:
            return (yield from (run.stream() if stream else run.chat()))
        except CallError as error:
            name = f"{run.request.provider}/{run.request.model}"
            tried = error.tried = (*tried, f"{name}: {type(error).__name__}")
            out_of_time = time.monotonic() >= run.end
            if following is None or run.began or out_of_time or not falls_back(error):
                _name_all(error, runs, name, run.began and following is not None)
                raise
    raise AssertionError("a call has at least one model")


def _name_all(error: CallError, runs: list[Run], name: str, began: bool) -> None:
    if len(runs) == 1:
        return
    others = ", ".join(f"{run.request.provider}/{run.request.model}" for run in runs[1:])
    text = f"{error.message} Tried: {', '.join(error.tried)}."
    if began:
        text += f" Output of {name} had begun, so that no other was asked; there were {others}."
    error.message = text
    error.args = (text,)


def check_unsupported(call: Call, request: ChatRequest, policy: str) -> None:
    """Under `on_unsupported="error"`, refuse what would be adapted. Nothing is sent."""
    made = request.adaptations + call.adaptations
    changed = [item for item in made if item.kind in ("dropped", "clamped", "moved")]
    if policy == "error" and changed:
        findings = "; ".join(f"{item.path}: {item.reason}" for item in changed)
        raise UnsupportedFeatureError(
            f"{request.provider}/{request.model} cannot take the request as it is: {findings}. "
            'on_unsupported="adapt" changes it and records the change.'
        )


def usage_of(usage: TokenUsage | None, receipt: Receipt, seconds: float = 0.0) -> Usage:
    """The counts and the money as callers see them; money is rounded to floats here, once."""
    timestamp = datetime.now(UTC).isoformat()
    money = {part: None if x is None else float(x) for part, x in receipt.breakdown.items()}
    total = receipt.total
    common: dict[str, Any] = {
        "latency": seconds,
        "timestamp": timestamp,
        "cost": None if total is None else float(total),
        "cost_breakdown": CostBreakdown(**money),
        "cost_status": receipt.status,
    }
    if usage is None or (usage.input is None and usage.output is None):
        return Usage(**common)
    return Usage(
        tokens_prompt=usage.input,
        tokens_completion=usage.output,
        tokens_total=(
            None if usage.input is None or usage.output is None else usage.input + usage.output
        ),
        cache_read_tokens=usage.cache_read or 0,
        cache_write_tokens=usage.cache_write or 0,
        reasoning_tokens=usage.reasoning or 0,
        web_search_count=usage.web_searches or 0,
        **common,
    )


def _transport_failure(error: Exception) -> Failure | None:
    """Errors of sockets and of the HTTP library, whichever SDK let them through."""
    if isinstance(error, builtins.TimeoutError):
        return Failure("timeout")
    httpx2 = sys.modules.get("httpx2")
    if httpx2 is not None:
        if isinstance(error, httpx2.TimeoutException):
            return Failure("timeout")
        if isinstance(error, httpx2.DecodingError):
            return Failure("malformed", "the answer's compression is broken")
        if isinstance(error, httpx2.StreamError):
            return Failure("malformed", "the answer is no stream, or cannot be read as one")
        if isinstance(error, httpx2.HTTPError):
            return Failure("network", f"no answer ({type(error).__name__})")
    if isinstance(error, OSError):
        return Failure("network", f"no answer ({type(error).__name__})")
    return None


def _explained(failure: Failure, error: BaseException, base_url: str) -> Failure:
    """A network failure with where it was and what the system says of it."""
    parts = urlsplit(base_url)
    where = f"{parts.hostname}:{parts.port or {'http': 80}.get(parts.scheme, 443)}"
    reason, final = "", False
    cause: BaseException | None = error
    while cause is not None:
        if type(cause).__name__ == "SSLCertVerificationError":
            reason, final = "its certificate is not trusted", True
        elif type(cause).__name__.startswith("SSL"):  # the number is no system's
            reason = reason or "the TLS handshake failed"
        elif type(cause).__name__ == "gaierror":
            reason = reason or "its name cannot be resolved"
        elif isinstance(cause, OSError) and cause.errno is not None and cause.errno > 0:
            reason = reason or os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    text = f"no answer from {where}" if parts.hostname else "no answer"
    return replace(failure, message=f"{text} ({reason})" if reason else text, final=final)


def parser(schema: Any) -> Callable[[str], Any] | None:
    """What turns the text into `response.parsed`; text that does not match gives `None`."""
    if schema is None:
        return None
    if isinstance(schema, type):

        def parse_model(text: str) -> Any:
            try:
                return schema.model_validate_json(text)  # type: ignore[attr-defined] # checked
            except PydanticError:
                return None

        return parse_model

    def parse_json(text: str) -> Any:
        try:
            return from_json(text, allow_inf_nan=False)
        except ValueError:
            return None

    return parse_json

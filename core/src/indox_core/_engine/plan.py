"""One call as a plan: encode is done; try, wait, decode, price, tell the observers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from indox_core._errors import BudgetExceededError, Failure, IndoxError
from indox_core._money import Spending, asked_usage, price_range
from indox_core._plugins import (
    Answer,
    Connection,
    StreamDecoder,
    breach,
    event_with_own_name,
    with_own_names,
)
from indox_core._schema import EVENTS, ChatEvent, ChatResponse, Chunk, Fold, Reply

from .commands import DRAIN, END, NEXT, Load, Open, Plan, Send, Sleep
from .invocation import Invocation
from .reading import decoded, whole
from .settlement import answered, interrupt, interrupted, left, quotes
from .verdict import judge, plugin_error, wait_or_raise

log = logging.getLogger("indox")
T = TypeVar("T")


def chat(invocation: Invocation) -> Plan[ChatResponse]:
    """The response. Of a stream, yields lists of chunks before."""
    try:
        invocation.tell("indox_before_chat", request=invocation.request)
        if invocation.settings.max_cost is not None:
            yield from _check_budget(invocation)
        if invocation.request.stream:
            reply = yield from _streamed(invocation)
        else:
            reply = yield from _tried(invocation, lambda answer: _decode(invocation, answer))
        return (yield from answered(invocation, reply))
    except BaseException as error:
        left(invocation, error)
        raise


def fetch(
    invocation: Invocation,
    method: str,
    read: Callable[..., T],
    wanted: str,
    is_wanted: Callable[[T], bool],
) -> Plan[T]:
    """What `read` makes of the answer: for what is no chat, such as a list of models.

    `read` is the plugin's `method`, which must return what is `wanted`.
    """

    def checked(answer: Answer) -> T:
        value = read(answer.body)
        if not is_wanted(value):
            raise breach(invocation.request.provider, method, wanted, value)
        return value

    return (yield from _tried(invocation, checked, method))


def _tried(invocation: Invocation, read: Callable[[Answer], T], reading: str = "decode") -> Plan[T]:
    """What `read` makes of the first good answer; `reading` is the plugin's method."""
    connection = yield from _connection(invocation)
    while True:
        invocation.check_open()
        invocation.attempt += 1
        method = "send"
        answer = None
        invocation.asked = True
        try:
            answer = yield Send(connection, invocation.call, invocation.access())
            if not isinstance(answer, Answer):
                raise breach(invocation.request.provider, "send", "an Answer", answer)
            method = reading
            return read(answer)
        except Exception as error:  # noqa: BLE001 # judged, and raised as ours
            verdict = judge(invocation, error, method)
        answer = None  # it may echo the key, and a traceback shows locals
        invocation.asked = False
        yield Sleep(wait_or_raise(invocation, verdict))


def _decode(invocation: Invocation, answer: Answer) -> Reply:
    invocation.provider_request_id = answer.request_id
    if invocation.settings.include_raw:
        invocation.raw = answer.body
    reply = decoded(invocation.provider, answer.body, invocation.call.operation)
    if invocation.own_names:
        reply = with_own_names(reply, invocation.own_names)
    log.debug("attempt %d of %s: answered", invocation.attempt, invocation.name)
    return reply


def _streamed(invocation: Invocation) -> Plan[Reply]:
    """The whole reply, after its chunks; tried again until output has begun."""
    connection = yield from _connection(invocation)
    provider = invocation.request.provider
    while True:
        invocation.check_open()
        invocation.attempt += 1
        invocation.fold = Fold()
        invocation.raw = [] if invocation.settings.include_raw else None
        method, decoder = "decoder", None
        try:
            decoder = invocation.provider.decoder(invocation.call.operation)
            if not all(hasattr(decoder, name) for name in ("push", "finish", "finished")):
                raise breach(provider, "decoder", "a StreamDecoder", decoder)
            method = "stream"
            invocation.asked = True
            source = yield Open(connection, invocation.call, invocation.access())
            steps = hasattr(source, "__next__") or hasattr(source, "__anext__")
            if not (steps and hasattr(source, "request_id")):
                raise breach(provider, "stream", "an EventSource", source)
            invocation.provider_request_id = source.request_id
            source = None  # the driver owns it
            yield []  # the request is sent: the caller gets the stream
            while (event := (yield NEXT)) is not END:
                if invocation.raw is not None:
                    invocation.raw.append(event)
                method = "push"
                chunks = _fold(invocation, decoder.push(event), "push")
                method = "stream"
                if chunks:
                    invocation.began = True
                    if invocation.spending is not None:
                        _watch(invocation, invocation.spending, chunks)
                    yield chunks
                if decoder.finished:
                    yield DRAIN
                    break
            method = "finish"
            if chunks := _fold(invocation, decoder.finish(), "finish"):
                invocation.began = True
                yield chunks
            reply = whole(invocation.fold.reply())
            break
        except Exception as error:  # noqa: BLE001 # judged, and raised as ours
            verdict = judge(invocation, error, method)
        # They may echo the key, and a traceback shows locals.
        event, chunks = None, []
        if isinstance(verdict, Failure) and verdict.kind in ("network", "timeout"):
            _end_as_the_vendor_did(invocation, decoder)
        decoder = None
        if invocation.began:
            reply = yield from interrupt(invocation, verdict)
            break
        invocation.asked = False
        yield Sleep(wait_or_raise(invocation, verdict))
    if not invocation.fold.ended:
        how = "it ended without the vendor's end signal"
        raise invocation.failed((yield from interrupted(invocation, how)))
    return reply


def _fold(invocation: Invocation, events: list[ChatEvent], method: str) -> list[Chunk]:
    provider, wanted = invocation.request.provider, "a list of chat events"
    if not isinstance(events, (list, tuple)):
        raise breach(provider, method, wanted, events)
    for event in events:
        if not isinstance(event, EVENTS):
            raise breach(provider, method, wanted, event)
    if invocation.own_names:
        events = [event_with_own_name(event, invocation.own_names) for event in events]
    for event in events:
        invocation.fold.add(event)
    return [event for event in events if isinstance(event, Chunk)]


def _end_as_the_vendor_did(invocation: Invocation, decoder: StreamDecoder | None) -> None:
    """The end of a stream whose connection broke: complete, if its end signal was there."""
    if decoder is None or not invocation.began:
        return
    try:
        _fold(invocation, decoder.finish(), "finish")
    except Exception:  # noqa: BLE001 # the failure of the connection is what is told
        return


def _connection(invocation: Invocation) -> Plan[Connection]:
    invocation.check_open()
    connections, provider = invocation.setup.connections, invocation.provider
    connections.retries.pay_in(*invocation.payer)
    connection = connections.get(provider.spec.name)
    if connection is not None:
        return connection
    problem: IndoxError
    try:
        made: Connection = yield Load(lambda flavour: connections.ready(provider, flavour))
        return made
    except IndoxError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 # a plugin may raise anything
        problem = plugin_error(invocation, error, "connect")
    raise invocation.failed(problem)


def _check_budget(invocation: Invocation) -> Plan[None]:
    """Refuse a call whose worst case is dearer than its limit; nothing is sent."""
    request, limit = invocation.request, invocation.settings.max_cost
    assert limit is not None
    quote_of = yield from quotes(invocation, None, asked_usage(request))
    price = price_range(request, invocation.call.adaptations, quote_of)
    streams = request.stream and price.low is not None
    if price.high is None and not streams:
        problem = f"its worst case is not known: {price.reason}"
    elif price.high is not None and price.high > limit:
        problem = f"it may cost {price.high:f}"
    else:
        invocation.spending = Spending(request, quote_of, limit)
        return
    raise invocation.failed(
        BudgetExceededError(
            f"{invocation.name}: max_cost is {limit:f} US dollars, and {problem}. Nothing was sent."
        )
    )


def _watch(invocation: Invocation, spending: Spending, chunks: list[Chunk]) -> None:
    for chunk in chunks:
        text = getattr(chunk, "text", "") or getattr(chunk, "arguments", "")
        cost = spending.over(text, invocation.fold.usage)
        if cost is not None:
            raise BudgetExceededError(
                f"{invocation.name}: the answer has cost about {cost:f} US dollars so far, "
                f"max_cost is {invocation.settings.max_cost:f}. error.partial holds what had "
                "arrived."
            )

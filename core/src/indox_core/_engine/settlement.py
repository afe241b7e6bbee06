"""From a reply to the response, its receipt, and what is left of a stream that was cut."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from indox_core._errors import BudgetExceededError, Failure, IndoxError, StreamInterruptedError
from indox_core._money import Quote, QuoteOf, estimate, load, loaded, settle, settled, usage_of
from indox_core._schema import ChatResponse, Receipt, Reply, TokenUsage, text_of

from .commands import Load, Plan
from .invocation import Invocation
from .pricing import Question, listed_quote, own_quote, quote
from .reading import SHAPES
from .verdict import error_of, judge

log = logging.getLogger("indox")


def answered(invocation: Invocation, reply: Reply) -> Plan[ChatResponse]:
    """The response of an answer that is complete."""
    problem: Failure | IndoxError | None = None
    try:
        response = yield from _respond(invocation, reply)
    except Exception as error:  # noqa: BLE001 # judged, and raised as ours
        problem = judge(invocation, error, "decode")
    if problem is not None:
        if isinstance(problem, Failure):
            problem = error_of(invocation, problem)
        raise invocation.failed(problem)
    invocation.tell("indox_after_chat", request=invocation.request, response=response)
    return response


def interrupt(invocation: Invocation, verdict: Failure | IndoxError) -> Plan[Reply]:
    """A failure after output began: raised, unless the end signal was there already."""
    if isinstance(verdict, IndoxError):
        partial = yield from _partial(invocation)  # it is paid for, whatever is raised
        if isinstance(verdict, BudgetExceededError):
            verdict.partial = partial
        raise invocation.failed(verdict)
    if verdict.kind in ("network", "timeout") and invocation.fold.ended:
        return invocation.fold.reply()
    if verdict.kind == "network":
        raise invocation.failed((yield from interrupted(invocation, "the connection broke")))
    error = error_of(invocation, verdict)
    error.partial = yield from _partial(invocation)
    raise invocation.failed(error)


def interrupted(invocation: Invocation, how: str) -> Plan[StreamInterruptedError]:
    """The error of a stream that is incomplete, with what had arrived."""
    partial = yield from _partial(invocation)
    return StreamInterruptedError(
        f"{invocation.request.provider}: the stream is incomplete: {how}. "
        "error.partial holds what had arrived.",
        provider=invocation.request.provider,
        model=invocation.request.model,
        request_id=invocation.vendors_id(None),
        attempts=invocation.attempt,
        retryable=True,
        partial=partial,
    )


def left(invocation: Invocation, error: BaseException) -> None:
    """Tell of what ends a call from outside: it was left, its task or the program ended.

    Errors were told before they were raised.
    """
    if not isinstance(error, Exception):
        receipt = _count_as_left(invocation) if invocation.asked else None
        invocation.tell("indox_chat_left", request=invocation.request, receipt=receipt)


def quotes(invocation: Invocation, served: str | None, usage: TokenUsage) -> Plan[QuoteOf]:
    """What the call is priced with at any size; the library is loaded if it is needed."""
    yield from _quote(invocation, served, usage)
    setup = invocation.setup
    return lambda of: quote(_question(invocation, served, of), setup.overrides, setup.observers)


def _respond(invocation: Invocation, reply: Reply, cut: bool = False) -> Plan[ChatResponse]:
    first = reply.first
    data = text_of(first.parts)
    seconds = time.monotonic() - invocation.started
    try:
        receipt = yield from (_cut_receipt if cut else _receipt)(invocation, reply)
    except Exception:  # the answer is paid for: it never fails for its price
        log.exception("the price of %s", invocation.name)
        receipt = Receipt("unknown", reason="looking up the price failed; see the log")
    counted = receipt.counted if receipt.counted is not None else reply.usage
    usage = usage_of(counted, receipt, seconds)
    invocation.setup.ledger.add(invocation.name, usage, receipt)
    request = invocation.request
    return ChatResponse(
        request_id=invocation.request_id,
        created_at=invocation.created_at,
        duration_ms=seconds * 1000,
        provider=request.provider,
        model=request.model,
        message=first.finish.message or "",
        usage=usage,
        raw_response=None if cut else invocation.raw,
        data=data,
        finish_reason=first.finish.unified,
        parts=first.parts,
        finish=first.finish,
        choices=(first, *reply.more_choices),
        citations=reply.citations,
        adaptations=request.adaptations + invocation.call.adaptations,
        receipt=receipt.of(usage),
        refusal=first.refusal,
        parsed=invocation.parse(data) if invocation.parse is not None else None,
        served_model=reply.model,
        service_tier=reply.usage.service_tier if reply.usage is not None else None,
        provider_request_id=invocation.vendors_id(reply.id),
        attempts=invocation.attempt,
        tried=invocation.tried,
    )


def _partial(invocation: Invocation) -> Plan[ChatResponse | None]:
    """What had arrived; `None` if not even that can be read."""
    try:
        return (yield from _respond(invocation, invocation.fold.reply(), cut=True))
    except SHAPES:
        return None


def _receipt(invocation: Invocation, reply: Reply) -> Plan[Receipt]:
    if reply.usage is None:
        return settle(None, None, invocation.request.model)
    priced = yield from _quote(invocation, reply.model, reply.usage)
    request = invocation.request
    return settle(reply.usage, priced, reply.model or request.model, request.provider)


def _cut_receipt(invocation: Invocation, reply: Reply) -> Plan[Receipt]:
    """What an answer that was cut has cost, as near as can be told."""
    usages = settled(invocation.request, invocation.call.adaptations, reply)
    quote_of = yield from quotes(invocation, reply.model, usages[0])
    model = reply.model or invocation.request.model
    reason = "the stream was cut: counted from what had arrived of it"
    return estimate(usages, quote_of, model, reason, invocation.request.provider)


def _count_as_left(invocation: Invocation) -> Receipt:
    """What was sent may be paid for: a stream as far as it came."""
    setup, request = invocation.setup, invocation.request
    if not request.stream:
        unknown = Receipt("unknown", reason="the call was cancelled before its answer came")
        setup.ledger.add(invocation.name, usage_of(None, unknown), unknown)
        return unknown
    reply = invocation.fold.reply()
    usages = settled(request, invocation.call.adaptations, reply)

    def quote_of(usage: TokenUsage) -> Quote | None:
        question = _question(invocation, reply.model, usage)
        own = own_quote(question, setup.overrides, setup.observers)
        if own is not None or not loaded():  # nothing is loaded for it any more
            return own
        return listed_quote(question)

    model, reason = reply.model or request.model, "the stream was left"
    receipt = estimate(usages, quote_of, model, reason, request.provider)
    usage = usage_of(usages[0], receipt)
    setup.ledger.add(invocation.name, usage, receipt)
    return receipt.of(usage)


def _question(invocation: Invocation, served: str | None, usage: TokenUsage) -> Question:
    asked = invocation.request.model
    return Question(invocation.provider, asked, served, usage, datetime.now(UTC))


def _quote(invocation: Invocation, served: str | None, usage: TokenUsage) -> Plan[Quote | None]:
    question = _question(invocation, served, usage)
    own = own_quote(question, invocation.setup.overrides, invocation.setup.observers)
    if own is not None:
        return own
    if not loaded():
        yield Load(lambda asynchronous: load())
    return listed_quote(question)

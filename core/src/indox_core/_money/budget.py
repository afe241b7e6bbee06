"""What a call may cost before it is made, and what it has cost so far."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from pydantic_core import to_json

from indox_core._schema import (
    Adaptation,
    ChatRequest,
    ContentPart,
    Media,
    ReasoningPart,
    Reply,
    TextPart,
    TokenUsage,
    ToolCallPart,
    arguments_text,
    with_results,
)

from .library import no_price
from .receipts import QuoteOf, settle

# No tokeniser writes more than one token per byte; most write one for about four.
_BYTES_AT_MOST = 8
_BYTES_LIKELY = 4
_OF_MESSAGE = 16
_OF_TOOLS = 1000
"""What vendors say of tools in a system prompt of their own."""
_OF_IMAGE = 50_000
"""More tokens than any vendor counts for an image."""


@dataclass(frozen=True, slots=True)
class TokenRange:
    """How many tokens something may be. `high` is `None` where nothing bounds it."""

    low: int
    likely: int
    high: int | None


@dataclass(frozen=True, slots=True)
class PriceRange:
    """What a call may cost, in US dollars. `None`: not known, and `reason` says why."""

    low: Decimal | None
    high: Decimal | None
    reason: str = ""


def prompt_tokens(request: ChatRequest) -> TokenRange:
    """The tokens that the request has: bounds from its bytes, no tokeniser is asked."""
    text, extra, open_end = 0, 0, False
    for message in request.messages:
        extra += _OF_MESSAGE
        for part in with_results(message.content):
            media = getattr(part, part.type, None)
            if isinstance(media, Media):
                # The vendor draws or plays what is no image: its bytes do not bound it.
                open_end = open_end or media.url is not None or part.type != "image"
                extra += _OF_IMAGE
            else:
                text += _bytes_of(part)
    text += sum(len(to_json(tool)) for tool in request.tools)
    extra += _OF_TOOLS if request.tools else 0
    if request.response_schema is not None:
        text += len(to_json(request.response_schema.json_schema))
    if request.web_search:
        open_end = True  # the pages that it reads
    return _range(text, extra, open_end)


def _range(text: int, extra: int = 0, open_end: bool = False) -> TokenRange:
    high = None if open_end else text + extra
    return TokenRange(-(-text // _BYTES_AT_MOST), -(-text // _BYTES_LIKELY), high)


def _bytes_of(part: ContentPart) -> int:
    if isinstance(part, TextPart | ReasoningPart):
        return len(part.text.encode())
    if isinstance(part, ToolCallPart):
        return len(part.name) + len(arguments_text(part).encode())
    return 0


def asked_usage(request: ChatRequest) -> TokenUsage:
    """What decides the rates of a call that is not made yet: its size, tier, speed and region.

    A plugin's options say the last three by these names.
    """
    prompt = prompt_tokens(request)
    size = prompt.likely if prompt.high is None else prompt.high
    asked = {name: getattr(request.options, name, None) for name in ("service_tier", "speed",
             "region")}  # fmt: skip
    return TokenUsage(input=size, **asked)


def output_limit(request: ChatRequest, adaptations: tuple[Adaptation, ...]) -> int | None:
    """Most tokens that the answer can have; `None` if nothing bounds it."""
    limit = request.max_tokens
    for item in adaptations:
        if item.path == "max_tokens" and isinstance(item.after, int):
            limit = item.after  # what the vendor wants to be said
    answers = getattr(request.options, "n", None) or 1
    return None if limit is None else limit * answers


def price_range(
    request: ChatRequest, adaptations: tuple[Adaptation, ...], quote_of: QuoteOf
) -> PriceRange:
    """What the call costs at least and at most; `adaptations` are those of its encoding."""
    prompt, limit = prompt_tokens(request), output_limit(request, adaptations)
    asked = asked_usage(request)
    least = replace(asked, input=prompt.low, output=0)
    low = settle(least, quote_of(least), request.model).total
    quote = quote_of(asked)
    if quote is None:
        return PriceRange(None, None, no_price(request.provider, request.model))
    if prompt.high is None:
        return PriceRange(low, None, "the prompt has content whose size is not known here")
    if limit is None:
        return PriceRange(low, None, "without max_tokens nothing bounds the answer")
    if quote.standard_for is not None:
        return PriceRange(low, None, f"no rate is known for {quote.standard_for}")
    rates = quote.rates
    dearest = replace(
        rates,
        input=_dearest(rates.input, rates.cache_write, rates.cache_write_1h),
        output=_dearest(rates.output, rates.output_audio, rates.output_image),
    )
    most = replace(asked, input=prompt.high, output=limit)
    high = settle(most, replace(quote, rates=dearest), request.model).total
    return PriceRange(low, high, "" if high is not None else "a rate of the model is not known")


def _dearest(*rates: Decimal | None) -> Decimal | None:
    """The highest of the rates; `None` if the first, the usual one, is not known."""
    known = [rate for rate in rates if rate is not None]
    return max(known) if rates[0] is not None else None


def written_bytes(reply: Reply) -> int:
    """The bytes of all answers so far."""
    choices = (reply.first, *reply.more_choices)
    return sum(_bytes_of(part) for choice in choices for part in choice.parts)


def settled(
    request: ChatRequest, adaptations: tuple[Adaptation, ...], reply: Reply
) -> tuple[TokenUsage, TokenUsage, TokenUsage | None]:
    """The likely, the least and the greatest usage of an answer that was cut.

    What the vendor had counted holds; the rest is told from the bytes of prompt and answer. The
    greatest is `None` where nothing bounds it, such as thinking that is not shown.
    """
    usage = reply.usage or TokenUsage()
    prompt, answer = prompt_tokens(request), _range(written_bytes(reply))
    limit, counted = output_limit(request, adaptations), usage.output or 0

    def of(input_: int, output: int) -> TokenUsage:
        known = input_ if usage.input is None else usage.input
        return replace(usage, input=known, output=max(output, counted))

    bounded = limit is not None and not (prompt.high is None and usage.input is None)
    return (
        of(prompt.likely, answer.likely),
        of(prompt.low, answer.low),
        of(prompt.high or 0, limit or 0) if bounded else None,
    )


class Spending:
    """Whether an answer still costs less than its limit, as far as can be told before its end."""

    def __init__(self, request: ChatRequest, quote_of: QuoteOf, limit: Decimal) -> None:
        self._model = request.model
        self._quote_of = quote_of
        self._limit = limit
        self._prompt = prompt_tokens(request).likely
        self._bytes = 0
        self._looked_at: TokenUsage | None = None
        self._next_look = 0

    def over(self, text: str, usage: TokenUsage | None) -> Decimal | None:
        """The cost so far, in US dollars, if it has passed the limit with this piece."""
        self._bytes += len(text.encode())
        if self._bytes < self._next_look and usage is self._looked_at:
            return None
        self._looked_at = usage
        counted = usage or TokenUsage()
        so_far = replace(
            counted,
            input=self._prompt if counted.input is None else counted.input,
            output=max(counted.output or 0, -(-self._bytes // _BYTES_LIKELY)),
        )
        cost = settle(so_far, self._quote_of(so_far), self._model).total
        if cost is not None and cost > self._limit:
            return cost
        self._next_look = self._bytes + max(self._bytes // 50, 256)
        return None

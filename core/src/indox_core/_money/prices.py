"""Who prices a model; usage and rates to a receipt.

The user's own prices win, then a hook's, the plugin's, and the price library's. genai-prices gives
the rates and nothing else: not its usage extraction, not its process-wide snapshot, which other
code in the process may replace.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from indox_core._plugins.hooks import ask
from indox_core._schema.usage import (
    COMPONENTS,
    EXACT,
    CostStatus,
    Rates,
    Receipt,
    ReceiptLine,
    Surcharge,
    TokenUsage,
    exact_sum,
)

if TYPE_CHECKING:
    import pluggy
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, PriceContext

    from indox_core._plugins.provider import Provider

    from .overrides import Overrides

log = logging.getLogger("indox")
_MILLION = 1_000_000
STANDARD = frozenset({None, "", "default", "standard", "auto"})
"""The tiers and speeds that have no price of their own."""
_TOKEN_RATES = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "input_audio",
    "cache_read_audio", "output_audio", "output_image", "output_video", "audio_hour",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quote:
    """Rates for one call."""

    rates: Rates
    tier: str = "standard"
    standard_for: str | None = None
    """The tier or speed that has no rate of its own, so that the standard one stands in."""


@cache
def _snapshot() -> DataSnapshot:
    from genai_prices.data_snapshot import DataSnapshot

    from .cache import fetched

    newer = fetched()
    if newer is not None:
        return DataSnapshot(providers=newer, from_auto_update=False)
    from genai_prices.data import providers

    return DataSnapshot(providers=providers, from_auto_update=False)


@lru_cache(maxsize=1024)
def library_model(provider: str, model: str) -> ModelInfo | None:
    """The library's entry for a model; `None` if it has none."""
    try:
        return _snapshot().find_provider_model(model, None, provider, None)[1]
    except LookupError:
        return None


def load() -> None:
    """Import the price library; some tenths of a second of CPU, so off the event loop."""
    _snapshot()


def loaded() -> bool:
    return _snapshot.cache_info().currsize > 0


def forget() -> None:
    """Read the prices anew at the next look-up: they have been fetched again."""
    _snapshot.cache_clear()
    library_model.cache_clear()
    _quotes.clear()


def library_names(provider: str) -> list[str]:
    """The models of a provider that the library prices."""
    return sorted(
        model.id
        for known in _snapshot().providers
        if known.id == provider
        for model in known.models
    )


def library_quote(provider: str, model: str, at: datetime, usage: TokenUsage) -> Quote | None:
    """The rates that genai-prices has for the model at that time, for a prompt of that size."""
    info = library_model(provider, model)
    if info is None:
        return None
    context, tier, missing = _context(info, at, usage)
    prices = info.get_prices(at, context)
    known = _quotes.get(id(prices))
    if known is not None and known[:3] == (prices, tier, missing):
        return known[3]
    quote = Quote(_rates_of(info, prices, at, usage), tier, missing)
    if not any(hasattr(price, "tiers") for price in vars(prices).values()):
        _quotes[id(prices)] = (prices, tier, missing, quote)
    return quote


_quotes: dict[int, tuple[Any, str, str | None, Quote]] = {}
"""The quotes of prices that do not depend on a prompt's size, by the library's own objects."""


def _rates_of(info: ModelInfo, prices: Any, at: datetime, usage: TokenUsage) -> Rates:
    source = f"genai-prices {sys.modules['genai_prices'].__version__}"
    if not any(price is not None for price in vars(prices).values()):
        return Rates.free(f"{source}, free")  # so it lists what costs nothing

    def rate(name: str) -> Decimal | None:
        return _at_size(getattr(prices, name, None), usage.input or 0)

    searches, requests = rate("web_searches_kcount"), rate("requests_kcount")
    return Rates(
        input=rate("input_mtok"),
        output=rate("output_mtok"),
        cache_read=rate("cache_read_mtok"),
        cache_write=rate("cache_write_mtok"),
        cache_write_1h=rate("cache_write_1h_mtok"),
        input_audio=rate("input_audio_mtok"),
        cache_read_audio=rate("cache_audio_read_mtok"),
        output_audio=rate("output_audio_mtok"),
        output_image=rate("output_image_mtok"),
        output_video=rate("output_video_mtok"),
        audio_hour=rate("input_audio_hours"),
        web_search=None if searches is None else EXACT.scaleb(searches, -3),
        request=Decimal(0) if requests is None else EXACT.scaleb(requests, -3),
        source=source,
        as_of=_as_of(info, at),
    )


def _context(
    info: ModelInfo, at: datetime, usage: TokenUsage
) -> tuple[PriceContext | None, str, str | None]:
    """What picks the library's price variants, the tier's name, and the tier it does not know."""
    context: dict[str, str] = {}
    missing = None
    asked = (
        ("processing" if usage.service_tier == "batch" else "service_tier", usage.service_tier),
        ("speed", usage.speed),
    )
    for key, value in asked:
        if value in STANDARD:
            continue
        known = any(
            variant.when.get(key) == value
            and (variant.constraint is None or variant.constraint.active(at))
            for variant in info.price_variants or ()
        )
        if known:
            context[key] = str(value)
        else:
            missing = value
    tier = ", ".join(context.values()) or "standard"
    return context or None, tier, missing


def _as_of(info: ModelInfo, at: datetime) -> str:
    """The day since which the library's price holds; '' if it has always been the same."""
    dated = (item.constraint for item in info.prices) if isinstance(info.prices, list) else ()
    days = [
        str(constraint.start_date)
        for constraint in dated
        if constraint is not None and hasattr(constraint, "start_date") and constraint.active(at)
    ]
    return max(days, default="")


def _at_size(price: Any, tokens: int) -> Decimal | None:
    """The rate for a prompt of that many tokens; a tier applies above its start, not at it."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tokens > tier.start]
    rate: Decimal = reached[-1] if reached else price.base
    return rate


def surcharged(quote: Quote, surcharges: Iterable[Surcharge], usage: TokenUsage) -> Quote:
    """The quote with every token rate multiplied by what the plugin knows of tier, speed, region.

    A tier that the quote has a price for already is not multiplied again.
    """
    for surcharge in surcharges:
        asked = getattr(usage, surcharge.covers)
        if surcharge.covers != "region" and quote.standard_for != asked:
            continue
        rates = quote.rates
        changed: dict[str, Any] = {
            name: EXACT.multiply(rate, surcharge.factor)
            for name in _TOKEN_RATES
            if (rate := getattr(rates, name)) is not None and name not in surcharge.except_rates
        }
        source = f"{rates.source}; x{surcharge.factor} {asked}: {surcharge.source}"
        names = [name for name in (quote.tier, asked) if name != "standard"]
        quote = Quote(
            replace(rates, **changed, source=source),
            ", ".join(names),
            None if surcharge.covers != "region" else quote.standard_for,
        )
    return quote


@dataclass(frozen=True, slots=True)
class Question:
    """Whose price is wanted: what was used of which model, and when."""

    provider: Provider
    asked: str
    """The model that the caller named."""
    served: str | None
    """The one that answered, where the vendor says so: its price counts."""
    usage: TokenUsage
    at: datetime

    @property
    def model(self) -> str:
        return self.served or self.asked


QuoteOf: TypeAlias = Callable[[TokenUsage], "Quote | None"]
"""What a call of a certain size is priced with: rates differ by size."""


def own_quote(
    question: Question, overrides: Overrides, observers: pluggy.PluginManager | None
) -> Quote | None:
    """The price that the user, a hook or the plugin gives, in this order."""
    name = question.provider.spec.name
    names = (model and f"{name}/{model}" for model in (question.served, question.asked))
    own = overrides.find(*names)
    if own is None:
        own = ask(
            observers, "indox_rates", Rates, provider=name, model=question.model, at=question.at
        )
    return _plugins_quote(question) if own is None else Quote(own)


def listed_quote(question: Question) -> Quote | None:
    """The price that the library lists; `load` comes first. `None` too if the look-up fails."""
    name = question.provider.spec.name
    try:
        found = library_quote(name, question.model, question.at, question.usage)
    except Exception:  # an answer is paid for, and a call is not to fail for its price
        log.exception("looking up the price of %s/%s failed", name, question.model)
        return None
    return None if found is None else _surcharged(found, question)


def quote(
    question: Question, overrides: Overrides, observers: pluggy.PluginManager | None
) -> Quote | None:
    """Who prices a call: the user, a hook, the plugin, the library, in this order."""
    own = own_quote(question, overrides, observers)
    return own if own is not None else listed_quote(question)


def _plugins_quote(question: Question) -> Quote | None:
    rates = _guarded(question.provider, "rates", question.model, question.at)
    if rates is None:
        return None
    # It knows no tiers; the plugin's surcharges may.
    usage = question.usage
    special = [v for v in (usage.service_tier, usage.speed) if v not in STANDARD]
    quote = Quote(rates, standard_for=special[0] if special else None)
    return _surcharged(quote, question)


def _surcharged(quote: Quote, question: Question) -> Quote:
    """With what the plugin knows of the vendor's rules, tiers, speeds and regions."""
    usage = question.usage
    completed = _guarded(question.provider, "complete_rates", question.model, quote.rates)
    if completed is not None and completed is not quote.rates:
        quote = replace(quote, rates=completed)
    if quote.standard_for is None and usage.region is None:
        return quote
    given = _guarded(question.provider, "surcharges", question.model, usage, question.at)
    return surcharged(quote, given or (), usage)


def _guarded(provider: Provider, method: str, *arguments: Any) -> Any:
    """The answer is paid for already: a plugin that fails here costs its price, not itself."""
    try:
        return getattr(provider, method)(*arguments)
    except Exception:  # a plugin may raise anything
        log.exception("the plugin for %s failed in %s", provider.spec.name, method)
        return None


def settle(usage: TokenUsage | None, quote: Quote | None, model: str) -> Receipt:
    """The receipt of one call. Every part that has no rate is named, none is taken as free."""
    if usage is None or (usage.input is None and usage.output is None):
        return Receipt("no_usage", reason="the vendor sent no token counts")
    if quote is None:
        return Receipt("unknown", reason=f"no price is known for {model}")
    notes: list[str] = []
    lines = _lines(usage, quote, notes)
    missing = [line.item for line in lines if line.amount is None]
    uncounted = [n for n, c in (("input", usage.input), ("output", usage.output)) if c is None]
    known = exact_sum(line.amount for line in lines)
    status: CostStatus = "priced"
    reason, high = "", known
    if uncounted:
        status, reason = "partial", f"the vendor sent no count of {', '.join(uncounted)} tokens"
    elif missing:
        status, reason = "partial", f"no rate is known for {', '.join(missing)}"
    elif quote.standard_for is not None:
        status = "estimated"
        reason = f"no rate is known for {quote.standard_for}; the standard one is used"
    return Receipt(
        status,
        lines,
        reason,
        _breakdown(lines),
        tuple(notes),
        low=None if status == "estimated" else known,
        high=high if status == "priced" else None,
    )


def estimate(
    usages: tuple[TokenUsage, TokenUsage, TokenUsage | None],
    quote_of: QuoteOf,
    model: str,
    reason: str,
) -> Receipt:
    """The receipt of counts that are guessed: the likely ones between the least and the most."""
    likely, low = (settle(usage, quote_of(usage), model) for usage in usages[:2])
    most = usages[2]
    if likely.status not in ("priced", "estimated"):
        return replace(likely, reason=f"{likely.reason}; {reason}")
    return replace(
        likely,
        status="estimated",
        reason=reason,
        low=low.total,
        high=None if most is None else settle(most, quote_of(most), model).total,
        counted=usages[0],
    )


_NOTHING = Decimal(0)


def _breakdown(lines: tuple[ReceiptLine, ...]) -> dict[str, Decimal | None]:
    """The amount of each component; `None` if one of its lines has none."""
    amounts: dict[str, Decimal | None] = dict.fromkeys(COMPONENTS, _NOTHING)
    for line in lines:
        before, amount = amounts[line.component], line.amount
        if amount is None or before is None:
            amounts[line.component] = None
        elif amount:
            amounts[line.component] = EXACT.add(before, amount)
    return amounts


def _part(value: int | None, whole: int, what: str, notes: list[str]) -> int:
    """A part of a count. It cannot be larger than its whole: clamped, and noted."""
    part = value or 0
    if part > whole:
        notes.append(f"the vendor counted {part} tokens of {what} in {whole}")
        return whole
    return part


def _lines(usage: TokenUsage, quote: Quote, notes: list[str]) -> tuple[ReceiptLine, ...]:
    rates = quote.rates
    input_, output = usage.input or 0, usage.output or 0
    read = _part(usage.cache_read, input_, "cached input", notes)
    written = _part(usage.cache_write, input_ - read, "cache writes", notes)
    for_an_hour = _part(usage.cache_write_1h, written, "hour-long cache writes", notes)
    sound_read = _part(usage.cache_read_audio, read, "cached sound", notes)
    sound = _part(usage.input_audio, input_ - written, "sound", notes)
    fresh_sound = min(max(sound - sound_read, 0), input_ - read - written)
    fresh_text = input_ - read - written - fresh_sound
    thought = _part(usage.reasoning, output, "reasoning", notes)
    spoken = _part(usage.output_audio, output - thought, "spoken output", notes)
    drawn = _part(usage.output_image, output - thought - spoken, "image output", notes)
    filmed = _part(usage.output_video, output - thought - spoken - drawn, "video output", notes)
    searches = usage.web_searches or 0
    if rates.search_once:
        searches = min(searches, 1)
    written_text = output - thought - spoken - drawn - filmed
    timed = rates.audio_hour is not None and usage.audio_seconds is not None
    items: list[tuple[Any, str, int, Any, int, Decimal | None]] = [
        ("input_tokens", "text", fresh_text, "token", _MILLION, rates.input),
        ("output_tokens", "text written", written_text, "token", _MILLION, rates.output),
        ("cache_read", "cached text", read - sound_read, "token", _MILLION, rates.cache_read),
        ("cache_write", "cache writes", written - for_an_hour, "token", _MILLION,
         rates.cache_write),
        ("cache_write", "hour-long cache writes", for_an_hour, "token", _MILLION,
         rates.cache_write_1h),
        ("reasoning", "reasoning", thought, "token", _MILLION, rates.output),
        ("web_search", "web searches", searches, "search", 1, rates.web_search),
        ("request", "requests", 1, "request", 1, rates.request),
    ]  # fmt: skip
    if timed:
        items.append(
            ("input_tokens", "sound", usage.audio_seconds or 0, "second", 3600, rates.audio_hour)
        )
    elif usage.audio_seconds and not sound:
        items.append(("input_tokens", "sound", usage.audio_seconds, "second", 3600, None))
    elif sound:
        items.append(("input_tokens", "sound", fresh_sound, "token", _MILLION, rates.input_audio))
    if sound_read:
        items.append(
            ("cache_read", "cached sound", sound_read, "token", _MILLION, rates.cache_read_audio)
        )
    if spoken:
        items.append(
            ("output_tokens", "spoken output", spoken, "token", _MILLION, rates.output_audio)
        )
    if drawn:
        items.append(
            ("output_tokens", "image output", drawn, "token", _MILLION, rates.output_image)
        )
    if filmed:
        items.append(
            ("output_tokens", "video output", filmed, "token", _MILLION, rates.output_video)
        )
    return tuple(_line(*item, quote) for item in items)


def _line(
    component: Any,
    item: str,
    quantity: int,
    unit: Any,
    per: int,
    price: Decimal | None,
    quote: Quote,
) -> ReceiptLine:
    if quantity == 0:
        amount: Decimal | None = _NOTHING
    elif price is None:
        amount = None
    else:
        amount = EXACT.divide(EXACT.multiply(Decimal(quantity), price), Decimal(per))
    rates = quote.rates
    return ReceiptLine(
        component, item, quantity, unit, per, price, amount, quote.tier, rates.source, rates.as_of
    )

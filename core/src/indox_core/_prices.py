"""Who prices a model; usage and rates to a receipt.

genai-prices gives the rates and nothing else: not its usage extraction, not its process-wide
snapshot, which other code in the process may replace.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

from ._usage import Component, CostStatus, Rates, Receipt, ReceiptLine, TokenUsage

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo

_EXACT = Context(prec=60)
_MILLION = 1_000_000
_STANDARD_TIERS = frozenset({None, "default", "standard", "auto"})


@dataclass(frozen=True, slots=True)
class Quote:
    """Rates for one call. `standard_for` names the tier that has no rate of its own."""

    rates: Rates
    standard_for: str | None = None


RatesSource = Callable[[str, str, datetime], Rates | None]


@cache
def _snapshot() -> DataSnapshot:
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


@cache
def _model(provider: str, model: str) -> ModelInfo | None:
    try:
        return _snapshot().find_provider_model(model, None, provider, None)[1]
    except LookupError:
        return None


def load() -> None:
    """Import the price library; some tenths of a second of CPU, so off the event loop."""
    _snapshot()


def loaded() -> bool:
    return _snapshot.cache_info().currsize > 0


def library_quote(provider: str, model: str, at: datetime, usage: TokenUsage) -> Quote | None:
    """The rates that genai-prices has for the model at that time, for a prompt of that size."""
    info = _model(provider, model)
    if info is None:
        return None
    context, standard_for = None, None
    if usage.service_tier not in _STANDARD_TIERS:
        context = {"service_tier": str(usage.service_tier)}
        if not any(variant.when == context for variant in info.price_variants or ()):
            context, standard_for = None, usage.service_tier
    prices = info.get_prices(at, context)

    def rate(name: str) -> Decimal | None:
        return _at_size(getattr(prices, name), usage.input or 0)

    searches = rate("web_searches_kcount")
    requests = rate("requests_kcount")
    rates = Rates(
        input=rate("input_mtok"),
        output=rate("output_mtok"),
        cache_read=rate("cache_read_mtok"),
        cache_write=rate("cache_write_mtok"),
        cache_write_1h=rate("cache_write_1h_mtok"),
        web_search=None if searches is None else searches.scaleb(-3),
        request=Decimal(0) if requests is None else requests.scaleb(-3),
        source=f"genai-prices {sys.modules['genai_prices'].__version__}",
    )
    return Quote(rates, standard_for)


def _at_size(price: Any, tokens: int) -> Decimal | None:
    """The rate for a prompt of that many tokens; a tier applies above its start, not at it."""
    if price is None or isinstance(price, Decimal):
        return price
    reached = [tier.price for tier in price.tiers if tokens > tier.start]
    rate: Decimal = reached[-1] if reached else price.base
    return rate


def settle(usage: TokenUsage | None, quote: Quote | None, model: str) -> Receipt:
    """The receipt of one call. Every part that has no rate is named, none is taken as free."""
    if usage is None or (usage.input is None and usage.output is None):
        return Receipt("no_usage", reason="the vendor sent no token counts")
    if quote is None:
        return Receipt("unknown", reason=f"no price is known for {model}")
    lines = _lines(usage, quote.rates)
    missing = [line.component for line in lines if line.amount is None]
    uncounted = [n for n, c in (("input", usage.input), ("output", usage.output)) if c is None]
    status: CostStatus = "priced"
    reason = ""
    if uncounted:
        status, reason = "partial", f"the vendor sent no count of {', '.join(uncounted)} tokens"
    elif missing:
        status, reason = "partial", f"no rate is known for {', '.join(missing)}"
    elif quote.standard_for is not None:
        status = "estimated"
        reason = f"no rate is known for the tier {quote.standard_for}; the standard one is used"
    return Receipt(status, lines, reason, _breakdown(lines))


def _breakdown(lines: tuple[ReceiptLine, ...]) -> dict[str, Decimal | None]:
    """The amount of each component; `None` if one of its lines has none."""
    amounts: dict[str, Decimal | None] = {}
    for line in lines:
        before = amounts.get(line.component, Decimal(0))
        known = before is not None and line.amount is not None
        amounts[line.component] = before + line.amount if known else None  # type: ignore[operator]
    return amounts


def _lines(usage: TokenUsage, rates: Rates) -> tuple[ReceiptLine, ...]:
    # A part cannot be larger than its whole.
    read = min(usage.cache_read or 0, usage.input or 0)
    written = min(usage.cache_write or 0, (usage.input or 0) - read)
    for_an_hour = min(usage.cache_write_1h or 0, written)
    reasoning = min(usage.reasoning or 0, usage.output or 0)
    fresh = max((usage.input or 0) - read - written, 0)
    quantities: tuple[tuple[Component, int, int, Decimal | None], ...] = (
        ("input_tokens", fresh, _MILLION, rates.input),
        ("output_tokens", (usage.output or 0) - reasoning, _MILLION, rates.output),
        ("cache_read", read, _MILLION, rates.cache_read),
        ("cache_write", written - for_an_hour, _MILLION, rates.cache_write),
        ("cache_write", for_an_hour, _MILLION, rates.cache_write_1h),
        ("reasoning", reasoning, _MILLION, rates.output),
        ("web_search", usage.web_searches or 0, 1, rates.web_search),
        ("request", 1, 1, rates.request),
    )
    return tuple(_line(*quantity, rates.source) for quantity in quantities)


def _line(
    component: Component, quantity: int, per: int, price: Decimal | None, source: str
) -> ReceiptLine:
    if quantity == 0:
        amount: Decimal | None = Decimal(0)
    elif price is None:
        amount = None
    else:
        amount = _EXACT.divide(_EXACT.multiply(Decimal(quantity), price), Decimal(per))
    return ReceiptLine(component, quantity, per, price, amount, source)

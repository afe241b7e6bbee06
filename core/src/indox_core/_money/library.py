"""The price library, genai-prices: its rates and nothing else.

Not its usage extraction, and not its process-wide snapshot, which other code in the process may
replace.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indox_core._schema import EXACT, Rates, TokenUsage

from .cache import fetched, store
from .match import is_own
from .quote import STANDARD, Quote

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, PriceContext


log = logging.getLogger("indox")


@cache
def _snapshot() -> DataSnapshot:
    from genai_prices.data_snapshot import DataSnapshot

    newer = fetched()
    return bundled() if newer is None else DataSnapshot(providers=newer, from_auto_update=False)


def bundled() -> DataSnapshot:
    """The prices that the installed library came with."""
    from genai_prices.data import providers
    from genai_prices.data_snapshot import DataSnapshot

    return DataSnapshot(providers=providers, from_auto_update=False)


@lru_cache(maxsize=1024)
def _found(provider: str, model: str) -> tuple[ModelInfo | None, str]:
    return found_in(_snapshot(), provider, model)


def found_in(snapshot: DataSnapshot, provider: str, model: str) -> tuple[ModelInfo | None, str]:
    """A model's entry in these prices; without one, the id of the nearest or ''."""
    try:
        known, entry = snapshot.find_provider_model(model, None, provider, None)
    except LookupError:
        return None, ""
    if is_own(model, entry):
        return entry, ""
    for other in known.models:  # behind one that matches more than its own
        if other.is_match(model) and is_own(model, other):
            return other, ""
    return None, entry.id


def library_model(provider: str, model: str) -> ModelInfo | None:
    """The library's entry for a model; `None` if it has none, or only another model's."""
    return _found(provider, model)[0]


def no_price(provider: str, model: str) -> str:
    """Why a model has no price, in words."""
    try:
        nearest = _found(provider, model)[1] if loaded() else ""
    except Exception:  # the reason is not worth an answer either
        log.exception("looking up the price of %s/%s failed", provider, model)
        nearest = ""
    other = f"; the nearest entry, {nearest}, is another model" if nearest else ""
    return f"no price is known for {model}{other}"


def load() -> None:
    """Import the price library; some tenths of a second of CPU, so off the event loop."""
    _snapshot()


def loaded() -> bool:
    return _snapshot.cache_info().currsize > 0


def forget() -> None:
    """Read the prices anew at the next look-up: they have been fetched again."""
    _snapshot.cache_clear()
    _found.cache_clear()
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
    return None if info is None else quote_of(info, at, usage)


def quote_of(info: ModelInfo, at: datetime, usage: TokenUsage) -> Quote:
    """The rates of one entry at that time, for a prompt of that size."""
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


def update(timeout: float = 30.0) -> Path:
    """Fetch the newest prices into the cache and use them from now on.

    Raises `NetworkError` and keeps the old ones.
    """
    target = store(timeout)
    forget()
    return target

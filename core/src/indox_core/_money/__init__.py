"""What a call costs: prices, receipts, budgets, and the sums of a client's calls."""

from .budget import (
    PriceRange,
    Spending,
    TokenRange,
    asked_usage,
    price_range,
    prompt_tokens,
    settled,
)
from .ledger import Ledger
from .library import library_names, library_quote, load, loaded, update
from .overrides import Overrides, read_overrides
from .quote import STANDARD, Quote, surcharged
from .receipts import QuoteOf, estimate, settle, usage_of

__all__ = [
    "STANDARD",
    "Ledger",
    "Overrides",
    "PriceRange",
    "Quote",
    "QuoteOf",
    "Spending",
    "TokenRange",
    "asked_usage",
    "estimate",
    "library_names",
    "library_quote",
    "load",
    "loaded",
    "price_range",
    "prompt_tokens",
    "read_overrides",
    "settle",
    "settled",
    "surcharged",
    "update",
    "usage_of",
]

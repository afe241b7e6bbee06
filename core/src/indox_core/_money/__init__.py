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
from .library import library_names, library_quote, load, loaded, no_price, update
from .lists import PriceList, installed_lists
from .overrides import Overrides, read_overrides
from .quote import STANDARD, Quote, of_the_users, surcharged
from .receipts import QuoteOf, estimate, settle, usage_of

__all__ = [
    "STANDARD",
    "Ledger",
    "Overrides",
    "PriceList",
    "PriceRange",
    "Quote",
    "QuoteOf",
    "Spending",
    "TokenRange",
    "asked_usage",
    "estimate",
    "installed_lists",
    "library_names",
    "library_quote",
    "load",
    "loaded",
    "no_price",
    "of_the_users",
    "price_range",
    "prompt_tokens",
    "read_overrides",
    "settle",
    "settled",
    "surcharged",
    "update",
    "usage_of",
]

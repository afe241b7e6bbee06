"""The sums of several calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from .receipt import EXACT, Receipt, Usage


@dataclass(frozen=True, slots=True)
class ModelTotals:
    """The sums of one model's calls."""

    calls: int = 0
    tokens_prompt: int = 0
    tokens_completion: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    web_search_count: int = 0
    cost: Decimal = Decimal(0)
    """US dollars of the calls whose cost is known."""
    estimated: int = 0
    """Calls whose cost is an estimate, such as streams that were cut; it is in the sum."""
    unknown: int = 0
    """Calls whose cost is not known; they are not in the sum."""

    @classmethod
    def of(cls, usage: Usage, receipt: Receipt) -> ModelTotals:
        """Those of one call."""
        total = receipt.total
        return cls(
            1,
            usage.tokens_prompt or 0,
            usage.tokens_completion or 0,
            usage.cache_read_tokens or 0,
            usage.cache_write_tokens or 0,
            usage.reasoning_tokens or 0,
            usage.web_search_count or 0,
            Decimal(0) if total is None else total,
            int(receipt.status == "estimated"),
            int(total is None),
        )

    def __add__(self, other: ModelTotals) -> ModelTotals:
        return ModelTotals(
            self.calls + other.calls,
            self.tokens_prompt + other.tokens_prompt,
            self.tokens_completion + other.tokens_completion,
            self.cache_read_tokens + other.cache_read_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.web_search_count + other.web_search_count,
            EXACT.add(self.cost, other.cost),
            self.estimated + other.estimated,
            self.unknown + other.unknown,
        )


@dataclass(frozen=True, slots=True)
class ClientUsage:
    """The sums of all calls of a client so far, and of each `provider/model` that was asked."""

    total: ModelTotals = field(default_factory=ModelTotals)
    by_model: dict[str, ModelTotals] = field(default_factory=dict)

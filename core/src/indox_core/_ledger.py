"""What all calls of one client have used and cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from threading import Lock

from ._usage import EXACT, Receipt, Usage, exact_sum


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


@dataclass(frozen=True, slots=True)
class ClientUsage:
    """The sums of all calls of a client so far, and of each `provider/model` that was asked."""

    total: ModelTotals = ModelTotals()
    by_model: dict[str, ModelTotals] = field(default_factory=dict)


_NONE = ModelTotals()


class Ledger:
    """Adds up calls; safe between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, ModelTotals] = {}

    def add(self, model: str, usage: Usage, receipt: Receipt) -> None:
        total = receipt.total
        with self._lock:
            so_far = self._models.get(model, _NONE)
            self._models[model] = ModelTotals(
                so_far.calls + 1,
                so_far.tokens_prompt + (usage.tokens_prompt or 0),
                so_far.tokens_completion + (usage.tokens_completion or 0),
                so_far.cache_read_tokens + (usage.cache_read_tokens or 0),
                so_far.cache_write_tokens + (usage.cache_write_tokens or 0),
                so_far.reasoning_tokens + (usage.reasoning_tokens or 0),
                so_far.web_search_count + (usage.web_search_count or 0),
                so_far.cost if total is None else EXACT.add(so_far.cost, total),
                so_far.estimated + (receipt.status == "estimated"),
                so_far.unknown + (total is None),
            )

    def so_far(self) -> ClientUsage:
        with self._lock:
            models = dict(self._models)
        names = tuple(ModelTotals.__dataclass_fields__)
        counts = {n: sum(getattr(m, n) for m in models.values()) for n in names if n != "cost"}
        cost = exact_sum(m.cost for m in models.values())
        return ClientUsage(ModelTotals(**counts, cost=cost), models)

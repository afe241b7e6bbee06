"""What all calls of one client have used and cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from threading import Lock

from ._usage import EXACT, Receipt, Usage


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

    def __add__(self, other: ModelTotals) -> ModelTotals:
        counts = {n: getattr(self, n) + getattr(other, n) for n in _NAMES if n != "cost"}
        return ModelTotals(**counts, cost=EXACT.add(self.cost, other.cost))


@dataclass(frozen=True, slots=True)
class ClientUsage:
    """The sums of all calls of a client so far, and of each `provider/model` that was asked."""

    total: ModelTotals = ModelTotals()
    by_model: dict[str, ModelTotals] = field(default_factory=dict)


_NONE = ModelTotals()
_NAMES = tuple(ModelTotals.__dataclass_fields__)


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
        return ClientUsage(reduce(ModelTotals.__add__, models.values(), _NONE), models)

"""What all calls of one client have used and cost."""

from __future__ import annotations

from functools import reduce
from threading import Lock

from indox_core._schema import ClientUsage, ModelTotals, Receipt, Usage

_NONE = ModelTotals()


class Ledger:
    """Adds up calls; safe between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._models: dict[str, ModelTotals] = {}

    def add(self, model: str, usage: Usage, receipt: Receipt) -> None:
        of_call = ModelTotals.of(usage, receipt)
        with self._lock:
            self._models[model] = self._models.get(model, _NONE) + of_call

    def so_far(self) -> ClientUsage:
        with self._lock:
            models = dict(self._models)
        return ClientUsage(reduce(ModelTotals.__add__, models.values(), _NONE), models)

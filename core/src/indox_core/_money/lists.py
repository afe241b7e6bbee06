"""The price lists that are installed, to be held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from indox_core._schema import Rates, TokenUsage

from . import cache
from .library import bundled, found_in, quote_of
from .match import spelled_out

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot


@dataclass(frozen=True, slots=True)
class PriceList:
    """One edition of the price library."""

    name: str
    """`bundled` or `fetched`."""
    source: str
    snapshot: DataSnapshot

    def names(self, provider: str) -> set[str]:
        """Every name that it spells out for the provider."""
        models = (known.models for known in self.snapshot.providers if known.id == provider)
        return {name for entries in models for entry in entries for name in spelled_out(entry)}

    def rates(self, provider: str, model: str, at: datetime, size: int) -> Rates | None:
        """What a prompt of that many tokens costs in the standard tier."""
        entry, _ = found_in(self.snapshot, provider, model)
        if entry is None:
            return None
        return quote_of(entry, at, TokenUsage(input=size, output=0)).rates


def installed_lists() -> list[PriceList]:
    """The prices that came with the library, and those that were fetched since, if they were."""
    import genai_prices
    from genai_prices.data_snapshot import DataSnapshot

    lists = [PriceList("bundled", f"genai-prices {genai_prices.__version__}", bundled())]
    newer = cache.fetched()
    if newer is not None:
        snapshot = DataSnapshot(providers=newer, from_auto_update=False)
        lists.append(PriceList("fetched", str(cache.path()), snapshot))
    return lists

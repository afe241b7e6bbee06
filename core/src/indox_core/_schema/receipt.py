"""What a call cost: rates, the receipt, and the usage as callers see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Context, Decimal
from functools import reduce
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from .base import Frozen
from .usage import TokenUsage

CostStatus = Literal["priced", "estimated", "partial", "unknown", "no_usage"]


COMPONENTS = (
    "input_tokens",
    "output_tokens",
    "cache_read",
    "cache_write",
    "reasoning",
    "web_search",
    "request",
)


Component = Literal[
    "input_tokens",
    "output_tokens",
    "cache_read",
    "cache_write",
    "reasoning",
    "web_search",
    "request",
]


EXACT = Context(prec=60)
"""Money is reckoned in this context, whatever the caller has set for its own decimals."""


def exact_sum(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum of the amounts that are known."""
    return reduce(EXACT.add, [amount for amount in amounts if amount], Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Prices in US dollars: tokens per million, searches and requests each, sound per hour.

    `None` is not known; 0 is known to be free.
    """

    input: Decimal | None = None
    output: Decimal | None = None
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    input_audio: Decimal | None = None
    cache_read_audio: Decimal | None = None
    output_audio: Decimal | None = None
    output_image: Decimal | None = None
    output_video: Decimal | None = None
    audio_hour: Decimal | None = None
    web_search: Decimal | None = None
    search_once: bool = False
    """Whether a call is billed one search, however many it made."""
    request: Decimal | None = Decimal(0)
    source: str = ""
    """Where the prices come from, for the receipt."""
    as_of: str = ""
    """The day on which the source said so, as an ISO date; '' if it does not say."""

    def __post_init__(self) -> None:
        for field_ in fields(self):
            rate = getattr(self, field_.name)
            if field_.name in _WORDS or rate is None:
                continue
            if isinstance(rate, bool | float):
                raise TypeError(f"{field_.name}: give a Decimal or a string, a float is not exact")
            exact = Decimal(rate)
            if not exact.is_finite() or exact < 0:
                raise ValueError(f"{field_.name}: a rate is a finite number, 0 or more")
            object.__setattr__(self, field_.name, exact)

    @classmethod
    def free(cls, source: str) -> Rates:
        """For a model that is known to cost nothing."""
        names = (field_.name for field_ in fields(cls) if field_.name not in _WORDS)
        return cls(**dict.fromkeys(names, Decimal(0)), source=source)  # type: ignore[arg-type]


_WORDS = ("source", "as_of", "search_once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surcharge:
    """What a tier, a speed or a region does to the price of every token."""

    factor: Decimal
    """What each token rate is multiplied by; below 1 it is a discount."""
    covers: Literal["service_tier", "speed", "region"]
    source: str
    """Where the vendor says so."""
    except_rates: tuple[str, ...] = ()
    """The rates that stay as they are, by the names of `Rates`."""


class ReceiptLine(NamedTuple):
    """One item of the cost. `amount` is exactly `quantity * unit_price / per`."""

    component: Component
    item: str
    """What was counted, such as `cached text`."""
    quantity: int
    unit: Literal["token", "second", "search", "request"]
    per: int
    """How many units the unit price is for: 1,000,000 for tokens, 1 for searches."""
    unit_price: Decimal | None
    """US dollars. `None`: not known, so that there is no amount either."""
    amount: Decimal | None
    tier: str = "standard"
    source: str = ""
    as_of: str = ""
    """The day on which the source gave the price, as an ISO date; '' if it does not say."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How the cost comes about. The total is the sum of the lines, exactly."""

    status: CostStatus
    lines: tuple[ReceiptLine, ...] = ()
    reason: str = ""
    """In words, why there is no total or only an estimate; '' where the price is known."""
    breakdown: Mapping[str, Decimal | None] = field(
        default_factory=lambda: dict.fromkeys(COMPONENTS)
    )
    """US dollars per component, all seven; `None` is not known."""
    notes: tuple[str, ...] = ()
    """What was odd in the vendor's counts, in words."""
    low: Decimal | None = None
    """US dollars: it is at least this. `None`: nothing is known."""
    high: Decimal | None = None
    """US dollars: it is at most this. `None`: no bound is known."""
    usage: Usage | None = None
    """The counts behind it, as in the response."""
    counted: TokenUsage | None = field(default=None, repr=False)
    """The counts that were guessed, where the vendor's were cut off. `None`: none was."""

    def of(self, usage: Usage) -> Receipt:
        """The same, with the counts behind it."""
        return Receipt(
            self.status, self.lines, self.reason, self.breakdown, self.notes, self.low, self.high,
            usage, self.counted,
        )  # fmt: skip

    @property
    def total(self) -> Decimal | None:
        """US dollars. `None` unless every part is known."""
        if self.status not in ("priced", "estimated"):
            return None
        known = self.status == "priced" and self.high is not None and self.low == self.high
        return self.high if known else self._sum()

    def _sum(self) -> Decimal:
        return exact_sum(line.amount for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """Plain JSON data; amounts are decimal text, so that nothing is rounded."""
        return {
            "status": self.status,
            "total": _text(self.total),
            "low": _text(self.low),
            "high": _text(self.high),
            "reason": self.reason,
            "notes": list(self.notes),
            "breakdown": {name: _text(amount) for name, amount in self.breakdown.items()},
            "lines": [
                {
                    **line._asdict(),
                    "unit_price": _text(line.unit_price),
                    "amount": _text(line.amount),
                }
                for line in self.lines
            ],
        }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


class MappingModel(Frozen, Mapping[str, Any]):
    """A frozen model that is also a mapping of plain JSON data.

    `keys_` are its keys, in order; its other fields are attributes only.
    """

    keys_: ClassVar[tuple[str, ...]] = ()

    def __getitem__(self, key: str) -> Any:
        if key not in self.keys_:
            raise KeyError(key)
        return self.model_dump(mode="json", include={key})[key]

    def __iter__(self) -> Iterator[str]:  # type: ignore[override] # a mapping iterates its keys
        return iter(self.keys_)

    def __len__(self) -> int:
        return len(self.keys_)

    def __eq__(self, other: object) -> bool:
        if type(self) is type(other):
            mine, theirs = self.__dict__, other.__dict__
            return all(mine[name] == theirs[name] for name in type(self).model_fields)
        if isinstance(other, dict):
            return dict(self) == other
        return NotImplemented

    __hash__ = None  # type: ignore[assignment] # like every mapping with mutable values


class CostBreakdown(MappingModel):
    """US dollars per component; the seven add up to the cost. `None`: not known."""

    keys_ = COMPONENTS
    input_tokens: float | None = None
    output_tokens: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None
    web_search: float | None = None
    request: float | None = None


class Usage(MappingModel):
    """Tokens, money and time of one call. Token counts are `None` if the vendor sent none."""

    keys_ = (
        "tokens_prompt",
        "tokens_completion",
        "tokens_total",
        "cost",
        "latency",
        "timestamp",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
        "web_search_count",
        "request_count",
        "cost_breakdown",
    )
    tokens_prompt: int | None = None
    """Every token read, cached ones included."""
    tokens_completion: int | None = None
    """Every token written, reasoning included."""
    tokens_total: int | None = None
    cost: float | None = None
    """US dollars; 0 is known to be free, `None` is not known: see `cost_status`."""
    latency: float
    """Seconds from the first attempt's start to the end of the answer."""
    timestamp: str
    """When the answer was complete; ISO 8601 in UTC."""
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    web_search_count: int | None = None
    request_count: int = 1
    cost_breakdown: CostBreakdown
    cost_status: CostStatus = Field(default="no_usage", exclude=True)
    """An attribute only: `dict(usage)` has the keys of the hosted client's responses."""

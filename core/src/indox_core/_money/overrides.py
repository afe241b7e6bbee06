"""The user's own prices: `Client(prices={...})` or a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from indox_core._errors import ConfigurationError, ValidationError, did_you_mean
from indox_core._schema import Rates

_KEYS = tuple(
    field.name for field in fields(Rates) if field.name not in ("source", "as_of", "search_once")
)
_BOUND = Decimal(10) ** 9


@dataclass(frozen=True, slots=True)
class _Float:
    """A number with a point, as it stands in a file: a float would not be exact."""

    text: str


class Overrides:
    """Rates per `provider/model`; a name that ends in `*` stands for all that begin so."""

    def __init__(self, rates: dict[str, Rates]) -> None:
        self._rates = rates
        self._patterns = sorted((n for n in rates if n.endswith("*")), key=len, reverse=True)
        self.find = lru_cache(maxsize=1024)(self._find)

    @property
    def names(self) -> tuple[str, ...]:
        """Every `provider/model` and pattern, in the order of the list."""
        return tuple(self._rates)

    def _find(self, *names: str | None) -> Rates | None:
        """The rates of the first name that has some; its own before a pattern's."""
        for name in names:
            if name is None:
                continue
            if name in self._rates:
                return self._rates[name]
            for pattern in self._patterns:
                if name.startswith(pattern[:-1]):
                    return self._rates[pattern]
        return None


def read_overrides(prices: Any) -> Overrides:
    """From a mapping, or from a TOML or JSON file.

    Raises `ValidationError` that names the key, and the line of a file.
    """
    if prices is None:
        return Overrides({})
    if isinstance(prices, str | Path):
        return _from_file(Path(prices))
    if not isinstance(prices, Mapping):
        raise ValidationError(
            f"prices must be a dict or the path of a file, not {type(prices).__name__}"
        )
    rates = {}
    for name, entry in prices.items():
        read = _rates(entry, f'prices["{name}"]', "Client(prices=...)")
        if isinstance(read, _Problem):
            raise ValidationError(read.text)
        rates[_model(name)] = read
    return Overrides(rates)


def _from_file(path: Path) -> Overrides:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"prices: {path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValidationError(f"prices: {path} cannot be read: it is no UTF-8 text") from None
    try:
        if path.suffix == ".json":
            entries = json.loads(text, parse_float=_Float)
        else:
            import tomllib  # rarely needed, so not with every start

            entries = tomllib.loads(text, parse_float=_Float)
    except ValueError as error:
        raise ValidationError(f"prices: {path} cannot be read: {error}") from None
    if not isinstance(entries, dict):
        raise ValidationError(f"prices: {path} must hold one table per model")
    rates = {}
    for name, entry in entries.items():
        read = _rates(entry, f'"{name}"', str(path))
        if isinstance(read, _Problem):
            line = _line_of(text, name, read.key)
            raise ValidationError(f"{path}, line {line}: {read.text}")
        rates[_model(name, f"{path}, line {_line_of(text, name, None)}")] = read
    return Overrides(rates)


def _line_of(text: str, model: str, key: str | None) -> int:
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if model in line), 0)
    if key is None:
        return start + 1
    return next((n for n, line in enumerate(lines[start:], start) if key in line), start) + 1


def _model(name: Any, where: str = "prices") -> str:
    if not isinstance(name, str) or "/" not in name.strip("/") or "*" in name[:-1]:
        raise ValidationError(
            f"{where}: a key is provider/model, such as openai/my-ft or openai/my-*"
        )
    return name


@dataclass(frozen=True, slots=True)
class _Problem:
    """What is wrong with one entry, and the key that it stands at."""

    text: str
    key: str | None = None


def _rates(entry: Any, where: str, source: str) -> Rates | _Problem:
    if not isinstance(entry, Mapping):
        return _Problem(f"{where} must be a table of rates, not {type(entry).__name__}")
    rates: dict[str, Any] = {}
    for key, value in entry.items():
        if key not in _KEYS:
            return _Problem(
                f'{where} has no rate "{key}".{did_you_mean(str(key), _KEYS)}', str(key)
            )
        rate = _rate(value)
        if isinstance(rate, str):
            return _Problem(f"{where} {key}: {rate}", key)
        rates[key] = rate
    return Rates(**rates, source=source)


def _rate(value: Any) -> Decimal | str:
    """The rate, or what is wrong with it."""
    if isinstance(value, float | _Float):
        shown = value.text if isinstance(value, _Float) else value
        return f'{shown} is a float, which is not exact. Write it as "{shown}".'
    not_a_number = "a rate is a decimal number as text"
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return not_a_number
    try:
        rate = Decimal(value)
    except InvalidOperation:
        return not_a_number
    if not rate.is_finite():
        return not_a_number
    return rate if 0 <= rate <= _BOUND else f"a rate is between 0 and {_BOUND} dollars"

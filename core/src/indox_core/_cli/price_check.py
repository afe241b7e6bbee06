"""`indox prices check`: the installed price lists held against each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from indox_core._money import Overrides, PriceList, installed_lists, load, no_price, read_overrides
from indox_core._plugins import Provider, Registry, installed
from indox_core._schema import Rates, split_model

from .print import print_table

_SIZES = {0: "", 1_000_000: ", prompt of a million tokens"}
"""Both ends of what a model reads: rates may grow with the prompt."""
_KEYS = tuple(
    item.name for item in fields(Rates) if item.name not in ("source", "as_of", "search_once")
)
_IN_USE = ("yours", "plugin", "fetched", "bundled")
"""Whose price counts, the first that has one."""


class _Found(NamedTuple):
    """What the lists say of one model."""

    model: str
    differs: list[dict[str, Any]]
    missing: dict[str, Any] | None


def check(models: tuple[str, ...], provider: str | None, path: str | None, as_json: bool) -> None:
    """Print where the lists differ and what they miss: of all models, or of these."""
    own, lists, registry = read_overrides(path), installed_lists(), Registry()
    load()  # for the reasons
    at = datetime.now(UTC)
    found = []
    for name in sorted(_providers(models, provider, own, lists)):
        plugin = registry.provider(name)
        for model in _names(plugin, models, own, lists):
            found.append(_compared(plugin, model, own, lists, at))
    differs = [row for one in found for row in one.differs]
    missing = [one.missing for one in found if one.missing is not None]
    sources = {one.name: one.source for one in lists} | ({"yours": path} if path else {})
    if as_json:
        said = {"lists": sources, "models": len(found), "differs": differs, "missing": missing}
        click.echo(json.dumps(said))
        return
    _print(len(found), differs, missing, sources)


def _providers(
    models: tuple[str, ...], provider: str | None, own: Overrides, lists: list[PriceList]
) -> Iterable[str]:
    if models:
        return {split_model(model)[0] for model in models}
    if provider is not None:
        return [provider]
    priced = {known.id for one in lists for known in one.snapshot.providers}
    priced |= {name.partition("/")[0] for name in own.names}
    return {item.name for item in installed() if item.name in priced}


def _names(
    plugin: Provider, models: tuple[str, ...], own: Overrides, lists: list[PriceList]
) -> list[str]:
    """The names of the provider's models, without its prefix."""
    name = plugin.spec.name
    asked = models or tuple(mine for mine in own.names if not mine.endswith("*"))
    named = {model.partition("/")[2] for model in asked if model.startswith(f"{name}/")}
    if models:
        return sorted(named)
    return sorted(named.union(plugin.spec.listed_as, *(one.names(name) for one in lists)))


def _compared(
    plugin: Provider, model: str, own: Overrides, lists: list[PriceList], at: datetime
) -> _Found:
    name = plugin.spec.name
    full, listed = f"{name}/{model}", plugin.spec.listed_as.get(model, model)
    differs: list[dict[str, Any]] = []
    by_size = {}
    for size in _SIZES:
        rates = {one.name: one.rates(name, listed, at, size) for one in lists}
        by_size[size] = rates | {"plugin": plugin.rates(model, at), "yours": own.find(full)}
    said = by_size[0]
    for size, suffix in _SIZES.items():
        for key, prices in _differences(by_size[size], {one.name for one in lists}):
            if size and prices == dict(_prices(said, key)):
                continue
            used = next(one for one in _IN_USE if said.get(one) is not None)
            differs.append({"model": full, "rate": key + suffix, "in_use": used, "prices": prices})
    editions = [one.name for one in lists]
    without = [one for one in editions if said[one] is None]
    known = any(said[one] is not None for one in said if one != "yours")
    missing = None
    if not known or (without and len(without) < len(editions)):
        reason = "" if known else no_price(name, listed)
        missing = {"model": full, "missing_in": without, "reason": reason}
    return _Found(full, differs, missing)


def _prices(said: dict[str, Rates | None], key: str) -> Iterator[tuple[str, str | None]]:
    for name, rates in said.items():
        if rates is not None:
            rate = getattr(rates, key)
            yield name, None if rate is None else f"{rate.normalize():f}"


def _differences(
    said: dict[str, Rates | None], editions: set[str]
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """The rates that two lists give otherwise; that the plugin or the user leaves one out is no
    difference, but that one edition of the library does is."""
    for key in _KEYS:
        prices = dict(_prices(said, key))
        values = {price for name, price in prices.items() if price is not None or name in editions}
        if len(values) > 1 and not (None in values and len(editions & prices.keys()) < 2):
            yield key, prices


def _print(
    count: int, differs: list[dict[str, Any]], missing: list[Any], sources: dict[str, str]
) -> None:
    names = [name for name in reversed(_IN_USE) if any(name in row["prices"] for row in differs)]
    if differs:
        print_table(
            [{"model": row["model"], "rate": row["rate"],
              **{name: row["prices"].get(name) or "" for name in names},
              "in use": row["in_use"]} for row in differs]
        )  # fmt: skip
    for one in missing:
        where = ", ".join(one["missing_in"])
        click.echo(f"{one['model']}: {one['reason'] or f'missing in {where}'}")
    differing = len({row["model"] for row in differs})
    click.echo(f"Models compared: {count}; different: {differing}; missing: {len(missing)}.")
    click.echo(f"Lists: {', '.join(f'{name} ({source})' for name, source in sources.items())}")

"""JSON data as a tree: what stands in it, and the same tree with other leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, unquote

from indox_core.plugin import Call


def nodes(value: Any) -> Iterator[Any]:
    """Everything in JSON data: containers, keys and plain values."""
    yield value
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from nodes(item)


def values(value: Any) -> Iterator[Any]:
    """Every key and every plain value in JSON data."""
    return (item for item in nodes(value) if not isinstance(item, dict | list | tuple))


def leaves(value: Any) -> Iterator[Any]:
    """Every plain value in JSON data, without the keys, in order."""
    if isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def strings(value: Any) -> Iterator[str]:
    return (item for item in values(value) if isinstance(item, str) and len(item) > 3)


def changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same tree, with `change` made to every node from the leaves up; keys stay."""
    if isinstance(value, dict):
        return change({key: changed(item, change) for key, item in value.items()})
    if isinstance(value, list):
        return change([changed(item, change) for item in value])
    return change(value)


def reworded(value: Any, old: str, new: str) -> Any:
    """The same tree, with another text in place of one wherever it stands."""
    return changed(value, lambda leaf: leaf.replace(old, new) if isinstance(leaf, str) else leaf)


def renumbered(value: Any, numbers: Mapping[int, int]) -> Any:
    return changed(
        value, lambda leaf: numbers.get(leaf, leaf) if type(leaf) in (int, float) else leaf
    )


def pieces(value: Any, text: str) -> list[str]:
    """The leaves that are a piece of the text; one alone if the text is nowhere in pieces."""
    found = [s for s in leaves(value) if isinstance(s, str) and len(s) > 3 and s in text]
    return list(dict.fromkeys([s for s in found if s != text] or found))


def place_of(wanted: Any, value: Any) -> tuple[Any, ...] | None:
    """Where a value stands in JSON data."""
    if value == wanted:
        return ()
    items: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        place = place_of(wanted, item)
        if place is not None:
            return (key, *place)
    return None


def at(place: tuple[Any, ...], value: Any) -> Any:
    for step in place:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def differences(plain: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in other.items() if plain.get(name) != value}


def wire(call: Call) -> list[Any]:
    """Everything that a call puts on the wire: a GET says it in its path."""
    path, _, query = call.operation.partition("?")
    return [unquote(path), [list(pair) for pair in parse_qsl(query)], call.arguments,
            dict(call.headers)]  # fmt: skip


def wire_text(call: Call) -> str:
    return json.dumps(wire(call))


def same(one: Call, other: Call) -> bool:
    """Whether two calls send the same."""
    return json.dumps(wire(one)) == json.dumps(wire(other))


def means(value: Any, wanted: Any) -> bool:
    """Whether a value is that JSON, or its text; numbers and booleans are told apart."""
    if isinstance(value, str) and not isinstance(wanted, str):
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return json.dumps(value, sort_keys=True) == json.dumps(wanted, sort_keys=True)


def with_unknown_fields(value: Any, but: Sequence[Any] = ()) -> Any:
    """The same JSON with a field in every object that no vendor has yet, `but` not in those."""

    def longer(node: Any) -> Any:
        mine = isinstance(node, dict) and node not in but
        return {**node, "indox_unknown": {"new": [1]}} if mine else node

    return changed(value, longer)


def with_nulls(value: Any, others: list[Any]) -> Any:
    """The same JSON with null for each field that stands in others like it, and not in it."""
    if isinstance(value, dict):
        alike = [o for o in others if isinstance(o, dict) and o.get("type") == value.get("type")]
        known = {key: with_nulls(item, [o[key] for o in alike if key in o])
                 for key, item in value.items()}  # fmt: skip
        return {**{key: None for other in alike for key in other}, **known}
    if isinstance(value, list):
        lists = [other for other in others if isinstance(other, list)]
        return [with_nulls(item, [o for other in lists for o in other]) for item in value]
    return value


def beside(one: Any, other: Any) -> Any:
    """Two answers in one: what the first leaves empty comes from the second."""
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: beside(one.get(key), item) for key, item in other.items()}
        return {**one, **both}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) == 1:
        return [beside(one[0], other[0])]
    return other if one in (None, "", []) else one


def with_arguments(value: Any, old: dict[str, Any], new: str) -> Any:
    """Other arguments of a call, as an object or as text, whole or in the pieces of a stream.

    `None` if the arguments can be found nowhere, or `new` is no object and they stand as one.
    """
    spellings = (json.dumps(old), json.dumps(old, separators=(",", ":")))
    found = any(leaf in spellings for leaf in leaves(value))
    whole = changed(value, lambda leaf: new if leaf in spellings else leaf)
    for spelling in spellings:
        pieces = _Pieces(spelling, new)
        parted = changed(whole, pieces.swap)
        if pieces.complete:
            return parted
    if found:
        return whole
    try:
        parsed = json.loads(new)
    except ValueError:
        return None
    if not isinstance(parsed, dict) or not any(node == old for node in nodes(value)):
        return None
    return changed(value, lambda node: parsed if node == old else node)


class _Pieces:
    """Puts the halves of another text in the place of a text that comes in pieces."""

    def __init__(self, text: str, new: str) -> None:
        self._text, self._new = text, new
        self._seen = ""

    @property
    def complete(self) -> bool:
        return self._seen == self._text

    def swap(self, leaf: Any) -> Any:
        if not isinstance(leaf, str) or leaf in ("", self._new) or self.complete:
            return leaf
        if not self._text.startswith(self._seen + leaf):
            return leaf
        first = not self._seen
        self._seen += leaf
        half = len(self._new) // 2
        if first:
            return self._new[:half]
        return self._new[half:] if self.complete else ""

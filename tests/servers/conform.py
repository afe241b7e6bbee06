"""Does a JSON value conform to a type of the vendor's SDK? Keys that the type lacks do not."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
)

from typing_extensions import get_type_hints, is_typeddict  # the SDK's TypedDicts are of this kind

_LISTS = (list, Iterable, Sequence)


def problems(value: Any, expected: Any, path: str = "body") -> list[str]:
    """What does not fit, each with its path; empty if all fits."""
    origin, arguments = get_origin(expected), get_args(expected)
    if origin in (Annotated, Required, NotRequired):
        return problems(value, arguments[0], path)
    if origin in (Union, types.UnionType):
        found = [problems(value, option, path) for option in arguments]
        return min(found, key=lambda each: (len(each), -max(map(len, each), default=0)))
    if origin is Literal:
        return [] if value in arguments else [f"{path}: {value!r} is none of {arguments}"]
    if is_typeddict(expected):
        return _object_problems(value, expected, path)
    if expected in (Any, object):
        return []
    if (origin or expected) in _LISTS or getattr(origin, "__name__", "") == "SequenceNotStr":
        if not isinstance(value, list):
            return [f"{path}: {type(value).__name__} instead of a list"]
        inner = arguments[0] if arguments else Any
        return [p for i, item in enumerate(value) for p in problems(item, inner, f"{path}.{i}")]
    if (origin or expected) in (dict, Mapping):
        if not isinstance(value, dict):
            return [f"{path}: {type(value).__name__} instead of an object"]
        inner = arguments[1] if arguments else Any
        return [p for key, item in value.items() for p in problems(item, inner, f"{path}.{key}")]
    if expected is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    elif isinstance(expected, type):
        fits = type(value) is expected or (expected is types.NoneType and value is None)
    else:
        fits = True  # a type variable or the like says nothing
    return [] if fits else [f"{path}: {type(value).__name__} instead of {expected}"]


def _object_problems(value: Any, expected: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: {type(value).__name__} instead of an object"]
    hints = get_type_hints(expected, include_extras=True)
    found = [f"{path}.{key}: unknown" for key in value if key not in hints]
    for key, hint in hints.items():
        if key in value:
            found += problems(value[key], hint, f"{path}.{key}")
        elif get_origin(hint) is Required or (
            # Where annotations are strings, this alone takes every key of a class as one kind.
            key in expected.__required_keys__ and get_origin(hint) is not NotRequired
        ):
            found.append(f"{path}.{key}: missing")
    return found

"""The exchanges that a recorder stores: their shape, cleaned of keys, and how two differ."""

from __future__ import annotations

import re
from typing import Any

from indox_core._credentials import HIDDEN, redact
from indox_core._errors import ERROR_CLASSES, Failure


def is_exchange(value: Any) -> bool:
    if not isinstance(value, dict) or not {"operation", "arguments", "request_id"} <= set(value):
        return False
    failure = value.get("failure")
    if failure is None:
        return "body" in value or isinstance(value.get("events"), list)
    try:
        return Failure(**failure).kind in ERROR_CLASSES
    except TypeError:
        return False


def cleaned(value: Any, secrets: list[str]) -> Any:
    """The JSON without the secrets, in keys and values alike."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {cleaned(key, secrets): cleaned(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item, secrets) for item in value]
    return value


def first_difference(stored: Any, wanted: Any, place: str) -> str | None:
    if isinstance(stored, dict) and isinstance(wanted, dict):
        items = [(name, stored.get(name), wanted.get(name)) for name in {**stored, **wanted}]
    elif isinstance(stored, list) and isinstance(wanted, list) and len(stored) == len(wanted):
        names = ("operation", "arguments") if not place else range(len(stored))
        items = list(zip(names, stored, wanted, strict=True))
    else:
        return None if same(stored, wanted) else place
    for name, one, other in items:
        found = first_difference(one, other, f"{place}.{name}" if place else str(name))
        if found is not None:
            return found
    return None


def same(stored: Any, wanted: Any) -> bool:
    """Whether two values are the same, but for what was taken out of the stored one."""
    if isinstance(stored, str) and isinstance(wanted, str) and HIDDEN in stored:
        pattern = ".*".join(map(re.escape, stored.split(HIDDEN)))
        return re.fullmatch(pattern, wanted, re.DOTALL) is not None
    return bool(stored == wanted)

"""Whether an entry of the price library is a model's own, or that of another which begins alike.

The library matches generously: its `gemini-1.5-flash` takes every name that contains it, also
`gemini-1.5-flash-8b`, which costs half. Here a name must be one that the entry spells out, or one
of these with a date, a version or a stage behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo

# -20250805, @20250805, -2025-08-05, -09-2025, -05-20, -2512, -001, -v1:0, -preview, -exp, -latest.
# Not one or two digits: claude-sonnet-5-5 is no version of claude-sonnet-5.
_VERSION = re.compile(
    r"(?:[-@:.](?:\d{8}|\d{4}-\d\d-\d\d|\d\d-\d{4}|\d\d-\d\d|\d{3,4}|v\d+(?:[.:]\d+)*"
    r"|preview|exp|experimental|latest|default))+"
)
# Behind these stands the name that the owner of a fine-tuned model gave it.
_OWNERS_NAME = re.compile(r"(?<=^ft:)([^:]+):.*|(?<=\.ft-).*")
_LOOSE = ("starts_with", "contains", "ends_with")


def is_own(name: str, entry: ModelInfo) -> bool:
    """Whether the entry's price is that of the model of this name."""
    name = _OWNERS_NAME.sub(lambda found: found[1] or "", name.lower())
    return any(_is_version_of(name, stem) for stem in _stems(entry))


def _is_version_of(name: str, stem: str) -> bool:
    before, found, behind = name.partition(stem)
    if not found or (before and before[-1] not in "/."):  # a path, or a region of Bedrock
        return False
    if not behind:
        return True
    # What is the latest of a family without a number changes, and its price with it.
    moves = "latest" in behind and not any(character.isdigit() for character in stem)
    return not moves and _VERSION.fullmatch(behind) is not None


def spelled_out(entry: ModelInfo) -> set[str]:
    """The names that are the entry's without a doubt. Its id may be no name of the vendor's."""
    names = {text for kind, text in _texts(entry.match) if kind == "equals"}
    return names | {entry.id} if entry.is_match(entry.id) else names


def _stems(entry: ModelInfo) -> Iterator[str]:
    """The names that the entry spells out; of the half of one, such as `gpt-4-0`, its whole."""
    yield entry.id.lower()
    for kind, text in _texts(entry.match):
        yield text
        if kind != "equals":
            yield re.sub(r"[-@:.]\d*$", "", text)


def _texts(clause: Any) -> Iterator[tuple[str, str]]:
    for inner in getattr(clause, "or_", None) or getattr(clause, "and_", None) or ():
        yield from _texts(inner)
    for kind in ("equals", *_LOOSE):
        text = getattr(clause, kind, None)
        if text is not None:
            yield kind, text.lower()

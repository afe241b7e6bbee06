"""Tables for the pages of the vendors, from the tables that the code uses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from indox_anthropic._models import MODELS as CLAUDE
from indox_anthropic._models import ClaudeFacts
from indox_anthropic._schemas import FEATURES


def filled(page: str, tables: dict[str, str]) -> str:
    """The page with each table between its marks, `<!-- NAME -->` and `<!-- end -->`."""
    for name, table in tables.items():
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        page, count = re.subn(
            marks, lambda found, t=table: f"{found[1]}\n{t}\n\n{found[2]}", page, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the page has {count} places for {name}")
    return page


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    heads = list(head)
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


_FATES = {
    "kept": "kept",
    "changed": "changed",
    "said": "said in its description",
    "refused": "refused",
}
_SAMPLING = {"all": "all", "one": "temperature or top_p", "none": "none"}


def _thinking(facts: ClaudeFacts) -> str:
    if facts.thinks_by == "nothing":
        return "never"
    if facts.off is None:
        return "always"
    how = "a budget" if facts.thinks_by == "budget" else "adaptive"
    return f"{how}, on unasked" if facts.thinks_unasked else how


def claude_tables() -> dict[str, str]:
    """The tables of the Anthropic plugin's page."""
    models = table(
        ("Models", "Thinks", "Efforts", "Prefill", "Late system messages", "Forced tools",
         "Sampling", "Source"),
        (
            (
                ", ".join(f"`{name}`" for name in one.names) or "any other name", _thinking(one),
                "all, as budgets" if one.thinks_by == "budget" else ", ".join(one.efforts),
                "yes" if one.prefill else "no", "yes" if one.late_system else "moved",
                "no" if not one.forced_tools else "yes", _SAMPLING[one.sampling],
                f"[{one.as_of}]({one.source})",
            )
            for one in CLAUDE
        ),
    )  # fmt: skip
    schemas = table(
        ("Of a schema", "Keywords", "Becomes", "More"),
        (
            (
                one.about,
                ", ".join(f"`{key}`" for key in sorted(one.keys)),
                _FATES[one.fate],
                one.how,
            )
            for one in FEATURES
        ),
    )
    return {"models": models, "schemas": schemas}

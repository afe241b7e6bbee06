"""The table of a plugin's families of models, as its page of the reference shows it.

`uv run python tests/families.py` puts it there; a test holds the page equal to the code.
"""

from __future__ import annotations

from pathlib import Path

from indox_core.plugin import ModelFacts, ModelTable

ROOT = Path(__file__).resolve().parents[1]
HEAD = "| Models | Efforts | Without | Page |\n|---|---|---|---|\n"
WITHOUT = {
    "prefill": "an answer that is begun",
    "system": "system messages",
    "schema_with_tools": "a schema beside tools",
}


def families(table: ModelTable[ModelFacts]) -> str:
    """One line for each family, the most specific first."""
    return HEAD + "\n".join(map(_line, table))


def _line(facts: ModelFacts) -> str:
    models = facts.models.replace("|", r"\|")
    efforts = ", ".join(facts.efforts) or "-"
    if budgets := getattr(facts, "budgets", None):
        efforts += f" (budgets of {budgets[0]} to {budgets[1]} tokens)"
    lacks = [*sorted(facts.lacks), *(w for f, w in WITHOUT.items() if not getattr(facts, f, True))]
    return f"| `{models}` | {efforts} | {', '.join(lacks) or '-'} | <{facts.source}> |"


def page(vendor: str) -> Path:
    return ROOT / f"docs/reference/{vendor}.md"


def shown(vendor: str) -> str:
    """The table that the page shows."""
    lines = page(vendor).read_text().partition(HEAD)[2].splitlines()
    found = next((n for n, line in enumerate(lines) if not line.startswith("|")), len(lines))
    return HEAD + "\n".join(lines[:found])


if __name__ == "__main__":
    from indox_google._models import MODELS as GOOGLE
    from indox_mistral._models import MODELS as MISTRAL

    for vendor, table in {"google": GOOGLE, "mistral": MISTRAL}.items():
        text = page(vendor).read_text()
        page(vendor).write_text(text.replace(shown(vendor), families(table)))

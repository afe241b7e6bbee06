"""Writes the pages that say what the code says: `uv run python tests/reference.py`.

A test holds them equal to the code.
"""

from __future__ import annotations

import ast
import inspect
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from vendors.openai_tables import filled as openai_filled
from vendors.tables import claude_tables, filled

from indox_core._engine.pricing import Question, quote
from indox_core._money.library import library_names
from indox_core._money.overrides import read_overrides
from indox_core._plugins import hooks
from indox_core._plugins.registry import Registry, installed
from indox_core._schema.usage import TokenUsage
from indox_core.testing import _contract

ROOT = Path(__file__).resolve().parents[1]

HOOKS = """\
# Hooks

Mark an implementation with `hookimpl` (from `indox_core` or `indox_core.plugin`); name only the
arguments you want. `indox_provider` is called on installed plugins and on what is handed over; all
others only on objects given to `Client(plugins=[...])`: installing a package never lets it read a
prompt.

{hooks}
`Retry` has {retry}.

```python
from indox_core import Client, hookimpl


class Names:
    @hookimpl
    def indox_resolve_model(self, name):
        return {{"fast": "openai/gpt-4o-mini"}}.get(name)


print(Client(plugins=[Names()]).chat([{{"role": "user", "content": "Hi"}}], "fast").model)
```
"""

CONTRACT = """\
# What the contract asks, and why

`indox_core.testing.ProviderContract` asks every provider the same. Each line is one test; a failure
says what is wanted. [How to run it](../reference/contract.md).
"""


PRICES = """\
# What has a price

Of the models that the price library (genai-prices {version}) and the plugins know, how many have
which rate on {day}. A count without a rate makes a receipt `partial`; a model that is not here
`unknown`; neither is ever 0. [How prices are chosen](../how-to/costs.md#whose-prices). Of one
model: `indox prices show openai/gpt-5-mini`.

| Provider | Models | {heads} |
|---|---|{lines}
"""
DAY = datetime(2026, 11, 25, tzinfo=UTC)
RATES = {
    "input": "input",
    "output": "output",
    "cache_read": "cached input",
    "cache_write": "cache writes",
    "cache_write_1h": "for an hour",
    "input_audio": "sound read",
    "output_audio": "sound written",
    "output_image": "images written",
    "web_search": "web search",
}


def prices_page() -> str:
    registry, rows = Registry(), []
    for name in sorted(item.name for item in installed()):
        quotes = [
            found
            for model in library_names(name)
            if (found := quote(
                Question(registry.provider(name), model, None, TokenUsage(), DAY),
                read_overrides(None), None,
            ))
        ]  # fmt: skip
        if quotes:
            counts = [sum(getattr(q.rates, r) is not None for q in quotes) for r in RATES]
            cells = " | ".join(str(count or "") for count in counts)
            rows.append(f"| {name} | {len(quotes)} | {cells} |")
    return PRICES.format(
        version=version("genai-prices"),
        day=DAY.date(),
        heads=" | ".join(RATES.values()),
        lines="---|" * len(RATES) + "\n" + "\n".join(rows),
    )


def openai_page() -> str:
    return openai_filled((ROOT / "docs/reference/openai.md").read_text())


def hooks_page() -> str:
    entries = []
    for name, hook in vars(hooks).items():
        if not name.startswith("indox_"):
            continue
        definition = ast.parse(inspect.getsource(hook)).body[0]
        signature = f"({ast.unparse(definition.args)}) -> {ast.unparse(definition.returns)}"
        entries.append(f"### `{name}`\n\n`{name}{signature}`\n\n{inspect.getdoc(hook)}\n")
    fields = [
        f"`{node.target.id}` ({ast.unparse(node.annotation)})"
        for node in ast.parse(inspect.getsource(hooks.Retry)).body[0].body
        if isinstance(node, ast.AnnAssign)
    ]
    retry = f"{', '.join(fields[:-1])} and {fields[-1]}"
    return HOOKS.format(hooks="\n".join(entries), retry=retry)


def contract_page() -> str:
    """The tests of each group of promises, in the order in which they are written."""
    lines = [CONTRACT]
    for group in _contract.GROUPS:
        lines.append(f"\n## {inspect.getdoc(group)}\n")
        for node in ast.parse(inspect.getsource(group)).body[0].body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                claim = node.name.removeprefix("test_").replace("_", " ")
                reason = " ".join((ast.get_docstring(node) or "").split())
                lines.append(f"- **{claim[0].upper()}{claim[1:]}.** {reason}")
    return "\n".join(lines) + "\n"


def anthropic_page() -> str:
    return filled((ROOT / "docs/reference/anthropic.md").read_text(), claude_tables())


PAGES = {
    "docs/reference/anthropic.md": anthropic_page,
    "docs/reference/hooks.md": hooks_page,
    "docs/reference/prices.md": prices_page,
    "docs/explanation/contract.md": contract_page,
    "docs/reference/openai.md": openai_page,
}

if __name__ == "__main__":
    for path, page in PAGES.items():
        (ROOT / path).write_text(page())

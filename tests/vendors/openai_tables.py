"""The tables of the OpenAI plugin's page, from those that the plugin uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from indox_openai._models import MODELS, OpenAIFacts
from indox_openai._options import CHAT_ALONE
from indox_openai._strict import FORMATS, IMPOSSIBLE, KEPT, MAX_DEPTH, MAX_PROPERTIES, MAX_VALUES

_CHAT_TOOLS = {
    "no effort": "tools with an effort on Chat",
    "not thinking": "tools while it thinks on Chat",
    "never": "tools on Chat",
}
_APIS = {("responses",): "Responses", ("chat",): "Chat"}


def filled(page: str) -> str:
    """The page with each table between its marks, `<!-- NAME -->` and `<!-- end -->`."""
    for name, text in (("models", _models()), ("schemas", _schemas()), ("chat", _chat())):
        marks = rf"(<!-- {name} -->\n).*?(<!-- end -->)"
        inner = f"\n{text}\n\n"
        page, count = re.subn(
            marks, lambda found, t=inner: found[1] + t + found[2], page, flags=re.DOTALL
        )
        if count != 1:
            raise ValueError(f"the page has {count} places for {name}")
    return page


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(heads)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _efforts(facts: OpenAIFacts) -> str:
    if not facts.efforts:
        return "thinks as it likes" if facts.default_effort else "-"
    default = facts.default_effort
    return ", ".join(f"**{one}**" if one == default else one for one in facts.efforts)


def _models() -> str:
    rows = []
    for one in MODELS:
        lacks = sorted(one.lacks - {"reasoning"})
        lacks += [] if one.json_schema else ["a schema"]
        lacks += [] if one.system else ["system messages"]
        lacks += [_CHAT_TOOLS[one.chat_tools]] if one.chat_tools in _CHAT_TOOLS else []
        pattern = one.models.replace("|", r"\|")
        rows.append(
            (
                f"`{pattern}`",
                _efforts(one),
                _APIS.get(one.apis, "both"),
                ", ".join(lacks) or "-",
                f"[{one.as_of}]({one.source})",
            )
        )
    return _table(("Models", "Efforts", "APIs", "Without", "Source"), rows)


def _keys(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _schemas() -> str:
    reasons: dict[str, list[str]] = {}
    for key, reason in IMPOSSIBLE.items():
        reasons.setdefault(reason, []).append(key)
    kept = (*KEPT, "properties", "items", "anyOf", "$defs", "definitions", "$ref")
    rows = [
        (_keys(kept), "kept", "enums of integers and schemas within themselves too"),
        ("`format`", "kept", f"{', '.join(sorted(FORMATS))}; others are said"),
        ("`required`", "changed", "completed: every property is required; their order stays"),
        ("`additionalProperties`", "changed", "`false` is added"),
        ("`type`", "changed", "added where only `properties`, `items`, `enum` or `const` tell it"),
        ("`oneOf`", "changed", "into `anyOf`"),
        ("`allOf` of one", "changed", "written out; of several it is not strict"),
        ("`$ref` with something beside it, or at the root", "changed", "written out"),
        ("`default`, `discriminator`", "changed", "left out"),
        *((_keys(keys), "not strict", reason) for reason, keys in reasons.items()),
        ("free maps", "not strict", "`additionalProperties` with a schema or `true`, and objects "
         "without `properties`"),
        ("a value of any type", "not strict", "also an array without `items`"),
        ("a root that is no object", "not strict", "a list, a text, a union"),
        ("a large schema", "not strict", f"more than {MAX_DEPTH} levels, {MAX_PROPERTIES} "
         f"properties or {MAX_VALUES} values of enums"),
        ("all other keywords, such as `minLength`", "said", "in the description"),
    ]  # fmt: skip
    return _table(("Of a schema", "Becomes", "More"), rows)


def _chat() -> str:
    return ", ".join(f"`{name}`" for name in CHAT_ALONE)

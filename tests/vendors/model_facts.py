"""Holds what the plugins send to each model against a public list of what models take.

    uv run python tests/vendors/model_facts.py LIST.json

`LIST.json` is `{"models": {provider: {model: flags}}}` with the flags of litellm's model map. For
whoever keeps the tables of families (`_models.py` of each plugin): asks `Client.explain` what would
be sent and prints where the list says otherwise, by kind. Such a list is a second opinion: where
the vendor's page says otherwise, the family's `differs` names it, and the row is counted apart. An
absent flag says nothing. Always exits with 0.
"""

from __future__ import annotations

import argparse
import base64
import json
import struct
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from indox_core import Client, Explanation, IndoxError
from indox_core._plugins.registry import Registry

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_USER = {"role": "user", "content": "Hello"}
_ANSWER = {"role": "assistant", "content": "Yes, and"}
_TOOL = {"name": "look_up", "parameters": {"type": "object", "properties": {}}}
_SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
# By these fields each vendor is told a thing; a body that holds one of them says it.
_SAYS = {
    "tools": ("tools",),
    "schema": ("format", "responseJsonSchema", "responseSchema", "response_format"),
    "sampling": ("temperature", "top_p", "topP"),
    "parallel": ("parallel_tool_calls", "disable_parallel_tool_use"),
    "image": ("image_url", "inlineData", "source"),
}


def _png() -> str:
    """A picture of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        length, check = struct.pack(">I", len(data)), struct.pack(">I", zlib.crc32(kind + data))
        return length + kind + data + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    picture = b"\x89PNG\r\n\x1a\n" + header + pixels + chunk(b"IEND", b"")
    return base64.b64encode(picture).decode()


_IMAGE = {"type": "image", "image": {"data": _png(), "media_type": "image/png"}}


@dataclass(frozen=True, slots=True)
class Difference:
    kind: str
    model: str
    about: str
    page: str
    """What the family says of it, '' if it says nothing."""


class Model:
    """One model of the list, and what would be sent to it."""

    def __init__(self, client: Client, name: str, flags: dict[str, Any]) -> None:
        self._client = client
        self.name = name
        self.flags = flags
        self.provider = name.partition("/")[0]

    def says(self, flag: str) -> bool | None:
        """What the list says; `None`: nothing."""
        value = self.flags.get(f"supports_{flag}")
        return value if isinstance(value, bool) else None

    def sent(self, *messages: dict[str, Any], **options: Any) -> Explanation | None:
        """`None`: it is refused before anything is sent."""
        try:
            return self._client.explain(list(messages or (_USER,)), self.name, **options)
        except IndoxError:
            return None

    def effort(self, asked: str) -> str | None:
        """The effort that is sent when this one is asked for, as a word. `None`: none is."""
        made = self.sent(reasoning_effort=asked)
        for name in ("effort", "reasoning_effort", "thinkingLevel"):
            found = next(_values(made.body, name), None) if made is not None else None
            if isinstance(found, str):
                return found.lower()
        return None


def _values(body: Any, name: str) -> Iterator[Any]:
    """What stands under a name, anywhere in a body but in a schema."""
    if isinstance(body, list):
        for one in body:
            yield from _values(one, name)
    elif isinstance(body, dict):
        for key, value in body.items():
            if key == name:
                yield value
            elif key not in ("parameters", "input_schema", "json_schema", "schema"):
                yield from _values(value, name)


def _says(made: Explanation | None, what: str) -> bool:
    return made is not None and any(True for name in _SAYS[what] for _ in _values(made.body, name))


def _efforts(model: Model) -> Iterator[tuple[str, str]]:
    levels = model.flags.get("reasoning_effort_levels")
    for asked in EFFORTS:
        sent = model.effort(asked)
        if sent is None:
            continue
        if model.says("reasoning") is not True:
            word = "says no" if model.says("reasoning") is False else "says nothing"
            yield f"an effort, where of reasoning the list {word}", f"{asked} as {sent}"
        elif levels is not None and sent not in levels:
            yield "an effort that is not among the levels", f"{asked} as {sent}"
        elif levels is None and _lacks(model, sent):
            yield f"the effort {sent}", f"{asked} as {sent}"
        elif asked != sent and _has(model, asked):
            yield f"the effort {asked} is changed", f"{asked} as {sent}"


def _has(model: Model, effort: str) -> bool:
    levels = model.flags.get("reasoning_effort_levels") or ()
    return effort in levels or model.says(f"{effort}_reasoning_effort") is True


def _lacks(model: Model, effort: str) -> bool:
    said = model.says(f"{effort}_reasoning_effort")
    # For Claude the list names each model that takes these, so that its silence is a no.
    silent = model.provider == "anthropic" and effort in ("xhigh", "max")
    return said is False or (silent and said is None)


def _thinking(model: Model) -> Iterator[tuple[str, str]]:
    made = model.sent(reasoning_effort="none")
    if made is None or not model.flags.get("thinking_always_on"):
        return
    if any(value == {"type": "disabled"} for value in _values(made.body, "thinking")):
        yield "thinking is disabled where it is always on", "none"


def _messages(model: Model) -> Iterator[tuple[str, str]]:
    if model.says("assistant_prefill") is False and model.sent(_USER, _ANSWER) is not None:
        yield "a prefill", ""
    if model.says("assistant_prefill") and model.sent(_USER, _ANSWER) is None:
        yield "a prefill is refused", ""
    instruction = {"role": "system", "content": "Be brief."}
    late = model.sent(_USER, instruction, _ANSWER, _USER)
    if model.provider == "anthropic" and late is not None:
        kept = any(message["role"] == "system" for message in late.body["messages"])
        if kept and not model.says("mid_conversation_system"):
            yield "a late system message", ""
        if not kept and model.says("mid_conversation_system"):
            yield "a late system message is moved", ""
    first = model.sent(instruction, _USER)
    names = ("system", "systemInstruction") if first is not None else ()
    if model.says("system_messages") is False and any(list(_values(first.body, n)) for n in names):
        yield "a system message", ""


def _abilities(model: Model) -> Iterator[tuple[str, str]]:
    image = {"role": "user", "content": [_IMAGE]}
    for flag, what, made in (
        ("function_calling", "tools", lambda: model.sent(tools=[_TOOL])),
        ("response_schema", "schema", lambda: model.sent(response_schema=_SCHEMA)),
        ("web_search", "tools", lambda: model.sent(web_search=True)),
        ("sampling_params", "sampling", lambda: model.sent(temperature=0.5, top_p=0.9)),
        ("vision", "image", lambda: model.sent(image)),
    ):
        said = model.says(flag)
        if said is None:
            continue
        sent = made()
        if said is False and _says(sent, what):
            yield f"{flag}", ""
        if said is True and sent is None:
            yield f"{flag} is refused", ""
    forced = model.sent(tools=[_TOOL], tool_choice="required")
    if model.says("tool_choice") and forced is None and model.sent(tools=[_TOOL]) is not None:
        yield "a tool that must be called is refused", ""
    parallel = model.sent(tools=[_TOOL], parallel_tool_calls=True)
    if model.says("parallel_function_calling") is False and _says(parallel, "parallel"):
        yield "parallel_tool_calls", ""
    made, most = model.sent(), model.flags.get("max_output_tokens")
    for limit in _values(made.body, "max_tokens") if made is not None and most else ():
        if limit > most:
            yield "more tokens than it writes", f"{limit} of {most}"


CHECKS = (_efforts, _thinking, _messages, _abilities)


def differences(listed: dict[str, dict[str, Any]]) -> list[Difference]:
    """Each model and kind in which the list and what is sent differ."""
    registry, found = Registry(), []
    keys = {provider: {"api_key": "unused"} for provider in listed}
    with Client(providers=keys) as client:
        for provider, models in listed.items():
            families = registry.provider(provider).spec.models
            for name, flags in models.items():
                page = getattr(families.of(name), "differs", "") if families is not None else ""
                model = Model(client, f"{provider}/{name}", flags)
                found += [
                    Difference(kind, model.name, about, page)
                    for check in CHECKS
                    for kind, about in check(model)
                ]
    return found


def told(found: list[Difference]) -> Iterator[str]:
    """The report, line by line."""
    by_kind: dict[tuple[str, str], list[Difference]] = defaultdict(list)
    for one in found:
        by_kind[one.model.partition("/")[0], one.kind].append(one)
    for (provider, kind), rows in sorted(by_kind.items(), key=lambda item: -len(item[1])):
        yield f"{len(rows):4}  {provider}: {kind}"
        for row in rows:
            about = f"  {row.about}" if row.about else ""
            page = f"\n            {row.page}" if row.page else ""
            yield f"        {row.model}{about}{page}"
    unexplained = [row for row in found if not row.page]
    kinds = len({(row.model.partition("/")[0], row.kind) for row in unexplained})
    yield f"{len(unexplained)} differences in {kinds} kinds"
    yield f"{len(found) - len(unexplained)} more where the vendor's page says otherwise"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("list", type=Path, help="the public list, as JSON")
    listed = json.loads(parser.parse_args(arguments).list.read_text())["models"]
    print("\n".join(told(differences(listed))))


if __name__ == "__main__":
    main(sys.argv[1:])

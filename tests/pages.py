"""Runs the Python blocks of a Markdown page, one after the other, in one namespace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import indox_core
import indoxrouter

_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)
JPEG = b"\xff\xd8\xff\xe0" + bytes(16)


def blocks(page: Path) -> list[str]:
    return _BLOCK.findall(page.read_text())


def seed_blocks(shared: Path, module: str = "indox_core") -> list[str]:
    """Those of the hosted client's page, as they stand but for the module that is imported."""
    return [
        block.replace("from indoxrouter import", f"from {module} import")
        for block in blocks(shared / "seed-chat-completions.md")
    ]


def openai_at(base_url: str) -> AbstractContextManager[None]:
    """Clients made without an address send openai's calls there; their code stays as it is."""
    return providers_at({"openai": {"base_url": base_url, "api_key": "sk-of-the-reader"}})


@contextmanager
def providers_at(providers: dict[str, Any]) -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for module, name in (
        (indox_core, "Client"),
        (indox_core, "AsyncClient"),
        (indoxrouter, "Client"),
    ):
        patch.setattr(module, name, partial(getattr(module, name), providers=providers))
    try:
        yield
    finally:
        patch.undo()


def run_blocks(sources: list[str], folder: Path) -> dict[str, object]:
    """The namespace after the last block; `image.jpg` is there to be read."""
    (folder / "image.jpg").write_bytes(JPEG)
    patch = pytest.MonkeyPatch()
    patch.chdir(folder)
    namespace: dict[str, object] = {"__name__": "__page__"}
    try:
        for number, source in enumerate(sources, 1):
            exec(compile(source, f"block {number}", "exec"), namespace)
    finally:
        patch.undo()
    return namespace

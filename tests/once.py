"""Heavy set-up, made once for a whole run of the tests, however many processes share it."""

from __future__ import annotations

import fcntl
from collections.abc import Callable
from pathlib import Path

import pytest


class Once:
    """Makes folders by name; the first process that asks for one fills it, the others wait."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, name: str, fill: Callable[[Path], None]) -> Path:
        """The folder; what `fill` raises is raised here, and whoever asks next tries again."""
        folder = self._home / name
        filled = self._home / f"{name}.filled"
        with (self._home / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the system gives it back if this process dies
            if not filled.exists():
                folder.mkdir(exist_ok=True)
                fill(folder)
                filled.touch()
        return folder


def home_of_the_run(request: pytest.FixtureRequest, base: Path) -> Path:
    """A worker's folder of temporary files lies in that of the process that started it."""
    return base.parent if hasattr(request.config, "workerinput") else base

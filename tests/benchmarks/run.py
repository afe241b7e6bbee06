"""Indox beside the plain SDKs: `uv run python tests/benchmarks/run.py [--quick]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


class Stub:
    """The stub server in a process of its own, for the length of a `with`: its address."""

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, str(FOLDER / "stub.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        return f"http://127.0.0.1:{self._process.stdout.readline().strip()}"

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate()

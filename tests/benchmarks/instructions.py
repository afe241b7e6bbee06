"""CPU instructions per call, counted by valgrind: the figure that repeats on a noisy machine.

    uv run python tests/benchmarks/instructions.py [KIND...]
    uv run python tests/benchmarks/instructions.py --against CHECKOUT

The slope between two counts of calls, so that imports and first calls are left out. With another
checkout of this repository, in which `uv sync --all-packages --all-extras` was run, Indox here is
counted beside Indox there, load by load.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from run import FOLDER, Stub

FEW, MANY = 5, 25
LOADS = (("openai", "chat"), ("anthropic", "chat"), ("openai", "burst"))
COMPARED = tuple(
    (vendor, load)
    for vendor in ("openai", "responses", "anthropic", "gemini", "mistral")
    for load in ("chat", "async", "burst", "conversation")
)


def instructions(
    kind: str, vendor: str, load: str, url: str, count: int, python: str = sys.executable
) -> int:
    """Of the whole process; `python` is that of the checkout that is measured."""
    with tempfile.NamedTemporaryFile() as log:
        done = subprocess.run(
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
             f"--log-file={log.name}", python, str(FOLDER / "contestants.py"), kind, vendor, url],
            input=json.dumps({"load": load, "count": count}) + "\n",
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-1000:]
        found = re.search(r"I +refs: +([\d,]+)", Path(log.name).read_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def slope(kind: str, vendor: str, load: str, url: str, python: str = sys.executable) -> float:
    """Instructions of one call more."""
    few, many = (instructions(kind, vendor, load, url, n, python) for n in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def compare(other: Path) -> None:
    """Each load here and there, one after the other."""
    python = str(other / ".venv" / "bin" / "python")
    with Stub() as url:
        for vendor, load in COMPARED:
            there, here = (
                slope("indox", vendor, load, url, python),
                slope("indox", vendor, load, url),
            )
            print(
                f"{vendor} {load}: {there / 1e6:.3f} M there, {here / 1e6:.3f} M here "
                f"({here / there:.3f})",
                flush=True,
            )


def main(kinds: list[str]) -> None:
    with Stub() as url:
        for vendor, load in LOADS:
            slopes = {
                kind: slope(kind, vendor, load, url) for kind in kinds or ["sdk", "indox", "bare"]
            }
            base = slopes.get("sdk")
            shown = ", ".join(
                f"{kind} {count / 1e6:.2f} M" + (f" ({count / base:.2f})" if base else "")
                for kind, count in slopes.items()
            )
            print(f"{vendor} {load}: {shown}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--against"]:
        compare(Path(sys.argv[2]).absolute())
    else:
        main(sys.argv[1:])

"""CPU instructions per call, counted by valgrind: the figure that repeats on a noisy machine.

    uv run python tests/benchmarks/instructions.py [KIND...]

The slope between two counts of calls, so that imports and first calls are left out.
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


def instructions(kind: str, vendor: str, load: str, url: str, count: int) -> int:
    """Of the whole process."""
    with tempfile.NamedTemporaryFile() as log:
        done = subprocess.run(
            ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
             f"--log-file={log.name}", sys.executable, str(FOLDER / "contestants.py"), kind, vendor,
             url],
            input=json.dumps({"load": load, "count": count}) + "\n",
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-1000:]
        found = re.search(r"I +refs: +([\d,]+)", Path(log.name).read_text())
    assert found is not None
    return int(found[1].replace(",", ""))


def main(kinds: list[str]) -> None:
    with Stub() as url:
        for vendor, load in LOADS:
            slopes = {}
            for kind in kinds or ["sdk", "indox", "bare"]:
                few, many = (instructions(kind, vendor, load, url, n) for n in (FEW, MANY))
                slopes[kind] = (many - few) / (MANY - FEW)
            base = slopes.get("sdk")
            shown = ", ".join(
                f"{kind} {count / 1e6:.2f} M" + (f" ({count / base:.2f})" if base else "")
                for kind, count in slopes.items()
            )
            print(f"{vendor} {load}: {shown}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

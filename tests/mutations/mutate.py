"""How many of the deliberate bugs the contract catches: `uv run python tests/mutations/mutate.py`.

Each bug is patched into a copy of `indox_mistral`, and the contract's suite runs on that copy, two
at a time, until its first failure. Names of bugs as arguments run only these. `score.txt` beside
this file is the output of a run of all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "plugins/indox-mistral/src/indox_mistral"
SUITE = "tests/plugins/mistral/test_contract.py::TestMistral"
# Bugs that use a name which the module has not.
_NEEDS = {
    "_TICKS": 'PROVIDER = "mistral"\n_TICKS = __import__("itertools").count()',
    "_DECODER": "\n\n_DECODER = MistralDecoder()\n\n\nclass MistralProvider",
}


def patched(mutant: Mutant) -> str:
    """The module's text with the bug; raises if what it replaces does not stand there once."""
    text = (SOURCE / f"{mutant.module}.py").read_text()
    found = text.count(mutant.old)
    if found != 1:
        raise ValueError(f"{mutant.name}: its place stands {found} times in {mutant.module}.py")
    text = text.replace(mutant.old, mutant.new)
    if "_TICKS" in mutant.new:
        text = text.replace('PROVIDER = "mistral"', _NEEDS["_TICKS"])
    if "_DECODER" in mutant.new:
        text = text.replace("\n\nclass MistralProvider", _NEEDS["_DECODER"])
    return text


def caught_by(mutant: Mutant | None) -> str | None:
    """The test that fails first, `None` if all pass; without a bug, the copy itself is tried."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "indox_mistral")
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if mutant is not None:
            (copy / f"{mutant.module}.py").write_text(patched(mutant))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", SUITE],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if done.returncode == 0:
        return None
    if not failed:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return failed[0].partition("::")[2].partition(" - ")[0]


def main(names: list[str]) -> None:
    chosen = [mutant for mutant in MUTANTS if not names or mutant.name in names]
    began = time.monotonic()
    if (broken := caught_by(None)) is not None:
        sys.exit(f"The plugin fails without any bug: {broken}")
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(caught_by, chosen))
    for mutant, outcome in zip(chosen, outcomes, strict=True):
        print(f"{'caught ' if outcome else 'MISSED '} {mutant.name}: {outcome or ''}")
    caught = sum(outcome is not None for outcome in outcomes)
    print(f"{caught} of {len(chosen)} bugs caught")
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])

"""How many of the deliberate bugs the contract catches: `uv run python tests/mutations/mutate.py`.

Each bug is patched into a copy of its plugin, of `indox_mistral` or of the tutorial's, and the
contract's suite runs on that copy until its first failure: in a forked process that has imported
all else already, two at a time. Names of bugs as arguments run only these. `score.txt` beside this
file is the output of a run of all.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(Path(__file__).parent))

from mutants import MUTANTS, Mutant  # noqa: E402
from tutorial import TUTORIAL_MUTANTS  # noqa: E402

PAGE = ROOT / "docs/tutorial/write-a-provider.md"
FILE = re.compile(r'^```\w+ title="([^"]+)"\n(.*?)^```', re.DOTALL | re.MULTILINE)
# Bugs that use a name which the module has not.
_TICKS = 'PROVIDER = "mistral"\n_TICKS = __import__("itertools").count()'
_DECODER = "\n\n_DECODER = MistralDecoder()\n\n\nclass MistralProvider"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin whose copies are patched, and the suite that is run on them."""

    module: str
    source: Path
    suite: str
    mutants: tuple[Mutant, ...]
    beside: dict[str, bytes] = field(default_factory=dict)
    """Files that stand beside the copied module."""

    def write(self, folder: Path, mutant: Mutant | None) -> None:
        copy = folder / self.module
        shutil.copytree(self.source, copy, ignore=shutil.ignore_patterns("__pycache__"))
        for name, content in self.beside.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        if mutant is not None:
            (copy / f"{mutant.module}.py").write_text(self.patched(mutant))

    def patched(self, mutant: Mutant) -> str:
        """The module's text with the bug; raises if what it replaces does not stand there once."""
        text = (self.source / f"{mutant.module}.py").read_text()
        found = text.count(mutant.old)
        if found != 1:
            raise ValueError(f"{mutant.name}: its place stands {found} times in {mutant.module}.py")
        text = text.replace(mutant.old, mutant.new)
        if "_TICKS" in mutant.new:
            text = text.replace('PROVIDER = "mistral"', _TICKS)
        if "_DECODER" in mutant.new:
            text = text.replace("\n\nclass MistralProvider", _DECODER)
        if "PartEnd" in mutant.new:
            text = text.replace("    ProviderFailure,\n", "    PartEnd,\n    ProviderFailure,\n")
        return text


MISTRAL = Plugin(
    "indox_mistral",
    ROOT / "plugins/indox-mistral/src/indox_mistral",
    str(ROOT / "tests/plugins/mistral/test_contract.py::TestMistral"),
    MUTANTS,
)


def lantern(folder: Path, page: Path = PAGE) -> Plugin:
    """The plugin that the tutorial's page builds."""
    from indox_core._cli.new_provider import rendered

    files = dict(rendered("lantern", compatible=False))
    files |= {path: content.encode() for path, content in FILE.findall(page.read_text())}
    source = folder / "indox_lantern"
    source.mkdir()
    beside = {
        "indox_lantern-0.1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: indox-lantern\n"
        b"Version: 0.1.0\n",
        "indox_lantern-0.1.0.dist-info/entry_points.txt": b"[indox]\nlantern = indox_lantern\n",
        "pytest.ini": b"[pytest]\nfilterwarnings = error\n",
    }
    for path, content in files.items():
        if path.startswith("src/indox_lantern/"):
            (source / path.removeprefix("src/indox_lantern/")).write_bytes(content)
        elif path.startswith("tests/"):
            beside[path] = content
    suite = "tests/test_contract.py::TestLantern"
    return Plugin("indox_lantern", source, suite, TUTORIAL_MUTANTS, beside)


class _First:
    """Remembers the first test that fails."""

    def __init__(self) -> None:
        self.failed: str | None = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid.partition("::")[2]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and self.failed is None:
            self.failed = "the import"


def _run(plugin: Plugin, mutant: Mutant | None) -> str | None:
    """In a process of its own: the test that fails first, `None` if all pass."""
    first = _First()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home).resolve()
        plugin.write(folder, mutant)
        sys.path.insert(0, home)
        # The process that was forked may have the plugin without the bug, and its tests.
        for name in [n for n in sys.modules if n.partition(".")[0] in (plugin.module, "tests")]:
            del sys.modules[name]
        os.environ |= {"PYTHONPATH": home, "PYTHONDONTWRITEBYTECODE": "1"}
        options = ["-x", "-q", "-n0", "-p", "no:cacheprovider", "-p", "no:randomly"]
        os.chdir(ROOT if plugin is MISTRAL else folder)
        with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
            code = pytest.main([*options, plugin.suite], plugins=[first])
        os.chdir(ROOT)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and first.failed is None:
        raise RuntimeError(f"pytest ended with {code!r}")
    return first.failed


def caught_by(plugin: Plugin, mutant: Mutant | None) -> str | None:
    """The test that fails first, `None` if all pass; without a bug, the copy itself is tried."""
    (outcome,) = outcomes([(plugin, mutant)])
    return outcome


def outcomes(jobs: list[tuple[Plugin, Mutant | None]]) -> list[str | None]:
    """What catches each bug."""
    import indox_core.testing
    from indox_core import AsyncClient, Client  # noqa: F401 # imported once, before the forks

    assert indox_core.testing.ProviderContract
    assert version("indox-core")
    with multiprocessing.get_context("fork").Pool(2, maxtasksperchild=1) as pool:
        return pool.starmap(_run, jobs, chunksize=1)


def main(names: list[str]) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        plugins = (MISTRAL, lantern(Path(folder)))
        for plugin, broken in zip(plugins, outcomes([(p, None) for p in plugins]), strict=True):
            if broken is not None:
                sys.exit(f"{plugin.module} fails without any bug: {broken}")
        for plugin in plugins:
            chosen = [mutant for mutant in plugin.mutants if not names or mutant.name in names]
            caught = 0
            for mutant, test in zip(chosen, outcomes([(plugin, m) for m in chosen]), strict=True):
                print(f"{'caught ' if test else 'MISSED '} {mutant.name}: {test or ''}")
                caught += test is not None
            print(f"{caught} of {len(chosen)} bugs caught in {plugin.module}", flush=True)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])

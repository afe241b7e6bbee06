"""The tests on one end of the ranges in our metadata, in an environment that is thrown away."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
WORKSPACE = "the workspace"


def run(resolution: str) -> int:
    """Install, test, report; the command line's arguments and the exit code are pytest's."""
    settings = tomllib.loads(PROJECT.read_text())["tool"]["uv"]
    with tempfile.TemporaryDirectory(prefix="indox-") as name:
        folder = Path(name)
        python = _install(folder, resolution, settings)
        versions = {item["name"]: item["version"] for item in _listed(python)}
        differences = moved(settings["constraint-dependencies"], versions)
        _print("Moved, against the pins:", differences or ["nothing"])
        report = folder / "report.xml"
        # The other family of reports has no place for what the contract records of each test.
        options = ["-p", "no:cacheprovider", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        environment = {**os.environ, "VIRTUAL_ENV": str(python.parents[1])}
        code = subprocess.run(
            [python, "-m", "pytest", *options, *sys.argv[1:]], cwd=ROOT, env=environment
        ).returncode
        _print("Moved, against the pins:", differences or ["nothing"])
        if resolution == "highest":
            _print("Newer still, outside our ranges:", _held_back(python) or ["nothing"])
        if report.exists():
            failed = broken(ElementTree.parse(report).getroot(), distributions())
            _print("Broken:", failed or ["nothing"])
        print("Green." if code == 0 else f"Not green: pytest ended with {code}.")
    return code


def _install(folder: Path, resolution: str, settings: Mapping[str, Any]) -> Path:
    """All that `uv run` would install, but for the pins."""
    # uv takes the pins from the project that it is started in: so not here.
    environment, excludes = folder / "environment", folder / "excludes"
    excludes.write_text("\n".join(settings["exclude-dependencies"]))
    _uv(folder, "venv", "--quiet", f"--python={sys.executable}", str(environment))
    python = environment / ("Scripts" if os.name == "nt" else "bin") / "python"
    _uv(
        folder, "pip", "install", "--quiet", f"--python={python}", f"--resolution={resolution}",
        f"--excludes={excludes}", f"--requirements={PROJECT}",
        *(f"--group={PROJECT}:{group}" for group in settings["default-groups"]),
    )  # fmt: skip
    return python


def _uv(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["uv", *arguments], cwd=folder, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)  # uv has said why
    return done.stdout


def _listed(python: Path, *options: str) -> list[dict[str, str]]:
    """What is installed, without our own distributions."""
    arguments = ["--quiet", "--exclude-editable", "--format=json", f"--python={python}", *options]
    found: list[dict[str, str]] = json.loads(_uv(python.parent, "pip", "list", *arguments))
    return found


def moved(pins: Iterable[str], versions: Mapping[str, str]) -> list[str]:
    """What is installed and not as pinned."""
    pinned = dict(pin.split("==") for pin in pins)
    return [
        f"{name} {pinned.get(name, '(new)')} -> {version}"
        for name, version in sorted(versions.items())
        if pinned.get(name) != version
    ]


def _held_back(python: Path) -> list[str]:
    """Of what our members ask for by name: the versions that their ranges keep out."""
    asked = {re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in _dependencies()}
    return [
        f"{item['name']} {item['version']}, not {item['latest_version']}"
        for item in _listed(python, "--outdated")
        if item["name"] in asked
    ]


def _members() -> Iterator[tuple[Path, dict[str, Any]]]:
    for pattern in tomllib.loads(PROJECT.read_text())["tool"]["uv"]["workspace"]["members"]:
        for path in sorted(ROOT.glob(f"{pattern}/pyproject.toml")):
            yield path.parent, tomllib.loads(path.read_text())["project"]


def _dependencies() -> Iterator[str]:
    for _, project in _members():
        yield from project["dependencies"]
        for lines in project.get("optional-dependencies", {}).values():
            yield from lines


def distributions() -> dict[str, str]:
    """The distribution of each folder of tests: `openai` is indox-openai's."""
    return {
        package.name.removeprefix("indox_"): project["name"]
        for folder, project in _members()
        for package in folder.glob("src/*")
    }


def broken(report: ElementTree.Element, owners: Mapping[str, str]) -> list[str]:
    """The failed tests, each below the distribution that it is about."""
    found: dict[str, dict[str, None]] = {}
    for case in report.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            test = _node(case.get("classname") or "", case.get("name") or "")
            found.setdefault(_owner(test, owners), {})[test] = None
    lines: list[str] = []
    for owner, tests in sorted(found.items()):
        lines += [f"{owner}: {len(tests)}", *(f"  {test}" for test in tests)]
    return lines


def _node(classname: str, name: str) -> str:
    """What pytest takes: `tests.core.test_a.TestB` and `test_c` as tests/core/test_a.py::..."""
    module, _, classes = re.sub(r"(\btest_\w+)\.", r"\1 ", classname or name).partition(" ")
    names = [*classes.split("."), name] if classname else []
    return "::".join([module.replace(".", "/") + ".py", *filter(None, names)])


def _owner(test: str, owners: Mapping[str, str]) -> str:
    """By the test's folder; else by the provider that its name or its parameters name."""
    path, _, name = test.partition("::")
    words = [*path.split("/"), *re.split(r"[^a-z]+", name)]
    return next((owners[word] for word in words if word in owners), WORKSPACE)


def _print(title: str, lines: Iterable[str]) -> None:
    print(f"\n{title}", *lines, sep="\n  ", flush=True)

"""`indox new-provider`: what it writes is whole, has echo's shape, and passes its own checks."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from indox_core._cli.app import app
from indox_core._cli.new_provider import rendered

ROOT = Path(__file__).resolve().parents[2]
ECHO = ROOT / "contrib/indox-echo"
BIN = Path(sys.executable).parent


def written(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_it_has_the_shape_of_echo():
    files = dict(rendered("echo", compatible=False))
    ours = {path: content for path, content in written(ECHO).items() if "__pycache__" not in path}
    tests = written(ROOT / "tests/contrib/echo")
    # Echo's license and tests are the repository's, whose CI is its own.
    own = {"LICENSE", "tests/test_contract.py", "tests/recorded/text.json", ".gitignore",
           ".github/workflows/test.yml"}  # fmt: skip
    assert set(files) ^ set(ours) == own
    for path in ("src/indox_echo/__init__.py", "src/indox_echo/py.typed"):
        assert files[path] == ours[path]
    assert files["tests/recorded/text.json"] == tests["recorded/text.json"]
    modules = [files["tests/test_contract.py"], tests["test_contract.py"]]
    assert len({ast.dump(ast.parse(module)) for module in modules}) == 1
    metadata = [tomllib.loads(m["pyproject.toml"].decode()) for m in (files, ours)]
    for table in ("entry-points", "dependencies", "requires-python", "name", "version", "readme"):
        assert metadata[0]["project"][table] == metadata[1]["project"][table]
    assert metadata[0]["build-system"] == metadata[1]["build-system"]


def test_echo_has_under_40_lines_and_a_compatible_vendor_under_10():
    echo = (ECHO / "src/indox_echo/__init__.py").read_text()
    assert len(echo.splitlines()) < 40
    files = dict(rendered("acme", compatible=True))
    (vendor,) = [
        node
        for node in ast.parse(files["src/indox_acme/__init__.py"]).body
        if isinstance(node, ast.ClassDef)
    ]
    assert vendor.end_lineno - vendor.lineno + 1 < 10


@pytest.mark.parametrize(
    ("name", "options"),
    [("acme", []), ("acme-of-the-west-and-the-east", ["--compatible"])],
    ids=["plain", "compatible"],
)
def test_what_it_writes_passes_its_tests_ruff_and_mypy(tmp_path, name, options):
    def run(*command):
        done = subprocess.run(
            command,
            cwd=folder if folder.exists() else tmp_path,
            env={**os.environ, "PYTHONPATH": f"{folder}/src"},
            capture_output=True,
            text=True,
            timeout=110,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    folder = tmp_path / f"indox-{name}"
    run(str(BIN / "indox"), "new-provider", name, *options)
    info = folder / "src" / f"indox_{name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name}\nVersion: 0.1.0\n")
    points = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["entry-points"]
    (info / "entry_points.txt").write_text(
        "[indox]\n" + "\n".join(f"{key} = {value}" for key, value in points["indox"].items())
    )
    printed = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert re.search(r"^\d+ passed", printed, re.MULTILINE), printed[-500:]
    run(str(BIN / "ruff"), "check")
    run(str(BIN / "ruff"), "format", "--check")
    run(str(BIN / "mypy"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai", "offered by indox-openai"),
        ("echo", "offered by indox-echo"),
        ("core", "distribution indox-core is installed"),
        ("indox-acme", 'without "indox-": acme'),
        ("Acme", "lower-case"),
        ("../acme", "lower-case"),
        ("a--b", "lower-case"),
        ("1acme", "lower-case"),
        ("", "lower-case"),
        ("a" * 31, "at most 30"),
        ("acmé", "lower-case"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_written(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-provider", name])
    assert done.exit_code == 2
    assert said in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_told_where_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["new-provider", "acme", "--json"])
    assert json.loads(done.output) == {"path": str(tmp_path / "indox-acme")}


def test_what_is_there_already_is_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "indox-acme").mkdir()
    (tmp_path / "indox-acme/mine.txt").write_text("mine")
    done = CliRunner().invoke(app, ["new-provider", "acme"])
    assert (done.exit_code, "is there already" in done.output) == (2, True)
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")] == [
        "indox-acme", "indox-acme/mine.txt"]  # fmt: skip


def test_what_cannot_be_written_whole_is_not_written_at_all(tmp_path, monkeypatch):
    def full_disk(name, compatible):
        yield "pyproject.toml", b"[project]"
        raise OSError(28, "No space left on device")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("indox_core._cli.new_provider.rendered", full_disk)
    done = CliRunner().invoke(app, ["new-provider", "acme"])
    assert (done.exit_code, "No space left" in done.output) == (1, True)
    assert list(tmp_path.iterdir()) == []

"""The workspace's own promises: pins, versions, files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEMBERS = [ROOT / "core", *sorted(ROOT.glob("plugins/*")), *sorted(ROOT.glob("contrib/*/"))]


def project(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text())


def test_the_two_lists_of_pins_are_equal():
    pins = project(ROOT)["tool"]["uv"]["constraint-dependencies"]
    text = (ROOT / "requirements.txt").read_text()
    assert pins == re.findall(r"^([A-Za-z0-9._-]+==[^ \\]+)", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z])", text)[1:]
    assert len(entries) == len(pins)
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in text


def test_core_and_its_plugins_have_one_version():
    versions = {project(m)["project"]["version"] for m in MEMBERS if "contrib" not in m.parts}
    assert len(versions) == 1


def test_every_member_is_typed_and_licensed():
    for member in MEMBERS:
        assert list(member.glob("src/*/py.typed")), member
        assert (member / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_lock_with_its_addresses_stays_out():
    assert "uv.lock" in (ROOT / ".gitignore").read_text().split()


def test_people_see_five_folders():
    seen = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    made = {"dist", "build", "site"}
    assert seen - made == {"core", "plugins", "tests", "contrib", "docs"}


def test_the_core_names_no_provider():
    """What a vendor is called, and what its SDK does, is the plugins' business."""
    vendors = re.compile(r"indox_(openai|anthropic|google|mistral)|import (openai|anthropic)")
    for source in (ROOT / "core/src").rglob("*.py"):
        assert not vendors.search(source.read_text()), source


def test_plugins_import_only_the_public_doors():
    for member in MEMBERS[1:]:
        provides = "indox" in project(member)["project"].get("entry-points", {})
        doors = {"indox_core.plugin"} if provides else {"indox_core"}
        for source in member.glob("src/**/*.py"):
            for module in re.findall(r"(?:from|import) (indox_core[\w.]*)", source.read_text()):
                assert module in doors, source

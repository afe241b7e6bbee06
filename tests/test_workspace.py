"""The workspace's own promises: pins, versions, files."""

from __future__ import annotations

import re
import runpy
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from packaging.requirements import Requirement

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


def ranges(folder: Path) -> list[Requirement]:
    """What a member, or the workspace itself, asks for: always, in an extra, in a group."""
    whole = project(folder)
    found = list(whole["project"]["dependencies"])
    for lists in ("optional-dependencies", "dependency-groups"):
        for lines in (whole["project"].get(lists) or whole.get(lists) or {}).values():
            found += lines
    return [Requirement(line) for line in found]


def providers(folder: Path) -> dict[str, Requirement]:
    """The SDK that the spec of each provider of a member names."""
    found = {}
    for name, value in project(folder)["project"].get("entry-points", {}).get("indox", {}).items():
        sdk = EntryPoint(name, value, "indox").load().indox_provider().spec.sdk
        if sdk is not None:
            found[name] = Requirement(sdk)
    return found


@pytest.mark.parametrize("folder", [ROOT, *MEMBERS], ids=lambda folder: folder.name)
def test_every_pin_lies_in_the_ranges_that_we_state(folder):
    pins = dict(pin.split("==") for pin in project(ROOT)["tool"]["uv"]["constraint-dependencies"])
    ours = {project(member)["project"]["name"] for member in MEMBERS}
    for asked in ranges(folder):
        if asked.name not in ours:
            assert asked.specifier.contains(pins[asked.name]), asked
            # `.ci/oldest` tests the lower bound: there is one.
            assert {one.operator for one in asked.specifier} & {">=", "=="}, asked


@pytest.mark.parametrize("member", MEMBERS, ids=lambda folder: folder.name)
def test_a_spec_names_the_range_that_the_metadata_asks_for(member):
    """The member's own metadata, or that of the member whose SDK it uses."""
    names = {asked.name for asked in ranges(member)}
    near = [m for m in MEMBERS if m == member or project(m)["project"]["name"] in names]
    asked = {(one.name, one.specifier) for folder in near for one in ranges(folder)}
    for sdk in providers(member).values():
        assert (sdk.name, sdk.specifier) in asked
        bounds = sorted(one.operator for one in sdk.specifier)
        assert bounds in (["<", ">="], ["=="]), sdk


@pytest.fixture(scope="module")
def unpinned() -> SimpleNamespace:
    """What `.ci/newest` and `.ci/oldest` share."""
    return SimpleNamespace(**runpy.run_path(str(ROOT / ".ci/unpinned.py")))


def test_what_moved_is_said_against_the_pins(unpinned):
    installed = {"openai": "3.57.0", "httpx2": "2.16.2", "wcwidth": "0.3"}
    assert unpinned.moved(["openai==3.54.0", "httpx2==2.16.2", "rich==15"], installed) == [
        "openai 3.54.0 -> 3.57.0",
        "wcwidth (new) -> 0.3",
    ]


def test_what_broke_is_said_by_distribution(unpinned):
    failed = [
        ("tests.plugins.openai.test_contract.TestOpenAI", "test_a[x.y]"),
        ("tests.plugins.test_every_provider", "test_models_are_listed[google-public]"),
        ("tests.e2e.test_wheels", "test_the_quick_start"),
        ("", "tests.core.test_engine"),
    ]
    report = ElementTree.Element("testsuites")
    for classname, name in failed:
        case = ElementTree.SubElement(report, "testcase", classname=classname, name=name)
        ElementTree.SubElement(case, "failure" if classname else "error")
        ElementTree.SubElement(case, "error")
    ElementTree.SubElement(report, "testcase", classname="tests.core.test_wire", name="test_b")
    assert unpinned.broken(report, unpinned.distributions()) == [
        "indox-core: 1",
        "  tests/core/test_engine.py",
        "indox-google: 1",
        "  tests/plugins/test_every_provider.py::test_models_are_listed[google-public]",
        "indox-openai: 1",
        "  tests/plugins/openai/test_contract.py::TestOpenAI::test_a[x.y]",
        "the workspace: 1",
        "  tests/e2e/test_wheels.py::test_the_quick_start",
    ]


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

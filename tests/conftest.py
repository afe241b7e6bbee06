"""What several test modules share: servers, a clean environment, the shared folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from once import Once, home_of_the_run
from servers.openai import OpenAIServer

from indox_core import Client

# 200 examples of each property here; HYPOTHESIS_PROFILE=nightly takes the long way.
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, database=None)
hypothesis.settings.register_profile(
    "nightly",
    max_examples=50_000,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure() -> None:
    """A pytest that a test starts is one process: the cores have their workers already."""
    os.environ["PYTEST_XDIST_AUTO_NUM_WORKERS"] = "0"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tests had to tell, before the reasons of those that were left out."""
    for report in terminalreporter.stats.get("passed", []):
        for name, text in report.user_properties:
            if name == "told":
                terminalreporter.write_line(f"{report.nodeid.rpartition('::')[2]}: {text}")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Says something below the dots, also of a test that passes."""
    return lambda text: record_property("told", text)


@pytest.fixture(scope="session")
def once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Once:
    return Once(home_of_the_run(request, tmp_path_factory.getbasetemp()))


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test sees no key of the machine that it runs on."""
    for name in list(os.environ):
        if (
            name.startswith(("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "MISTRAL_", "INDOX_"))
            and name != "INDOX_SHARED"
        ):
            monkeypatch.delenv(name)


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture
def client(openai_server: OpenAIServer) -> Iterator[Client]:
    """A client whose openai goes to the loopback server."""
    config = {"api_key": "sk-loopback", "base_url": openai_server.base_url}
    with Client(providers={"openai": config}) as client:
        yield client


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared material; users have none, so tests that read it are left out there."""
    folder = Path(os.environ.get("INDOX_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"left out: no shared folder at {folder.name}; set INDOX_SHARED")
    return folder

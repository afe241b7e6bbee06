"""What several test modules share: servers, a clean environment, the shared folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
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

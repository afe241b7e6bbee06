"""indox-google passes the contract, by its SDK's transport and by its public calls."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from indox_core.testing import ProviderContract
from indox_google._provider import GoogleProvider


class TestGoogle(ProviderContract):
    provider = GoogleProvider
    recorded = Path(__file__).parent / "recorded"
    model = "gemini-2.5-flash"


class TestGoogleByPublicCalls(TestGoogle):
    """As when the SDK's private parts have moved."""

    @pytest.fixture(autouse=True)
    def public(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("indox_google._connection.private_transport", lambda: None)


class TestGoogleByAiohttp(TestGoogle):
    async_client: ClassVar[dict[str, Any]] = {"transport": "aiohttp"}

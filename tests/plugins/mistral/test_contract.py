"""indox-mistral passes the contract, by its SDK's transport and by its public calls."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from indox_core.testing import ProviderContract
from indox_mistral._provider import MistralProvider


class TestMistral(ProviderContract):
    provider = MistralProvider
    recorded = Path(__file__).parent / "recorded"
    model = "mistral-small-latest"


class TestMistralByPublicCalls(TestMistral):
    """As when the SDK's private parts have moved."""

    @pytest.fixture(autouse=True)
    def public(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("indox_mistral._connection.hook_context", lambda: None)


class TestMistralByAiohttp(TestMistral):
    async_client: ClassVar[dict[str, Any]] = {"transport": "aiohttp"}

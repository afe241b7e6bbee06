"""indox-anthropic passes the contract."""

from pathlib import Path
from typing import Any, ClassVar

from indox_anthropic._provider import AnthropicProvider
from indox_core.testing import ProviderContract


class TestAnthropic(ProviderContract):
    provider = AnthropicProvider
    recorded = Path(__file__).parent / "recorded"
    model = "claude-haiku-4-5"


class TestAnthropicByAiohttp(TestAnthropic):
    async_client: ClassVar[dict[str, Any]] = {"transport": "aiohttp"}

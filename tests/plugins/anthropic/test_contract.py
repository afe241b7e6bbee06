"""indox-anthropic passes the contract."""

from pathlib import Path

from indox_anthropic._provider import AnthropicProvider
from indox_core.testing import ProviderContract


class TestAnthropic(ProviderContract):
    provider = AnthropicProvider
    recorded = Path(__file__).parent / "recorded"
    model = "claude-haiku-4-5"

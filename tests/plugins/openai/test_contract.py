"""indox-openai passes the contract with both of its APIs."""

from pathlib import Path
from typing import Any, ClassVar

from indox_core.testing import ProviderContract
from indox_openai._provider import OpenAIProvider

RECORDED = Path(__file__).parent / "recorded"


class TestResponses(ProviderContract):
    provider = OpenAIProvider
    recorded = RECORDED / "responses"
    model = "gpt-5-mini"
    options: ClassVar = {"provider_options": {"openai": {"api": "responses"}}}
    refuses = frozenset({"audio", "stop"})
    models_without: ClassVar = {"temperature": "gpt-4o-mini", "top_p": "gpt-4o-mini"}


class TestChat(ProviderContract):
    provider = OpenAIProvider
    recorded = RECORDED / "chat"
    model = "gpt-4o-mini"
    options: ClassVar = {"provider_options": {"openai": {"api": "chat"}}}
    refuses = frozenset({"web_search"})


class TestResponsesByAiohttp(TestResponses):
    async_client: ClassVar[dict[str, Any]] = {"transport": "aiohttp"}

"""Six vendors of indox-compatible pass the contract with answers in their own shapes."""

from pathlib import Path
from typing import ClassVar

import indox_compatible
from indox_core.testing import ProviderContract

RECORDED = Path(__file__).parent / "recorded"


class OfVendor(ProviderContract):
    __test__ = False
    plugin: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.__test__ = True
        cls.provider = getattr(indox_compatible, cls.plugin).indox_provider()
        cls.recorded = RECORDED / cls.plugin


class TestGroq(OfVendor):
    plugin = "groq"


class TestDeepSeek(OfVendor):
    plugin = "deepseek"


class TestXAI(OfVendor):
    plugin = "xai"


class TestOpenRouter(OfVendor):
    plugin = "openrouter"


class TestPerplexity(OfVendor):
    plugin = "perplexity"


class TestOllama(OfVendor):
    plugin = "ollama"
    never_says: ClassVar = {"cached": "Ollama counts no cached tokens"}

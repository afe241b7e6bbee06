"""OpenAI for Indox, and the base of providers that speak its protocol."""

from ._compatible import OpenAICompatible
from ._options import SDK, OpenAIOptions

__all__ = ["SDK", "OpenAICompatible", "OpenAIOptions"]

"""Talk to any language model through one schema, directly, with your own key.

This module is for callers; `indox_core.plugin` is for those who write a provider, and
`indox_core.testing` for those who test one. Everything else may move at any time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._client import AsyncClient, Client
    from ._engine import ChatStream, Explanation
    from ._engine.drive_async import AsyncChatStream
    from ._errors import (
        APIError,
        AuthenticationError,
        BudgetExceededError,
        CallError,
        ConfigurationError,
        ContentFilterError,
        ContextLengthError,
        DuplicateProviderError,
        IndoxError,
        InsufficientCreditsError,
        InvalidParametersError,
        MalformedResponseError,
        MissingKeyError,
        ModelNotFoundError,
        NetworkError,
        OverloadedError,
        PermissionDeniedError,
        PluginLoadError,
        ProviderError,
        ProviderNotFoundError,
        RateLimitError,
        StreamInterruptedError,
        TimeoutError,
        UnsupportedFeatureError,
        ValidationError,
    )
    from ._money import PriceRange, TokenRange
    from ._options import ChatOptions, ProviderConfig
    from ._plugins import ModelInfo, Retry, hookimpl
    from ._schema import (
        Adaptation,
        AudioPart,
        ChatEnd,
        ChatRequest,
        ChatResponse,
        Choice,
        Chunk,
        Citation,
        ClientUsage,
        ContentPart,
        Conversation,
        CostBreakdown,
        DocumentPart,
        Finish,
        Image,
        ImagePart,
        Media,
        Message,
        ModelTotals,
        ProviderState,
        Rates,
        ReasoningDelta,
        ReasoningPart,
        Receipt,
        ReceiptLine,
        ResponseSchema,
        TextDelta,
        TextPart,
        TokenUsage,
        Tool,
        ToolCallDelta,
        ToolCallPart,
        ToolChoice,
        ToolResultPart,
        Usage,
        UsageSnapshot,
    )

__all__ = [
    "APIError",
    "Adaptation",
    "AsyncChatStream",
    "AsyncClient",
    "AudioPart",
    "AuthenticationError",
    "BudgetExceededError",
    "CallError",
    "ChatEnd",
    "ChatOptions",
    "ChatRequest",
    "ChatResponse",
    "ChatStream",
    "Choice",
    "Chunk",
    "Citation",
    "Client",
    "ClientUsage",
    "ConfigurationError",
    "ContentFilterError",
    "ContentPart",
    "ContextLengthError",
    "Conversation",
    "CostBreakdown",
    "DocumentPart",
    "DuplicateProviderError",
    "Explanation",
    "Finish",
    "Image",
    "ImagePart",
    "IndoxError",
    "InsufficientCreditsError",
    "InvalidParametersError",
    "MalformedResponseError",
    "Media",
    "Message",
    "MissingKeyError",
    "ModelInfo",
    "ModelNotFoundError",
    "ModelTotals",
    "NetworkError",
    "OverloadedError",
    "PermissionDeniedError",
    "PluginLoadError",
    "PriceRange",
    "ProviderConfig",
    "ProviderError",
    "ProviderNotFoundError",
    "ProviderState",
    "RateLimitError",
    "Rates",
    "ReasoningDelta",
    "ReasoningPart",
    "Receipt",
    "ReceiptLine",
    "ResponseSchema",
    "Retry",
    "StreamInterruptedError",
    "TextDelta",
    "TextPart",
    "TimeoutError",
    "TokenRange",
    "TokenUsage",
    "Tool",
    "ToolCallDelta",
    "ToolCallPart",
    "ToolChoice",
    "ToolResultPart",
    "UnsupportedFeatureError",
    "Usage",
    "UsageSnapshot",
    "ValidationError",
    "hookimpl",
]

# In the order in which they are asked for a name: what is light comes first.
_MODULES = (
    "_client",
    "_options",
    "_errors",
    "_schema",
    "_money",
    "_plugins",
    "_engine",
    "_engine.drive_async",
)


if not TYPE_CHECKING:  # a type checker knows the names, and that there are no others

    def __getattr__(name: str) -> Any:
        """A public name, imported when it is first asked for: `import indox_core` costs nothing."""
        if name in __all__:
            for module in _MODULES:
                found = vars(import_module(f"{__name__}.{module}")).get(name)
                if found is not None:
                    return globals().setdefault(name, found)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})

"""Talk to any language model through one schema, directly, with your own key.

This module is for callers; `indox_core.plugin` is for those who write a provider, and
`indox_core.testing` for those who test one. Everything else may move at any time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._budget import PriceRange, TokenRange
from ._client import AsyncClient, ChatOptions, Client, ProviderConfig
from ._content import (
    AudioPart,
    ContentPart,
    DocumentPart,
    ImagePart,
    Media,
    ProviderState,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from ._drive_sync import ChatStream
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
from ._events import ChatEnd, Chunk, ReasoningDelta, TextDelta, ToolCallDelta, UsageSnapshot
from ._explanation import Explanation
from ._hookspecs import Retry, hookimpl
from ._ledger import ClientUsage, ModelTotals
from ._messages import Adaptation, Message
from ._provider import ModelInfo
from ._request import ChatRequest, ResponseSchema, Tool, ToolChoice
from ._response import ChatResponse, Choice, Citation, Finish
from ._usage import CostBreakdown, Rates, Receipt, ReceiptLine, TokenUsage, Usage

if TYPE_CHECKING:
    from ._drive_async import AsyncChatStream

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
    "CostBreakdown",
    "DocumentPart",
    "DuplicateProviderError",
    "Explanation",
    "Finish",
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


def __getattr__(name: str) -> Any:
    if name == "AsyncChatStream":  # its module imports asyncio
        from ._drive_async import AsyncChatStream

        return AsyncChatStream
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

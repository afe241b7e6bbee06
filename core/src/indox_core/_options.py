"""The optional arguments of clients and calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic import BaseModel, SecretStr

    from ._schema import ReasoningEffort, ResponseSchema, Tool, ToolChoice

Models: TypeAlias = str | list[str] | tuple[str, ...]
"""One model, or several that are asked in this order until one answers."""
OnUnsupported = Literal["adapt", "error"]


class ProviderConfig(TypedDict, total=False):
    """How one provider is reached: `Client(providers={"openai": {...}})`."""

    api_key: str | SecretStr
    base_url: str
    """Replaces the vendor's own address; with its path, as the vendor's SDK wants it."""
    headers: Mapping[str, str]
    """Sent with every call."""
    compatible_with: str
    """The provider whose protocol this server speaks, such as `openai`; then any name will do, and
    `base_url` is needed."""


class CallOptions(TypedDict, total=False):
    """The optional arguments of every call."""

    byok_api_key: str | SecretStr | None
    timeout: float | None
    max_retries: int | None


class UntypedOptions(TypedDict, total=False):
    """The optional arguments of `chat`, all but the one that gives `response.parsed` its type."""

    byok_api_key: str | SecretStr | None
    """The provider's key, for this call only."""
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    """Most tokens to write."""
    stop: str | list[str] | tuple[str, ...] | None
    seed: int | None
    tools: Iterable[Tool | Mapping[str, Any]] | None
    tool_choice: str | Mapping[str, Any] | ToolChoice | None
    """`auto`, `none`, `required`, or the name of one tool."""
    parallel_tool_calls: bool | None
    reasoning_effort: ReasoningEffort | None
    cache: bool | Literal["5m", "1h"] | None
    web_search: bool | None
    metadata: Mapping[str, str] | None
    provider_options: Mapping[str, Mapping[str, Any]] | None
    """Per provider, what only that vendor knows."""
    on_unsupported: OnUnsupported | None
    timeout: float | None
    """Seconds for the whole call: attempts, waits and body."""
    idle_timeout: float | None
    """Seconds that a stream may pause."""
    max_retries: int | None
    """Further attempts after the first."""
    max_cost: float | str | Decimal | None
    """US dollars: a call whose worst case is dearer is refused, a stream that grows dearer is
    stopped. A plain call needs `max_tokens` for it."""
    include_raw: bool | None
    """Fill `response.raw_response` with the vendor's JSON."""


class ChatOptions(UntypedOptions, total=False):
    """The optional arguments of `chat`. `None` is the same as leaving one out."""

    response_schema: Mapping[str, Any] | type[BaseModel] | ResponseSchema | None
    """The answer must match this JSON schema or pydantic class; see `response.parsed`."""

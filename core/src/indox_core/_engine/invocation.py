"""One call being made."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic import SecretStr

from indox_core._credentials import redact
from indox_core._errors import ConfigurationError, IndoxError
from indox_core._money import Spending
from indox_core._plugins import Access, Call, Provider, tell
from indox_core._schema import ChatRequest, Fold

from .connections import CLOSED
from .setup import CallSettings, Setup

if TYPE_CHECKING:
    import pluggy

log = logging.getLogger("indox")


@dataclass(slots=True)
class Invocation:
    """What is asked, of whom and until when; and how far it has come."""

    setup: Setup
    provider: Provider
    request: ChatRequest
    call: Call
    settings: CallSettings
    key: SecretStr | None
    headers: dict[str, str]
    observers: pluggy.PluginManager | None = None
    """`None`: nobody observes; only chats are observed."""
    parse: Callable[[str], Any] | None = None
    """Makes `response.parsed` of the text. `None`: no schema was asked for."""

    own_names: dict[str, str] = field(default_factory=dict)
    """The caller's names of tools that the vendor knows by others."""

    request_id: str = field(default_factory=lambda: str(uuid4()))
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    started: float = field(default_factory=time.monotonic)
    attempt: int = 0
    """The attempt that is being made, from 1."""
    fold: Fold = field(default_factory=Fold)
    """What has arrived of a stream."""
    raw: Any = None
    """The vendor's JSON, or the list of a stream's events; filled with `include_raw`."""
    began: bool = False
    """Whether output has reached the caller."""
    asked: bool = False
    """Whether the request is out and was not refused: it may have to be paid for."""
    tried: tuple[str, ...] = ()
    """The models that failed before, each as `provider/model: class of its error`."""
    provider_request_id: str | None = None
    spending: Spending | None = None
    """Watches what a stream costs. `None`: there is no limit."""
    cause: Exception | None = field(default=None, repr=False)
    """The SDK's exception, kept only with debug=True."""

    @property
    def name(self) -> str:
        return f"{self.request.provider}/{self.request.model}"

    @property
    def end(self) -> float:
        """The deadline, on the monotonic clock."""
        return self.started + self.settings.timeout

    @property
    def payer(self) -> tuple[str, int]:
        """Whose budget of further attempts it is."""
        return self.request.provider, hash(self.key)

    def access(self) -> Access:
        left = self.end - time.monotonic()
        return Access(self.key, self.request.base_url, self.headers, max(left, 0.001))

    def check_open(self) -> None:
        """Raises `ConfigurationError`, told to the observers, if the client is closed."""
        if self.setup.connections.closed:
            raise self.failed(ConfigurationError(CLOSED))

    def clean(self, text: str) -> str:
        """Text of the provider without the call's key and configured headers."""
        secrets = [value for value in self.headers.values() if len(value) >= 8]
        return redact(text, (self.key.get_secret_value() if self.key else "", *secrets))

    def vendors_id(self, from_body: str | None) -> str | None:
        identifier = from_body or self.provider_request_id
        return self.clean(identifier) if identifier else None

    def failed(self, error: IndoxError) -> IndoxError:
        """The error, told to the observers."""
        if self.setup.debug and error.__cause__ is None:
            error.__cause__ = self.cause
        self.tell("indox_chat_failed", request=self.request, error=error)
        return error

    def tell(self, hook: str, **facts: Any) -> None:
        if self.observers is not None:
            tell(self.observers, hook, request_id=self.request_id, **facts)

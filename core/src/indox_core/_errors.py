"""Every error that Indox raises.

    IndoxError
    ├── ConfigurationError          the set-up is missing or contradicts itself
    │   ├── ProviderNotFoundError
    │   ├── DuplicateProviderError
    │   ├── PluginLoadError
    │   └── MissingKeyError
    ├── ValidationError             the arguments are wrong; also a ValueError
    ├── UnsupportedFeatureError     the provider cannot do what was asked
    ├── BudgetExceededError
    ├── ProviderError               the provider answered, and the answer is a failure
    │   ├── AuthenticationError         401
    │   ├── PermissionDeniedError       403
    │   ├── InsufficientCreditsError    402, or a quota that no retry cures
    │   ├── ModelNotFoundError          404
    │   ├── InvalidParametersError      400, 413, 422
    │   │   └── ContextLengthError
    │   ├── ContentFilterError
    │   ├── RateLimitError              429
    │   ├── OverloadedError             503, 529
    │   ├── APIError                    every other failure status
    │   └── MalformedResponseError      an answer that is not what the API promises
    └── NetworkError                no usable answer
        ├── TimeoutError                also the builtin TimeoutError
        └── StreamInterruptedError      a stream without the vendor's end signal

What is raised before anything is sent: ConfigurationError, ValidationError,
UnsupportedFeatureError. Errors hold plain values, so they pickle, copy and compare equal.
"""

from __future__ import annotations

import builtins
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

FailureKind = Literal[
    "authentication",
    "permission",
    "credits",
    "not_found",
    "invalid",
    "context_length",
    "content_filter",
    "rate_limit",
    "overloaded",
    "api",
    "malformed",
    "network",
    "timeout",
]


class IndoxError(Exception):
    """Base of every error that Indox raises."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.__dict__.copy())

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.message))


def _restore(cls: type[IndoxError], state: dict[str, Any]) -> IndoxError:
    error = cls.__new__(cls, state["message"])
    Exception.__init__(error, state["message"])
    error.__dict__.update(state)
    return error


class ConfigurationError(IndoxError):
    """The set-up is missing or contradicts itself."""


class ProviderNotFoundError(ConfigurationError):
    """No installed distribution offers the provider."""


class DuplicateProviderError(ConfigurationError):
    """Two installed distributions offer the same provider; neither is used."""


class PluginLoadError(ConfigurationError):
    """A plugin cannot be loaded, or breaks its contract with the core."""


class MissingKeyError(ConfigurationError):
    """No key for a provider that needs one."""


class ValidationError(IndoxError, ValueError):
    """An argument is wrong. Nothing was sent."""


class UnsupportedFeatureError(IndoxError):
    """The provider or model cannot do what was asked. Nothing was sent."""


class BudgetExceededError(IndoxError):
    """The call would cost, or has cost, more than the caller allowed."""

    def __init__(self, message: str, *, partial: Any = None) -> None:
        super().__init__(message)
        self.partial = partial
        """`ChatResponse` of what had arrived of a stream. `None` if nothing was sent."""


class CallError(IndoxError):
    """What `ProviderError` and `NetworkError` share: which call failed, and how."""

    def __init__(
        self,
        message: str,
        *,
        provider: str = "",
        model: str = "",
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
        attempts: int = 1,
        retryable: bool = False,
        partial: Any = None,
        tried: tuple[str, ...] = (),
        details: Any = None,
    ) -> None:
        super().__init__(message)
        self.provider = provider
        self.model = model
        self.status_code = status_code
        """HTTP status of the answer. `None` if there was none."""
        self.code = code
        """The vendor's own name for the failure. `None` if it gave none."""
        self.request_id = request_id
        """The vendor's id for the request, to quote in a support case."""
        self.retry_after_s = retry_after_s
        """Seconds the provider asked us to wait. `None` if it named none."""
        self.attempts = attempts
        """How often the request was sent."""
        self.retryable = retryable
        """Whether the same request may succeed later."""
        self.partial = partial
        """`ChatResponse` of what had arrived of a stream. `None` if nothing had."""
        self.tried = tried
        """The models that were tried, each as `provider/model: class of its error`."""
        self.details = details
        """The vendor's error object as plain JSON data, long texts cut. `None` if it gave none."""


class ProviderError(CallError):
    """The provider answered with a failure."""


class AuthenticationError(ProviderError):
    """The provider does not accept the key."""


class PermissionDeniedError(ProviderError):
    """The key may not do this."""


class InsufficientCreditsError(ProviderError):
    """The account has no credit or quota left; waiting does not help."""


class ModelNotFoundError(ProviderError):
    """The provider does not know the model."""


class InvalidParametersError(ProviderError):
    """The provider refuses the request as it is."""


class ContextLengthError(InvalidParametersError):
    """The conversation is longer than the model can read."""


class ContentFilterError(ProviderError):
    """The provider refuses the request because of its content."""


class RateLimitError(ProviderError):
    """Too many requests; `retry_after_s` says when to come back, if the provider told us."""


class OverloadedError(ProviderError):
    """The provider is overloaded."""


class APIError(ProviderError):
    """The provider failed in a way that has no class of its own."""


class MalformedResponseError(ProviderError):
    """The answer is not what the provider's API promises."""


class NetworkError(CallError):
    """No usable answer arrived."""


class TimeoutError(NetworkError, builtins.TimeoutError):
    """The call's deadline, or the stream's idle timeout, has passed."""


class StreamInterruptedError(NetworkError):
    """The stream ended without the vendor's own end signal; see `partial`."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with one attempt, as a plugin's `classify` tells it."""

    kind: FailureKind
    message: str = ""
    status_code: int | None = None
    code: str | None = None
    request_id: str | None = None
    retry_after_s: float | None = None
    final: bool = False
    """Whether another attempt is known to fail too."""
    details: Any = field(default=None, repr=False)
    """The vendor's error object as plain JSON data. `None`: it gave none."""


class ProviderFailure(Exception):
    """Raised by `decode` and `push` for an error inside an answer with status 200."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


ERROR_CLASSES: dict[FailureKind, type[CallError]] = {
    "authentication": AuthenticationError,
    "permission": PermissionDeniedError,
    "credits": InsufficientCreditsError,
    "not_found": ModelNotFoundError,
    "invalid": InvalidParametersError,
    "context_length": ContextLengthError,
    "content_filter": ContentFilterError,
    "rate_limit": RateLimitError,
    "overloaded": OverloadedError,
    "api": APIError,
    "malformed": MalformedResponseError,
    "network": NetworkError,
    "timeout": TimeoutError,
}

_REMEDIES: dict[FailureKind, str] = {
    "authentication": "Check the key and the account it belongs to.",
    "permission": "Ask for access to this model, or use another key.",
    "credits": "Add credit or raise the limit in the provider's console.",
    "not_found": "Check the model's name.",
    "context_length": "Shorten the conversation or lower max_tokens.",
    "rate_limit": "Wait, or ask the provider for a higher limit.",
    "overloaded": "Try again later or use another model.",
    "network": "Check the base URL and the connection.",
    "timeout": "Raise timeout= or ask for less.",
}

_STATUS_KINDS: dict[int, FailureKind] = {
    400: "invalid",
    401: "authentication",
    402: "credits",
    403: "permission",
    404: "not_found",
    408: "api",
    413: "invalid",
    422: "invalid",
    429: "rate_limit",
    499: "api",
    503: "overloaded",
    529: "overloaded",
}


def kind_of_status(status: int) -> FailureKind:
    """The failure that an HTTP status stands for when the vendor's body says no more."""
    return _STATUS_KINDS.get(status, "invalid" if 400 <= status < 500 else "api")


def describe(failure: Failure, provider: str) -> str:
    """What happened and what to do next, in one or two sentences."""
    facts = [
        text
        for text, present in (
            (f"HTTP {failure.status_code}", failure.status_code is not None),
            (f"code {failure.code}", failure.code),
            (f"request id {failure.request_id}", failure.request_id),
        )
        if present
    ]
    text = f"{provider}: {failure.message or failure.kind.replace('_', ' ')}"
    if facts:
        text += f" ({', '.join(facts)})"
    remedy = _REMEDIES.get(failure.kind)
    return f"{text.rstrip('.')}. {remedy}" if remedy else text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean "mistral"?`, or nothing if no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""

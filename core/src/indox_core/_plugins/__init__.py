"""What a provider is, the hooks, how plugins are found, and connections that speak HTTP."""

from .capabilities import CAPABILITIES, Capability, without
from .failures import FailureRow, failure_by_class, read_refused, with_headers
from .function_connection import FunctionConnection, IteratorEvents
from .hooks import Retry, ask, hookimpl, tell
from .http_connection import HTTPConnection, ResponseConnection
from .model_facts import EFFORTS, ModelFacts, ModelTable, fitted, nearest_effort
from .provider import (
    CONTRACT_VERSIONS,
    Access,
    Answer,
    AsyncEventSource,
    Call,
    Connection,
    ConnectionSettings,
    EventSource,
    ModelInfo,
    ModelLister,
    Provider,
    ProviderSpec,
    StreamDecoder,
    TokenCounter,
    breach,
    check_provider,
    events_of,
)
from .refusals import Refusal, Rule, rules_by_name
from .registry import Installed, Registry, installed
from .sdk_connection import PostConnection, SDKConnection
from .tool_names import event_with_own_name, own_names, with_own_names, with_taken_names

__all__ = [
    "CAPABILITIES",
    "CONTRACT_VERSIONS",
    "EFFORTS",
    "Access",
    "Answer",
    "AsyncEventSource",
    "Call",
    "Capability",
    "Connection",
    "ConnectionSettings",
    "EventSource",
    "FailureRow",
    "FunctionConnection",
    "HTTPConnection",
    "Installed",
    "IteratorEvents",
    "ModelFacts",
    "ModelInfo",
    "ModelLister",
    "ModelTable",
    "PostConnection",
    "Provider",
    "ProviderSpec",
    "Refusal",
    "Registry",
    "ResponseConnection",
    "Retry",
    "Rule",
    "SDKConnection",
    "StreamDecoder",
    "TokenCounter",
    "ask",
    "breach",
    "check_provider",
    "event_with_own_name",
    "events_of",
    "failure_by_class",
    "fitted",
    "hookimpl",
    "installed",
    "nearest_effort",
    "own_names",
    "read_refused",
    "rules_by_name",
    "tell",
    "with_headers",
    "with_own_names",
    "with_taken_names",
    "without",
]

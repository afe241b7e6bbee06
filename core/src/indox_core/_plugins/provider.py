"""The contract between the core and a provider plugin, version 1."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel, SecretStr

from indox_core._credentials import HiddenText
from indox_core._errors import Failure, PluginLoadError, UnsupportedFeatureError
from indox_core._schema import (
    JSON,
    Adaptation,
    ChatEnd,
    ChatEvent,
    ChatRequest,
    ChatStart,
    CitationFound,
    PartEnd,
    Rates,
    ReasoningDelta,
    ReasoningPart,
    RefusalDelta,
    Reply,
    Surcharge,
    TextDelta,
    TextPart,
    TokenUsage,
    ToolCallDelta,
    ToolCallPart,
    UsageSnapshot,
    arguments_text,
)

from .capabilities import Capability
from .model_facts import ModelFacts, ModelTable

if TYPE_CHECKING:
    import httpx2


def breach(provider: str, method: str, wanted: str, value: object) -> PluginLoadError:
    """The error of a plugin whose method returns what the contract does not know."""
    return PluginLoadError(
        f'The plugin for "{provider}" breaks the contract: {method}() must return {wanted}, not '
        f"{type(value).__name__}."
    )


CONTRACT_VERSION = 1
CONTRACT_VERSIONS = tuple(range(max(CONTRACT_VERSION - 1, 1), CONTRACT_VERSION + 1))
"""The contract versions that this core accepts: its own and the one before, if there was one."""


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """What the core must know of a provider before its first call."""

    name: str
    """The prefix in `provider/model`; equals the entry point's name."""
    contract: int
    """The contract version that the plugin was written for."""
    key_variable: str | None = None
    """The environment variable that holds the key. `None`: the provider needs no key."""
    base_url: str = ""
    """The vendor's own address; '' for a provider that has none."""
    sdk: str | None = None
    """The SDK's distribution and tested range, such as `openai>=3.54,<4`."""
    fetches_urls: frozenset[str] = frozenset()
    """The kinds of part (`image`, `document`, `audio`) whose URLs the vendor fetches itself."""
    reads_files: frozenset[str] = frozenset()
    """The kinds of part that it takes by its own id of an uploaded file."""
    lacks: frozenset[Capability] = frozenset()
    """What the provider cannot do with any model. The core refuses it, or drops and records it."""
    options: type[BaseModel] | None = None
    """Validates `provider_options[name]`. `None`: the provider has no options."""
    pairs_calls: bool = True
    """Whether it refuses a call without a result, and a result without a call."""
    tool_names: str = r"[a-zA-Z0-9_-]{1,64}"
    """A pattern that the whole of a tool's name must match; others are renamed, and back."""
    models: ModelTable[Any] | None = None
    """What each family of its models takes. `None`: no more is known than what the spec says."""
    listed_as: Mapping[str, str] = field(default_factory=dict)
    """Models that the price library lists under another name, and that name."""


@dataclass(frozen=True, slots=True)
class Call:
    """One SDK call: which operation, its arguments as wire JSON, and what was adapted.

    A call without arguments has nothing to send: over HTTP it is a GET.
    """

    operation: str
    arguments: dict[str, JSON]
    adaptations: tuple[Adaptation, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Access:
    """What one call needs besides its body: key, address, headers, time."""

    key: SecretStr | None
    base_url: str
    headers: Mapping[str, str]
    timeout_s: float
    """Seconds left of the whole call."""
    cancelled: Event = field(default_factory=Event)
    """Set when nobody waits for the answer any more; for calls that run in a worker thread."""

    @property
    def key_text(self) -> str:
        """The key itself, for the SDK call; '' if there is none. Its `repr` is hidden."""
        return HiddenText(self.key.get_secret_value() if self.key is not None else "")

    @property
    def bearer(self) -> str:
        """The value of an `Authorization` header. Its `repr` is hidden: SDKs log their headers."""
        return HiddenText(f"Bearer {self.key_text}")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: the vendor's JSON and its id for the request."""

    body: JSON
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """One model that a provider offers. `None`: the provider does not say."""

    id: str
    """As `model` wants it, without the prefix."""
    name: str | None = None
    """For people."""
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None


@runtime_checkable
class ModelLister(Protocol):
    """A provider that can say which models it offers. Both halves are pure."""

    def models_call(self, base_url: str) -> Call: ...
    def decode_models(self, body: JSON) -> tuple[ModelInfo, ...]: ...


@runtime_checkable
class TokenCounter(Protocol):
    """A provider that counts the tokens of a request without answering it. Both halves are pure."""

    def count_call(self, request: ChatRequest) -> Call:
        """Raises `UnsupportedFeatureError` where the address has no such endpoint."""
        ...

    def decode_count(self, body: JSON) -> int: ...


class EventSource(Protocol):
    """The vendor's stream as JSON events; `request_id` may be `None`."""

    request_id: str | None

    def __iter__(self) -> Iterator[JSON]: ...
    def __next__(self) -> JSON: ...
    def close(self) -> None: ...


class AsyncEventSource(Protocol):
    """The same, awaited."""

    request_id: str | None

    def __aiter__(self) -> AsyncIterator[JSON]: ...
    async def __anext__(self) -> JSON: ...
    async def aclose(self) -> None: ...


@runtime_checkable
class Connection(Protocol):
    """The only I/O of a plugin: one per provider and client, used by many threads and tasks.

    A connection may also have `asend(call, access)` and `astream(call, access)`; without them
    the core runs `send` and `stream` in a worker thread. One with `prepare(asynchronous)` is told
    before its first call, off the event loop, which of the SDK's clients it will need.
    """

    def send(self, call: Call, access: Access) -> Answer: ...
    def stream(self, call: Call, access: Access) -> EventSource: ...
    def close(self) -> None:
        """Release what the connection itself made; never the pools it was lent."""
        ...


class ConnectionSettings(Protocol):
    """What the core lends a connection. Never a key."""

    @property
    def http_client(self) -> httpx2.Client: ...
    @property
    def async_http_client(self) -> httpx2.AsyncClient: ...


class StreamDecoder(Protocol):
    """A state machine from the vendor's events to ours; no I/O."""

    finished: bool
    """True once nothing more can come, so that the rest of the connection need not be awaited."""

    def push(self, event: JSON) -> list[ChatEvent]:
        """Our events for one of the vendor's. Raises `ProviderFailure` for an error event."""
        ...

    def finish(self) -> list[ChatEvent]:
        """What the end of the stream adds. No `ChatEnd` here or before means: cut."""
        ...


class Provider(ABC):
    """Translates between the canonical schema and one vendor. Everything but `connect` is pure."""

    spec: ClassVar[ProviderSpec]

    @abstractmethod
    def encode(self, request: ChatRequest) -> Call:
        """The vendor's call. Raises `UnsupportedFeatureError` for what it cannot honour."""

    @abstractmethod
    def decode(self, body: JSON, operation: str | None = None) -> Reply:
        """The vendor's whole answer. `operation` is `None` for a stored body, told by its shape.

        Raises `ProviderFailure` for an error inside an answer with status 200.
        """

    @abstractmethod
    def connect(self, settings: ConnectionSettings) -> Connection:
        """Called once per client, off the event loop: the place to import the SDK."""

    @classmethod
    def compatible(cls, name: str, base_url: str) -> type[Provider]:
        """A provider of that name for another server that speaks this one's protocol.

        For `Client(providers={name: {"compatible_with": ..., "base_url": ...}})`.
        """
        raise UnsupportedFeatureError(f"{cls.spec.name} is no protocol that others speak.")

    def decoder(self, operation: str) -> StreamDecoder:
        """For a stream. The default takes one event, a whole answer, and emits its parts."""
        return WholeReplyDecoder(self, operation)

    def facts(self, request: ChatRequest) -> ModelFacts | None:
        """What the model of a request takes, to which the core fits it before it is encoded.

        The default looks into the spec's table. `None`: no more is known of it.
        """
        return self.spec.models.of(request.model) if self.spec.models is not None else None

    def classify(self, error: Exception) -> Failure | None:
        """What an SDK exception means. `None`: the core judges it."""
        return None

    def rates(self, model: str, at: datetime) -> Rates | None:
        """Prices where the price library has a gap. `None`: it has none."""
        return None

    def complete_rates(self, model: str, rates: Rates) -> Rates:
        """Rates that follow from others by the vendor's rules, where a list does not name them."""
        return rates

    def surcharges(self, model: str, usage: TokenUsage, at: datetime) -> tuple[Surcharge, ...]:
        """What the vendor's tiers, speeds and regions do to the price, where no list says it."""
        return ()


class WholeReplyDecoder:
    """Emits a whole reply as the events of a stream."""

    def __init__(self, provider: Provider, operation: str) -> None:
        self.finished = False
        self._provider = provider
        self._operation = operation

    def push(self, event: JSON) -> list[ChatEvent]:
        reply = self._provider.decode(event, self._operation)
        if not isinstance(reply, Reply):
            raise breach(self._provider.spec.name, "decode", "a Reply", reply)
        return events_of(reply)

    def finish(self) -> list[ChatEvent]:
        return []


def events_of(reply: Reply) -> list[ChatEvent]:
    """The events that fold back into this reply."""
    events: list[ChatEvent] = [ChatStart(reply.id, reply.model)]
    for number, choice in enumerate((reply.first, *reply.more_choices)):
        for index, part in enumerate(choice.parts):
            if isinstance(part, TextPart) and part.text:
                events.append(TextDelta(part.text, index, number))
            elif isinstance(part, ReasoningPart) and part.text:
                events.append(ReasoningDelta(part.text, index, number))
            elif isinstance(part, ToolCallPart):
                arguments = arguments_text(part)
                events.append(ToolCallDelta(index, part.id, part.name, arguments, number))
            events.append(PartEnd(part, index, number))
        if choice.refusal:
            events.append(RefusalDelta(choice.refusal, number))
    events += [CitationFound(citation) for citation in reply.citations]
    if reply.usage is not None:
        events.append(UsageSnapshot(reply.usage))
    events += [
        ChatEnd(choice.finish, number)
        for number, choice in enumerate((reply.first, *reply.more_choices))
    ]
    return events


_SPEC_TYPES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "contract": (int,),
    "key_variable": (str, type(None)),
    "base_url": (str,),
    "sdk": (str, type(None)),
    "fetches_urls": (frozenset, set, tuple, list),
    "reads_files": (frozenset, set, tuple, list),
    "lacks": (frozenset, set, tuple, list),
    "options": (type, type(None)),
    "tool_names": (str,),
    "models": (ModelTable, type(None)),
}


def check_provider(provider: Any, distribution: str = "the plugin") -> str | None:
    """What is wrong with a provider class, in words; `None` if nothing is."""
    if not (isinstance(provider, type) and issubclass(provider, Provider)):
        return f"indox_provider() must return a Provider class, not {type(provider).__name__}"
    spec = getattr(provider, "spec", None)
    if not isinstance(spec, ProviderSpec):
        return f"{provider.__name__}.spec must be a ProviderSpec"
    for name, kinds in _SPEC_TYPES.items():
        value = getattr(spec, name)
        if not isinstance(value, kinds) or isinstance(value, bool):
            shown = " or ".join("None" if kind is type(None) else kind.__name__ for kind in kinds)
            return (
                f"{provider.__name__}.spec.{name} must be a {shown}, not a {type(value).__name__}"
            )
    if spec.options is not None and not issubclass(spec.options, BaseModel):
        return f"{provider.__name__}.spec.options must be a pydantic model"
    missing = sorted(provider.__abstractmethods__)
    if missing:
        return f"{provider.__name__} does not define {', '.join(missing)}"
    if spec.contract not in CONTRACT_VERSIONS:
        newer = spec.contract > max(CONTRACT_VERSIONS)
        return (
            f"it is written for contract version {spec.contract}, this indox-core accepts "
            f"{', '.join(map(str, CONTRACT_VERSIONS))}; upgrade "
            + ("indox-core" if newer else distribution)
        )
    return None

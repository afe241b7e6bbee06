"""Stores what a provider answers, and gives it again without the provider."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from indox_core._errors import ConfigurationError, Failure, ProviderFailure
from indox_core._plugins import (
    Access,
    Answer,
    AsyncEventSource,
    Call,
    Connection,
    ConnectionSettings,
    EventSource,
    IteratorEvents,
    Provider,
    Registry,
    hookimpl,
)
from indox_core._schema import JSON

from ._stored import cleaned, first_difference, is_exchange

_FORMAT = 1


class Recorder:
    """Records a provider's live answers once, and replays them: no key, no network, no SDK.

        client = Client(plugins=[Recorder("tests/weather.json", "openai")])

    What is stored is the call's JSON and the vendor's, as it passes the plugin's `Connection`,
    whichever HTTP library is underneath. Headers are not stored, and the key and the configured
    headers of 8 characters or more are taken out of the rest, where they stand in one piece;
    prompts and answers stay. A broken network is not stored. `mode` is `auto` (replay if the file
    is there, else record), `replay` (in CI: never call anybody), or `record` (anew). A stored
    answer belongs to one call with the same JSON and is given once, in the order of recording; a
    call that was not recorded raises `ConfigurationError`, which says where it differs.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        provider: str,
        *,
        mode: Literal["auto", "replay", "record"] = "auto",
    ) -> None:
        if mode not in ("auto", "replay", "record"):
            raise ConfigurationError('Recorder: mode is "auto", "replay" or "record".')
        self._path = Path(path)
        self._provider = provider
        self._lock = Lock()
        self._exchanges: list[dict[str, Any]] = []
        self._left: list[dict[str, Any]] = []
        self._inode = _inode(self._path)
        """That of the file as this recorder has left it."""
        self.replays = mode == "replay" or (mode == "auto" and self._path.exists())
        """Whether answers come from the file."""
        if self.replays:
            self._exchanges = self._stored()
            self._left = list(self._exchanges)
        else:
            self._write(kept=False)  # a place that cannot be written costs no call

    @hookimpl
    def indox_provider(self) -> type[Provider]:
        recorded = type(Registry().provider(self._provider))
        spec = recorded.spec
        if self.replays:
            spec = replace(spec, key_variable=None)

        def connect(provider: Provider, settings: ConnectionSettings) -> Connection:
            if self.replays:
                return _Replayed(self)
            return recording(recorded.connect(provider, settings), self, provider)

        return type(recorded.__name__, (recorded,), {"spec": spec, "connect": connect})

    def keep(self, exchange: dict[str, Any], access: Access) -> None:
        """Store one exchange without its secrets; the file is always whole."""
        secrets = [access.key_text, *(v for v in access.headers.values() if len(v) >= 8)]
        with self._lock:
            self._exchanges.append(cleaned(exchange, [secret for secret in secrets if secret]))
            self._write()

    def next(self, call: Call, stream: bool) -> dict[str, Any]:
        """The next stored exchange of this call."""
        wanted = json.loads(json.dumps([call.operation, call.arguments]))
        with self._lock:
            for exchange in self._left:
                same = first_difference(
                    [exchange["operation"], exchange["arguments"]], wanted, ""
                ) is None  # fmt: skip
                if same and (exchange["failure"] or ("events" in exchange) == stream):
                    self._left.remove(exchange)
                    return exchange
        raise ConfigurationError(
            f"{self._path.name} has no answer to this call{self._difference(wanted)}. Record it "
            'anew: delete the file, or use Recorder(mode="record").'
        )

    def _difference(self, wanted: list[Any]) -> str:
        """Where the call differs from the next one that was recorded; never what it says there."""
        if not self._left:
            return f": all {len(self._exchanges)} that it holds have been given"
        stored = [self._left[0]["operation"], self._left[0]["arguments"]]
        place = first_difference(stored, wanted, "") or "stream"
        return f": it differs from the next one stored at {place}"

    def _stored(self) -> list[dict[str, Any]]:
        problem = ""
        try:
            stored = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            problem = "is not there"
        except (OSError, ValueError) as error:
            problem = f"cannot be read ({type(error).__name__})"
        if problem:
            raise ConfigurationError(f"Recorder: {self._path.name} {problem}.")
        fields = {"format", "provider", "exchanges"}
        if not isinstance(stored, dict) or set(stored) != fields or stored["format"] != _FORMAT:
            raise ConfigurationError(f"Recorder: {self._path.name} is no recording.")
        if stored["provider"] != self._provider:
            raise ConfigurationError(
                f"Recorder: {self._path.name} was recorded of {stored['provider']}, "
                f"not of {self._provider}."
            )
        exchanges: list[dict[str, Any]] = stored["exchanges"]
        if not isinstance(exchanges, list) or not all(map(is_exchange, exchanges)):
            raise ConfigurationError(f"Recorder: an exchange in {self._path.name} is broken.")
        return exchanges

    def _write(self, kept: bool = True) -> None:
        """Whole or not at all. Raises `ConfigurationError`; `kept=False` only tries."""
        content = {"format": _FORMAT, "provider": self._provider, "exchanges": self._exchanges}
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
            if not kept:
                beside.unlink()
                return
            if _inode(self._path) != self._inode:
                beside.unlink()
                raise OSError("another recorder has written it meanwhile")
            beside.replace(self._path)
            self._inode = _inode(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                beside.unlink()
            why = error.strerror or str(error)
            problem = f"Recorder: {self._path.name} cannot be written: {why}."
        else:
            return
        raise ConfigurationError(problem)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


class _Exchange:
    """One exchange as it happens; kept once, when it ends."""

    def __init__(self, call: Call, access: Access, recorder: Recorder, provider: Provider) -> None:
        self._recorder = recorder
        self._provider = provider
        self._access = access
        self._kept = False
        self._fields: dict[str, Any] = {
            "operation": call.operation,
            "arguments": call.arguments,
            "request_id": None,
            "failure": None,
        }

    def keep(self, **fields: Any) -> None:
        if not self._kept:
            self._kept = True
            self._recorder.keep({**self._fields, **fields}, self._access)

    def fail(self, error: Exception, **fields: Any) -> None:
        """What the vendor refused is an answer too; a broken network is none."""
        failure = (
            error.failure if isinstance(error, ProviderFailure) else self._provider.classify(error)
        )
        if failure is not None and failure.kind not in ("network", "timeout"):
            self.keep(failure=asdict(failure), **fields)
        self._kept = True


class _Recording:
    """A connection whose answers are kept."""

    def __init__(self, inner: Any, recorder: Recorder, provider: Provider) -> None:
        self._inner = inner
        self._exchange: Callable[[Call, Access], _Exchange] = lambda call, access: _Exchange(
            call, access, recorder, provider
        )

    def prepare(self, asynchronous: bool) -> None:
        if hasattr(self._inner, "prepare"):
            self._inner.prepare(asynchronous)

    def send(self, call: Call, access: Access) -> Answer:
        exchange = self._exchange(call, access)
        try:
            answer: Answer = self._inner.send(call, access)
        except Exception as error:
            exchange.fail(error)
            raise
        exchange.keep(body=answer.body, request_id=answer.request_id)
        return answer

    def stream(self, call: Call, access: Access) -> EventSource:
        exchange = self._exchange(call, access)
        try:
            source: EventSource = self._inner.stream(call, access)
        except Exception as error:
            exchange.fail(error)
            raise
        return _RecordedEvents(source, exchange)

    def close(self) -> None:
        self._inner.close()


class _AsyncRecording(_Recording):
    """The same, of a connection that has calls to be awaited."""

    async def asend(self, call: Call, access: Access) -> Answer:
        exchange = self._exchange(call, access)
        try:
            answer: Answer = await self._inner.asend(call, access)
        except Exception as error:
            exchange.fail(error)
            raise
        exchange.keep(body=answer.body, request_id=answer.request_id)
        return answer

    async def astream(self, call: Call, access: Access) -> AsyncEventSource:
        exchange = self._exchange(call, access)
        try:
            source: AsyncEventSource = await self._inner.astream(call, access)
        except Exception as error:
            exchange.fail(error)
            raise
        return _AsyncRecordedEvents(source, exchange)


def recording(inner: Connection, recorder: Recorder, provider: Provider) -> Connection:
    """The connection with its answers kept; it can do what the other can."""
    awaited = hasattr(inner, "asend") and hasattr(inner, "astream")
    return (_AsyncRecording if awaited else _Recording)(inner, recorder, provider)


class _Events:
    """The events of a stream so far, kept when it ends or is left."""

    def __init__(self, source: Any, exchange: _Exchange) -> None:
        self.request_id: str | None = source.request_id
        self._source = source
        self._exchange = exchange
        self._events: list[JSON] = []

    def _keep(self) -> None:
        self._exchange.keep(events=self._events, request_id=self.request_id)

    def _fail(self, error: Exception) -> None:
        self._exchange.fail(error, events=self._events, request_id=self.request_id)


class _RecordedEvents(_Events):
    def __iter__(self) -> Iterator[JSON]:
        return self

    def __next__(self) -> JSON:
        try:
            event = next(self._source)
        except StopIteration:
            self._keep()
            raise
        except Exception as error:
            self._fail(error)
            raise
        self._events.append(event)
        return event

    def close(self) -> None:
        self._source.close()
        self._keep()


class _AsyncRecordedEvents(_Events):
    def __aiter__(self) -> AsyncIterator[JSON]:
        return self

    async def __anext__(self) -> JSON:
        try:
            event = await anext(self._source)
        except StopAsyncIteration:
            self._keep()
            raise
        except Exception as error:
            self._fail(error)
            raise
        self._events.append(event)
        return event

    async def aclose(self) -> None:
        await self._source.aclose()
        self._keep()


class _Replayed:
    """A connection that answers from the file."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def send(self, call: Call, access: Access) -> Answer:
        exchange = self._recorder.next(call, stream=False)
        _raise_stored(exchange)
        return Answer(exchange["body"], exchange["request_id"])

    def stream(self, call: Call, access: Access) -> EventSource:
        exchange = self._recorder.next(call, stream=True)
        if "events" not in exchange:
            _raise_stored(exchange)
        source = IteratorEvents(_stored_events(exchange))
        source.request_id = exchange["request_id"]
        return source

    def close(self) -> None:
        """Nothing is held."""


def _stored_events(exchange: dict[str, Any]) -> Iterator[JSON]:
    yield from exchange["events"]
    _raise_stored(exchange)


def _raise_stored(exchange: dict[str, Any]) -> None:
    if exchange["failure"] is not None:
        raise ProviderFailure(Failure(**exchange["failure"]))

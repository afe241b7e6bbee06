"""The engine in this process; the only module that imports it."""

from __future__ import annotations

import atexit
import os
import queue
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from indox_core.plugin import (
    JSON,
    Access,
    Answer,
    Call,
    ConfigurationError,
    Failure,
    ProviderFailure,
)

from ._weights import MODEL, VARIABLE, find_weights

_CONTEXT_TOKENS = 4096
_PARALLEL = 2
"""Calls at the same time; they share the context evenly."""

_engines: dict[tuple[int, Path], Any] = {}
"""By process: a forked child has none of its parent's threads."""
_lock = Lock()


def _engine(path: Path) -> Any:
    """The process's one engine for that file, loaded now if this is its first use."""
    key = (os.getpid(), path)
    with _lock:
        if key not in _engines:
            _engines[key] = _load(path)
        return _engines[key]


def _load(path: Path) -> Any:
    # llama.cpp's threads wait in a loop otherwise, and starve each other on a busy machine. Too
    # late if something else has loaded OpenMP already.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        import xllamacpp
    except ImportError as error:
        raise ConfigurationError(_remedy(str(error))) from None
    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = _CONTEXT_TOKENS
    params.n_parallel = _PARALLEL
    threads = min(4, os.cpu_count() or 1)
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    params.warmup = False
    # The engine listens on a loopback port even for calls within the process: nobody else gets in.
    params.api_keys = [secrets.token_hex(16)]
    params.cors_origins = ""
    params.ui = False
    params.endpoint_slots = False
    params.cache_ram_mib = 0
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, ValueError):
        raise ConfigurationError(
            "The engine cannot load the model file. It may be damaged or of an unknown kind."
        ) from None


def _remedy(problem: str) -> str:
    if "libgomp" in problem:
        return (
            "The local model's engine needs the system library libgomp.so.1. "
            "Install it: apt-get install -y libgomp1 (Debian), dnf install libgomp (Fedora)."
        )
    if "xllamacpp" in problem:
        return (
            "The local model's engine is not installed: there is no wheel for this platform. "
            "Use another provider, or an OpenAI-compatible server: "
            'Client(providers={"openai": {"base_url": ...}}).'
        )
    return f"The local model's engine cannot be loaded: {problem}"


class LocalConnection:
    """Calls the engine; each call runs in a thread of its own and can be stopped."""

    def send(self, call: Call, access: Access) -> Answer:
        """The whole answer, put together from its stream: only a stream can be stopped."""
        source = self.stream(call, access)
        texts: list[str] = []
        body: dict[str, Any] = {}
        finish = None
        try:
            for event in source:
                if access.cancelled.is_set():
                    break
                body.update(event)
                for choice in event.get("choices") or ():
                    texts.append((choice.get("delta") or {}).get("content") or "")
                    finish = choice.get("finish_reason") or finish
        finally:
            source.close()
        if "error" not in body:
            message = {"role": "assistant", "content": "".join(texts)}
            body["choices"] = [{"index": 0, "message": message, "finish_reason": finish}]
        return Answer(body)

    def stream(self, call: Call, access: Access) -> LocalEvents:
        name = call.arguments["model"]
        if name != MODEL and not os.environ.get(VARIABLE):
            raise ProviderFailure(
                Failure(
                    "not_found",
                    f"the only model here is local/{MODEL}; {VARIABLE} names a file of your own",
                )
            )
        return LocalEvents(_engine(find_weights()), call.arguments, access.timeout_s)

    def close(self) -> None:
        """The engine stays for the process's other clients."""


class LocalEvents:
    """The chunks of one answer, as the engine's thread hands them over."""

    def __init__(self, engine: Any, body: dict[str, Any], timeout_s: float) -> None:
        self.request_id: str | None = None
        self._end = time.monotonic() + timeout_s
        self._stopped = Event()
        self._ended = Event()
        self._chunks: queue.SimpleQueue[JSON | Exception | None] = queue.SimpleQueue()
        _running.add(self)
        Thread(target=self._run, args=(engine, body), name="indox-local", daemon=True).start()

    def _run(self, engine: Any, body: dict[str, Any]) -> None:
        try:
            answer = engine.handle_chat_completions(body, self._take)
            if isinstance(answer, dict):  # a refusal comes as the return value
                self._chunks.put(answer)
        except Exception as error:  # noqa: BLE001 # handed to the thread that reads
            self._chunks.put(error)
        self._chunks.put(None)
        self._ended.set()
        _running.discard(self)

    def _take(self, chunk: JSON) -> bool:
        """Called by the engine for each chunk; True stops it."""
        self._chunks.put(chunk)
        return self._stopped.is_set()

    def __iter__(self) -> Iterator[JSON]:
        return self

    def __next__(self) -> JSON:
        try:
            chunk = self._chunks.get(timeout=max(self._end - time.monotonic(), 0.001))
        except queue.Empty:
            self.close()
            raise TimeoutError from None
        if chunk is None:
            raise StopIteration
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    def close(self) -> None:
        """Stop the engine after its next token."""
        self._stopped.set()
        self._chunks.put(None)  # wakes a reader in another thread

    def wait(self) -> None:
        self._ended.wait(timeout=2)


_running: set[LocalEvents] = set()


@atexit.register
def _stop_all() -> None:
    """The engine must not call back into an interpreter that is gone."""
    running = list(_running)
    for events in running:
        events.close()
    for events in running:
        events.wait()

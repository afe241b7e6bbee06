"""Notices what a pure method must not do: print, log, wait, read the environment or a clock."""

from __future__ import annotations

import logging
import os
import random
import sys
import threading
import warnings
from contextlib import ExitStack
from types import FrameType, TracebackType
from typing import Any
from unittest.mock import patch

_CALLS: dict[str, dict[str, str]] = {
    "time": dict.fromkeys(("sleep",), "waits")
    | dict.fromkeys(
        ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
         "localtime", "gmtime", "clock_gettime"), "reads the clock"),
    "_thread": dict.fromkeys(("start_new_thread", "start_joinable_thread"), "starts a thread"),
    "select": dict.fromkeys(("select", "poll", "epoll", "kqueue"), "waits for I/O"),
    "posix": dict.fromkeys(("write", "writev"), "writes to a file")
    | dict.fromkeys(("urandom", "getrandom"), "draws a random number"),
    "nt": {"write": "writes to a file", "urandom": "draws a random number"},
}  # fmt: skip
_EVENTS = {
    "open": "opens a file",
    "time.sleep": "waits",
    "os.listdir": "lists a folder",
    "os.scandir": "lists a folder",
    "os.system": "starts a process",
    "os.putenv": "changes the environment",
    "os.unsetenv": "changes the environment",
    "subprocess.Popen": "starts a process",
    "_thread.start_new_thread": "starts a thread",
    "sqlite3.connect": "opens a database",
}
_WATCHES: dict[int, Watch] = {}
_hooked = False


class _Told:
    """A standard stream that only notices."""

    encoding = "utf-8"

    def __init__(self, watch: Watch, name: str) -> None:
        self._watch, self._name = watch, name

    def write(self, text: str) -> int:
        self._watch.note(f"prints to {self._name}")
        return len(text)

    def flush(self) -> None:
        """Nothing is held."""

    def isatty(self) -> bool:
        return False


class Watch:
    """Watches this thread: `with Watch() as watch: ...`, then `watch.seen` says what it did."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._patches = ExitStack()
        self._profile: Any = None
        self._warned: list[warnings.WarningMessage] = []
        self._loggers: list[tuple[logging.Logger, dict[Any, bool]]] = []

    def note(self, what: str) -> None:
        if what not in self.seen and not _importing():
            self.seen.append(what)

    def __enter__(self) -> Watch:
        global _hooked
        if not _hooked:
            _hooked = True
            sys.addaudithook(_audit)
        enter = self._patches.enter_context
        enter(patch.object(sys, "stdout", _Told(self, "stdout")))
        enter(patch.object(sys, "stderr", _Told(self, "stderr")))
        enter(patch.object(logging.Logger, "isEnabledFor", lambda logger, level: True))
        enter(patch.object(logging.Logger, "handle", self._log))
        for name in ("__getitem__", "__iter__", "__setitem__", "__delitem__"):
            enter(patch.object(type(os.environ), name, self._environment(name)))
        self._warned = enter(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        _WATCHES[threading.get_ident()] = self
        self._profile = sys.getprofile()
        sys.setprofile(self._called)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        sys.setprofile(self._profile)
        _WATCHES.pop(threading.get_ident(), None)
        self.seen += [f"warns: {warning.category.__name__}" for warning in self._warned]
        self._patches.close()

    def _log(self, record: logging.LogRecord) -> None:
        self.note(f"logs at {record.levelname}")

    def _environment(self, name: str) -> Any:
        original = getattr(type(os.environ), name)

        def noticed(environment: Any, *values: Any) -> Any:
            if _WATCHES.get(threading.get_ident()) is self:
                self.note("reads or changes the environment")
            return original(environment, *values)

        return noticed

    def _called(self, frame: FrameType, event: str, function: Any) -> None:
        """Sees also what a module has imported by name: `from time import sleep`."""
        if event == "call":
            code = frame.f_code
            if code.co_name in ("wait", "join") and code.co_filename == threading.__file__:
                self.note("waits for a thread")
            return
        if event != "c_call":
            return
        name = getattr(function, "__name__", "")
        owner = getattr(function, "__self__", None)
        what = _CALLS.get(getattr(function, "__module__", None) or "", {}).get(name)
        if isinstance(owner, random.Random):
            what = "draws a random number"
        elif isinstance(owner, type) and owner.__module__ == "datetime":
            what = "reads the clock" if name in ("now", "utcnow", "today") else what
        if what is not None:
            self.note(what)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    watch = _WATCHES.get(threading.get_ident())
    if watch is None:
        return
    what = "uses a socket" if event.startswith("socket.") else _EVENTS.get(event)
    if what is not None:
        watch.note(what)


def _importing() -> bool:
    """Whether a module is being imported, which may read files."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False

"""The engine's exceptions as a table."""

from __future__ import annotations

from indox_core.plugin import Failure, FailureKind

_KINDS: dict[type[Exception], FailureKind] = {ValueError: "invalid", RuntimeError: "api"}


def failure_from_local(error: Exception) -> Failure | None:
    """The engine raises ValueError for a body it cannot read. `None`: not the engine's."""
    for cls, kind in _KINDS.items():
        if isinstance(error, cls):
            return Failure(kind, f"the engine refuses the request ({type(error).__name__})")
    return None

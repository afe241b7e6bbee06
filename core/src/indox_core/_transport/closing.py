"""Tasks that close connections, which outlive those who asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

# The transport waits for tasks of this name before it closes a pool.
CLOSING_TASK = "indox-close"


_closing: set[asyncio.Task[None]] = set()
"""Holds on to tasks that close connections: a loop itself holds them weakly."""


def closing_task(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    task = asyncio.get_running_loop().create_task(coroutine, name=CLOSING_TASK)
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    return task

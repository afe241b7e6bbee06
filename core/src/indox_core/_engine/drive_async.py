"""Runs a plan on the running event loop."""

from __future__ import annotations

import asyncio
import contextvars
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Generic, TypeVar

from indox_core._plugins import AsyncEventSource, EventSource
from indox_core._schema import ChatResponse, Chunk, ParsedT
from indox_core._transport import until
from indox_core._transport.closing import closing_task

from .commands import DRAIN, END, NEXT, Command, Load, Open, Plan, Send, Sleep
from .drive_sync import DRAIN_S, closed_meanwhile, finished

_T = TypeVar("_T")
_CLOSE_S = 1.0


class AsyncDriver:
    """Runs one plan, from pause to pause, and owns its event source."""

    def __init__(self, plan: Plan[Any], end: float, idle_timeout_s: float | None = None) -> None:
        self._plan = plan
        self._end = end
        self._idle_timeout_s = idle_timeout_s
        self._source: EventSource | AsyncEventSource | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False

    async def run(self) -> Any:
        """Until the plan has a list of chunks for the caller, or its result."""
        outcomes: list[Any] = [None]  # as in the sync driver
        raised: list[Exception] = []
        try:
            while True:
                if raised:
                    step = self._plan.throw(raised.pop())
                else:
                    step = self._plan.send(outcomes.pop())
                if isinstance(step, list):
                    return step
                try:
                    async with asyncio.timeout(self._left(step)):
                        outcomes.append(await self._perform(step))
                except Exception as error:  # noqa: BLE001 # the plan judges it
                    raised.append(error)
                if self._closed:
                    raise closed_meanwhile()
        except StopIteration as stop:
            result = stop.value
        except BaseException:
            await self.aclose()
            raise
        await self.aclose()
        return result

    async def aclose(self) -> None:
        """End the plan and close the connection of a stream that is not read to its end."""
        self._closed = True
        self._plan.close()
        source, self._source = self._source, None
        if source is not None:
            await asyncio.shield(closing_task(_close(source)))

    def abandon(self) -> None:
        """The same, from a place that cannot wait."""
        self._plan.close()
        source, self._source = self._source, None
        if source is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: closing_task(_close(source)))

    def _left(self, step: Command) -> float | None:
        if isinstance(step, Load):
            return None  # an import cannot be stopped half-way
        left = max(self._end - time.monotonic(), 0.0)
        if step is NEXT and self._idle_timeout_s is not None:
            return min(left, self._idle_timeout_s)
        return left

    async def _perform(self, step: Command) -> Any:
        source = self._source
        if step is NEXT:
            return await self._next(source)
        if isinstance(step, Sleep):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Load):
            return await asyncio.to_thread(step.function, True)
        elif step is DRAIN:
            await self._drain(source)
        elif isinstance(step, Open):
            if source is not None:
                await _close(source)
            return await self._open(step)
        elif isinstance(step, Send):
            send = getattr(step.connection, "asend", None)
            if send is not None:
                return await send(step.call, step.access)
            try:
                return await self._in_thread(lambda: step.connection.send(step.call, step.access))
            except BaseException:
                step.access.cancelled.set()
                raise
        return None

    async def _next(self, source: Any) -> Any:
        if hasattr(source, "__anext__"):
            try:
                return await anext(source)
            except StopAsyncIteration:
                return END
        return await self._in_thread(lambda: next(source, END))

    async def _open(self, step: Open) -> Any:
        astream = getattr(step.connection, "astream", None)
        if astream is not None:
            self._source = await astream(step.call, step.access)
        else:
            self._source = await self._open_in_thread(step)
        return self._source

    async def _open_in_thread(self, step: Open) -> EventSource:
        opened: list[EventSource] = []

        def open_source() -> EventSource:
            opened.append(step.connection.stream(step.call, step.access))
            if step.access.cancelled.is_set():
                opened[0].close()
            return opened[0]

        try:
            return await self._in_thread(open_source)
        except BaseException:
            step.access.cancelled.set()  # the thread closes what it opens from here on
            for source in opened:
                self._source = source  # and what it has opened, the driver closes
            raise

    async def _in_thread(self, function: Callable[[], _T]) -> _T:
        def bounded() -> _T:
            try:
                with until(self._end):
                    return function()
            except StopIteration:  # which no future can hold
                raise RuntimeError("StopIteration") from None

        return await _in_thread(bounded)

    async def _drain(self, source: Any) -> None:
        try:
            async with asyncio.timeout(DRAIN_S):
                while await self._next(source) is not END:
                    pass
        except Exception:  # noqa: BLE001 # the answer is complete; only the connection is lost
            return


@cache
def _threads(process: int) -> ThreadPoolExecutor:
    """For plugins without async calls: each open stream may hold a thread for long."""
    return ThreadPoolExecutor(64, "indox")


async def _in_thread(function: Callable[[], _T]) -> _T:
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(
        _threads(os.getpid()), context.run, function
    )


async def _close(source: EventSource | AsyncEventSource) -> None:
    try:
        async with asyncio.timeout(_CLOSE_S):
            if hasattr(source, "aclose"):
                await source.aclose()
            else:
                await _in_thread(source.close)
    except Exception:  # noqa: BLE001 # whatever closing raises, the caller is done with it
        return


class AsyncChatStream(Generic[ParsedT]):
    """A stream that is open: iterate it with `async for`, then read `.response`.

    Leaving it early (`break`, `aclose()`, the end of an `async with` block, a cancelled task)
    closes the connection.
    """

    def __init__(self, driver: AsyncDriver, outcome: list[Chunk] | ChatResponse[ParsedT]) -> None:
        self._driver = driver
        self._ready: list[Chunk] = []
        self._response: ChatResponse[ParsedT] | None = None
        self._closed = False
        self._take(outcome)

    def _take(self, outcome: list[Chunk] | ChatResponse[ParsedT]) -> None:
        if isinstance(outcome, list):
            self._ready = outcome[::-1]
        else:
            self._response = outcome
            self._closed = True

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self

    async def __anext__(self) -> Chunk:
        while not self._ready:
            if self._closed:
                raise StopAsyncIteration
            try:
                self._take(await self._driver.run())
            except BaseException:
                self._closed = True
                raise
        return self._ready.pop()

    @property
    def response(self) -> ChatResponse[ParsedT]:
        """The whole answer with usage and receipt. Raises `IndoxError` before the end."""
        return finished(self._response)

    async def aclose(self) -> None:
        """Close the connection. Harmless after the end and when called twice."""
        self._closed = True
        self._ready.clear()
        await self._driver.aclose()

    close = aclose

    async def __aenter__(self) -> AsyncChatStream[ParsedT]:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self._driver.abandon()

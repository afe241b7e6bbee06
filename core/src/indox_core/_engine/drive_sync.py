"""Runs a plan with blocking calls."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Generic

from indox_core._errors import IndoxError
from indox_core._plugins import EventSource
from indox_core._schema import ChatResponse, Chunk, ParsedT
from indox_core._transport import deadline, until

from .commands import DRAIN, END, NEXT, Command, Load, Open, Plan, Send, Sleep

DRAIN_S = 0.25


class SyncDriver:
    """Runs one plan, from pause to pause, and owns its event source."""

    def __init__(self, plan: Plan[Any], end: float, idle_timeout_s: float | None = None) -> None:
        self._plan = plan
        self._end = end
        self._idle_timeout_s = idle_timeout_s
        self._source: EventSource | None = None
        self._closed = False

    def run(self) -> Any:
        """Until the plan has a list of chunks for the caller, or its result."""
        # Handed on by popping, so that no frame of ours holds what the vendor said when an error
        # is raised: it may have echoed the key.
        outcomes: list[Any] = [None]
        raised: list[Exception] = []
        try:
            while True:
                # Thrown from here, outside the except block below, an SDK's exception does not
                # become the context of ours.
                if raised:
                    step = self._plan.throw(raised.pop())
                else:
                    step = self._plan.send(outcomes.pop())
                if self._closed:
                    raise closed_meanwhile()
                if isinstance(step, list):
                    return step
                try:
                    outcomes.append(self._perform(step))
                except Exception as error:  # noqa: BLE001 # the plan judges it
                    raised.append(error)
                if self._closed:
                    raise closed_meanwhile()
        except StopIteration as stop:
            result = stop.value
        except BaseException:
            self.close()
            raise
        self.close()
        return result

    def close(self) -> None:
        """End the plan and close the connection of a stream that is not read to its end.

        From any thread: a plan that another one is running ends at its next step.
        """
        self._closed = True
        try:
            self._plan.close()
        except ValueError:  # it is being run
            pass
        finally:
            source, self._source = self._source, None
            if source is not None:
                _close(source)

    def _perform(self, step: Command) -> Any:
        if step is NEXT:
            end = self._end
            if self._idle_timeout_s is not None:
                end = min(end, time.monotonic() + self._idle_timeout_s)
            token = deadline.set(end)  # not by `until`: this is done for every event
            try:
                return next(self._source, END)  # type: ignore[arg-type] # opened before
            finally:
                deadline.reset(token)
        if isinstance(step, Sleep):
            time.sleep(step.seconds)
        elif isinstance(step, Load):
            return step.function(False)
        elif step is DRAIN:
            self._drain()
        elif isinstance(step, Open):
            self._close_source()
            with until(self._end):
                self._source = step.connection.stream(step.call, step.access)
            return self._source
        elif isinstance(step, Send):
            with until(self._end):
                return step.connection.send(step.call, step.access)
        return None

    def _drain(self) -> None:
        try:
            with until(time.monotonic() + DRAIN_S):
                for _ in self._source or ():
                    pass
        except Exception:  # noqa: BLE001 # the answer is complete; only the connection is lost
            return

    def _close_source(self) -> None:
        if self._source is not None:
            _close(self._source)


def _close(source: EventSource) -> None:
    try:
        with until(time.monotonic() + DRAIN_S):
            source.close()
    except Exception:  # noqa: BLE001 # whatever closing raises, the caller is done with it
        return


class ChatStream(Generic[ParsedT]):
    """A stream that is open: iterate it, then read `.response`.

    Leaving it early (`break`, `close()`, the end of a `with` block) closes the connection.
    """

    def __init__(self, driver: SyncDriver) -> None:
        self._driver = driver
        self._ready: list[Chunk] = []
        self._response: ChatResponse[ParsedT] | None = None
        self._closed = False
        self._advance()

    def _advance(self) -> None:
        outcome = self._driver.run()
        if isinstance(outcome, list):
            self._ready = outcome[::-1]
        else:
            self._response = outcome
            self._closed = True

    def __iter__(self) -> Iterator[Chunk]:
        return self

    def __next__(self) -> Chunk:
        while not self._ready:
            if self._closed:
                raise StopIteration
            try:
                self._advance()
            except BaseException:
                self._closed = True
                raise
        return self._ready.pop()

    @property
    def response(self) -> ChatResponse[ParsedT]:
        """The whole answer with usage and receipt. Raises `IndoxError` before the end."""
        return finished(self._response)

    def close(self) -> None:
        """Close the connection. Harmless after the end and when called twice."""
        self._closed = True
        self._ready.clear()
        self._driver.close()

    def __enter__(self) -> ChatStream[ParsedT]:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()


def closed_meanwhile() -> IndoxError:
    return IndoxError("The stream was closed by another thread or task while it was being read.")


def finished(response: ChatResponse[ParsedT] | None) -> ChatResponse[ParsedT]:
    """The response of a stream that has been read to its end."""
    if response is None:
        raise IndoxError("The stream has no response yet: read it to its end first.")
    return response

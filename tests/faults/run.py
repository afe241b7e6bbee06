"""Plays the faults of `table.py`: `uv run python tests/faults/run.py`."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1]))

from servers.faults import FaultServer
from servers.vendors import VENDORS, Vendor
from table import FAULTS, SAID, Fault, Want

from indox_core import AsyncClient, Client

HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-loopback-canary"
PATIENCE_S = 60
"""The deadline of calls whose fault is not one of time."""
SLOWER = 10
FLAVOURS = ("sync", "async", "aiohttp")


@dataclass(frozen=True, slots=True)
class Case:
    fault: Fault
    vendor: Vendor
    stream: bool
    want: Want
    flavour: str

    @property
    def name(self) -> str:
        way = f"{self.flavour} {'stream' if self.stream else 'chat'}"
        return f"{self.fault.name} | {self.vendor.provider} | {way}"


def cases() -> Iterator[Case]:
    for fault in FAULTS:
        for vendor in VENDORS:
            if fault.only and vendor.provider not in fault.only:
                continue
            for stream, want in fault.wants():
                for flavour in FLAVOURS:
                    yield Case(fault, vendor, stream, want, flavour)


def sample() -> Iterator[Case]:
    """A third of the cases: each fault on each of its providers, as chat and as stream, in turn
    with each flavour, so that every fault and every provider meets all of them."""
    for case in cases():
        place = FAULTS.index(case.fault) + VENDORS.index(case.vendor) + case.stream
        if case.fault.only or case.flavour == FLAVOURS[place % len(FLAVOURS)]:
            yield case


def call(server: FaultServer, case: Case, slower: int = 1) -> Any:
    """The response, or whatever was raised."""
    options = {"timeout": PATIENCE_S, **case.fault.options}
    options |= {name: options[name] * slower for name in case.fault.expires}
    try:
        if case.flavour != "sync":
            return asyncio.run(_acall(server, case.flavour, case.stream, options))
        with Client(providers=server.providers) as client:
            answer: Any = client.chat(HELLO, server.vendor.model, stream=case.stream, **options)
            if not case.stream:
                return answer
            for _ in answer:
                pass
            return answer.response
    except Exception as error:  # any class is looked at
        return error


async def _acall(server: FaultServer, flavour: str, stream: bool, options: dict[str, Any]) -> Any:
    transport: Any = "aiohttp" if flavour == "aiohttp" else "httpx2"
    async with AsyncClient(providers=server.providers, transport=transport) as client:
        answer: Any = await client.chat(HELLO, server.vendor.model, stream=stream, **options)
        if not stream:
            return answer
        async for _ in answer:
            pass
        return answer.response


def problem(case: Case) -> str | None:
    """What is otherwise than the table wants; `None` if nothing is.

    A machine that stalls can use up a short timeout before the fault is reached. So where one is
    meant to expire, what went wrong is tried once more with a longer one.
    """
    wrong = _problem(case, 1)
    return _problem(case, SLOWER) if wrong and case.fault.expires else wrong


def _problem(case: Case, slower: int) -> str | None:
    with FaultServer(case.vendor, case.fault.play) as server:
        got = call(server, case, slower)
        attempts = len(server.received)
    want = case.want
    if want.error is None:
        if isinstance(got, Exception):
            return f"raised {got!r}"
        wrong = [] if got.data == SAID else [f"data {got.data!r}"]
    else:
        if type(got) is not want.error:
            return f"{got!r}, not {want.error.__name__}"
        wrong = _wrong_facts(got, want)
        shown = f"{got!r} {got} {vars(got)}"
        if KEY in shown:
            wrong.append("the key is shown")
        if got.attempts != attempts:
            wrong.append(f"error.attempts {got.attempts}")
    if attempts != want.attempts:
        wrong.append(f"{attempts} attempts, not {want.attempts}")
    return "; ".join(wrong) or None


def _wrong_facts(error: Any, want: Want) -> list[str]:
    wrong = []
    if error.status_code != want.status and want.status is not None:
        wrong.append(f"status {error.status_code}, not {want.status}")
    if want.retry_after_s != error.retry_after_s and error.status_code == 429:
        wrong.append(f"retry_after_s {error.retry_after_s}, not {want.retry_after_s}")
    if want.partial is not None and (error.partial is None or error.partial.data != want.partial):
        wrong.append(f"partial {error.partial and error.partial.data!r}, not {want.partial!r}")
    if len(error.message) > 1000:
        wrong.append(f"a message of {len(error.message)} characters")
    return wrong


def problems(chosen: list[Case]) -> list[tuple[str, str]]:
    """What is wrong with which of these cases, eight at a time."""
    AsyncClient(transport="aiohttp")  # imports what it needs before the threads begin
    with ThreadPoolExecutor(8) as pool:
        found = zip(chosen, pool.map(problem, chosen), strict=True)
        return [(case.name, wrong) for case, wrong in found if wrong]


def _share(first: int, step: int) -> tuple[int, list[tuple[str, str]]]:
    """Every `step`th case, in a process of its own: how many, and what is wrong with them."""
    warnings.simplefilter("error")
    mine = list(islice(cases(), first, None, step))
    return len(mine), problems(mine)


def run() -> tuple[int, list[str]]:
    """How many cases were played, and what went otherwise than the table wants."""
    processes = os.cpu_count() or 1
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        shares = list(pool.map(_share, range(processes), [processes] * processes))
    found = [f"{name}: {what}" for _, share in shares for name, what in share]
    return sum(count for count, _ in shares), found


if __name__ == "__main__":
    count, found = run()
    print(f"{len(FAULTS)} faults, {count} cases, {count - len(found)} as the table wants")
    print("\n".join(found))
    sys.exit(bool(found))

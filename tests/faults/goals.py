"""What is promised of faults, deadlines and secrets, measured: one row each.

    uv run python tests/faults/goals.py [--long] [--shared FOLDER]

The quick form runs in CI; `--long` takes the full numbers. Both print the same table.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import copy
import gc
import json
import logging
import os
import pickle
import random
import re
import subprocess
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent)]

import run as matrix
from servers.faults import Exchange, FaultServer
from servers.vendors import VENDORS, Vendor
from table import FAULTS, STATUSES, STREAMS, after_half, drip

from indox_core import AsyncClient, Client, IndoxError, ValidationError

HELLO = [{"role": "user", "content": "Hello"}]
KEY = "sk-loopback-canary"
_BOMB_S = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One promise: what was seen, and whether that is what is promised."""

    what: str
    goal: str
    seen: str
    kept: bool


def fault_matrix(long: bool) -> Row:
    count, problems = matrix.run()
    what = f"{len(FAULTS)} faults x 4 providers x sync, async: {count} cases"
    return Row(what, "every outcome as the table says, 0 foreign exceptions, 0 hangs",
               f"{count - len(problems)} as the table says", not problems)  # fmt: skip


def broken_streams(long: bool) -> Row:
    broken = [f for f in STREAMS if f.stream is not None and f.stream.error is not None]
    cases = [case for case in matrix.cases() if case.fault in broken]
    with ThreadPoolExecutor(8) as pool:
        wrong = [problem for problem in pool.map(matrix.problem, cases) if problem]
    return Row(f"{len(broken)} kinds of broken stream, {len(cases)} cases",
               "0 reported as success; partial text kept in all", f"{len(wrong)} otherwise",
               not wrong and len(broken) >= 10)  # fmt: skip


def deadlines(long: bool) -> Row:
    def body_drips(x: Exchange) -> None:
        x.head(200, 4000, content_type="application/json")
        drip(b" " * 4000, 0.05)(x)

    plays = {
        "headers drip": drip(b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 4000, 0.02),
        "body drips": body_drips,
        "hangs": lambda x: x.hang(),
        "stalls": after_half(lambda x: x.hang()),
        "429 for ever": lambda x: x.error(429, retry_after_ms="150"),
        "503 for ever": lambda x: x.error(503, retry_after_ms="150"),
    }

    def took(case: tuple[str, Vendor, bool]) -> float:
        name, vendor, asynchronous = case
        with FaultServer(vendor, plays[name]) as server:
            began = time.monotonic()
            options = {"timeout": 2.0, "max_retries": 1000}
            with contextlib.suppress(IndoxError):
                ask(server, asynchronous, name == "stalls", **options)
                return 99.0  # it answered
            return time.monotonic() - began

    cases = [(name, vendor, way) for name in plays for vendor in VENDORS for way in (False, True)]
    [took((name, VENDORS[0], way)) for name in ("429 for ever",) for way in (False, True)]  # warm
    with ThreadPoolExecutor(4) as pool:
        longest = max(pool.map(took, cases))
    return Row(f"a deadline of 2 s, {len(cases)} cases of drip, hang, stall, 429, 503",
               "at most 2.25 s, all", f"{longest:.2f} s at most", longest <= 2.25)  # fmt: skip


def attempts_per_status(long: bool) -> Row:
    seen: dict[str, set[int]] = {}
    for fault in STATUSES:
        for vendor in VENDORS:
            with FaultServer(vendor, fault.play) as server:
                with contextlib.suppress(IndoxError):
                    ask(server, False, False)
                seen.setdefault(fault.name, set()).add(len(server.received))
    differing = [name for name, counts in seen.items() if len(counts) > 1]
    return Row(f"attempts on the wire, {len(seen)} statuses", "identical for the four providers",
               "identical" if not differing else f"differ: {differing}", not differing)  # fmt: skip


def dead_upstream(long: bool) -> Row:
    with FaultServer(VENDORS[0], lambda x: x.error(503, retry_after_ms="1")) as server:
        with Client(providers=server.providers) as client, ThreadPoolExecutor(8) as pool:

            def one(number: int) -> None:
                with contextlib.suppress(IndoxError):
                    client.chat(HELLO, server.vendor.model)

            list(pool.map(one, range(1000)))
        requests = len(server.received)
    return Row("1,000 calls against a dead upstream", "at most 1,200 requests",
               f"{requests:,} requests", 1000 <= requests <= 1200)  # fmt: skip


RUNTIMES = """
import asyncio, os, sys, threading
sys.path.insert(0, {tests!r})
from indox_core import AsyncClient, Client
from servers.faults import FaultServer
from servers.vendors import VENDORS
hello = [{{"role": "user", "content": "Hello"}}]
said = "You said: Hello"
for vendor in VENDORS:
    with FaultServer(vendor, lambda x: x.good()) as server:
        shared = AsyncClient(providers=server.providers)
        async def run():
            assert (await shared.chat(hello, vendor.model)).data == said
        for _ in range({loops}):
            asyncio.run(run())
        with Client(providers=server.providers) as client:
            failed = []
            def call():
                try:
                    assert client.chat(hello, vendor.model).data == said
                except BaseException as error:
                    failed.append(error)
            threads = [threading.Thread(target=call) for _ in range(64)]
            [t.start() for t in threads]; [t.join() for t in threads]
            assert not failed, failed
            async def inside():
                assert client.chat(hello, vendor.model).data == said
            asyncio.run(inside())
            child = os.fork()
            if child == 0:
                try:
                    assert client.chat(hello, vendor.model).data == said
                    os._exit(0)
                except BaseException:
                    os._exit(1)
            assert os.waitpid(child, 0)[1] == 0, "the child failed"
            assert client.chat(hello, vendor.model).data == said
"""


def runtimes(long: bool) -> Row:
    code = RUNTIMES.format(tests=str(FOLDER.parent), loops=100 if long else 25)
    # Python 3.12 and later warn of a fork beside threads; the server of this row has some.
    ignore = ["-W", "ignore:This process:DeprecationWarning"]
    done = subprocess.run([sys.executable, "-X", "dev", "-W", "error", *ignore, "-c", code],
                          capture_output=True, text=True, timeout=500)  # fmt: skip
    said = [line for line in done.stderr.splitlines() if not line.startswith("Executing <")]
    kept = done.returncode == 0 and not said
    what = f"{100 if long else 25} x asyncio.run, 64 threads, fork after use, sync in a loop"
    seen = "none" if kept else " ".join(said)[-300:]
    return Row(what, "no error, nothing on stderr", seen, kept)


def resident(what: str = "VmRSS") -> float:
    """MiB of this process, now or at its peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1024
    return 0.0


def reset_peak() -> float:
    """The peak begins anew; what this process has now, in MiB."""
    Path("/proc/self/clear_refs").write_text("5")
    return resident()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def soak(long: bool) -> Row:
    """In a process of its own, so that the servers' memory does not count."""
    calls = 20_000 if long else 1_500
    servers = [FaultServer(vendor, _soaked) for vendor in VENDORS]
    with contextlib.ExitStack() as stack:
        urls = {s.vendor.model: stack.enter_context(s).url for s in servers}
        done = subprocess.run(
            [sys.executable, __file__, "--soak", str(calls), json.dumps(urls)],
            capture_output=True, text=True, timeout=3000,
        )  # fmt: skip
    if done.returncode:
        return Row("soak", "", done.stderr[-400:], False)
    facts = json.loads(done.stdout.splitlines()[-1])
    grown = facts["rss"]
    others = {name: facts[name] for name in ("descriptors", "tasks", "threads")}
    seen = f"RSS {grown:+.1f} MB, " + ", ".join(f"{n} {v:+d}" for n, v in others.items())
    kept = grown <= 5 and not any(value > 0 for value in others.values())
    return Row(f"soak: {calls:,} calls (half streams, 10 % faults, 10 % cancelled, 5 % left)",
               "RSS +5 MB at most, descriptors, tasks and threads +0", seen, kept)  # fmt: skip


def _soaked(x: Exchange) -> None:
    """What to do stands in the question."""
    what = x.body
    if b"fault" in what:
        random.choice(  # no secret
            [lambda: x.reset(), lambda: x.error(500), lambda: x.answer(b"<html>")]
        )()
    elif b"slow" in what:
        after_half(lambda x: x.hang())(x) if x.stream else x.hang()
    else:
        x.good()


async def soak_here(calls: int, urls: dict[str, str]) -> dict[str, Any]:
    models = list(urls)
    config = {m.partition("/")[0]: {"api_key": KEY, "base_url": url} for m, url in urls.items()}
    chance = random.Random(7)  # repeatable

    async def one(client: AsyncClient, number: int) -> None:
        model, stream, what = models[number % 4], chance.random() < 0.5, chance.random()
        word = "fault" if what < 0.1 else "slow" if what < 0.2 else "Hello"
        messages = [{"role": "user", "content": word}]

        async def call() -> None:
            answer: Any = await client.chat(messages, model, stream=stream, max_retries=0)
            if stream:
                async for _ in answer:
                    if word == "Hello" and what > 0.95:
                        break  # abandoned
                if word == "Hello" and what > 0.95:
                    await answer.aclose()

        if word == "slow":
            with contextlib.suppress(TimeoutError, asyncio.TimeoutError):
                await asyncio.wait_for(call(), 0.05)
        else:
            with contextlib.suppress(IndoxError):
                await call()

    async def many(client: AsyncClient, count: int) -> None:
        for start in range(0, count, 20):
            await asyncio.gather(*(one(client, start + n) for n in range(min(20, count - start))))

    async def life(count: int) -> tuple[float, int, int, int]:
        async with AsyncClient(providers=config) as client:  # type: ignore[arg-type]
            await many(client, count)
        gc.collect()
        await asyncio.sleep(1)
        return resident(), descriptors(), len(asyncio.all_tasks()), threading.active_count()

    before, after = await life(min(calls // 2, 2000)), await life(calls)
    names = ("rss", "descriptors", "tasks", "threads")
    return dict(zip(names, (b - a for a, b in zip(before, after, strict=True)), strict=True))


def many_keys(long: bool) -> Row:
    count = 5000 if long else 600
    keys = [f"sk-of-user-{number:05d}" for number in range(count)]
    wrong, leaked = 0, 0
    for vendor in VENDORS if long else VENDORS[:2]:
        with FaultServer(vendor, lambda x: x.answer(x.vendor.answer(x.key))) as server:
            before = descriptors()
            with Client(providers=server.providers) as client, ThreadPoolExecutor(50) as pool:

                def one(key: str, client: Client = client, model: str = vendor.model) -> bool:
                    return client.chat(HELLO, model, byok_api_key=key).data == key

                wrong += count - sum(pool.map(one, keys))
            for _ in range(1200):
                if descriptors() <= before:
                    break
                time.sleep(0.05)
            leaked = max(leaked, descriptors() - before)
    return Row(f"{count:,} distinct keys, 50 in parallel, against an echo of the key",
               "0 wrong, descriptors back to start", f"{wrong} wrong, descriptors {leaked:+d}",
               wrong == 0 and leaked <= 0)  # fmt: skip


def canary(long: bool) -> Row:
    """The key in what a failed or answered call leaves behind."""
    logged: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: logged.append(  # type: ignore[method-assign]
        f"{record.getMessage()} {record.args!r}"
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    hits: list[str] = []
    try:
        with warnings.catch_warnings(record=True) as warned:
            cases = [
                case for number, case in enumerate(matrix.cases())
                if (long or number % 20 == 0)  # no multiple of the flavours: each gets its share
                and "drip" not in case.fault.name and "stall" not in case.fault.name
            ]  # fmt: skip
            looked = len(cases)
            AsyncClient(transport="aiohttp")  # imports what it needs before the threads begin
            with ThreadPoolExecutor(8) as pool:
                for case, found in zip(cases, pool.map(leaked, cases), strict=True):
                    hits += [f"{case.name}: {where}" for where in found]
        hits += [line[:200] for line in logged if KEY in line]
        hits += [str(one.message) for one in warned if KEY in str(one.message)]
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    shown = f"{len(hits)} hits in {looked} calls" + (f": {hits[:3]}" if hits else "")
    return Row("canary key: str, repr, traceback with locals, attributes, pickle, deepcopy, dumps,"
               " logs, warnings", "0 hits", shown, not hits)  # fmt: skip


def leaked(case: matrix.Case) -> list[str]:
    with FaultServer(case.vendor, case.fault.play) as server:
        return leaks(matrix.call(server, case))


def leaks(value: Any) -> list[str]:
    """Where the key is found in something that a caller may print, keep or send on."""
    shown = {"str": str(value), "repr": repr(value)}
    found = [name for name, text in shown.items() if KEY in text]
    if isinstance(value, BaseException):
        summary = traceback.TracebackException.from_exception(value, capture_locals=True)
        for frame in summary.stack:
            if "indox_" in frame.filename and KEY in str(frame.locals):
                found.append(f"locals of {frame.name}")
    else:
        found += ["model_dump"] if KEY in str(value.model_dump()) else []
        found += ["dumps"] if KEY in json.dumps(dict(value)) else []
        found += ["receipt"] if KEY in str(value.receipt.as_json()) else []
    found += ["pickle"] if KEY.encode() in pickle.dumps(value) else []
    found += ["deepcopy"] if KEY in repr(copy.deepcopy(value)) else []
    return found + [f"attribute {path}" for path in attributes(value)]


def attributes(value: Any, path: str = "", depth: int = 6) -> Iterator[str]:
    if isinstance(value, str | bytes):
        if KEY in str(value):
            yield path
        return
    if depth == 0 or isinstance(value, int | float | type | None.__class__):
        return
    if isinstance(value, dict):
        for key, item in value.items():
            yield from attributes(item, f"{path}[{key!r}]", depth - 1)
    elif isinstance(value, list | tuple | set):
        for number, item in enumerate(value):
            yield from attributes(item, f"{path}[{number}]", depth - 1)
    else:
        found = dict(getattr(value, "__dict__", {}))
        for name in ("__cause__", "__context__", "args"):
            found[name] = getattr(value, name, None)
        for name, item in found.items():
            yield from attributes(item, f"{path}.{name}", depth - 1)


def redirects(long: bool) -> Row:
    carried = 0
    for vendor in VENDORS:
        for asynchronous in (False, True):
            with FaultServer(vendor, lambda x: x.good()) as other:
                url = f"{other.url}/elsewhere"
                play = lambda x, url=url: x.answer({}, 307, location=url)  # noqa: E731
                with FaultServer(vendor, play) as one, contextlib.suppress(IndoxError):
                    ask(one, asynchronous, False)
                carried += other.connections
    return Row("redirects to another host, 8 ways", "0 of 8 carry a credential",
               f"{carried} of 8 were followed", carried == 0)  # fmt: skip


URLS = (
    "http://169.254.169.254/latest/meta-data/", "http://127.0.0.1/x.png", "http://[::1]/x.png",
    "http://localhost/x.png", "http://0.0.0.0/x.png", "http://2130706433/x.png",
    "http://0x7f000001/x.png", "http://017700000001/x.png", "http://127.1/x.png",
    "http://metadata.google.internal/x", "https://user:pass@127.0.0.1/x.png",
    "https://example.org/x.png#fragment", "https://example.org:8443/x.png",
    "https://xn--bcher-kva.example/x.png", "https://example.org/a/../../x.png",
    "https://example.org/x.png?next=file:///etc/passwd", "file:///etc/passwd",
    "file://localhost/etc/passwd", "ftp://example.org/x.png", "gopher://127.0.0.1/x",
    "data:image/png;base64,iVBORw0KGgoAAAAA", "data:text/html;base64,PGgxPg==",
    "javascript:alert(1)", "//example.org/x.png", "/etc/passwd", "\\\\server\\share\\x.png",
    "http://", "https://example.org/ä ö.png",
)  # fmt: skip
_SEEN: list[tuple[str, Any]] = []
_WATCHING = threading.local()


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if getattr(_WATCHING, "on", False) and event in ("socket.connect", "open"):
        _SEEN.append((event, arguments[1] if event == "socket.connect" else arguments[0]))


def url_forms(long: bool) -> Row:
    sys.addaudithook(_hook)
    strange: list[Any] = []
    for vendor in VENDORS:
        with FaultServer(vendor, lambda x: x.good()) as server:
            port = int(server.url.rpartition(":")[2])
            with Client(providers=server.providers) as client:
                client.chat(HELLO, vendor.model)  # what is imported at first use
                for url in URLS:
                    part = {"type": "image", "image": {"url": url}}
                    _SEEN.clear()
                    _WATCHING.on = True
                    try:
                        client.chat([{"role": "user", "content": [part]}], vendor.model)
                    except ValidationError:
                        pass
                    finally:
                        _WATCHING.on = False
                    strange += [
                        (url, what) for event, what in _SEEN
                        if event == "open" or (isinstance(what, tuple) and what[1] != port)
                    ]  # fmt: skip
    return Row(f"{len(URLS)} URL forms in image parts under an audit hook",
               "0 connections but the provider's, 0 files opened",
               f"{len(strange)} others" + (f": {strange[:3]}" if strange else ""),
               not strange)  # fmt: skip


def bombs(long: bool) -> Row:
    import gzip

    packed = gzip.compress(bytes(200 * 2**20))

    def line(x: Exchange) -> None:
        x.head(content_type="text/event-stream")
        x.send(b"data: ")
        for _ in range(50):
            x.send(b"a" * 1_000_000)

    def large(x: Exchange) -> None:
        x.head(200, 200_000_000, content_type="application/json")
        x.send(b'{"a": "')
        for _ in range(200):
            x.send(b"a" * 1_000_000)

    deep = b"[" * 100_000 + b"]" * 100_000
    plays: dict[str, Callable[[Exchange], None]] = {
        "gzip": lambda x: x.answer(packed, content_encoding="gzip"),
        "line": line,
        "large": large,
        "deep": lambda x: x.answer(deep),
    }
    worst = {"rss": 0.0, "blocked": 0.0, "untyped": 0}
    for name, play in plays.items():
        for vendor in VENDORS:
            with FaultServer(vendor, play) as server:
                done = subprocess.run(
                    [sys.executable, __file__, "--bomb", vendor.model, server.url, name],
                    capture_output=True, text=True, timeout=_BOMB_S,
                )  # fmt: skip
            facts = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {"untyped": 1}
            for key, value in facts.items():
                worst[key] = max(worst[key], value)
    seen = (f"RSS +{worst['rss']:.0f} MB, loop blocked {worst['blocked'] * 1000:.0f} ms, "
            f"{worst['untyped']} untyped")  # fmt: skip
    kept = worst["rss"] <= 100 and worst["blocked"] <= 0.1 and not worst["untyped"]
    what = "bombs: 200 MiB gzip, 50 MB SSE line, 200 MB JSON, 100,000-deep JSON"
    goal = "RSS +100 MB at most, loop blocked 100 ms at most, typed error"
    return Row(what, goal, seen, kept)


async def bomb_here(model: str, url: str, name: str) -> dict[str, Any]:
    config: Any = {model.partition("/")[0]: {"api_key": KEY, "base_url": url}}
    longest, stop = 0.0, False

    async def tick() -> None:
        nonlocal longest
        while not stop:
            began = time.perf_counter()
            await asyncio.sleep(0.002)
            longest = max(longest, time.perf_counter() - began - 0.002)

    async with AsyncClient(providers=config, max_retries=0, timeout=40) as client:
        with contextlib.suppress(IndoxError):  # what is imported and built at first use
            await client.chat(HELLO, model, timeout=0.001)
        before = reset_peak()
        ticking = asyncio.create_task(tick())
        untyped = 0
        try:
            answer: Any = await client.chat(HELLO, model, stream=name == "line")
            async for _ in answer:
                pass
            untyped = 1
        except IndoxError:
            pass
        stop = True
        await ticking
        peak = resident("VmHWM")
    return {"rss": peak - before, "blocked": longest, "untyped": untyped}


def bad_inputs(long: bool, shared: Path | None) -> Row:
    import bad_inputs as listed

    if shared is None or not (shared / "bad-inputs.json").is_file():
        return Row(
            "the shared list of bad inputs", "130 of 130", "left out: no such list here", True
        )
    every = listed.items(shared)
    right = sum(not listed.play(item) for item in every)
    return Row("the shared list of bad inputs", "130 of 130", f"{right} of {len(every)}",
               right == len(every) == 130)  # fmt: skip


def properties(long: bool) -> Row:
    files = sorted(FOLDER.parent.glob("core/test_*.py"))
    count = sum(len(re.findall(r"^@given\(", path.read_text(), re.MULTILINE)) for path in files)
    examples = "50,000" if long else "200"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout", "0",
         *(str(path) for path in files if "@given" in path.read_text())],
        capture_output=True, text=True, cwd=FOLDER.parents[1],
        env={**os.environ, "HYPOTHESIS_PROFILE": "nightly" if long else "ci"},
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr[-200:]
    return Row(f"{count} properties (hypothesis), {examples} examples each",
               "at least 12; none fails", last, done.returncode == 0 and count >= 12)  # fmt: skip


def ask(server: FaultServer, asynchronous: bool, stream: bool, **options: Any) -> Any:
    """One call; streams are read to their end."""
    model = server.vendor.model

    async def run() -> Any:
        async with AsyncClient(providers=server.providers) as client:  # type: ignore[arg-type]
            answer: Any = await client.chat(HELLO, model, stream=stream, **options)
            return [chunk async for chunk in answer] if stream else answer

    if asynchronous:
        return asyncio.run(run())
    with Client(providers=server.providers) as client:  # type: ignore[arg-type]
        answer: Any = client.chat(HELLO, model, stream=stream, **options)
        return list(answer) if stream else answer


ROWS: tuple[Callable[[bool], Row], ...] = (
    fault_matrix, broken_streams, deadlines, attempts_per_status, dead_upstream, runtimes, soak,
    many_keys, canary, redirects, url_forms, bombs, properties,
)  # fmt: skip


def line_of(row: Row) -> str:
    state = "kept" if row.kept else "**not kept**"
    return f"| {row.what} | {row.goal} | {row.seen} | {state} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--shared", type=Path)
    parser.add_argument("--soak", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--bomb", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("rows", nargs="*", help="only these")
    given = parser.parse_args()
    if given.soak:
        calls, urls = given.soak
        print(json.dumps(asyncio.run(soak_here(int(calls), json.loads(urls)))))
        return
    if given.bomb:
        print(json.dumps(asyncio.run(bomb_here(*given.bomb))))
        return
    print("| | goal | seen | |\n|---|---|---|---|", flush=True)
    kept = True
    for function in ROWS:
        if given.rows and function.__name__ not in given.rows:
            continue
        row = function(given.long)
        kept &= row.kept
        print(line_of(row), flush=True)
    if not given.rows or "bad_inputs" in given.rows:
        row = bad_inputs(given.long, given.shared)
        kept &= row.kept
        print(
            f"| {row.what} | {row.goal} | {row.seen} | {'kept' if row.kept else '**not kept**'} |"
        )
    sys.exit(not kept)


if __name__ == "__main__":
    main()

"""Indox beside the plain SDKs, as ratios of client CPU.

    uv run python tests/benchmarks/run.py            # the table, some minutes
    uv run python tests/benchmarks/run.py --quick    # under a minute: does it work, roughly
    uv run python tests/benchmarks/run.py --docs     # all, into docs/reference/performance.md
    uv run python tests/benchmarks/run.py --only chat,burst --vendors openai --peers

Every contestant has a process of its own; batches are interleaved in shuffled order, and a ratio is
of two batches of one round. CPU is user and system time of the contestant's process. The plain SDK
keeps one client, as its documentation advises; all answers are checked.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
VENDORS = ("openai", "responses", "anthropic", "gemini", "mistral")
# Calls of one batch, and the goal per vendor, in that order.
LOADS: dict[str, tuple[str, int, tuple[float, ...]]] = {
    "chat": ("sync chat", 60, (0.50, 0.50, 0.65, 0.40, 0.20)),
    "async": ("async chat", 60, (0.65, 0.65, 0.80, 0.50, 0.20)),
    "burst": ("burst stream, per chunk", 6, (0.22, 0.22, 0.50, 0.15, 0.08)),
    "paced": ("paced async stream, per chunk", 3, (0.75, 0.80, 0.95, 0.50, 0.30)),
    "conversation": ("100-message conversation", 15, (0.08, 0.08, 0.90, 0.08, 0.06)),
    "image": ("1 MiB base64 image", 12, (0.30, 0.30, 0.40, 0.65, 0.40)),
}
PEERS = {
    "litellm": ["litellm"],
    "any-llm": ["any-llm-sdk[openai]"],
    "aisuite": ["aisuite[openai]"],
    "pydantic-ai": ["pydantic-ai-slim[openai]"],
    "langchain": ["langchain-openai"],
}


class Stub:
    """The stub server in a process of its own, for the length of a `with`: its address."""

    def __enter__(self) -> str:
        self._process = subprocess.Popen(
            [sys.executable, str(FOLDER / "stub.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        return f"http://127.0.0.1:{self._process.stdout.readline().strip()}"

    def __exit__(self, *exc_info: object) -> None:
        self._process.communicate()


class Contestant:
    """One library in a process of its own."""

    def __init__(self, kind: str, vendor: str, url: str) -> None:
        python = [sys.executable]
        if kind in PEERS:
            packages = [part for name in PEERS[kind] for part in ("--with", name)]
            python = ["uv", "run", "--quiet", "--isolated", "--no-project", *packages, "python"]
        script = "peers.py" if kind in PEERS else "contestants.py"
        self._process = subprocess.Popen(
            [*python, str(FOLDER / script), kind, vendor, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "true"},
        )

    def run(self, load: str, count: int) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"load": load, "count": count}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended; its error is above")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def cpu_us(self, load: str, count: int) -> float:
        """Per call, or per piece of a stream; NaN for what the library does not have."""
        done = self.run(load, count)
        return float(done["cpu_s"] / done["units"] * 1e6) if done["units"] else math.nan

    def close(self) -> None:
        self._process.communicate()


def ratios(
    kinds: list[str], vendor: str, loads: Iterable[str], rounds: int, scale: float
) -> dict[str, dict[str, tuple[float, float, float]]]:
    """Per load and kind: median and quartiles of the ratio to the SDK; the SDK's are in us."""
    found: dict[str, dict[str, tuple[float, float, float]]] = {}
    with Stub() as url:
        running = {kind: Contestant(kind, vendor, url) for kind in kinds}
        for load in loads:
            count = max(int(LOADS[load][1] * scale), 2)
            for contestant in running.values():
                contestant.run(load, 2)
            measured: dict[str, list[float]] = {kind: [] for kind in kinds}
            for _ in range(rounds):
                order = random.sample(kinds, len(kinds))
                batch = {kind: running[kind].cpu_us(load, count) for kind in order}
                for kind in kinds:
                    base = 1.0 if kind == "sdk" else batch["sdk"]
                    measured[kind].append(batch[kind] / base)
            found[load] = {kind: _quartiles(values) for kind, values in measured.items()}
        for contestant in running.values():
            contestant.close()
    return found


def _quartiles(values: list[float]) -> tuple[float, float, float]:
    if len(values) < 3:
        return min(values), statistics.median(values), max(values)
    low, middle, high = statistics.quantiles(values, n=4)
    return low, middle, high


def table(
    vendors: list[str], loads: list[str], rounds: int, scale: float, peers: bool
) -> list[str]:
    results = {}
    for vendor in vendors:
        kinds = ["sdk", "indox", "bare"]
        if vendor in ("gemini", "mistral"):
            kinds.append("indox-public")
        if peers and vendor == "openai":
            kinds += PEERS
        results[vendor] = ratios(kinds, vendor, loads, rounds, scale)
        print(f"{vendor} measured", file=sys.stderr, flush=True)
    lines = ["| | " + " | ".join(vendors) + " |", "|---" * (len(vendors) + 1) + "|"]
    for load in loads:
        title, _, goals = LOADS[load]
        cells = []
        for vendor in vendors:
            low, middle, high = results[vendor][load]["indox"]
            goal = goals[VENDORS.index(vendor)]
            kept = "**" if middle <= goal else ""
            cells.append(f"{kept}{middle:.2f}{kept} [{low:.2f}-{high:.2f}], goal {goal:.2f}")
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    others = sorted({kind for v in vendors for kind in results[v][loads[0]]} - {"indox", "sdk"})
    for kind in others:
        for load in loads:
            found = [results[v][load].get(kind) for v in vendors]
            cells = [f"{item[1]:.2f}" if item and item[1] == item[1] else "" for item in found]
            if not any(cells):
                continue
            lines.append(f"| {kind}: {LOADS[load][0]} | " + " | ".join(cells) + " |")
    for load in loads:
        cells = [f"{results[v][load]['sdk'][1]:,.0f} us" for v in vendors]
        lines.append(f"| plain SDK: {LOADS[load][0]} | " + " | ".join(cells) + " |")
    return lines


def in_flight(rounds: int) -> list[str]:
    """Async chats answered after 50 ms, 200 and 1,000 at a time."""
    kinds = ["sdk", "indox", "indox-aiohttp", "bare"]
    lines = [
        "| in flight | " + " | ".join(kinds) + " |",
        "|---" * (len(kinds) + 1) + "|",
    ]
    with Stub() as url:
        running = {kind: Contestant(kind, "openai", url) for kind in kinds}
        for width in (200, 1000):
            rates: dict[str, list[float]] = {kind: [] for kind in kinds}
            for turn in range(rounds + 1):
                for kind in random.sample(kinds, len(kinds)):
                    done = running[kind].run(f"inflight:{width}", 2 * width)
                    if turn:  # the first one opens the connections
                        rates[kind].append(done["units"] / done["wall_s"])
            medians = {kind: statistics.median(values) for kind, values in rates.items()}
            cells = [f"{m:,.0f}/s ({m / medians['sdk']:.1f}x)" for m in medians.values()]
            lines.append(f"| {width:,} | " + " | ".join(cells) + " |")
        for contestant in running.values():
            contestant.close()
    return lines


def start() -> list[str]:
    """Imports and first calls, each in a fresh process: CPU, and memory above the interpreter."""
    with Stub() as url:
        first = "{}; {}({!r}, {!r}, {!r})"
        scripts = {
            "python": "pass",
            "import pydantic": "import pydantic",
            "from indox_core import Client": "from indox_core import Client",
            "first call, plain SDK": first.format(_FIRST, "first", "sdk", "openai", url),
            "first call, Indox without price data": first.format(
                _FIRST, "first", "indox-unpriced", "openai", url
            ),
            "first call, Indox": first.format(_FIRST, "first", "indox", "openai", url),
        }
        measured: dict[str, list[tuple[float, float]]] = {name: [] for name in scripts}
        for _ in range(7):
            for name in random.sample(list(scripts), len(scripts)):
                measured[name].append(_process(scripts[name]))
    medians = {
        name: tuple(statistics.median(column) for column in zip(*values, strict=True))
        for name, values in measured.items()
    }
    bare = medians["python"]
    lines = ["| | CPU | memory above the interpreter |", "|---|---|---|"]
    for name, (cpu, rss) in medians.items():
        lines.append(f"| {name} | {cpu * 1000:.0f} ms | {(rss - bare[1]) / 1024:.1f} MiB |")
    pydantic = medians["import pydantic"][0]
    sdk = medians["first call, plain SDK"][0]
    imported = medians["from indox_core import Client"][0]
    unpriced = medians["first call, Indox without price data"][0]
    priced = medians["first call, Indox"][0]
    lines += [
        "",
        f"`from indox_core import Client` costs {imported / pydantic:.2f} of `import pydantic`; a "
        f"first call costs {unpriced / sdk:.2f} of the plain SDK's, with price data "
        f"{priced / sdk:.2f}.",
    ]
    return lines


_FIRST = f"import sys; sys.path.insert(0, {str(FOLDER)!r}); from contestants import first"


def _process(code: str) -> tuple[float, float]:
    """Seconds of CPU and KiB of memory at most, of one interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_REPORT}"], capture_output=True, text=True, check=True
    )
    cpu, rss = json.loads(done.stdout.splitlines()[-1])
    return cpu, rss


_REPORT = """
import json, resource
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""


def soak() -> list[str]:
    """10,000 calls of one client, and 1,000 calls with 1,000 keys."""
    lines = ["| | memory | sockets |", "|---|---|---|"]
    with Stub() as url:
        for name, load in (("10,000 calls", "soak"), ("1,000 calls with 1,000 keys", "keys")):
            contestant = Contestant("indox", "openai", url)
            contestant.run(load, 500)
            before = contestant.run(load, 10)
            after = contestant.run(load, 10_000 if load == "soak" else 1_000)
            growth = (after["rss_kib"] - before["rss_kib"]) / 1024
            lines.append(
                f"| {name} | +{growth:.2f} MiB | {before['sockets']} before, {after['sockets']} "
                "after |"
            )
            contestant.close()
    return lines


SIZES = (10, 100, 1000, 10_000)


def linear() -> tuple[list[str], str]:
    """CPU per message and per chunk, from 10 to 10,000: the table and the plot."""
    found: dict[str, list[float]] = {}
    with Stub() as url:
        for name, load in (("per message", "messages"), ("per chunk", "chunks")):
            contestant = Contestant("indox", "openai", url)
            contestant.run(f"{load}:10", 5)
            found[name] = []
            for size in SIZES:
                count = max(2000 // size, 1)
                each = [contestant.run(f"{load}:{size}", count)["cpu_s"] for _ in range(5)]
                least = [contestant.run(f"{load}:2", 100)["cpu_s"] / 100 for _ in range(5)]
                per_call = statistics.median(each) / count - statistics.median(least)
                found[name].append(per_call / (size - 2) * 1e6)
            contestant.close()
    lines = ["| | " + " | ".join(f"{size:,}" for size in SIZES) + " |", "|---|---|---|---|---|"]
    for name, values in found.items():
        lines.append(f"| {name} | " + " | ".join(f"{value:.1f} us" for value in values) + " |")
    return lines, _plot(found)


def _plot(found: dict[str, list[float]]) -> str:
    """An SVG: microseconds over the size, on a logarithmic axis."""
    top = max(max(values) for values in found.values()) * 1.2
    xs = [60 + 120 * number for number in range(len(SIZES))]
    drawn = []
    for (name, values), colour in zip(found.items(), ("#1a6", "#36c"), strict=True):
        points = [f"{x},{200 - 170 * value / top:.0f}" for x, value in zip(xs, values, strict=True)]
        drawn.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" '
            f'stroke-width="2"/><text x="430" y="{points[-1].split(",")[1]}" fill="{colour}">'
            f"{name}</text>"
        )
    ticks = "".join(
        f'<text x="{x}" y="220" text-anchor="middle">{size:,}</text>'
        for x, size in zip(xs, SIZES, strict=True)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 230" font-family="sans-serif" '
        'font-size="12"><rect width="520" height="230" fill="#fff"/>'
        f'<line x1="50" y1="200" x2="430" y2="200" stroke="#999"/>'
        f'<text x="5" y="35">{top:.0f} us</text><text x="5" y="203">0</text>'
        f"{ticks}{''.join(drawn)}</svg>\n"
    )


def machine() -> str:
    names = ("openai", "anthropic", "google-genai", "mistralai", "httpx2", "pydantic")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}; {versions}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--only", default=",".join(LOADS))
    parser.add_argument("--vendors", default=",".join(VENDORS))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    began = time.monotonic()
    if options.peers and shutil.which("uv") is None:
        sys.exit("--peers needs uv, which makes their environments")
    rounds, scale = (2, 0.2) if options.quick else (options.rounds, 1.0)
    vendors, loads = options.vendors.split(","), options.only.split(",")
    ratio_lines = table(vendors, loads, rounds, scale, options.peers)
    print("\n".join(ratio_lines), flush=True)
    if options.docs:
        sections = {"in flight": in_flight(3), "start": start(), "soak": soak()}
        linear_lines, plot = linear()
        text = (FOLDER / "performance.md.in").read_text()
        values = {
            "machine": machine(),
            "ratios": "\n".join(ratio_lines),
            "in_flight": "\n".join(sections["in flight"]),
            "start": "\n".join(sections["start"]),
            "soak": "\n".join(sections["soak"]),
            "linear": "\n".join(linear_lines),
        }
        for name, value in values.items():
            text = text.replace(f"@{name}@", value)
        (ROOT / "docs/reference/performance.md").write_text(text)
        (ROOT / "docs/reference/linear.svg").write_text(plot)
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()

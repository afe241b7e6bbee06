"""`indox doctor`: every installed plugin, each distribution in a process of its own.

A plugin may do anything when it is imported: hang, exit, print. The child's answers come through a
pipe; whatever a plugin prints is not shown, since it might hold a key.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections import deque
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, distributions, version
from multiprocessing.connection import Connection, wait
from typing import Any

import click
from packaging.requirements import InvalidRequirement, Requirement

from indox_core._errors import ProviderNotFoundError
from indox_core._plugins import CONTRACT_VERSIONS, Installed, Registry, installed

from .print import print_table

# A child that is forked from a server has the core loaded already; elsewhere it loads it anew.
_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_PROCESSES: Any = multiprocessing.get_context("forkserver" if _FORKS else "spawn")
if _FORKS:
    _PROCESSES.set_forkserver_preload([__name__])


def examine(names: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Print what is found, of all or of these; exit with 1 if a plugin has a problem."""
    claims, without_metadata = _claims(), _without_metadata()
    for name in names:
        if name not in claims and name not in without_metadata:
            raise ProviderNotFoundError(
                f'No plugin offers "{name}". Installed: {", ".join(claims) or "none"}.'
            )
    asked = {name: owners for name, owners in claims.items() if not names or name in names}
    found = _look_at(asked, timeout)
    findings = [_finding(name, owners, found.get(name, {})) for name, owners in asked.items()]
    findings += [_half_installed(n) for n in without_metadata if not names or n in names]
    if as_json:
        click.echo(json.dumps(findings))
    else:
        print_table(
            [
                {
                    "provider": item["provider"],
                    "distribution": item["distribution"],
                    "contract": str(item.get("contract", "")),
                    "SDK": item.get("sdk_state", ""),
                    "key": item.get("key", ""),
                    "import": f"{item['import_s']:.2f} s" if "import_s" in item else "",
                    "state": item["problem"] or "ok",
                }
                for item in findings
            ]
        )
    if any(item["problem"] for item in findings):
        sys.exit(1)


def _claims() -> dict[str, list[Installed]]:
    found: dict[str, list[Installed]] = {}
    for item in installed():
        found.setdefault(item.name, []).append(item)
    return found


def _finding(name: str, claims: list[Installed], found: dict[str, Any]) -> dict[str, Any]:
    """`found` is what the child says of it; nothing, where several claim the name."""
    owners = " and ".join(f"{claim.distribution} {claim.version}" for claim in claims)
    if len(claims) > 1:
        problem = f"{owners} both offer it. Uninstall one of them."
        return {"provider": name, "distribution": owners, "problem": problem}
    distribution = claims[0].distribution
    problem = found.pop("problem", None)
    if problem is not None:
        text = f"{problem} Reinstall or upgrade {distribution}." if "." not in problem else problem
        return {"provider": name, "distribution": owners, "problem": text}
    sdk, sdk_problem = _sdk_state(found["sdk"], distribution)
    return {
        "provider": name,
        "distribution": owners,
        **found,
        "accepted_contracts": list(CONTRACT_VERSIONS),
        "sdk_state": sdk,
        "key": _key_source(found["key_variable"]),
        "problem": sdk_problem,
    }


def _look_at(asked: dict[str, list[Installed]], timeout: float) -> dict[str, dict[str, Any]]:
    """What the plugins say of themselves, the distributions side by side.

    A provider that ends its process, or takes longer than `timeout` seconds, is told so; those of
    its distribution that come after it get a process of their own.
    """
    by_distribution: dict[str, list[str]] = {}
    for name, claims in asked.items():
        if len(claims) == 1:
            by_distribution.setdefault(claims[0].distribution, []).append(name)
    waiting = deque(by_distribution.values())
    running: dict[Any, _Child] = {}  # by the pipe that they answer through
    found: dict[str, dict[str, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < (os.cpu_count() or 1):
                child = _Child(waiting.popleft(), timeout)
                running[child.results] = child
            soonest = min(child.until for child in running.values())
            ready = wait(list(running), max(soonest - time.monotonic(), 0))
            late = [child for child in running.values() if time.monotonic() >= child.until]
            for child in {running[one]: None for one in ready} | dict.fromkeys(late):
                name = child.names[0]
                found[name] = child.answer()
                if child.ended:
                    del running[child.results]
                    waiting.extend([child.names] if child.names else [])
    finally:
        for child in running.values():
            child.end()
    return found


class _Child:
    """A process that looks at the providers of one distribution, one after the other."""

    def __init__(self, names: Iterable[str], timeout: float) -> None:
        self.names = list(names)
        """Those that are not told of yet."""
        self.ended = False
        self._timeout = timeout
        self.until = time.monotonic() + timeout
        self.results, theirs = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=_examined, args=(self.names, theirs))
        self._process.start()
        theirs.close()

    def answer(self) -> dict[str, Any]:
        """What is found of the next provider; nothing more is awaited."""
        self.names.pop(0)
        try:
            if not self.results.poll():
                self.end()
                return {"problem": f"its import takes more than {self._timeout:g} s"}
            found: dict[str, Any] = json.loads(self.results.recv_bytes())
        except (EOFError, OSError):
            self._process.join(1)
            code = self._process.exitcode
            self.end()
            return {"problem": f"its import ends the process (exit code {code})"}
        self.until = time.monotonic() + self._timeout
        if not self.names:
            self.end()
        return found

    def end(self) -> None:
        self.ended = True
        self._process.kill()
        self._process.join()
        self.results.close()


def _examined(names: list[str], results: Connection) -> None:
    """In the child: what each plugin says of itself."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    registry = Registry()
    for name in names:
        began = time.process_time()
        try:
            spec = registry.provider(name).spec
            found: dict[str, Any] = {
                "contract": spec.contract,
                "key_variable": spec.key_variable,
                "sdk": spec.sdk,
                "import_s": round(time.process_time() - began, 3),
            }
        except BaseException as error:  # noqa: BLE001 # a plugin may raise anything
            ours = type(error).__module__.startswith("indox_core")
            found = {"problem": str(error) if ours else type(error).__name__}
        results.send_bytes(json.dumps(found).encode())
    os._exit(0)  # what a plugin has started is not waited for


def _sdk_state(sdk: str | None, distribution: str) -> tuple[str, str]:
    """What is installed of the SDK, and what is wrong with it."""
    if sdk is None:
        return "none", ""
    try:
        wanted = Requirement(sdk)
        present = version(wanted.name)
    except InvalidRequirement:
        return sdk, f"its spec names the SDK {sdk!r}, which cannot be read. Upgrade {distribution}."
    except PackageNotFoundError:
        return "missing", f"its SDK {sdk} is missing. Run: pip install '{sdk}'"
    if not wanted.specifier.contains(present, prereleases=True):
        return present, (
            f"{wanted.name} {present} is outside the tested range {wanted.specifier}. "
            f"Run: pip install '{sdk}'"
        )
    return f"{wanted.name} {present}", ""


def _key_source(variable: str | None) -> str:
    if variable is None:
        return "none needed"
    return f"{variable} is set" if os.environ.get(variable) else f"{variable} is not set"


def _without_metadata() -> list[str]:
    """Half-removed distributions that still name a provider."""
    found = []
    for distribution in distributions():
        try:
            names = [p.name for p in distribution.entry_points if p.group == "indox"]
            whole = distribution.metadata["Name"] and distribution.version
        except Exception:  # noqa: BLE001 # a half-removed distribution may raise anything
            names, whole = [], None
        if names and not whole:
            found += names
    return found


def _half_installed(name: str) -> dict[str, Any]:
    return {
        "provider": name,
        "distribution": "unknown",
        "problem": "its metadata are half removed. Uninstall it wholly, or install it anew.",
    }

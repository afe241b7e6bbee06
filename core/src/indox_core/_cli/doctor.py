"""`indox doctor`: every installed plugin, each looked at in a process of its own.

A plugin may do anything when it is imported: hang, exit, print. The child's answer is one line of
JSON behind a mark; whatever else it prints is not shown, since it might hold a key.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Any

import click
from packaging.requirements import InvalidRequirement, Requirement

from indox_core._errors import ProviderNotFoundError
from indox_core._plugins import CONTRACT_VERSIONS, Installed, installed

from .print import print_table

MARK = "indox-doctor:"
_CHILD = """
import json, sys, time
began = time.process_time()
try:
    from indox_core._plugins.registry import Registry
    spec = Registry().provider(sys.argv[1]).spec
    found = {"contract": spec.contract, "key_variable": spec.key_variable, "sdk": spec.sdk,
             "import_s": round(time.process_time() - began, 3)}
except BaseException as error:
    text = str(error) if type(error).__module__.startswith("indox_core") else type(error).__name__
    found = {"problem": text}
print("\\n" + sys.argv[2] + json.dumps(found), flush=True)
"""


def examine(names: tuple[str, ...], timeout: float, as_json: bool) -> None:
    """Print what is found, of all or of these; exit with 1 if a plugin has a problem."""
    claims, without_metadata = _claims(), _without_metadata()
    for name in names:
        if name not in claims and name not in without_metadata:
            raise ProviderNotFoundError(
                f'No plugin offers "{name}". Installed: {", ".join(claims) or "none"}.'
            )
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        looked_at = [
            pool.submit(_finding, name, owners, timeout)
            for name, owners in claims.items()
            if not names or name in names
        ]
    findings = [future.result() for future in looked_at]
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


def _finding(name: str, claims: list[Installed], timeout: float) -> dict[str, Any]:
    owners = " and ".join(f"{claim.distribution} {claim.version}" for claim in claims)
    if len(claims) > 1:
        problem = f"{owners} both offer it. Uninstall one of them."
        return {"provider": name, "distribution": owners, "problem": problem}
    distribution = claims[0].distribution
    found = _asked(name, timeout)
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


def _asked(name: str, timeout: float) -> dict[str, Any]:
    try:
        done = subprocess.run(  # noqa: S603 # this interpreter, our own code
            [sys.executable, "-c", _CHILD, name, MARK],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return {"problem": f"its import takes more than {timeout:g} s"}
    for line in reversed(done.stdout.splitlines()):
        if line.startswith(MARK):
            found: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return found
    return {"problem": f"its import ends the process (exit code {done.returncode})"}


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

"""What it is."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from indox_core.plugin import CAPABILITIES

from .core import CONTRACT_VERSIONS, check_provider, installed
from .subject import Subject

# What an import does to the process, beside loading modules.
_IMPORT = """
import logging, os, socket, sys, threading, warnings
import indox_core.plugin

def noticed(environment, name, read=type(os.environ).__getitem__):
    frame = sys._getframe(1)
    while frame.f_globals.get("__name__") in ("os", "_collections_abc", "collections.abc"):
        frame = frame.f_back
    if frame.f_globals.get("__name__", "").partition(".")[0] == "{module}".partition(".")[0]:
        print("! reads the environment")
    return read(environment, name)

def state():
    return {{
        "configures logging": (list(logging.root.handlers), logging.root.level),
        "changes the filters of warnings": list(warnings.filters),
        "starts a thread": threading.active_count(),
        "changes the environment": dict(os.environ),
        "sets the time limit of sockets": socket.getdefaulttimeout(),
        "changes the standard streams": (sys.stdout, sys.stderr),
    }}

before = state()
type(os.environ).__getitem__ = noticed
import {module}
for name, value in state().items():
    if value != before[name]:
        print("!", name)
print(*sys.modules)
"""


class Identity(Subject):
    """What it is"""

    def test_the_class_keeps_the_contract(self) -> None:
        """The core reads the spec before the first call; what it lacks there it cannot ask for."""
        problem = check_provider(self.provider)
        assert problem is None, f"The contract wants a whole provider: {problem}."
        spec = self.provider.spec
        assert re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", spec.name), (
            f"spec.name {spec.name!r}: a prefix has lower-case letters, digits, - and _, since it "
            'stands before the slash of "provider/model".'
        )
        assert spec.contract in CONTRACT_VERSIONS
        unknown = set(spec.lacks) - CAPABILITIES
        assert not unknown, f"spec.lacks names {unknown}, which is no capability."
        assert re.match(r"$|https://|http://(localhost|127\.0\.0\.1)\b", spec.base_url), (
            "spec.base_url must be https: a key travels there."
        )
        if spec.key_variable is not None:
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", spec.key_variable)

    def test_its_entry_point_leads_here(self) -> None:
        """`pip install` alone makes the provider known: by the name of its entry point."""
        name = self.provider.spec.name
        found = [item for item in installed() if item.name == name]
        assert found, (
            f'No installed distribution has an entry point "{name}" in the group "indox"; without '
            f'it no user reaches "{name}/model". Is the package installed in this environment?'
        )
        assert len(found) == 1, f"{[i.distribution for i in found]} claim the same name."
        plugin = found[0].entry_point.load()
        hook = getattr(plugin, "indox_provider", None)
        assert callable(hook), f"{found[0].entry_point.value} has no hook indox_provider."
        assert hook() is self.provider, (
            "indox_provider() returns another class than the one tested."
        )

    def test_naming_it_imports_no_sdk(self) -> None:
        """Every user of the core would pay for it at start; connect() is the place to import."""
        (item,) = [item for item in installed() if item.name == self.provider.spec.name]
        names = ["httpx2", "asyncio", "ssl"]
        if self.provider.spec.sdk is not None:
            sdk = re.split(r"[<>=!~ \[]", self.provider.spec.sdk)[0].lower().replace("_", "-")
            names += [
                name
                for name, owners in packages_distributions().items()
                if sdk in {owner.lower().replace("_", "-") for owner in owners}
            ]
        code = _IMPORT.format(module=item.entry_point.module)
        done = subprocess.run(  # noqa: S603 # this interpreter, on the plugin's own module
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        loaded = set(done.stdout.split())
        early = sorted(loaded.intersection(names))
        assert not early, f"Importing {item.entry_point.module} also imports {early}."
        assert not done.stderr, f"Importing the plugin prints {done.stderr!r}."
        *said, _ = done.stdout.splitlines()
        printed = [line for line in said if not line.startswith("! ")]
        assert not printed, f"Importing the plugin prints {printed!r}."
        changed = [line.removeprefix("! ") for line in said]
        assert not changed, f"Importing {item.entry_point.module} {changed}: it is for all users."

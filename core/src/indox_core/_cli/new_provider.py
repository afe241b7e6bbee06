"""`indox new-provider`: a complete package, from the template beside this module."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from string import Template

import click
from packaging.version import Version

from indox_core._errors import DuplicateProviderError, ValidationError
from indox_core._plugins import installed

_TEMPLATE = Path(__file__).parent / "_template"
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 30


def new_provider(name: str, compatible: bool, as_json: bool = False) -> None:
    """Write ./indox-NAME, whole or not at all."""
    _check(name)
    target = Path(f"indox-{name}")
    if target.exists():
        raise ValidationError(f"./{target} is there already. Nothing was written.")
    beside = Path(f".{target}-{os.getpid()}")
    try:
        beside.mkdir()
        for path, content in rendered(name, compatible):
            (beside / path).parent.mkdir(parents=True, exist_ok=True)
            (beside / path).write_bytes(content)
        beside.rename(target)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    if as_json:
        click.echo(json.dumps({"path": str(target.resolve())}))
        return
    click.echo(
        f"Written: ./{target}. It passes its tests as it stands:\n\n"
        f"    cd {target}\n"
        "    pip install -e '.[dev]'\n"
        "    pytest\n"
        + (
            f"\nThen put the vendor's address into src/{_module(name)}/__init__.py."
            if compatible
            else f'    indox chat -m {name}/any "Hello"'
        )
    )


def _check(name: str) -> None:
    if name.startswith("indox-"):
        raise ValidationError(f'Give the name without "indox-": {name.removeprefix("indox-")}')
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ValidationError(
            "NAME is the prefix in provider/model and part of a distribution's name: at most "
            f"{_LONGEST} lower-case letters, digits and single hyphens, a letter first."
        )
    for item in installed():
        if item.name == name:
            raise DuplicateProviderError(
                f'The provider "{name}" is offered by {item.distribution} {item.version}, which '
                "is installed. Take another name."
            )
    try:
        version(f"indox-{name}")
    except PackageNotFoundError:
        return
    raise DuplicateProviderError(f"A distribution indox-{name} is installed. Take another name.")


def _module(name: str) -> str:
    return f"indox_{name.replace('-', '_')}"


def rendered(name: str, compatible: bool) -> Iterator[tuple[str, bytes]]:
    """The files of the package: path below its folder, and content."""
    core = Version(version("indox-core"))
    next_one = str(core.major + 1) if core.major else f"0.{core.minor + 1}"
    dependencies = [f'"indox-core>={core},<{next_one}"']
    if compatible:
        dependencies.append(dependencies[0].replace("core", "openai"))
    words = {
        "name": name,
        "title": name.replace("-", " ").title(),
        "module": _module(name),
        "model": "a-model" if compatible else "any",
        "stem": "".join(word.capitalize() for word in name.split("-")),
        "variable": f"{name.replace('-', '_').upper()}_API_KEY",
        "dependencies": ", ".join(dependencies),
    }
    for kind in ("common", "compatible" if compatible else "echo"):
        for file in sorted((_TEMPLATE / kind).rglob("*")):
            if not file.is_file():
                continue
            path = file.relative_to(_TEMPLATE / kind).as_posix()
            path = path.replace("dot_", ".").replace("src/module/", f"src/{words['module']}/")
            content = file.read_bytes()
            if path.endswith(".in"):
                path = path.removesuffix(".in")
                content = Template(content.decode()).substitute(words).encode()
            yield path, content

"""The command line `indox`."""

from __future__ import annotations

import io
import sys


def main() -> None:
    """Entry point of the script. Exit codes: 0 answered, 1 failure, 2 wrong usage or set-up."""
    try:
        from .app import app
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich", "markdown_it"):
            raise
        sys.exit("The command line needs two more packages: pip install 'indox-core[cli]'")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an answer may hold what the terminal cannot show
    app(prog_name="indox")

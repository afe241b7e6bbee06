"""Every Python block of the README and the docs runs."""

from __future__ import annotations

from pathlib import Path

import pytest
import reference
from pages import blocks, openai_at, run_blocks

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "*/README.md", "*/*/README.md", "docs/**/*.md")
    for page in ROOT.glob(pattern)
    if "changes" not in page.parts and blocks(page)
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page, openai_server, tmp_path, capsys):
    with openai_at(openai_server.base_url):
        run_blocks(blocks(page), tmp_path)
    print(f"{len(blocks(page))} blocks ran")


def test_the_smallest_plugin_is_shown_as_it_is():
    """The page quotes the plugin and its metadata to the letter."""
    page = (ROOT / "docs/tutorial/smallest-plugin.md").read_text()
    plugin = ROOT / "contrib/indox-echo"
    assert (plugin / "src/indox_echo/__init__.py").read_text() in page
    assert (plugin / "pyproject.toml").read_text() in page


@pytest.mark.parametrize("path", reference.PAGES)
def test_a_generated_page_says_what_the_code_says(path):
    """`uv run python tests/reference.py` writes them."""
    assert (ROOT / path).read_text() == reference.PAGES[path]()


def test_every_error_is_documented():
    import indox_core

    page = (ROOT / "docs/reference/errors.md").read_text()
    names = {name for name in indox_core.__all__ if name.endswith("Error")}
    assert {name for name in names if f"`{name}`" in page} == names

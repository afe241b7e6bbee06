"""Every Python block of the README and the docs runs."""

from __future__ import annotations

import re
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


def test_the_pages_are_many(tell):
    tell(f"{sum(len(blocks(page)) for page in PAGES)} blocks on {len(PAGES)} pages")
    assert len(PAGES) > 25


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


def test_every_public_name_is_on_a_page_of_the_reference():
    import indox_core
    import indox_core.plugin
    import indox_core.testing

    callers = (ROOT / "docs/reference/api.md").read_text()
    authors = (ROOT / "docs/reference/plugin-api.md").read_text()
    shown = re.findall(r"^::: indox_core\.(\w+)$", callers, re.MULTILINE)
    assert sorted(shown) == sorted(indox_core.__all__)
    shown = re.findall(r"^::: indox_core\.plugin\.(\w+)$", authors, re.MULTILINE)
    assert sorted(shown) == sorted(set(indox_core.plugin.__all__) - set(indox_core.__all__))
    assert all(f"`{name}`" in authors or f".{name}\n" in authors
               for name in indox_core.testing.__all__)  # fmt: skip


def test_every_page_is_in_the_sites_navigation():
    nav = (ROOT / "mkdocs.yml").read_text()
    pages = {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")}
    left_out = {page for page in pages if page not in nav and not page.startswith("changes/")}
    assert left_out == set()

"""A headless browser reads the built site: every page, every link, the console, the search.

    apt-get install chromium chromium-driver
    uv run --group docs --group browser python tests/docs/browse.py [--screenshots FOLDER]

It starts at the home page and follows every link within the site, on a wide screen; opens some
pages on a narrow one; types into the search and follows what it finds. Exits with 1 and a list if a
page or an anchor is missing, an image does not load, a page is wider than its screen, something
comes from another host, or the console has an error.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parents[2]
WIDE, NARROW = (1400, 900), (390, 844)
LOOKED_AT = ("index.html", "how-to/costs.html", "reference/api.html", "reference/matrix.html",
             "explanation/architecture.html")  # fmt: skip
LINKS = "return [...document.querySelectorAll('a[href]')].map(a => a.href)"
ANCHORS = "return [...document.querySelectorAll('[id]')].map(e => e.id)"
BROKEN_IMAGES = (
    "return [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
)
FOREIGN = (
    "return performance.getEntriesByType('resource').map(e => e.name)"
    ".filter(name => name.startsWith('http') && !name.startsWith(location.origin))"
)
OVERFLOW = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
# The search box lives in a shadow tree; the element that has the focus does, too.
RESULTS = """
const found = [];
const walk = root => root.querySelectorAll('*').forEach(e => {
  if (e.shadowRoot) walk(e.shadowRoot);
  if (e.tagName === 'A' && e.href.includes('.html') && e.closest('ol, ul, [role=dialog]')) {
    if (root !== document) found.push(e.href);
  }
});
walk(document);
return found;
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def built_site() -> Iterator[str]:
    """The site, built strictly and served on 127.0.0.1 for the length of a `with`: its address."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("docs", "core/src", "mkdocs.yml"):
            source, target = ROOT / name, Path(folder) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        subprocess.run(["zensical", "build", "--strict"], cwd=folder, check=True)
        handler = functools.partial(_Quiet, directory=f"{folder}/site")
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()


def browser() -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = shutil.which("chromedriver")
    return webdriver.Chrome(options, webdriver.ChromeService(driver) if driver else None)


class Reader:
    """Reads page after page, and keeps what is wrong with them."""

    def __init__(self, chrome: webdriver.Chrome, home: str) -> None:
        self.chrome = chrome
        self.home = home
        self.problems: list[str] = []
        self.anchors: dict[str, set[str]] = {}
        self.wanted: list[tuple[str, str, str]] = []

    def open(self, url: str) -> None:
        self.chrome.get(url)
        where = url.removeprefix(self.home)
        for entry in self.chrome.get_log("browser"):
            if entry["level"] == "SEVERE":
                self.problems.append(f"{where}: console: {entry['message']}")
        with contextlib.suppress(TimeoutException):  # those still on their way are told below
            WebDriverWait(self.chrome, 10).until(
                lambda chrome: not chrome.execute_script(BROKEN_IMAGES)
            )
        for image in self.chrome.execute_script(BROKEN_IMAGES):
            self.problems.append(f"{where}: the image {image} does not load")
        for foreign in self.chrome.execute_script(FOREIGN):
            self.problems.append(f"{where}: loads {foreign}")

    def read_all(self) -> None:
        """Every page that a link leads to from the home page."""
        queue = [f"{self.home}/index.html"]
        while queue:
            url = queue.pop()
            if url in self.anchors:
                continue
            self.open(url)
            if "404" in self.chrome.title:
                self.problems.append(f"{url}: no such page")
            self.anchors[url] = set(self.chrome.execute_script(ANCHORS))
            for link in self.chrome.execute_script(LINKS):
                target, anchor = urldefrag(link)
                if not target.startswith(self.home):
                    continue
                if urlsplit(target).path in ("", "/"):
                    target = f"{self.home}/index.html"
                if target.endswith(".html"):
                    self.wanted.append((url, target, anchor))
                    queue.append(target)
        for url, target, anchor in self.wanted:
            if anchor and anchor not in self.anchors[target]:
                self.problems.append(f"{url}: {target} has no #{anchor}")

    def search(self, text: str, expected: str) -> None:
        self.open(f"{self.home}/index.html")
        self.chrome.execute_script(
            "(document.querySelector('.md-search__button, [data-md-component=search] button')"
            " || document.querySelector('label[for=__search]')).click()"
        )
        WebDriverWait(self.chrome, 10).until(
            lambda chrome: chrome.execute_script(
                "let e = document.activeElement; while (e && e.shadowRoot)"
                " e = e.shadowRoot.activeElement; return e && e.tagName") == "INPUT"
        )  # fmt: skip
        webdriver.ActionChains(self.chrome).send_keys(text).perform()
        found: list[str] = []

        def is_found(chrome: webdriver.Chrome) -> bool:
            found[:] = chrome.execute_script(RESULTS)
            return any(expected in link for link in found)

        try:
            WebDriverWait(self.chrome, 30).until(is_found)
        except TimeoutException:
            self.problems.append(f"the search for {text!r} does not find {expected}: {found}")
            return
        self.open(urldefrag(found[0])[0])
        assert self.chrome.find_element(By.TAG_NAME, "h1")

    def look(self, size: tuple[int, int], folder: Path | None) -> None:
        """Some pages on a screen of this size."""
        self.chrome.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": size == NARROW},
        )
        for page in LOOKED_AT:
            self.open(f"{self.home}/{page}")
            if (over := self.chrome.execute_script(OVERFLOW)) > 1:
                self.problems.append(f"/{page}: {over} pixels wider than {size[0]}")
            if folder is not None:
                name = f"{Path(page).stem}-{size[0]}.png"
                self.chrome.save_screenshot(str(folder / name))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--screenshots", type=Path)
    folder = parser.parse_args().screenshots
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    with built_site() as home:
        chrome = browser()
        try:
            reader = Reader(chrome, home)
            reader.look(WIDE, folder)
            reader.read_all()
            for text, expected in (("max_cost", "costs"), ("FakeProvider", "testing")):
                reader.search(text, expected)
            reader.look(NARROW, folder)
        finally:
            chrome.quit()
    for problem in reader.problems:
        print(problem)
    print(f"{len(reader.anchors)} pages, {len(reader.wanted)} links within the site, "
          f"{len(reader.problems)} problems")  # fmt: skip
    sys.exit(bool(reader.problems))


if __name__ == "__main__":
    main()

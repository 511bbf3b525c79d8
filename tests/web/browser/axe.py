"""What axe-core has to say of a page, what is wider than its window, and pictures of it."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from ...frontends.page import WITHOUT_NETWORK

HERE = Path(__file__).parent
SIZES = ((1280, 900), (375, 800))
"""A desk and a phone."""
# The README's frame is a page of its own: no script, not even this one, runs in it.
RUN = "() => axe.run({ exclude: ['iframe'] }, { resultTypes: ['violations'] })"
OPEN_ALL = "document.querySelectorAll('details').forEach((node) => { node.open = true; })"
WIDER = """() => document.documentElement.scrollWidth <= innerWidth ? []
  : [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .filter((node) => !node.closest(".scroll, .first, pre, .hidden"))
  .map((node) => `${node.tagName} ${node.className}`).slice(0, 5)"""


@cache
def script() -> str:
    """The script axe-core; skips where it cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    path = HERE / "node_modules" / "axe-core" / "axe.min.js"
    with (HERE / ".gitignore").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _install()
    return path.read_text("utf-8")


def _install() -> None:
    quiet = ("--no-audit", "--no-fund", "--no-package-lock", "--prefer-offline")
    command = ["npm", "install", *quiet, "--fetch-retries=0", "--loglevel=error"]
    done = subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode and WITHOUT_NETWORK.search(done.stderr):
        reason = done.stderr.strip().splitlines()[0]
        pytest.skip(f"the npm registry cannot be reached: {reason}")
    assert done.returncode == 0, done.stderr


def complaints(page: Page) -> list[str]:
    """What is wrong with the page that is open, in both themes, on a desk and on a phone."""
    found = []
    path = page.url.removeprefix("http://").partition("/")[2]
    page.evaluate(script())
    page.evaluate(OPEN_ALL)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            answer: Any = page.evaluate(RUN)
            for wrong in answer["violations"]:
                where = [" ".join(map(str, node["target"])) for node in wrong["nodes"][:3]]
                found.append(f"/{path} {theme} {width} {wrong['id']}: {', '.join(where)}")
    return found


def wider(page: Page) -> list[str]:
    """Elements that stand out of the window of the page that is open."""
    found: list[str] = page.evaluate(WIDER)
    return found


def take(page: Page, folder: Path, kind: str, name: str = "") -> Path:
    """Write a picture of the whole page, called by its path unless a name is given."""
    parts = urlsplit(page.url)
    called = name or re.sub(r"\W+", "-", f"{parts.path}?{parts.query}").strip("-") or "search"
    path = folder / f"{called}.{kind}.png"
    page.screenshot(path=path, full_page=True)
    return path

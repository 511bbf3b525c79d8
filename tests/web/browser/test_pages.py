"""All pages: narrow windows, accessibility in both themes, and pictures to look at."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from ...frontends.page import WITHOUT_NETWORK
from .conftest import Open

HERE = Path(__file__).parent
PAGES = (
    "/",
    "/?q=form&license=MIT&old=1",
    "/?q=zzzzqqqq",
    "/packages/flask-form-kit",
    "/packages/flask-form-kit/readme",
    "/packages/flask-form-kit?by=python_minor&range=30",
    "/packages/flask-vulnerable",
    "/packages/flask-fromkit",
    "/packages/flask-hostile",
    "/packages/not-there",
    "/compare",
    "/compare/flask-form-kit/flask-vulnerable",
    "/top",
    "/insights",
    "/profiles",
    "/profiles/toys",
    "/about",
    "/faqs",
    "/api/",
    "/status",
)
MEMBERS_PAGES = ("/dashboard", "/admin")
# The README's frame has a page of its own in the list: no script, not even this one, runs in it.
RUN_AXE = "() => axe.run({ exclude: ['iframe'] }, { resultTypes: ['violations'] })"
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .filter((node) => !node.closest(".scroll, .first, pre, .hidden"))
  .map((node) => `${node.tagName} ${node.className}`).slice(0, 5)"""


@cache
def axe() -> str:
    """The script axe-core; skips where it cannot be had."""
    if shutil.which("npm") is None:
        pytest.skip("npm is missing")
    script = HERE / "node_modules" / "axe-core" / "axe.min.js"
    with (HERE / ".gitignore").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.exists():
            _install()
    return script.read_text("utf-8")


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


def shown(page: Page, path: str) -> None:
    """Open a page; wait for the chart where the address asks for one."""
    page.goto(path)
    if "range=" in path:
        page.locator(".stage .main-svg").first.wait_for()


def complaints(page: Page, path: str) -> list[str]:
    """What axe has to say in both themes."""
    shown(page, path)
    found = []
    page.evaluate(axe())
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        answer: Any = page.evaluate(RUN_AXE)
        for wrong in answer["violations"]:
            where = [" ".join(map(str, node["target"])) for node in wrong["nodes"][:3]]
            found.append(f"{path} {theme} {wrong['id']}: {', '.join(where)}")
    return found


@pytest.mark.slow
def test_axe_finds_nothing(tabs: Open):
    page = tabs(bypass_csp=True)

    assert [wrong for path in PAGES for wrong in complaints(page, path)] == []


def test_axe_finds_nothing_for_members(admin_tabs):
    with admin_tabs(bypass_csp=True) as page:
        assert [wrong for path in MEMBERS_PAGES for wrong in complaints(page, path)] == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_phone(tabs: Open, screenshots: Path, width: int):
    page = tabs(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)

    wider = {}
    for path in PAGES:
        shown(page, path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wider[path] = page.evaluate(WIDER)
        take(page, screenshots, path, f"{width}")
    assert wider == {}


def test_members_pages_on_a_phone(admin_tabs, screenshots: Path):
    with admin_tabs(viewport={"width": 320, "height": 800}) as page:
        for path in MEMBERS_PAGES:
            page.goto(path)
            take(page, screenshots, path, "320")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_to_look_at(tabs: Open, admin_tabs, screenshots: Path, theme: str):
    page = tabs(color_scheme=theme)
    for path in PAGES:
        shown(page, path)
        take(page, screenshots, path, theme)
    with admin_tabs(color_scheme=theme) as page:
        for path in MEMBERS_PAGES:
            page.goto(path)
            take(page, screenshots, path, theme)

    assert len(list(screenshots.glob(f"*.{theme}.png"))) == len(PAGES) + len(MEMBERS_PAGES)


def take(page: Page, folder: Path, path: str, kind: str) -> None:
    """Write a picture of the whole page."""
    name = re.sub(r"\W+", "-", path).strip("-") or "search"
    page.screenshot(path=folder / f"{name}.{kind}.png", full_page=True)

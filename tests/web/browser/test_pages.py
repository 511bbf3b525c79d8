"""All pages: narrow windows, accessibility in both themes, and pictures to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from . import axe
from .conftest import Open

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


def shown(page: Page, path: str) -> None:
    """Open a page; wait for the chart where the address asks for one."""
    page.goto(path)
    if "range=" in path:
        page.locator(".stage .main-svg").first.wait_for()


@pytest.mark.slow
def test_axe_finds_nothing(tabs: Open):
    page = tabs(bypass_csp=True)

    found = []
    for path in PAGES:
        shown(page, path)
        found += axe.complaints(page)
    assert found == [], "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 375])
def test_nothing_is_wider_than_a_phone(tabs: Open, screenshots: Path, width: int):
    page = tabs(viewport={"width": width, "height": 800}, is_mobile=True, has_touch=True)

    found = {}
    for path in PAGES:
        shown(page, path)
        if wider := axe.wider(page):
            found[path] = wider
        axe.take(page, screenshots, f"{width}")
    assert found == {}


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_to_look_at(tabs: Open, screenshots: Path, theme: str):
    page = tabs(color_scheme=theme)
    taken = []
    for path in PAGES:
        shown(page, path)
        taken.append(axe.take(page, screenshots, theme))

    assert len({path for path in taken if path.stat().st_size}) == len(PAGES)

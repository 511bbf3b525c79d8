"""One Chromium for all tests here, and tabs of it that look at the site."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ..accounts import Browser as Visitor
from ..conftest import Running

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Browser, Page  # noqa: E402

from . import watched  # noqa: E402

Open = Callable[..., Page]
"""Open a tab; arguments are those of ``watched.opened`` and of a browser's context."""


# Not for the whole session: while Playwright runs, no other test could run an event loop.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


def hosts_of(*urls: str) -> frozenset[str]:
    """The hosts, with ports, that pages may ask."""
    return frozenset(urlsplit(url).netloc for url in urls)


@pytest.fixture
def tabs(site: Running, chromium: Browser) -> Iterator[Open]:
    """Opens tabs that look at the site; each is checked at the end of the test."""
    hosts = hosts_of(site.url, site.server.url)
    with ExitStack() as stack:

        def tab(**options: Any) -> Page:
            return stack.enter_context(watched.opened(chromium, site.url, hosts, **options))

        yield tab


@pytest.fixture
def tab(tabs: Open) -> Page:
    """A tab of usual size, with a light theme."""
    return tabs()


@pytest.fixture
def tabs_of(site: Running, chromium: Browser) -> Callable[..., AbstractContextManager[Page]]:
    """Opens tabs of somebody who looks at a site with accounts."""

    def tab(visitor: Visitor, **options: Any) -> AbstractContextManager[Page]:
        url = visitor.members.url
        cookies = [_stored(each.name, str(each.value), url) for each in visitor.session.cookies]
        state = {"storage_state": {"cookies": cookies, "origins": []}}
        return watched.opened(chromium, url, hosts_of(url, site.server.url), **state, **options)

    return tab


def _stored(name: str, value: str, url: str) -> dict[str, Any]:
    fixed = {"path": "/", "expires": -1, "httpOnly": True, "secure": False, "sameSite": "Lax"}
    return {"name": name, "value": value, "domain": urlsplit(url).hostname, **fixed}


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages are written for people to look at."""
    named = os.environ.get("PYF_SCREENSHOTS")
    if not named:
        return tmp_path_factory.mktemp("screenshots")
    folder = Path(named)
    folder.mkdir(parents=True, exist_ok=True)
    return folder

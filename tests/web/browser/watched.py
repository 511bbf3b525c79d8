"""A tab of a browser that notes what a page must not do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

TELL_VIOLATIONS = """addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""
PATIENCE = 20_000
"""Milliseconds that a page may take on a busy machine."""
expect.set_options(timeout=PATIENCE)


@dataclass
class Watch:
    """What went wrong: errors in the console, breaches of the policy, requests to other hosts."""

    hosts: frozenset[str]
    excused: str = ""
    wrong: list[str] = field(default_factory=list)
    visited: set[str] = field(default_factory=set)

    def follow(self, page: Page) -> None:
        """Note what this page does from now on."""
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", self._requested)

    def _said(self, message: ConsoleMessage) -> None:
        # That the page itself was not found is what some tests ask for.
        about_page = message.location.get("url") in self.visited
        excused = about_page and "status of" in message.text
        excused = excused or bool(self.excused and self.excused in message.text)
        if message.type == "error" and not excused:
            self.wrong.append(f"{message.text} {message.location.get('url')}")

    def _requested(self, request: Request) -> None:
        if request.is_navigation_request():
            self.visited.add(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.netloc not in self.hosts:
            self.wrong.append(f"request to {request.url}")


@contextmanager
def opened(
    browser: Browser, url: str, hosts: frozenset[str], excused: str = "", **options: Any
) -> Iterator[Page]:
    """A tab with cookies of its own; fails at its end when a page did what it must not.

    Messages of the console that contain ``excused`` are what the test is about.
    """
    usual = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
    context = browser.new_context(base_url=url, **{**usual, **options})
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TELL_VIOLATIONS)
    watch = Watch(hosts, excused)
    context.on("page", watch.follow)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert watch.wrong == [], watch.wrong

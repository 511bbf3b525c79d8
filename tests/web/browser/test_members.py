"""Pages of a site with accounts: for nobody, for somebody, for an administrator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pyf.aggregator.accounts import unsubscribe_links
from pyf.aggregator.queue.config import PREFIX
from pyf.aggregator.queue.dead_letters import DeadLetters
from tests.queue.running import RedisServer

from ..accounts import ADMIN, Browser, Members
from . import axe

TabsOf = Callable[..., AbstractContextManager[Page]]
PACKAGE = "/packages/flask-form-kit"
TRACK = "/dashboard/track?package=flask-form-kit"
TRACKED = "flask-form-kit flask-vulnerable flask-page01 flask-old never-heard-of"


@pytest.fixture
def visitors(staffed: Members, redis: RedisServer) -> Iterator[list[tuple[Browser, list[str]]]]:
    """Whoever visits, and which pages: nobody, somebody without a list, an administrator."""
    failed = DeadLetters(redis.client())
    failed.add(f"{PREFIX}inspect_project", "x", ["flask-old"], {}, "Timeout: it said nothing")
    boss = staffed.signed_in(ADMIN)
    boss.post("/dashboard/track", package=TRACKED)
    boss.post("/dashboard/digest", every="week", mail="1")
    secret = (staffed.folder / "web.secret").read_text("ascii").strip()
    link = unsubscribe_links.PATH + unsubscribe_links.unsubscribe_token(secret, 1)
    yield [
        (staffed.browser(), ["/", PACKAGE, link, link[:-1], "/account/callback"]),
        (staffed.signed_in("Example"), ["/dashboard", TRACK, PACKAGE, "/admin"]),
        (boss, ["/dashboard", "/admin?said=queued", TRACK, PACKAGE]),
    ]
    redis.client().flushall()


@pytest.mark.slow
def test_axe_finds_nothing(visitors: list[tuple[Browser, list[str]]], tabs_of: TabsOf):
    found = []
    for visitor, paths in visitors:
        with tabs_of(visitor, bypass_csp=True) as page:
            for path in paths:
                page.goto(path)
                found += axe.complaints(page)
    assert found == [], "\n".join(found)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "width"), [("320", 320), ("375", 375), ("light", 1280)])
def test_nothing_is_wider_than_the_window(
    visitors: list[tuple[Browser, list[str]]],
    tabs_of: TabsOf,
    screenshots: Path,
    kind: str,
    width: int,
):
    found = {}
    for number, (visitor, paths) in enumerate(visitors):
        with tabs_of(visitor, viewport={"width": width, "height": 800}) as page:
            for place, path in enumerate(paths):
                page.goto(path)
                if wider := axe.wider(page):
                    found[path] = wider
                axe.take(page, screenshots, kind, f"member-{number}-{place}")
    assert found == {}


def test_tracking_from_a_page_and_ending_mails(staffed: Members, tabs_of: TabsOf):
    visitor = staffed.signed_in("clicks", 7001)
    visitor.post("/dashboard/digest", every="month", mail="1")
    secret = (staffed.folder / "web.secret").read_text("ascii").strip()

    with tabs_of(visitor) as page:
        page.goto(TRACK)
        page.get_by_role("button", name="Track").click()
        expect(page).to_have_url(staffed.url + PACKAGE)
        page.get_by_role("link", name="Tracked").click()
        expect(page.get_by_role("link", name="Flask.Form-Kit")).to_be_visible()
        page.goto("/packages/flask-vulnerable")
        page.get_by_role("button", name="Track").click()
        expect(page.get_by_role("link", name="Tracked")).to_be_visible()

        expect(page.get_by_role("link", name="clicks")).to_be_visible()
        page.goto(unsubscribe_links.PATH + unsubscribe_links.unsubscribe_token(secret, 7001))
        page.get_by_role("button", name="Send me no more of them").click()
        expect(page.locator("h1")).to_have_text("No more digests come by mail")
        page.goto("/dashboard")
        expect(page.get_by_label("How often")).to_have_value("")

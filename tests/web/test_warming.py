"""After a load the pages people look at are there before anybody asks for them."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response

from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import Snapshot
from pyf.aggregator.web.cache_warmer import CacheWarmer
from pyf.aggregator.web.response_cache import RequestKey, ResponseCache, ResponseCacheMiddleware
from pyf.aggregator.web.site import Site

from .downloads import LAST, of

ASKED = RequestKey("site.example", "/a", "x=1", "br", "text/html", "")


class Counting:
    """An application that says which load it shows, and counts how often it is asked."""

    def __init__(self) -> None:
        self.load = "load 1"
        self.seen: list[str] = []
        self.at_once = 0
        self.shelf = ResponseCache()
        self.app = FastAPI()
        self.app.get("/{path:path}")(self.answer)
        self.app.add_middleware(ResponseCacheMiddleware, lambda: (self.load, None), self.shelf)
        self.app.middleware_stack = self.app.build_middleware_stack()

    async def answer(self, request: Request) -> Response:
        assert self.at_once == 0, "two at once"
        self.at_once += 1
        await asyncio.sleep(0.005)
        self.at_once -= 1
        self.seen.append(request.url.path)
        if request.url.path == "/broken":
            raise RuntimeError("a page that cannot be drawn")
        return PlainTextResponse(self.load, headers={"Pyf-Keep": "load"})

    async def ask(self, asked: RequestKey) -> None:
        """As a browser would, through all layers."""
        await CacheWarmer(self.app, Site(SETTINGS), self.shelf)._ask(asked)


SETTINGS = load_settings({"PYF_DATA_DIR": "/nowhere", "WEB_URL": "https://s.example"}, dotenv=None)


def loaded(load: int) -> Snapshot:
    return Snapshot({date(2026, 1, 1): load}, datetime(2026, 1, 2, tzinfo=UTC))


async def until(condition: Any) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("broken", [False, True])
def test_what_was_asked_for_is_ready_when_the_next_load_comes(broken):
    async def story() -> None:
        counting = Counting()
        asked = [ASKED, ASKED._replace(path="/b", theme="dark", encoding="gzip")]
        for each in asked:
            await counting.ask(each)
        if broken:
            counting.shelf._uses[ASKED._replace(path="/broken")] = 9
        warmer = CacheWarmer(counting.app, Site(SETTINGS), counting.shelf)
        running = asyncio.create_task(warmer.run())
        warmer.on_load(loaded(1))
        await asyncio.sleep(0.05)
        assert counting.seen == ["/a", "/b"], "the load that was there is none that came"

        counting.load = "load 2"
        warmer.on_load(loaded(2))
        await until(lambda: "/profiles" in counting.seen and "/" in counting.seen)
        running.cancel()

        assert counting.seen.count("/a") == counting.seen.count("/b") == 2
        assert {"/top", "/insights", "/profiles", "/"} <= set(counting.seen)
        for each in asked:
            kept = counting.shelf.get(("load 2", each))
            assert kept is not None
            assert kept.body == b"load 2"

    asyncio.run(story())


def test_counts_name_what_is_popular_and_forget_it_in_time():
    async def story() -> None:
        counting = Counting()
        often, once = ASKED._replace(path="/often"), ASKED._replace(path="/once")
        for each in (often, once, often, often, ASKED._replace(path="/static/x.css")):
            await counting.ask(each)

        assert counting.shelf.most_requested(9) == [often, once]
        assert counting.shelf.most_requested(9) == [often]
        assert counting.shelf.most_requested(9) == []
        assert counting.seen == ["/often", "/once", "/static/x.css"]

    asyncio.run(story())


def test_pages_are_ready_when_a_load_has_come(site):
    path = f"/top?period=day&from={secrets.token_hex(4)}"
    assert "888,888" not in site.page(path)

    site.book.publish(LAST, site.book_rows(LAST, "flask-page24", 888_888))
    site.wait_for_load()
    try:
        assert "888,888" in site.page(path)
    finally:
        site.book.publish(LAST, site.book_rows(LAST, "flask-page24", of("flask-page24", LAST)))
        site.wait_for_load()
    assert "888,888" not in site.page(path)

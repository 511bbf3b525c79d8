"""After each load what people look at most is computed ahead, so that nobody waits for it.

The site asks itself, one page at a time, through the layer that keeps answers, behind the one that
limits clients; so they are kept as they would be for the first person who asks. Asked for are the
addresses that were asked for most, as they were asked for (host, encoding, format, theme), and the
leaderboards with what is on top.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from fastapi import FastAPI
from starlette.types import Message

from ..errors import AggregatorError
from ..store import Snapshot
from .addresses import package_path
from .leaderboards import top
from .response_cache import THEME_COOKIE, RequestKey, ResponseCache, ResponseCacheMiddleware
from .site import Site

log = logging.getLogger(__name__)

MOST_ASKED = 200
TOP_PACKAGES = 30
BOARDS = ("/top?period=day", "/top?period=week", "/top?period=month", "/profiles", "/insights", "/")


class CacheWarmer:
    """Waits for new loads and asks for pages."""

    def __init__(self, app: FastAPI, site: Site, shelf: ResponseCache) -> None:
        self._app = app
        self._site = site
        self._shelf = shelf
        self._loop = asyncio.get_running_loop()
        self._new = asyncio.Event()
        self._first: str | None = None

    def on_load(self, snapshot: Snapshot) -> None:
        """Take note of a load that is shown from now on; called in the thread that looks.

        The one that a process finds when it starts is none that came.
        """
        if self._first is None:
            self._first = snapshot.id
        else:
            self._loop.call_soon_threadsafe(self._new.set)

    async def run(self) -> None:
        """Ask after each load, until cancelled; a newer load begins from the front."""
        while True:
            await self._new.wait()
            self._new.clear()
            asked = await asyncio.to_thread(lambda: list(dict.fromkeys(self._requests_to_warm())))
            count = 0
            for each in asked:
                if self._new.is_set():
                    break
                await self._ask(each)
                count += 1
            log.info("%d of %d pages computed ahead for the new load", count, len(asked))

    def _requests_to_warm(self) -> Iterator[RequestKey]:
        popular = self._shelf.most_requested(MOST_ASKED)
        yield from popular
        pages = [each for each in popular if "text/html" in each.accept]
        host = urlsplit(self._site.settings.web_url or "").netloc
        usual = (
            pages[0] if pages else RequestKey(host or "localhost", "/", "", "br", "text/html", "")
        )
        for address in self._boards():
            path, _, query = address.partition("?")
            yield usual._replace(path=path, query=query, theme="")

    def _boards(self) -> Iterator[str]:
        yield from BOARDS
        for profile in self._site.part(self._site.active_profiles).value or ():
            key = quote(profile.key, safe="")
            yield f"/profiles/{key}"
            yield f"/top?period=month&profile={key}"
        board = self._site.part(lambda: top(self._site, None, "month", TOP_PACKAGES))
        for row in board.value.rows if board.value else ():
            yield package_path(row.package)

    async def _ask(self, asked: RequestKey) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            """Nobody reads it: what may be kept is kept before it gets here."""

        try:
            await find_response_cache(self._app)(self._scope(asked), receive, send)
        except AggregatorError as error:
            log.warning("%s could not be computed ahead: %s", asked.path, error)
        except Exception:
            log.exception("%s could not be computed ahead", asked.path)

    def _scope(self, asked: RequestKey) -> dict[str, object]:
        headers = {"host": asked.host, "accept": asked.accept, "accept-encoding": asked.encoding}
        if asked.theme:
            headers["cookie"] = f"{THEME_COOKIE}={asked.theme}"
        secure = (self._site.settings.web_url or "").startswith("https:")
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "https" if secure else "http",
            "path": asked.path,
            "raw_path": quote(asked.path).encode(),
            "query_string": asked.query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.encode(), text.encode("latin-1")) for name, text in headers.items()],
            "client": None,
            "server": None,
            "app": self._app,
        }


def find_response_cache(app: FastAPI) -> ResponseCacheMiddleware:
    """The layer of an application that keeps answers."""
    layer = app.middleware_stack or app.build_middleware_stack()
    while not isinstance(layer, ResponseCacheMiddleware):
        layer = layer.app  # type: ignore[attr-defined]  # every layer has the next one so
    return layer

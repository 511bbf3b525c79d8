"""How many requests of the API one client gets, counted in Redis or in this process."""

from __future__ import annotations

import logging
import time

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import SettingError
from ..settings import Settings
from .problems import MEDIA_TYPE

log = logging.getLogger(__name__)

LIMITED = "/api/"
PATIENCE = 1.0
"""Seconds that a request waits for Redis."""
FREE = ("/api/", "/api/openapi.json")
"""The documentation: read by people, the same for everybody."""


class RateLimits:
    """The layer that counts; what has no limit (pages, badges, static files) passes."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._limit = limit_of(settings.web_rate_limit)
        self._proxies = settings.web_trusted_proxies
        self._limiter = MovingWindowRateLimiter(_storage(settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._limit is None or not _is_limited(scope):
            await self.app(scope, receive, send)
            return
        client = client_of(scope, self._proxies)
        try:
            allowed = await self._limiter.hit(self._limit, client)
            headers = await self._headers(self._limit, client, allowed)
        except StorageError as error:
            # Better answers without a limit than none.
            log.warning("requests are not counted: %s", error)
            await self.app(scope, receive, send)
            return
        if not allowed:
            await _refuse(headers)(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self.app(scope, receive, sent)

    async def _headers(self, limit: RateLimitItem, client: str, allowed: bool) -> dict[str, str]:
        stats = await self._limiter.get_window_stats(limit, client)
        seconds = max(1, round(stats.reset_time - time.time()))
        headers = {
            "RateLimit-Limit": str(limit.amount),
            "RateLimit-Remaining": str(stats.remaining),
            "RateLimit-Reset": str(seconds),
            "RateLimit-Policy": f"{limit.amount};w={limit.get_expiry()}",
        }
        return headers if allowed else {**headers, "Retry-After": str(seconds)}


def _is_limited(scope: Scope) -> bool:
    is_api = scope["type"] == "http" and scope["path"].startswith(LIMITED)
    return is_api and scope["path"] not in FREE


def limit_of(text: str) -> RateLimitItem | None:
    """Read the setting; SettingError for what is no limit."""
    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        raise SettingError(f"WEB_RATE_LIMIT={text!r} is no limit such as 600/minute") from None


def client_of(scope: Scope, proxies: int) -> str:
    """The address that a request comes from, behind as many proxies as are trusted."""
    peer = scope["client"][0] if scope.get("client") else "unknown"
    forwarded = Headers(scope=scope).get("x-forwarded-for", "") if proxies else ""
    named = [part.strip() for part in forwarded.split(",") if part.strip()]
    return named[-min(proxies, len(named))] if named else peer


def _storage(settings: Settings) -> Storage:
    if not settings.is_set("REDIS_HOST"):
        return MemoryStorage()
    address = settings.redis_url
    if address.startswith("unix://"):
        address = f"redis+{address}"
    return RedisStorage(
        f"async+{address}",
        wrap_exceptions=True,
        implementation="redispy",
        socket_connect_timeout=PATIENCE,
        socket_timeout=PATIENCE,
    )


def _refuse(headers: dict[str, str]) -> JSONResponse:
    body = {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": f"more than {headers['RateLimit-Policy'].partition(';')[0]} requests; "
        f"come back in {headers['Retry-After']} seconds",
    }
    return JSONResponse(body, 429, headers, MEDIA_TYPE)

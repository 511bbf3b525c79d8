"""Pages of every site may read the API, badges and feeds; nothing of a session comes along."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN = ("/api/", "/badge/", "/embed/", "/feeds/", "/og/")
SHOWN = (
    *("Data-Through", "ETag", "Link", "Retry-After"),
    *("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy"),
)
"""Headers that scripts of other sites may see besides the simple ones."""


ADDED = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", ", ".join(SHOWN).encode()),
)


class PublicCORS:
    """Adds the headers that browsers want, on these paths alone; answers what they ask before."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._before = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD"],
            allow_headers=["*"],
            max_age=86400,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            await self._before(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *ADDED]}
            await send(message)

        await self.app(scope, receive, sent)

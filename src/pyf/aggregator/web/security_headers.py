"""Headers that every answer carries: what a browser may load, and from where."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..settings import Settings

FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
EMBEDDED = ("/embed/", "/badge/")
"""Paths that pages of others may show in a frame."""


def content_policy(search_url: str | None, *, framed: bool = False) -> str:
    """The Content-Security-Policy: nothing inline, nothing from another host.

    ``search_url`` is the one address besides our own that scripts may ask: the search server.
    """
    connect = " ".join(filter(None, ("'self'", search_url)))
    ancestors = "*" if framed else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src {connect}",
            "frame-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


class SecurityHeaders:
    """Adds the headers to answers that do not set them themselves."""

    def __init__(self, app: ASGIApp, settings: Settings, search_url: str | None) -> None:
        self.app = app
        self._fixed = dict(FIXED)
        if (settings.web_url or "").startswith("https:"):
            self._fixed["Strict-Transport-Security"] = "max-age=31536000"
        self._policies = {
            framed: content_policy(search_url, framed=framed) for framed in (False, True)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        framed = scope["path"].startswith(EMBEDDED)

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._fixed.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", self._policies[framed])
            await send(message)

        await self.app(scope, receive, sent)

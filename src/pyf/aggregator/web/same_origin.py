"""Who sent a request that changes something, and where people may be sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from ..accounts.unsubscribe_links import PATH as UNSUBSCRIBE

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""
SIGNED = (UNSUBSCRIBE,)
"""Paths that carry a signature nobody else can make; mail programs post there, too (RFC 8058)."""


def must_be_ours(request: Request) -> None:
    """Refuse with 403 what a page of another site sent; for every route that changes something.

    Browsers say with ``Sec-Fetch-Site`` or ``Origin`` where a form stands. One of them has to be
    there: what names neither is no browser of today.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise HTTPException(403, "this was sent by another site")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "this was sent by another site")
    if site is None and origin is None:
        raise HTTPException(403, "the browser did not say which site sent this")


async def changes_are_ours(request: Request) -> None:
    """For every route: refuse what changes something unless a page of this site sent it.

    Paths in ``SIGNED`` refuse by themselves what is not signed.
    """
    if request.method not in SAFE and not request.url.path.startswith(SIGNED):
        must_be_ours(request)


def local_path(text: str) -> str:
    """Return a path of this site; the start page for everything else.

    ``//host``, ``/\\host`` and control characters would lead elsewhere.
    """
    begins_well = text.startswith("/") and not text.startswith(("//", "/\\"))
    if not begins_well or not text.isprintable() or "\\" in text:
        return "/"
    parts = urlsplit(text)
    return "/" if parts.scheme or parts.netloc else text

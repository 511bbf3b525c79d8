"""Addresses of this site as others have to write them: with scheme and host."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from .site import Site


def root(request: Request) -> str:
    """Where browsers reach the site, without a slash at the end: WEB_URL, else as it was asked."""
    site: Site = request.app.state.site
    return (site.settings.web_url or str(request.base_url)).rstrip("/")


def is_secure(request: Request) -> bool:
    """Whether browsers reach the site over HTTPS, so that its cookies may be marked so."""
    return root(request).startswith("https:")


def package_path(name: str) -> str:
    """The path of a package's page; ``name`` is normalized."""
    return f"/packages/{quote(name, safe='')}"

"""Addresses of this site as others have to write them: with scheme and host."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from ..errors import NotFound
from ..names import PROJECT_NAME, normalize_name
from .site import Site

LONGEST_NAME = 214
"""Characters that a package name may have; as pypistats.org and npm limit it."""


def root(request: Request) -> str:
    """Where browsers reach the site, without a slash at the end: WEB_URL, else as it was asked."""
    site: Site = request.app.state.site
    return (site.settings.web_url or str(request.base_url)).rstrip("/")


def is_secure(request: Request) -> bool:
    """Whether browsers reach the site over HTTPS, so that its cookies may be marked so."""
    return root(request).startswith("https:")


def canonical_name(name: str) -> str:
    """The normalized name of a package as an address has it.

    Raises ``NotFound`` for a text that no project can be named by.
    """
    if not PROJECT_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise NotFound("not a valid package name")
    return normalize_name(name)


def package_path(name: str) -> str:
    """The path of a package's page; ``name`` is normalized."""
    return f"/packages/{quote(name, safe='')}"

"""A README as a page of its own: sanitized HTML in a frame in which nothing runs or loads."""

from __future__ import annotations

import re
from html import escape, unescape

from ..errors import NotFound
from ..index import filters
from .assets import address
from .site import Site

FRAME_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""No script, no picture, no form; links open in a window of their own."""

_IMAGE = re.compile(r'<img((?:\s+[a-zA-Z-]+="[^"]*")*)\s*/?>')
_EMPTY_LINK = re.compile(r"<a(?:\s[^<>]*)?></a>")
_ATTRIBUTE = re.compile(r'([a-zA-Z-]+)="([^"]*)"')
FIELDS = "main_content,changelog,description,description_content_type,name"


def document(site: Site, name: str, theme: str) -> str:
    """The whole page. ``name`` is normalized; NotFound where no README is known."""
    found = _read(site, name)
    parts = [found.get("main_content") or _plain(found.get("description"))]
    if found.get("changelog"):
        parts.append(f"<h2>Changelog</h2>{found['changelog']}")
    # Marks beside headings lead nowhere in a frame, and are links without a name.
    body = _EMPTY_LINK.sub("", without_pictures("\n".join(parts)))
    title = f"README of {escape(str(found['name']))}"
    if "<h1" not in body:
        body = f'<h1 class="hidden">{title}</h1>{body}'
    shown = f' data-theme="{theme}"' if theme else ""
    return (
        f'<!doctype html><html lang="en"{shown}><head><meta charset="utf-8">'
        f"<title>{title}</title>"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<base target="_blank">'
        f'<link rel="stylesheet" href="{address("style.css")}">'
        f'<link rel="stylesheet" href="{address("readme.css")}">'
        f'</head><body class="readme"><main>{body}</main></body></html>'
    )


def without_pictures(html: str) -> str:
    """Put a link in the place of every picture: pages of this site ask no other host."""
    return _IMAGE.sub(_link, html)


def _link(match: re.Match[str]) -> str:
    attributes = {name.lower(): unescape(value) for name, value in _ATTRIBUTE.findall(match[1])}
    words = escape(attributes.get("alt", "").strip() or "picture")
    source = attributes.get("src", "")
    if not source.startswith(("http://", "https://")):
        return f'<span class="picture">{words}</span>'
    # Not a link of its own: the picture may stand inside one.
    return f'<span class="picture" title="{escape(source)}">{words}</span>'


def _plain(description: object) -> str:
    return f"<pre>{escape(str(description))}</pre>" if description else "<p>No README.</p>"


def _read(site: Site, name: str) -> dict[str, str]:
    for profile in site.active_profiles():
        asked = {
            "q": "*",
            "filter_by": f"{filters.equals('name_normalized', name)} && is_latest:true",
            "include_fields": FIELDS,
            "per_page": 1,
        }
        hits = site.documents(profile, asked)
        if hits:
            return hits[0]
    raise NotFound(f"no README of {name!r} is known here")

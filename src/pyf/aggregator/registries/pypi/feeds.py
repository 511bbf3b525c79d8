"""PyPI's two RSS feeds. Early hints only: they are short and leave out yanks and removals."""

from __future__ import annotations

import calendar
from typing import Any
from urllib.parse import unquote, urlsplit

import feedparser

from ...http import HttpResponse, InvalidBody, expect_status
from ..results import FeedItem


def read_new_projects(answer: HttpResponse) -> list[FeedItem]:
    """Read ``/rss/packages.xml``; the name comes from the link, the title is for people."""
    items = (_item(entry) for entry in _entries(answer))
    return [FeedItem(item.name, None, item.published) for item in items if item]


def read_new_releases(answer: HttpResponse) -> list[FeedItem]:
    """Read ``/rss/updates.xml``: one item a release."""
    return [item for item in map(_item, _entries(answer)) if item and item.version]


def _entries(answer: HttpResponse) -> list[Any]:
    parsed = feedparser.parse(expect_status(answer, 200).body)
    if parsed.bozo and not parsed.entries:
        raise InvalidBody(f"malformed feed ({parsed.get('bozo_exception')})")
    return list(parsed.entries)


def _item(entry: Any) -> FeedItem | None:
    """Read ``.../project/<name>/[<version>/]``; titles of old feeds carry the display name."""
    parts = [unquote(part) for part in urlsplit(entry.get("link", "")).path.split("/") if part]
    if "project" not in parts:
        return None
    name, *rest = parts[parts.index("project") + 1 :] or [""]
    moment = entry.get("published_parsed")
    return FeedItem(name, rest[0] if rest else None, calendar.timegm(moment) if moment else 0)

"""Feeds of a profile, RSS 2.0 and Atom (RFC 4287): its new packages, and those that rise."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Literal
from xml.etree import ElementTree as ET

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from ..errors import NotFound
from ..index import collections, filters, search_defaults
from ..profile import Profile, did_you_mean
from .addresses import package_path, root
from .leaderboards import momentum
from .response_cache import KEEP
from .search.overview import UNFLAGGED
from .site import Site
from .templating import signed_percent

router = APIRouter(prefix="/feeds", include_in_schema=False)

ATOM = "http://www.w3.org/2005/Atom"
FRESH = 300
ENTRIES = 40
LOOKED_AT = 250
"""Projects, those with the youngest releases, among which the new ones are looked for."""
MOST_RISING = 25
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""

Kind = Literal["new", "rising"]
Format = Literal["atom", "rss"]
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}


@dataclass(frozen=True)
class Entry:
    """One package; ``path`` with its fragment is the same for as long as the entry is."""

    title: str
    path: str
    text: str
    moment: datetime


@dataclass(frozen=True)
class Feed:
    """A feed: where it stands, what it is of, its entries."""

    path: str
    page: str
    title: str
    entries: Sequence[Entry]

    @property
    def last_updated(self) -> datetime:
        """When its youngest entry came; long ago without any."""
        return max(
            (entry.moment for entry in self.entries), default=datetime(2000, 1, 1, tzinfo=UTC)
        )


@router.get("/{key}/{kind}.{form}")
def feed(request: Request, key: str, kind: str, form: str) -> Response:
    """New or rising packages of a profile."""
    site: Site = request.app.state.site
    if kind not in ("new", "rising") or form not in MEDIA_TYPES:
        raise NotFound("there are the feeds new.atom, new.rss, rising.atom and rising.rss")
    if key not in site.profiles:
        near = did_you_mean(key, [each.key for each in site.profiles])
        raise NotFound(f"there is no profile {key!r}{near}")
    profile = site.profiles.get(key)
    found = new_packages(site, profile) if kind == "new" else rising_packages(site, profile)
    named = Feed(
        request.url.path,
        f"/profiles/{key}",
        f"{'New' if kind == 'new' else 'Rising'} {profile.name} packages",
        found,
    )
    write = atom if form == "atom" else rss
    headers = {KEEP: str(FRESH)}
    return Response(write(named, root(request)), headers=headers, media_type=MEDIA_TYPES[form])


def new_packages(site: Site, profile: Profile) -> list[Entry]:
    """The projects of which the first release came last, the youngest first."""
    asked = {
        "q": "*",
        "filter_by": f"{search_defaults.LATEST_FILTER} && upload_timestamp:>0 && {UNFLAGGED}",
        "sort_by": "upload_timestamp:desc",
        "include_fields": "name,name_normalized,summary",
        "per_page": LOOKED_AT,
    }
    latest = {str(each["name_normalized"]): each for each in site.documents(profile, asked)}
    first = first_releases(site, profile, latest)
    youngest = sorted(first.items(), key=lambda pair: (-pair[1], pair[0]))[:ENTRIES]
    return [
        Entry(
            str(latest[name]["name"]),
            f"{package_path(name)}#first-release",
            str(latest[name].get("summary") or ""),
            datetime.fromtimestamp(moment, UTC),
        )
        for name, moment in youngest
    ]


def first_releases(site: Site, profile: Profile, names: Iterable[str]) -> dict[str, int]:
    """When each project's first release came, in Unix seconds; all of its releases are indexed."""
    target = collections.require(site.search, profile.collection)
    first: dict[str, int] = {}
    for batch in filters.in_batches(names):
        wanted = {
            "filter_by": f"{filters.equals('name_normalized', *batch)} && upload_timestamp:>0",
            "include_fields": "name_normalized,upload_timestamp",
        }
        for line in site.search.export(target.collection, wanted):
            read = orjson.loads(line)
            name, moment = read["name_normalized"], int(read["upload_timestamp"])
            first[name] = min(first.get(name, moment), moment)
    return first


def rising_packages(site: Site, profile: Profile) -> list[Entry]:
    """Packages that were downloaded more in the last 7 days than in the 7 before, by how much.

    A package that rises is an entry of the week in which it does, not of each day.
    """
    board = momentum(site, profile, "week", "rising", MOST_RISING)
    if board.data_through is None:
        return []
    monday = board.data_through - timedelta(days=board.data_through.weekday())
    moment = datetime.combine(monday, time(), UTC)
    return [
        Entry(
            row.package,
            f"{package_path(row.package)}#rising-{monday}",
            f"{row.current:,} downloads in the 7 days up to {board.data_through}, "
            f"{row.previous:,} in the 7 before"
            + (f" ({signed_percent(row.growth)})." if row.growth is not None else "."),
            moment,
        )
        for row in board.rows
    ]


def atom(feed: Feed, base: str) -> bytes:
    """Write a feed as Atom."""
    ET.register_namespace("", ATOM)
    top = ET.Element(f"{{{ATOM}}}feed")
    _add(top, "title", feed.title)
    _add(top, "id", base + feed.path)
    _add(top, "updated", feed.last_updated.isoformat())
    _add(top, "link", rel="self", href=base + feed.path)
    _add(top, "link", rel="alternate", href=base + feed.page)
    _add(_add(top, "author"), "name", "pyf.aggregator")
    for each in feed.entries:
        entry = _add(top, "entry")
        _add(entry, "title", each.title)
        _add(entry, "id", base + each.path)
        _add(entry, "updated", each.moment.isoformat())
        _add(entry, "link", rel="alternate", href=base + each.path)
        _add(entry, "summary", each.text)
    return _serialize(top)


def rss(feed: Feed, base: str) -> bytes:
    """Write a feed as RSS 2.0."""
    top = ET.Element("rss", version="2.0")
    channel = ET.SubElement(top, "channel")
    for tag, text in (
        ("title", feed.title),
        ("link", base + feed.page),
        ("description", f"{feed.title}, as this site sees them."),
        ("lastBuildDate", email.utils.format_datetime(feed.last_updated, usegmt=True)),
    ):
        ET.SubElement(channel, tag).text = _clean(text)
    here = {"rel": "self", "href": base + feed.path, "type": MEDIA_TYPES["rss"]}
    ET.SubElement(channel, f"{{{ATOM}}}link", here)
    for each in feed.entries:
        item = ET.SubElement(channel, "item")
        for tag, text in (
            ("title", each.title),
            ("link", base + each.path),
            ("guid", base + each.path),
            ("pubDate", email.utils.format_datetime(each.moment, usegmt=True)),
            ("description", each.text),
        ):
            ET.SubElement(item, tag).text = _clean(text)
    return _serialize(top)


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    child = ET.SubElement(parent, f"{{{ATOM}}}{tag}", attributes)
    child.text = None if text is None else _clean(text)
    return child


def _clean(text: str) -> str:
    return FORBIDDEN.sub(" ", text)


def _serialize(top: ET.Element) -> bytes:
    return bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))

"""Badges, charts to embed, and pictures of links."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from typing import Annotated

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from ... import charts
from ...errors import AggregatorError, NotFound
from ...store import queries
from .. import package_facts
from ..addresses import canonical_name
from ..site import Site
from .badge import TONES, badge
from .link import link_picture
from .values import KINDS, BadgeValue

router = APIRouter(tags=["badges"])
log = logging.getLogger(__name__)

HOURS = 3600
KEPT = 20_000
"""Badges of which the last value is remembered for a time when nothing answers."""
PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""An SVG that is opened by itself carries its own style sheet, and nothing else."""

_last: OrderedDict[tuple[str, str], BadgeValue] = OrderedDict()
_guard = threading.Lock()

Kind = Annotated[
    str, Path(description="day, week, month, total, health or version.", max_length=20)
]


@router.get("/badge/{package}/{kind}.svg", include_in_schema=False)
def picture(request: Request, package: str, kind: Kind) -> Response:
    """A badge; a package that nothing is known of has one that says so."""
    said, fresh = _badge_value(request.app.state.site, package, kind)
    return _answer(badge(said.label, said.value, said.tone).encode(), "image/svg+xml", fresh)


@router.get("/badge/{package}/{kind}.json", include_in_schema=False)
def endpoint(request: Request, package: str, kind: Kind) -> Response:
    """The same for badge services that draw by themselves."""
    said, fresh = _badge_value(request.app.state.site, package, kind)
    body = {
        "schemaVersion": 1,
        "label": said.label,
        "message": said.value,
        "color": TONES[said.tone][0].removeprefix("#"),
    }
    return _answer(orjson.dumps(body), "application/json", fresh)


@router.get("/embed/{package}.svg", include_in_schema=False)
def chart(request: Request, package: str, days: int = 90) -> Response:
    """A chart of the downloads, for other pages."""
    site: Site = request.app.state.site
    name = canonical_name(package)
    found = queries.download_series(site.store, name, snapshot=site.snapshot())
    if not found.points:
        raise NotFound(f"no downloads are known of {name!r}")
    days = max(7, min(days, 180))
    lines = [
        charts.LineSeries(
            "each day", found.values(queries.WITHOUT_MIRRORS)[-days:], faint=True, colour=0
        ),
        charts.LineSeries(
            "mean of 7 days", found.rolling(queries.WITHOUT_MIRRORS)[-days:], derived=True, colour=0
        ),
    ]
    drawn = charts.line_chart(
        lines, [bucket.start for bucket in found.buckets][-days:], title=f"Downloads of {name}"
    )
    return _answer(drawn.encode(), "image/svg+xml", fresh=True)


@router.get("/og/{package}.png", include_in_schema=False)
def for_links(request: Request, package: str) -> Response:
    """The picture that a link to a package is shown with."""
    site: Site = request.app.state.site
    found = package_facts.load_package(site, canonical_name(package))
    return _answer(link_picture(found), "image/png", fresh=found.is_certain)


def _badge_value(site: Site, package: str, kind: str) -> tuple[BadgeValue, bool]:
    """What a badge says, and whether it is of now; the last known where nothing answers."""
    if kind not in KINDS:
        raise NotFound(f"there is no badge {kind!r}: {', '.join(KINDS)}")
    name = canonical_name(package)
    try:
        said = KINDS[kind](site, name)
    except AggregatorError as error:
        log.warning("badge %s of %s: %s", kind, name, error)
        with _guard:
            known = _last.get((name, kind))
        return known or BadgeValue(
            "downloads" if kind not in ("health", "version") else kind, "unknown", "unknown"
        ), False
    with _guard:
        _last[name, kind] = said
        while len(_last) > KEPT:
            _last.popitem(last=False)
    return said, True


def _answer(content: bytes, media_type: str, fresh: bool) -> Response:
    headers = {
        "Cache-Control": f"public, max-age={6 * HOURS if fresh else 120}",
        "Content-Security-Policy": PICTURE_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if fresh:
        headers["Pyf-Keep"] = str(HOURS)
    return Response(content, headers=headers, media_type=media_type)

"""Leaderboards, momentum and comparisons: of the whole registry or of a profile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ...errors import NotFound, UsageError
from ...store import queries
from ..leaderboards import board_profile, momentum, top
from ..site import Site
from .downloads import ERRORS, End, Size, Start
from .formats import add_formats, meta, render
from .models import ComparisonAnswer, MomentumAnswer, TopAnswer
from .packages import several

router = APIRouter(prefix="/api", tags=["leaderboards"])

MOST_COMPARED = 20

ProfileKey = Annotated[
    str | None, Query(description="Key of a profile; the whole registry otherwise.", max_length=64)
]
PeriodName = Annotated[Literal["day", "week", "month"], Query(description="Last 1, 7 or 30 days.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows at the most.")]


@router.get("/top", responses={200: {"model": TopAnswer}, **ERRORS})
def most_downloaded(
    request: Request,
    period: PeriodName = "month",
    profile: ProfileKey = None,
    limit: Limit = 20,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    """The most downloaded packages, without mirrors; flagged ones are left out."""
    site: Site = request.app.state.site
    found = top(site, board_profile(site, profile), period, limit, offset)
    rows = [
        {"rank": row.rank, "package": row.package, "downloads": row.downloads} for row in found.rows
    ]
    window = found.window
    about = {
        **meta(found.snapshot),
        "period": period,
        "profile": profile,
        "start": window and window.start,
        "end": window and window.end,
        "complete": bool(window and window.complete),
        "of": found.of,
    }
    return render(request, {"data": rows, "meta": about}, found.snapshot, rows=rows)


@router.get("/momentum", responses={200: {"model": MomentumAnswer}, **ERRORS})
def risers(
    request: Request,
    period: PeriodName = "month",
    direction: Literal["rising", "falling"] = "rising",
    profile: ProfileKey = None,
    limit: Limit = 20,
) -> Response:
    """The packages whose downloads rise or fall most against the period before."""
    site: Site = request.app.state.site
    found = momentum(site, board_profile(site, profile), period, direction, limit)
    rows = [change._asdict() for change in found.rows]
    about = {
        **meta(found.snapshot),
        "period": period,
        "profile": profile,
        "direction": direction,
        "days_compared": found.pairs.known_pairs,
        "of": found.of,
    }
    return render(request, {"data": rows, "meta": about}, found.snapshot, rows=rows)


@router.get("/compare", responses={200: {"model": ComparisonAnswer}, **ERRORS})
def compare(
    request: Request,
    name: Annotated[
        list[str],
        Query(description="Packages, repeated or separated by commas.", examples=[["flask"]]),
    ],
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Several packages over the same days; `null` where a day is unknown."""
    site: Site = request.app.state.site
    found = load_comparison(
        site, (part for text in name for part in text.split(",")), start, end, size
    )
    packages = [series.package for series in found.series]
    values = {package: found.values(package) for package in packages}
    rows = [
        {"date": bucket.start, **{package: values[package][i] for package in packages}}
        for i, bucket in enumerate(found.buckets)
    ]
    body: dict[str, Any] = {
        "data": rows,
        "meta": {
            **meta(found.snapshot),
            "packages": packages,
            "totals": {package: found.total(package) for package in packages},
        },
    }
    return render(request, body, found.snapshot, rows=rows)


add_formats(router)


def load_comparison(
    site: Site, names: Iterable[str], start: Any, end: Any, size: Literal["day", "week", "month"]
) -> queries.PackageComparison:
    """Several packages in one query; UsageError for too many, NotFound where none is known."""
    wanted = several(names, MOST_COMPARED)
    if start and end and start > end:
        raise UsageError(f"the range ends ({end}) before it starts ({start})")
    found = queries.compare_packages(
        site.store, wanted, start=start, end=end, size=size, snapshot=site.snapshot()
    )
    if not any(series.points for series in found.series):
        raise NotFound(f"no downloads are known of {', '.join(wanted)}")
    return found

"""The most downloaded, those that rise, and packages side by side."""

from __future__ import annotations

from datetime import date, timedelta
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from ...errors import UsageError
from ...store import queries
from .. import download_charts, templating
from ..addresses import canonical_name
from ..api.leaderboards import load_comparison
from ..leaderboards import Period, board_profile, momentum, top
from ..response_cache import UNTIL_LOAD
from ..site import PagePart, Site

router = APIRouter(include_in_schema=False)

SHOWN = 50
SPARK_DAYS = 90
RANGES = (30, 60, 90, 120, 180)
PERIODS: dict[Period, str] = {"day": "Day", "week": "Week", "month": "Month"}


@router.get("/top")
def leaderboard(request: Request) -> Response:
    """The most downloaded of a day, week or month, of everything or of a profile."""
    site: Site = request.app.state.site
    period = period_of(request.query_params.get("period", "month"))
    profile = board_profile(site, request.query_params.get("profile"))
    board = site.part(lambda: top(site, profile, period, SHOWN))
    rising = site.part(lambda: momentum(site, profile, period, "rising", SHOWN // 2))
    values = {
        "board": board,
        "rising": rising,
        "sparks": site.part(lambda: sparks(site, board)),
        "period": period,
        "periods": PERIODS,
        "profile": profile,
        "profiles": site.part(site.active_profiles).value or (),
        "charts": download_charts,
    }
    keep = UNTIL_LOAD if board.there and rising.there else None
    return templating.page(request, "top.html", values, keep=keep)


@router.get("/compare")
def choose(request: Request) -> Response:
    """A form, and from it to the address of the comparison."""
    given = " ".join(request.query_params.getlist("p")).replace(",", " ").replace("/", " ").split()
    if not given:
        return templating.page(request, "compare.html", {"names": [], "found": None}, keep=3600)
    names = [quote(canonical_name(name), safe="") for name in dict.fromkeys(given)]
    return RedirectResponse(f"/compare/{'/'.join(names)}", 302)


@router.get("/compare/{names:path}")
def comparison(request: Request, names: str) -> Response:
    """Packages on one chart, with a table of their totals."""
    site: Site = request.app.state.site
    wanted = [canonical_name(name) for name in names.split("/") if name]
    days = days_of(request.query_params.get("days", "90"))
    indexed = request.query_params.get("indexed") == "1"
    found: PagePart[queries.PackageComparison] = site.part(lambda: compared_of(site, wanted, days))
    values = {
        "names": wanted,
        "found": found,
        "days": days,
        "ranges": RANGES,
        "indexed": indexed,
        "charts": download_charts,
    }
    return templating.page(
        request, "compare.html", values, keep=UNTIL_LOAD if found.there else None
    )


def period_of(text: str) -> Period:
    """One of the three periods; UsageError for anything else."""
    for period in PERIODS:
        if text == period:
            return period
    raise UsageError(f"there is no period {text!r}: day, week or month")


def days_of(text: str) -> int:
    """How many days a chart shows; UsageError for what is no range of ours."""
    if text not in map(str, RANGES):
        raise UsageError(f"a range is one of {', '.join(map(str, RANGES))} days")
    return int(text)


def compared_of(site: Site, names: list[str], days: int) -> queries.PackageComparison:
    """The last ``days`` days of several packages."""
    return load_comparison(site, names, first_day(site, days), None, "day")


def first_day(site: Site, days: int) -> date | None:
    """The first of the last ``days`` days; ``None`` in an empty store."""
    last = site.snapshot().data_through
    return last - timedelta(days=days - 1) if last else None


def sparks(site: Site, board: PagePart[queries.TopPackages]) -> queries.PackageComparison | None:
    """The last months of all packages of a board, in one query."""
    if board.value is None or not board.value.rows:
        return None
    names = [row.package for row in board.value.rows]
    start = first_day(site, SPARK_DAYS)
    return queries.compare_packages(site.store, names, start=start, snapshot=board.value.snapshot)

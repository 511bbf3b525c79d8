"""Downloads of one package: pypistats.org's five routes, and three more of the same shape."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from ...errors import NotFound, UsageError
from ...names import PROJECT_NAME, normalize_name
from ...store import Snapshot, queries
from ..site import Site
from .formats import add_formats, render
from .models import Problem, RecentAnswer, SeriesAnswer
from .suggestions import unknown_package

router = APIRouter(prefix="/api/packages/{package}", tags=["downloads"])

PERIODS = ("day", "week", "month")
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "A parameter cannot be used."},
    404: {"model": Problem, "description": "No such package, or no downloads known of it."},
    422: {"model": Problem, "description": "A parameter has the wrong form."},
    429: {"model": Problem, "description": "Too many requests; Retry-After says when."},
    503: {"model": Problem, "description": "The store does not answer."},
}

Package = Annotated[
    str,
    Path(
        description="Name of the package in any spelling, or `__all__` for the whole registry.",
        examples=["flask"],
        max_length=214,
    ),
]
Start = Annotated[date | None, Query(description="First day, UTC.", examples=["2026-10-01"])]
End = Annotated[date | None, Query(description="Last day, UTC.", examples=["2026-10-31"])]
Size = Annotated[
    Literal["day", "week", "month"],
    Query(alias="bucket", description="Steps of the series; weeks begin on Monday."),
]


@router.get("/recent", responses={200: {"model": RecentAnswer}, **ERRORS})
def recent(
    request: Request,
    package: Package,
    period: Annotated[
        str | None, Query(description="`day`, `week` or `month`; all three otherwise.")
    ] = None,
) -> Response:
    """Downloads of the last day, week and month, without mirrors."""
    site: Site = request.app.state.site
    name, snapshot = package_name(package), site.snapshot()
    if period is not None and period not in PERIODS:
        raise NotFound(f"there is no period {period!r}: day, week or month")
    found = queries.recent_downloads(site.store, name, snapshot=snapshot)
    if not found.found:
        raise unknown_package(site, name, snapshot)
    counts = {
        "last_day": found.last_day,
        "last_month": found.last_month,
        "last_week": found.last_week,
    }
    if period is not None:
        counts = {f"last_{period}": counts[f"last_{period}"]}
    body = {"data": counts, "package": name, "type": "recent_downloads"}
    return render(request, body, snapshot, rows=[{"package": name, **counts}])


@router.get("/overall", responses={200: {"model": SeriesAnswer}, **ERRORS})
def overall(
    request: Request,
    package: Package,
    mirrors: Annotated[
        Literal["true", "false"] | None, Query(description="Only with or only without mirrors.")
    ] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day with and without mirrors."""
    site: Site = request.app.state.site
    category = {"true": "with_mirrors", "false": "without_mirrors", None: None}[mirrors]
    snapshot = site.snapshot()
    found = _series(site, package, "overall", category, (start, end, size), snapshot)
    if not found.points and start is None and end is None:
        raise unknown_package(site, found.package, snapshot)
    return _answer(request, found)


@router.get("/python_major", responses={200: {"model": SeriesAnswer}, **ERRORS})
def python_major(
    request: Request,
    package: Package,
    version: Annotated[str | None, Query(examples=["3"], max_length=40)] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by major version of Python; `null` where it is unknown."""
    return _cut(request, package, "python_major", version, (start, end, size))


@router.get("/python_minor", responses={200: {"model": SeriesAnswer}, **ERRORS})
def python_minor(
    request: Request,
    package: Package,
    version: Annotated[str | None, Query(examples=["3.12"], max_length=40)] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by minor version of Python."""
    return _cut(request, package, "python_minor", version, (start, end, size))


@router.get("/system", responses={200: {"model": SeriesAnswer}, **ERRORS})
def system(
    request: Request,
    package: Package,
    os: Annotated[
        str | None, Query(description="Windows, Linux, Darwin, other or null.", max_length=40)
    ] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by operating system."""
    known = {name.lower(): name for name in ("Windows", "Linux", "Darwin", "other", "null")}
    category = None if os is None else known.get(os.lower(), os)
    return _cut(request, package, "system", category, (start, end, size))


@router.get("/installer", responses={200: {"model": SeriesAnswer}, **ERRORS})
def installer(
    request: Request,
    package: Package,
    name: Annotated[str | None, Query(examples=["pip"], max_length=80)] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by installer, where the source tells."""
    return _cut(request, package, "installer", name, (start, end, size))


@router.get("/country", responses={200: {"model": SeriesAnswer}, **ERRORS})
def country(
    request: Request,
    package: Package,
    code: Annotated[str | None, Query(examples=["DE"], max_length=8)] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by country (ISO 3166), where the source tells."""
    return _cut(request, package, "country", code and code.upper(), (start, end, size))


@router.get("/version", responses={200: {"model": SeriesAnswer}, **ERRORS})
def version(
    request: Request,
    package: Package,
    version: Annotated[str | None, Query(examples=["3.0.2"], max_length=100)] = None,
    start: Start = None,
    end: End = None,
    size: Size = "day",
) -> Response:
    """Downloads a day by version of the package, where the source tells."""
    return _cut(request, package, "version", version, (start, end, size))


add_formats(router)

Range = tuple[date | None, date | None, Literal["day", "week", "month"]]


def package_name(package: str) -> str:
    """The normalized name; `__all__` stays what it is."""
    if package == queries.ALL:
        return package
    if not PROJECT_NAME.fullmatch(package):
        raise NotFound(f"there can be no package of the name {package!r}")
    return normalize_name(package)


def _cut(
    request: Request, package: str, dimension: str, category: str | None, asked: Range
) -> Response:
    # As pypistats.org has it: an unknown package has an empty series here, and is not an error.
    site: Site = request.app.state.site
    return _answer(request, _series(site, package, dimension, category, asked, site.snapshot()))


def _series(
    site: Site,
    package: str,
    dimension: str,
    category: str | None,
    asked: Range,
    snapshot: Snapshot,
) -> queries.DownloadSeries:
    start, end, size = asked
    if start and end and start > end:
        raise UsageError(f"the range ends ({end}) before it starts ({start})")
    return queries.download_series(
        site.store,
        package_name(package),
        dimension,
        categories=None if category is None else [category],
        start=start,
        end=end,
        size=size,
        snapshot=snapshot,
    )


def _answer(request: Request, found: queries.DownloadSeries) -> Response:
    rows = [
        {"category": point.category, "date": point.start, "downloads": point.downloads}
        for point in found.points
    ]
    body = {"data": rows, "package": found.package, "type": f"{found.dimension}_downloads"}
    return render(request, body, found.snapshot, rows=rows)

"""All downloads of a package, how they are shared out among categories, and its best day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ...errors import UsageError
from ..client import Store
from ..snapshot import Snapshot
from .base import (
    NO_ROWS,
    WITH_MIRRORS,
    WITHOUT_MIRRORS,
    Days,
    Dimension,
    QueryResult,
    check_dimension,
    clip_range,
    current_snapshot,
    fill_template,
    package_days,
    package_name,
    retired_months,
    visible_params,
)
from .windows import Window

TOTAL = """
SELECT toString(category) AS name, sum(downloads)
FROM (
    SELECT category, downloads FROM downloads
    WHERE dimension = 'overall' AND package = {package:String} AND $visible
    UNION ALL
    SELECT category, downloads FROM downloads_monthly FINAL
    WHERE dimension = 'overall' AND package = {package:String}
        AND month IN {months:Array(Date)}
)
GROUP BY name
"""
SHARES = """
SELECT toString(dimension) AS kind, toString(category) AS name, sum(downloads) AS downloads
FROM downloads
WHERE dimension IN {dimensions:Array(String)} AND package = {package:String} AND $visible
GROUP BY kind, name
ORDER BY downloads DESC, name
"""
PEAK = """
SELECT day, downloads FROM downloads
WHERE $counted AND package = {package:String} AND $visible
ORDER BY downloads DESC, day
LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class TotalDownloads(QueryResult):
    """Everything that is stored of a package, since ``first`` (a day, or a month's first day).

    ``months`` are those of which only sums are kept, with the days that each sum is of;
    ``window`` the days kept one by one. ``found`` is whether there is any row.
    """

    package: str
    downloads: int
    with_mirrors: int
    first: date | None
    months: Mapping[date, int]
    window: Window | None
    found: bool


class CategoryShare(NamedTuple):
    """Downloads of a category and their part (0 to 1) of all those of the dimension."""

    category: str
    downloads: int
    share: float


@dataclass(frozen=True, kw_only=True)
class DimensionShares(QueryResult):
    """A dimension's categories over a window, the largest first.

    ``rest`` sums up those beyond the limit that was asked for, None where there are none.
    """

    package: str
    dimension: Dimension
    window: Window | None
    total: int
    shares: tuple[CategoryShare, ...]
    rest: CategoryShare | None = None


@dataclass(frozen=True, kw_only=True)
class PeakDay(QueryResult):
    """The day with most downloads (the first of several); None where there is no download."""

    package: str
    window: Window | None
    day: date | None
    downloads: int


def total_downloads(
    store: Store, package: str, *, snapshot: Snapshot | None = None
) -> TotalDownloads:
    """All downloads stored, the sums of retired months included."""
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    months = retired_months(store, snapshot)
    days = package_days(store, snapshot, [package])[package]
    window = clip_range(snapshot, None, None, days)
    params: dict[str, Any] = {
        "package": package,
        "months": list(months),
        **(visible_params(snapshot.days, window) if window else NO_ROWS),
    }
    found = dict(store.query(fill_template(TOTAL), params)) if window or months else {}
    return total_from_sums(snapshot, package, days, months, found)


def total_from_sums(
    snapshot: Snapshot,
    package: str,
    days: Days,
    months: Mapping[date, int],
    sums: Mapping[str, int],
) -> TotalDownloads:
    """The same from the sum of each category, retired months included; none without a row."""
    window = clip_range(snapshot, None, None, days)
    return TotalDownloads(
        snapshot=snapshot,
        package=package,
        downloads=sums.get(WITHOUT_MIRRORS, 0),
        with_mirrors=sums.get(WITH_MIRRORS, 0),
        first=min((*months, *([window.start] if window else [])), default=None),
        months=months,
        window=window,
        found=bool(sums),
    )


def dimension_shares(
    store: Store,
    package: str,
    dimension: str,
    *,
    start: date | None = None,
    end: date | None = None,
    limit: int | None = None,
    snapshot: Snapshot | None = None,
) -> DimensionShares:
    """The part of every category in the downloads of a range; see :func:`all_shares`."""
    return shares_by_dimension(
        store, package, [dimension], start=start, end=end, limit=limit, snapshot=snapshot
    )[0]


def shares_by_dimension(
    store: Store,
    package: str,
    dimensions: Iterable[str],
    *,
    start: date | None = None,
    end: date | None = None,
    limit: int | None = None,
    snapshot: Snapshot | None = None,
) -> tuple[DimensionShares, ...]:
    """The parts of every category of several dimensions, in one query.

    Not for ``overall``, of which one category contains the other. Sums are divided, not daily
    shares averaged, so that busy days weigh more.
    """
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    asked = [check_dimension(dimension) for dimension in dimensions]
    if "overall" in asked:
        raise UsageError("overall has no shares: downloads with mirrors contain those without")
    window = clip_range(snapshot, start, end, package_days(store, snapshot, [package])[package])
    found: dict[str, list[tuple[str, int]]] = {dimension: [] for dimension in asked}
    if window:
        params = {"package": package, "dimensions": asked, **visible_params(snapshot.days, window)}
        for dimension, category, downloads in store.query(fill_template(SHARES), params):
            found[dimension].append((category, downloads))
    return tuple(
        shares_from_sums(snapshot, package, each, window, found[each], limit) for each in asked
    )


def shares_from_sums(
    snapshot: Snapshot,
    package: str,
    dimension: Dimension,
    window: Window | None,
    rows: list[tuple[str, int]],
    limit: int | None,
) -> DimensionShares:
    """The shares from the sum of each category, the largest first."""
    whole = sum(downloads for _, downloads in rows)
    listed = [
        CategoryShare(category, downloads, _part(downloads, whole)) for category, downloads in rows
    ]
    kept = len(listed) if limit is None else limit
    return DimensionShares(
        snapshot=snapshot,
        package=package,
        dimension=dimension,
        window=window,
        total=whole,
        shares=tuple(listed[:kept]),
        rest=_rest(listed[kept:], whole),
    )


def peak_day(
    store: Store,
    package: str,
    *,
    start: date | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> PeakDay:
    """The day of a range on which a package had most downloads, without mirrors."""
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    window = clip_range(snapshot, start, end, package_days(store, snapshot, [package])[package])
    params = {"package": package, **visible_params(snapshot.days, window)} if window else {}
    rows = store.query(fill_template(PEAK), params) if window else []
    day, downloads = rows[0] if rows else (None, 0)
    return PeakDay(snapshot=snapshot, package=package, window=window, day=day, downloads=downloads)


def _part(downloads: int, whole: int) -> float:
    return downloads / whole if whole else 0.0


def _rest(others: list[CategoryShare], whole: int) -> CategoryShare | None:
    if not others:
        return None
    downloads = sum(share.downloads for share in others)
    return CategoryShare("other", downloads, _part(downloads, whole))

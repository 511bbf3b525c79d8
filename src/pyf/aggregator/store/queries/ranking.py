"""Leaderboards, a package's place among all, and packages that the last load did not have."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ..client import Store
from ..snapshot import Snapshot
from . import measures
from .base import (
    PackageCondition,
    QueryResult,
    current_snapshot,
    fill_template,
    last_days,
    package_condition,
    package_name,
    shared_days,
    visible_params,
)
from .windows import PERIOD_DAYS, Period, Window

SUMS = """
SELECT package, sum(downloads) AS downloads
FROM downloads_daily
WHERE $visible AND $condition
GROUP BY package
HAVING downloads > 0
"""
TOP = """
SELECT package, downloads, count() OVER () AS counted, sum(downloads) OVER () AS whole
FROM ($sums)
ORDER BY downloads DESC, package
LIMIT {limit:UInt64}
"""
RANK = """
WITH (
    SELECT sum(downloads) FROM downloads_daily
    WHERE $visible AND package = {package:String}
) AS own
SELECT own, countIf(downloads > own), countIf(downloads = own), count() FROM ($sums)
"""
STANDINGS = "SELECT downloads FROM ($sums) ORDER BY downloads"
STALE = """
SELECT package, last_seen, count() OVER () AS missing
FROM (
    SELECT package, max(day) AS last_seen
    FROM downloads_daily
    WHERE $visible AND $condition
    GROUP BY package
)
WHERE last_seen < {last:Date}
ORDER BY last_seen DESC, package
LIMIT {limit:UInt64}
"""
RECENT_PACKAGES_SQL = "SELECT uniqExact(package) FROM downloads_daily WHERE $visible AND $condition"


class RankedPackage(NamedTuple):
    """A package's place: equal counts share the lower number, as in sports."""

    rank: int
    package: str
    downloads: int


@dataclass(frozen=True, kw_only=True)
class TopPackages(QueryResult):
    """Packages with most downloads without mirrors, the most first, equal ones by name.

    ``of`` packages took part, with ``downloads`` together. ``window`` is None in an empty store.
    """

    period: Period
    window: Window | None
    rows: tuple[RankedPackage, ...]
    of: int
    downloads: int


@dataclass(frozen=True, kw_only=True)
class PackageRank(QueryResult):
    """A package's place among all; ``rank`` and ``percentile`` are None without downloads.

    ``percentile`` is the percentage of packages that it is ahead of, 100 for the first.
    """

    package: str
    period: Period
    window: Window | None
    downloads: int
    rank: int | None
    of: int
    percentile: float | None


@dataclass(frozen=True, kw_only=True)
class Standings(QueryResult):
    """The downloads of every package in a period, the least first, without their names.

    Kept in memory, 8 bytes a package, they answer the place of any package at once.
    """

    period: Period
    window: Window | None
    sums: array[int]

    def rank(self, package: str, downloads: int) -> PackageRank:
        """The place of a package with so many downloads in the window, as :func:`rank` tells."""
        first = bisect_left(self.sums, downloads)
        behind = bisect_right(self.sums, downloads)
        counted = self.window, downloads, len(self.sums) - behind, behind - first, len(self.sums)
        return _rank(self.snapshot, package, self.period, *counted)


class StalePackage(NamedTuple):
    """A package without downloads on the last day, and the last day that had some."""

    package: str
    last_seen: date


@dataclass(frozen=True, kw_only=True)
class StalePackages(QueryResult):
    """Packages of the last 30 days that the last load did not have, those just lost first.

    ``count`` of the ``of`` packages are stale; ``rows`` may hold fewer.
    """

    window: Window | None
    rows: tuple[StalePackage, ...]
    count: int
    of: int


def top_packages(
    store: Store,
    period: Period = "month",
    *,
    limit: int = 100,
    offset: int = 0,
    among: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
    condition: PackageCondition | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> TopPackages:
    """The packages with most downloads of a period that ends with the last day, or with ``end``.

    Among all packages or those named; ``exclude`` and ``condition`` leave out, for instance,
    flagged ones, which then have no place at all.
    """
    snapshot = current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    window = last_days(days, PERIOD_DAYS[period], end)
    rows = []
    if window and window.known:
        chosen = package_condition(among, exclude, condition)
        # From the first place on: only what is before a row tells its place.
        params = {"limit": offset + limit, **chosen.params, **visible_params(days, window)}
        rows = store.query(fill_template(TOP, sums=SUMS, condition=chosen.sql), params)
    return TopPackages(
        snapshot=snapshot,
        period=period,
        window=window,
        rows=tuple(_assign_ranks(rows))[offset:],
        of=rows[0][2] if rows else 0,
        downloads=rows[0][3] if rows else 0,
    )


def package_rank(
    store: Store,
    package: str,
    period: Period = "month",
    *,
    among: Iterable[str] | None = None,
    snapshot: Snapshot | None = None,
) -> PackageRank:
    """The place of a package by its downloads of a period, among all packages or those named."""
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    window = last_days(days, PERIOD_DAYS[period])
    own = ahead = tied = of = 0
    if window:
        chosen = package_condition(among, (), None)
        params = {"package": package, **chosen.params, **visible_params(days, window)}
        [(own, ahead, tied, of)] = store.query(
            fill_template(RANK, sums=SUMS, condition=chosen.sql), params
        )
    return _rank(snapshot, package, period, window, own, ahead, tied, of)


def standings(
    store: Store, period: Period = "month", *, snapshot: Snapshot | None = None
) -> Standings:
    """What all places of a period are read from, to be kept as long as its snapshot is shown."""
    snapshot = current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    window = last_days(days, PERIOD_DAYS[period])
    sums: Iterable[int] = ()
    if window:
        chosen = package_condition(None, (), None)
        sql = fill_template(STANDINGS, sums=SUMS, condition=chosen.sql)
        sums = store.columns(sql, {**chosen.params, **visible_params(days, window)})["downloads"]
    return Standings(snapshot=snapshot, period=period, window=window, sums=array("Q", sums))


def stale_packages(
    store: Store,
    *,
    limit: int = 100,
    among: Iterable[str] | None = None,
    snapshot: Snapshot | None = None,
) -> StalePackages:
    """Packages that had downloads in the last 30 days but none on the last day loaded."""
    snapshot = current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    window = last_days(days, PERIOD_DAYS["month"])
    rows, seen = [], 0
    if window:
        chosen = package_condition(among, (), None)
        params = {"limit": limit, **chosen.params, **visible_params(days, window)}
        rows = store.query(fill_template(STALE, condition=chosen.sql), params)
        [(seen,)] = store.query(fill_template(RECENT_PACKAGES_SQL, condition=chosen.sql), params)
    return StalePackages(
        snapshot=snapshot,
        window=window,
        rows=tuple(StalePackage(package, day) for package, day, _ in rows),
        count=rows[0][2] if rows else 0,
        of=seen,
    )


def _rank(
    snapshot: Snapshot,
    package: str,
    period: Period,
    window: Window | None,
    downloads: int,
    ahead: int,
    tied: int,
    of: int,
) -> PackageRank:
    place = ahead + 1 if tied else None
    return PackageRank(
        snapshot=snapshot,
        package=package,
        period=period,
        window=window,
        downloads=downloads,
        rank=place,
        of=of,
        percentile=measures.percentile(place, tied, of) if place else None,
    )


def _assign_ranks(rows: Iterable[tuple[str, int, int, int]]) -> Iterator[RankedPackage]:
    """Give each row its place: that of the first one with as many downloads."""
    place, last = 0, -1
    for number, (package, downloads, _, _) in enumerate(rows, start=1):
        if downloads != last:
            place, last = number, downloads
        yield RankedPackage(place, package, downloads)

"""Everything a page shows of one package, read with one statement.

Each figure is the one that its own question gives; asking them one by one would cost the way to
the store and back six times.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ..client import Store
from ..snapshot import Snapshot
from .base import (
    NO_ROWS,
    WITHOUT_MIRRORS,
    Days,
    Dimension,
    QueryResult,
    clip_range,
    current_snapshot,
    fill_template,
    package_days,
    package_name,
    retired_months,
    shared_days,
    visible_params,
)
from .momentum import Growth, day_pairs, growth_from_counts
from .ranking import PackageRank, Standings, standings
from .recent import RecentDownloads, recent_from_counts
from .series import DownloadSeries, Point, daily_series_of
from .totals import DimensionShares, TotalDownloads, shares_from_sums, total_from_sums
from .windows import Window, each_day

PACKAGE_STATS_SQL = """
SELECT 'overall' AS part, toString(category) AS name, day AS start, sum(downloads) AS downloads
FROM downloads
WHERE dimension = 'overall' AND package = {package:String} AND $visible
GROUP BY name, start
UNION ALL
SELECT toString(dimension), toString(category) AS name, {last:Date}, sum(downloads) AS downloads
FROM downloads
WHERE dimension IN {dimensions:Array(String)} AND package = {package:String}
    AND load_id IN {recent_loads:Array(UInt64)}
    AND day BETWEEN {recent_first:Date} AND {recent_last:Date}
GROUP BY dimension, name
UNION ALL
SELECT 'months', toString(category) AS name, {last:Date}, sum(downloads) AS downloads
FROM downloads_monthly FINAL
WHERE dimension = 'overall' AND package = {package:String} AND month IN {months:Array(Date)}
GROUP BY name
"""
Rows = list[tuple[str, str, date, int]]


@dataclass(frozen=True, kw_only=True)
class StatsContext(QueryResult):
    """What the sheets of all packages share: ``months`` without detail, places of a month."""

    months: Mapping[date, int]
    standings: Standings


@dataclass(frozen=True, kw_only=True)
class PackageStats(QueryResult):
    """One package's figures, all of one snapshot; ``found`` is whether there is any.

    ``shares`` are of the last month, for each dimension asked for.
    """

    package: str
    recent: RecentDownloads
    total: TotalDownloads
    rank: PackageRank
    growth: Growth
    daily: DownloadSeries
    shares: tuple[DimensionShares, ...]

    @property
    def has_data(self) -> bool:
        """Whether anything is known of its downloads."""
        return self.total.found or self.recent.found


def stats_context(store: Store, *, snapshot: Snapshot | None = None) -> StatsContext:
    """Read what sheets share, once for a snapshot."""
    snapshot = current_snapshot(store, snapshot)
    return StatsContext(
        snapshot=snapshot,
        months=retired_months(store, snapshot),
        standings=standings(store, snapshot=snapshot),
    )


def package_stats(
    store: Store,
    package: str,
    dimensions: Iterable[Dimension],
    on: StatsContext,
    *,
    limit: int | None = None,
) -> PackageStats:
    """One package's sheet; ``limit`` categories of each dimension, the others summed up."""
    package, snapshot, asked = package_name(package), on.snapshot, tuple(dimensions)
    days = package_days(store, snapshot, [package])[package]
    month = recent_from_counts(snapshot, package, days or snapshot.days, {}).windows.get("month")
    within = clip_range(snapshot, month.start, month.end, days) if month else None
    rows = _rows(store, package, asked, on, within)
    points = [Point(name, start, count) for part, name, start, count in rows if part == "overall"]
    counts = {each.start: each.downloads for each in points if each.category == WITHOUT_MIRRORS}
    shared = shared_days(snapshot)
    return PackageStats(
        snapshot=snapshot,
        package=package,
        recent=recent_from_counts(snapshot, package, days or snapshot.days, counts),
        total=total_from_sums(snapshot, package, days, on.months, _sums(rows)),
        rank=_rank(on.standings, package, shared, counts),
        growth=growth_from_counts(snapshot, package, counts, day_pairs(shared, "month")),
        daily=daily_series_of(snapshot, package, "overall", days, points),
        shares=tuple(
            shares_from_sums(snapshot, package, each, within, _largest(rows, each), limit)
            for each in asked
        ),
    )


def _rows(
    store: Store, package: str, asked: Iterable[Dimension], on: StatsContext, month: Window | None
) -> Rows:
    snapshot = on.snapshot
    whole = clip_range(snapshot, None, None)
    if whole is None and not on.months:
        return []
    recent = visible_params(snapshot.days, month) if month else NO_ROWS
    params: dict[str, Any] = {
        "package": package,
        "dimensions": list(asked),
        "months": list(on.months),
        **(visible_params(snapshot.days, whole) if whole else NO_ROWS),
        **{f"recent_{name}": value for name, value in recent.items()},
    }
    return store.query(fill_template(PACKAGE_STATS_SQL), params)


def _sums(rows: Rows) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part, name, _, downloads in rows:
        if part in ("overall", "months"):
            found[name] = found.get(name, 0) + downloads
    return found


def _largest(rows: Rows, dimension: Dimension) -> list[tuple[str, int]]:
    found = [(name, downloads) for part, name, _, downloads in rows if part == dimension]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def _rank(places: Standings, package: str, shared: Days, counts: Mapping[date, int]) -> PackageRank:
    """Places are made of the days that are known for every package, and of no others."""
    window = places.window
    within = each_day(window.start, window.end) if window else ()
    return places.rank(package, sum(counts.get(day, 0) for day in within if day in shared))

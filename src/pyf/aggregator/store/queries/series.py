"""Downloads over time: one package by a dimension's categories, or several packages at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ...errors import UsageError
from ..client import Store
from ..snapshot import Snapshot
from . import measures
from .base import (
    NO_ROWS,
    WITHOUT_MIRRORS,
    Days,
    Dimension,
    QueryResult,
    check_dimension,
    clip_range,
    current_snapshot,
    fill_template,
    months_within,
    package_days,
    package_name,
    package_names,
    retired_months,
    visible_params,
)
from .windows import Bucket, BucketSize, Window, bucket_days, buckets

STARTS: Mapping[BucketSize, str] = {
    "day": "day",
    "week": "toMonday(day)",
    "month": "toStartOfMonth(day)",
}
SERIES = """
SELECT package, toString(category) AS name, $start AS start, sum(downloads) AS downloads
FROM downloads
WHERE dimension = {dimension:String} AND package IN {packages:Array(String)} AND $visible
    $categories
GROUP BY package, name, start
"""
MONTHS = """
UNION ALL
SELECT package, toString(category), month, downloads
FROM downloads_monthly FINAL
WHERE dimension = {dimension:String} AND package IN {packages:Array(String)}
    AND month IN {months:Array(Date)}
    $categories
"""
CATEGORIES = "AND category IN {categories:Array(String)}"
IN_ORDER = "SELECT * FROM ($rows) ORDER BY package, name, start"


class Point(NamedTuple):
    """Downloads of one category in the bucket that begins at ``start``."""

    category: str
    start: date
    downloads: int


@dataclass(frozen=True, kw_only=True)
class DownloadSeries(QueryResult):
    """One package's downloads by category and time.

    ``points`` are the rows there are, by category, then time, as pypistats.org orders them: a
    category without downloads in a bucket has no row. ``buckets`` are all steps of the range, so
    that :meth:`values` can tell 0 from unknown. ``window`` is the range of days, None where the
    store holds none of it; months of which only sums are left are among the buckets, not in it.
    """

    package: str
    dimension: Dimension
    size: BucketSize
    window: Window | None
    buckets: tuple[Bucket, ...]
    points: tuple[Point, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that occur, in order."""
        return tuple(dict.fromkeys(point.category for point in self.points))

    def values(self, category: str) -> tuple[int | None, ...]:
        """Downloads of a category in every bucket: 0 is none, None is unknown."""
        found = {
            point.start: point.downloads for point in self.points if point.category == category
        }
        return tuple(
            found.get(bucket.start, 0) if bucket.known else None for bucket in self.buckets
        )

    def rolling(self, category: str) -> tuple[float | None, ...]:
        """The mean of each day and the six before it; for a series of days."""
        if self.size != "day":
            raise UsageError("a 7-day mean needs a series of days")
        return measures.rolling_mean(self.values(category))


@dataclass(frozen=True, kw_only=True)
class PackageComparison(QueryResult):
    """One category of several packages over the same buckets, in the order asked for."""

    dimension: Dimension
    category: str
    size: BucketSize
    window: Window | None
    buckets: tuple[Bucket, ...]
    series: tuple[DownloadSeries, ...]

    def values(self, package: str) -> tuple[int | None, ...]:
        """Downloads of a package in every bucket: 0 is none, None is unknown."""
        return self._of(package).values(self.category)

    def total(self, package: str) -> int:
        """The sum over the known days."""
        return sum(value or 0 for value in self.values(package))

    def index_values(self, package: str) -> tuple[float | None, ...]:
        """Every bucket as a percentage of the first complete one that has downloads."""
        values = self.values(package)
        pairs = zip(values, self.buckets, strict=True)
        base = next((value for value, bucket in pairs if value and bucket.complete), None)
        return tuple(100 * v / base if base and v is not None else None for v in values)

    def _of(self, package: str) -> DownloadSeries:
        name = package_name(package)
        for series in self.series:
            if series.package == name:
                return series
        raise UsageError(f"{name} is not among the packages compared")


def download_series(
    store: Store,
    package: str,
    dimension: str = "overall",
    *,
    categories: Iterable[str] | None = None,
    start: date | None = None,
    end: date | None = None,
    size: BucketSize = "day",
    snapshot: Snapshot | None = None,
) -> DownloadSeries:
    """One package's downloads by category; from the first day stored to the last by default.

    ``size="month"`` reaches back to months of which only the sums are kept.
    """
    asked = _SeriesQuery(
        [package_name(package)],
        check_dimension(dimension),
        None if categories is None else list(categories),
        size,
    )
    return _read(store, asked, start, end, current_snapshot(store, snapshot))[0]


def compare_packages(
    store: Store,
    packages: Iterable[str],
    dimension: str = "overall",
    *,
    category: str = WITHOUT_MIRRORS,
    start: date | None = None,
    end: date | None = None,
    size: BucketSize = "day",
    snapshot: Snapshot | None = None,
) -> PackageComparison:
    """One category of several packages, in one query."""
    asked = _SeriesQuery(package_names(packages), check_dimension(dimension), [category], size)
    if not asked.packages:
        raise UsageError("no package is named to be compared")
    snapshot = current_snapshot(store, snapshot)
    found = _read(store, asked, start, end, snapshot)
    return PackageComparison(
        snapshot=snapshot,
        dimension=asked.dimension,
        category=category,
        size=size,
        window=found[0].window,
        buckets=tuple(map(_known_of_all, zip(*(each.buckets for each in found), strict=True))),
        series=found,
    )


def _known_of_all(same: Sequence[Bucket]) -> Bucket:
    return min(same, key=lambda bucket: bucket.known)


@dataclass(frozen=True)
class _SeriesQuery:
    packages: Sequence[str]
    dimension: Dimension
    categories: list[str] | None
    size: BucketSize


def _read(
    store: Store, asked: _SeriesQuery, start: date | None, end: date | None, snapshot: Snapshot
) -> tuple[DownloadSeries, ...]:
    known = package_days(store, snapshot, asked.packages)
    over = clip_range(snapshot, start, end)
    months = _months(store, asked, start, end, snapshot)
    points = _points(store, asked, snapshot, over, months) if over or months else {}

    def one(package: str) -> DownloadSeries:
        window = clip_range(snapshot, start, end, known[package])
        return DownloadSeries(
            snapshot=snapshot,
            package=package,
            dimension=asked.dimension,
            size=asked.size,
            window=window,
            buckets=_steps(window, months, asked.size, known[package]),
            points=tuple(points.get(package, ())),
        )

    return tuple(map(one, asked.packages))


def daily_series_of(
    snapshot: Snapshot, package: str, dimension: Dimension, days: Days, points: Iterable[Point]
) -> DownloadSeries:
    """The series of all days stored, from its points."""
    window = clip_range(snapshot, None, None, days)
    return DownloadSeries(
        snapshot=snapshot,
        package=package,
        dimension=dimension,
        size="day",
        window=window,
        buckets=_steps(window, {}, "day", days),
        points=tuple(sorted(points)),
    )


def _months(
    store: Store, asked: _SeriesQuery, start: date | None, end: date | None, snapshot: Snapshot
) -> Mapping[date, int]:
    """The months without detail that belong to the range; only a series of months shows them."""
    if asked.size != "month":
        return {}
    return months_within(retired_months(store, snapshot), start, end)


def _steps(
    window: Window | None, months: Mapping[date, int], size: BucketSize, known: Days
) -> tuple[Bucket, ...]:
    steps = {step.start: step for step in (buckets(window, size, known) if window else ())}
    for month, days in months.items():
        steps[month] = Bucket(month, bucket_days(month, "month"), days)
    return tuple(steps[start] for start in sorted(steps))


def _points(
    store: Store,
    asked: _SeriesQuery,
    snapshot: Snapshot,
    over: Window | None,
    months: Mapping[date, int],
) -> Mapping[str, list[Point]]:
    only = CATEGORIES if asked.categories is not None else ""
    params: dict[str, Any] = {
        "dimension": asked.dimension,
        "packages": list(asked.packages),
        **({"categories": asked.categories} if only else {}),
        **(visible_params(snapshot.days, over) if over else NO_ROWS),
    }
    if months:
        params["months"] = list(months)
    sql = fill_template(
        IN_ORDER,
        rows=SERIES + MONTHS if months else SERIES,
        start=STARTS[asked.size],
        categories=only,
    )
    found: dict[str, list[Point]] = {}
    for package, category, start, downloads in store.query(sql, params):
        found.setdefault(package, []).append(Point(category, start, downloads))
    return found

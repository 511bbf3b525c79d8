"""The figures of a week or a month of some packages, against the week or month before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from ..errors import NotFound
from ..store import Snapshot, Store, queries
from ..store.queries import (
    WITHOUT_MIRRORS,
    CategoryShare,
    DownloadSeries,
    PackageComparison,
    PackageCounts,
    Window,
)
from ..store.queries.measures import balanced_means, change, rolling_mean
from ..store.queries.windows import window
from . import alerts
from .alerts import Alert, AlertLimits

Period = Literal["week", "month"]
PERIOD_NAMES: Mapping[Period, str] = {"week": "Weekly", "month": "Monthly"}

SHOWN_DAYS = 91
"""Days that the charts reach back from the end of the period."""
MAX_DETAILS = 5
"""Packages up to which each is told of by itself, with systems and Python versions."""
MOST_SHARES = 8
ONE_DAY = timedelta(days=1)

Values = tuple[int | None, ...]


@dataclass(frozen=True)
class ReportLine:
    """A package in a report: its downloads in the period and in the one before.

    ``change`` compares means a day, each weekday weighing the same; None where it cannot be told.
    ``total`` counts up to the period's end. ``daily`` are the days of the charts.
    """

    package: str
    downloads: int
    before: int
    change: float | None
    total: int
    rank: int | None
    daily: Values


@dataclass(frozen=True)
class PackageDetail:
    """What a package's downloads of the period are made of."""

    package: str
    pythons: tuple[CategoryShare, ...]
    systems: tuple[CategoryShare, ...]


@dataclass(frozen=True)
class DownloadsReport:
    """A report; ``lines`` have the most downloaded first, ``unknown`` are packages without any.

    ``days`` are those of the charts, ``daily`` the sum of all packages on them.
    """

    title: str
    period: Period
    window: Window
    generated: datetime
    data_through: date
    downloads: int
    before: int
    change: float | None
    days: tuple[date, ...]
    daily: Values
    lines: tuple[ReportLine, ...]
    details: tuple[PackageDetail, ...]
    alerts: tuple[Alert, ...]
    unknown: tuple[str, ...]

    @property
    def rolling(self) -> tuple[float | None, ...]:
        """The 7-day mean of all packages together."""
        return rolling_mean(self.daily)


def last_period(period: Period, through: date) -> tuple[date, date]:
    """First and last day of the last calendar week or month that is over by ``through``. Pure."""
    if period == "week":
        end = through - timedelta(days=(through.weekday() + 1) % 7)
        return end - timedelta(days=6), end
    following = through + ONE_DAY
    end = following.replace(day=1) - ONE_DAY
    return end.replace(day=1), end


def build_report(
    store: Store,
    names: Sequence[str],
    period: Period,
    *,
    title: str,
    now: datetime,
    limits: AlertLimits,
    snapshot: Snapshot | None = None,
) -> DownloadsReport:
    """Ask the store for a report on the last whole period.

    Raises ``NotFound`` where no day of it is loaded, or none of the packages has any figures.
    """
    snapshot = snapshot or store.snapshot()
    through = snapshot.data_through
    if through is None:
        raise NotFound("the store holds no day yet; `pyfa stats load` brings one")
    start, end = last_period(period, through)
    over = window(start, end, snapshot.days)
    if not over.known:
        raise NotFound(f"no day from {start} to {end} is loaded; `pyfa stats backfill` may help")
    found = queries.compare_packages(
        store, names, start=end - (SHOWN_DAYS - 1) * ONE_DAY, snapshot=snapshot
    )
    counted = queries.bulk_counts(store, names, end=end, snapshot=snapshot)
    lines = _lines(found, counted.packages, period, over)
    if not lines:
        raise NotFound(f"the store has no downloads of {', '.join(names[:3])}")
    details = [_detail(store, line.package, over, snapshot) for line in lines[:MAX_DETAILS]]
    told = _alerts(store, lines, period, over, limits, snapshot)
    return _assemble_report(title, period, over, now, through, found, lines, details, told)


def _lines(
    found: PackageComparison, counted: Mapping[str, PackageCounts], period: Period, over: Window
) -> list[ReportLine]:
    lines = [
        _line(series, counted[series.package], period, over)
        for series in found.series
        if series.package in counted
    ]
    return sorted(lines, key=lambda line: (-line.downloads, line.package))


def _line(
    series: DownloadSeries, counted: PackageCounts, period: Period, over: Window
) -> ReportLine:
    values = dict(
        zip((b.start for b in series.buckets), series.values(WITHOUT_MIRRORS), strict=True)
    )
    now, before = _known_days(values, over.start, over.end), _previous(values, period, over)
    later = _known_days(values, over.end + ONE_DAY, date.max)
    means = balanced_means(before, now)
    return ReportLine(
        package=series.package,
        downloads=_sum(now),
        before=_sum(before),
        change=change(means[1], means[0]) if means else None,
        total=counted.total - _sum(later),
        rank=counted.rank,
        daily=tuple(value for day, value in values.items() if day <= over.end),
    )


def _previous(
    values: Mapping[date, int | None], period: Period, over: Window
) -> list[tuple[date, int]]:
    start, end = last_period(period, over.start - ONE_DAY)
    return _known_days(values, start, end)


def _known_days(
    values: Mapping[date, int | None], first: date, last: date
) -> list[tuple[date, int]]:
    return [
        (day, value) for day, value in values.items() if value is not None and first <= day <= last
    ]


def _sum(days: Iterable[tuple[date, int]]) -> int:
    return sum(value for _, value in days)


def _detail(store: Store, package: str, over: Window, snapshot: Snapshot) -> PackageDetail:
    pythons, systems = (
        queries.dimension_shares(
            store,
            package,
            dimension,
            start=over.start,
            end=over.end,
            limit=MOST_SHARES,
            snapshot=snapshot,
        ).shares
        for dimension in ("python_minor", "system")
    )
    return PackageDetail(package, pythons, systems)


def _alerts(
    store: Store,
    lines: Sequence[ReportLine],
    period: Period,
    over: Window,
    limits: AlertLimits,
    snapshot: Snapshot,
) -> list[Alert]:
    found = alerts.missing_days_alerts(over)
    for line in lines:
        found += alerts.package_alerts(
            line.package,
            before=line.before,
            downloads=line.downloads,
            change=line.change,
            total=line.total,
            period=period,
            limits=limits,
        )
    for line in lines[:MAX_DETAILS]:
        odd = queries.anomalies(
            store, line.package, start=over.start, end=over.end, snapshot=snapshot
        )
        found += alerts.anomaly_alerts(line.package, odd.days)
    return found


def _assemble_report(
    title: str,
    period: Period,
    over: Window,
    now: datetime,
    through: date,
    found: PackageComparison,
    lines: Sequence[ReportLine],
    details: Sequence[PackageDetail],
    told: Sequence[Alert],
) -> DownloadsReport:
    days = tuple(bucket.start for bucket in found.buckets if bucket.start <= over.end)
    together = tuple(map(_sum_or_unknown, zip(*(line.daily for line in lines), strict=True)))
    values = dict(zip(days, together, strict=True))
    after, before = _known_days(values, over.start, over.end), _previous(values, period, over)
    means = balanced_means(before, after)
    told_of = {line.package for line in lines}
    return DownloadsReport(
        title=title,
        period=period,
        window=over,
        generated=now,
        data_through=through,
        downloads=_sum(after),
        before=_sum(before),
        change=change(means[1], means[0]) if means else None,
        days=days,
        daily=together,
        lines=tuple(lines),
        details=tuple(details),
        alerts=tuple(told),
        unknown=tuple(each.package for each in found.series if each.package not in told_of),
    )


def _sum_or_unknown(values: tuple[int | None, ...]) -> int | None:
    """The sum; a day that is unknown for one of the packages is unknown for all together."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None

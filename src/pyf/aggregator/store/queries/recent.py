"""Downloads of the last day, week and month, with pypistats.org's windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..client import Store
from ..snapshot import Snapshot
from .base import (
    Days,
    QueryResult,
    current_snapshot,
    fill_template,
    last_days,
    package_days,
    package_name,
    visible_params,
)
from .windows import PERIOD_DAYS, Period, Window, each_day

COUNTS = """
SELECT day, sum(downloads) FROM downloads
WHERE $counted AND package = {package:String} AND $visible
GROUP BY day
"""


@dataclass(frozen=True, kw_only=True)
class RecentDownloads(QueryResult):
    """Downloads without mirrors of the last 1, 7 and 30 days that end with the last day loaded.

    A figure is the sum of the window's known days, None where no day of it is known;
    ``windows`` says what is missing. ``found`` is whether the package has any row in the month.
    """

    package: str
    last_day: int | None
    last_week: int | None
    last_month: int | None
    windows: Mapping[Period, Window]
    found: bool


def recent_downloads(
    store: Store, package: str, *, end: date | None = None, snapshot: Snapshot | None = None
) -> RecentDownloads:
    """The downloads of the last day, week and month; ``end`` moves the last day back."""
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    days = package_days(store, snapshot, [package])[package] or snapshot.days
    month = last_days(days, PERIOD_DAYS["month"], end)
    counts = {}
    if month and month.known:
        counts = dict(
            store.query(fill_template(COUNTS), {"package": package, **visible_params(days, month)})
        )
    return recent_from_counts(snapshot, package, days, counts, end)


def recent_from_counts(
    snapshot: Snapshot,
    package: str,
    days: Days,
    counts: Mapping[date, int],
    end: date | None = None,
) -> RecentDownloads:
    """The same from the downloads without mirrors of each day that has a row."""
    windows: dict[Period, Window] = {
        period: window
        for period, length in PERIOD_DAYS.items()
        if (window := last_days(days, length, end))
    }
    sums = {period: _sum(counts, window) for period, window in windows.items()}
    month = windows.get("month")
    return RecentDownloads(
        snapshot=snapshot,
        package=package,
        last_day=sums.get("day"),
        last_week=sums.get("week"),
        last_month=sums.get("month"),
        windows=windows,
        found=month is not None and any(month.start <= day <= month.end for day in counts),
    )


def _sum(counts: Mapping[date, int], window: Window) -> int | None:
    if not window.known:
        return None
    return sum(counts.get(day, 0) for day in each_day(window.start, window.end))

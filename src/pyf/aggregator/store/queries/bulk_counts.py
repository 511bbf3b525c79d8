"""What the documents of an index show of thousands of packages, in one query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ..client import Store
from ..snapshot import Snapshot
from . import measures
from .base import (
    ALL,
    Days,
    QueryResult,
    current_snapshot,
    fill_template,
    last_days,
    package_names,
    retired_months,
    shared_days,
    visible_params_between,
)
from .momentum import DayPairs, day_pairs
from .windows import PERIOD_DAYS, Period, Window

BATCH = 10_000
"""Names in one query: they travel in its address, of which servers take a megabyte."""
# The names stand in it once (twice with retired months): to analyze thousands of them costs as much
# as to read the rows of some days.
COUNTS = """
SELECT package, total, in_day, in_week, in_month, now, before, place
FROM (
    SELECT package, sum(downloads) AS total
    FROM (
        SELECT package, downloads FROM downloads_daily
        WHERE package IN {names:Array(String)} AND $visible
        $months
    )
    GROUP BY package
) AS totals
LEFT JOIN (
    SELECT
        package,
        sumIf(downloads, day >= {month:Date}) AS in_month,
        sumIf(downloads, day >= {week:Date}) AS in_week,
        sumIf(downloads, day >= {day:Date}) AS in_day,
        sumIf(downloads, load_id IN {current:Array(UInt64)}) AS now,
        sumIf(downloads, load_id IN {previous:Array(UInt64)}) AS before,
        rank() OVER (ORDER BY in_month DESC) AS place
    FROM downloads_daily
    WHERE package != '__all__'
        AND load_id IN {recent:Array(UInt64)}
        AND day BETWEEN {recent_first:Date} AND {recent_last:Date}
    GROUP BY package
) AS latest USING (package)
"""
MONTHS = """
UNION ALL
SELECT package, downloads FROM downloads_monthly FINAL
WHERE $counted AND package IN {names:Array(String)} AND month IN {months:Array(Date)}
"""


class PackageCounts(NamedTuple):
    """Downloads of a package without mirrors.

    ``trend`` is its momentum over four weeks, None where too many days are unknown; ``rank`` its
    place by the last 30 days, None without downloads in them; ``stale`` is True where the last
    load did not have it.
    """

    last_day: int
    last_week: int
    last_month: int
    total: int
    trend: float | None
    rank: int | None
    stale: bool


@dataclass(frozen=True, kw_only=True)
class BulkCounts(QueryResult):
    """Figures by normalized name; a package that the store never saw is not among them."""

    windows: Mapping[Period, Window]
    pairs: DayPairs
    packages: Mapping[str, PackageCounts]


def bulk_counts(
    store: Store,
    names: Iterable[str],
    *,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> BulkCounts:
    """Day, week, month, total, trend and rank of every package named that the store knows."""
    snapshot = current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    windows = _windows(days, end)
    pairs = day_pairs(days, "month", end)
    wanted = [name for name in package_names(names) if name != ALL]
    found: dict[str, PackageCounts] = {}
    if windows:
        months = list(retired_months(store, snapshot))
        sql = fill_template(COUNTS, months=MONTHS if months else "")
        params = {
            **({"months": months} if months else {}),
            **visible_params_between(snapshot.days, min(snapshot.days), max(snapshot.days)),
            **_recent(days, windows, pairs),
        }
        for first in range(0, len(wanted), BATCH):
            batch = wanted[first : first + BATCH]
            rows = store.query(sql, {"names": batch, **params})
            found.update((name, _package_counts(figures, pairs)) for name, *figures in rows)
    return BulkCounts(snapshot=snapshot, windows=windows, pairs=pairs, packages=found)


def _windows(days: Days, end: date | None) -> dict[Period, Window]:
    return {
        period: window
        for period, length in PERIOD_DAYS.items()
        if (window := last_days(days, length, end))
    }


def _recent(days: Days, windows: Mapping[Period, Window], pairs: DayPairs) -> dict[str, Any]:
    """Parameters of what is read of all packages: the last month, and the days compared."""
    month = windows["month"]
    read = {day: load for day, load in days.items() if month.start <= day <= month.end}
    read |= {day: days[day] for day in (*pairs.previous, *pairs.current)}
    return {
        **{period: window.start for period, window in windows.items()},
        "current": [days[day] for day in pairs.current],
        "previous": [days[day] for day in pairs.previous],
        "recent": list(read.values()),
        "recent_first": min(read, default=month.start),
        "recent_last": max(read, default=month.end),
    }


def _package_counts(figures: list[int], pairs: DayPairs) -> PackageCounts:
    total, day, week, month, now, before, place = figures
    trend = measures.momentum(now, before, pairs.known_pairs) if pairs.has_enough_pairs else None
    return PackageCounts(day, week, month, total, trend, place if month else None, not day)

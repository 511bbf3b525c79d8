"""Old days leave by whole months; their sums stay for ever.

A month goes when its last day is older than the retention. First its sums are written (again, if a
run was ended here), then one insert retires all its days: from then on the sums count instead of
them. The partition is dropped once no reader can be under way that still counts the days.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace

from ..client import Store
from ..snapshot import Snapshot
from . import history
from .cleanup import GRACE, TABLES_BY_LOAD
from .history import LoadEvent

MONTH_SUMS_SQL = """
INSERT INTO downloads_monthly (month, dimension, package, category, downloads, days)
SELECT {month:Date}, dimension, package, category, sum(downloads), {days:UInt16}
FROM downloads
WHERE day BETWEEN {month:Date} AND {last:Date} AND load_id IN {loads:Array(UInt64)}
GROUP BY dimension, package, category
SETTINGS optimize_aggregation_in_order = 1
"""
PARTITIONS_SQL = """
SELECT DISTINCT toUInt32(partition) FROM $parts
WHERE database = currentDatabase() AND table = {table:String} AND active
"""


@dataclass(frozen=True)
class RetentionResult:
    """Months whose days were retired, and months whose rows were dropped; their first days."""

    months: tuple[dt.date, ...] = ()
    dropped: tuple[dt.date, ...] = ()


def first_kept_day(today: dt.date, days: int) -> dt.date:
    """The first day that is kept: the beginning of the month that holds the oldest of so many."""
    return (today - dt.timedelta(days)).replace(day=1)


def retire_months(
    store: Store, days: int, now: dt.datetime, *, grace: dt.timedelta = GRACE
) -> RetentionResult:
    """Retire the months before the retention of so many days; may be ended at any moment."""
    boundary = first_kept_day(now.date(), days)
    snapshot = store.snapshot()
    old = sorted({day.replace(day=1) for day in snapshot.days if day < boundary})
    for month in old:
        _retire(store, snapshot, month, now)
    return RetentionResult(tuple(old), _drop(store, boundary, now - grace))


def _retire(store: Store, snapshot: Snapshot, month: dt.date, now: dt.datetime) -> None:
    last = last_day_of_month(month)
    loads = {day: load for day, load in snapshot.days.items() if month <= day <= last}
    store.command(
        MONTH_SUMS_SQL,
        {"month": month, "last": last, "days": len(loads), "loads": list(loads.values())},
    )
    known = history.published_events(store, replace(snapshot, days=loads))
    history.record_events(store, [_retired_event(event, now) for event in known.values()])


def _retired_event(event: LoadEvent, now: dt.datetime) -> LoadEvent:
    # Also where a load of some packages goes: no later one may bring the day back.
    return replace(event, scope="full", status="retired", reason="", finished=now)


def _drop(store: Store, boundary: dt.date, before: dt.datetime) -> tuple[dt.date, ...]:
    """Drop the partitions of months without a day that counts, the last retired long enough ago."""
    shown = {day.replace(day=1) for day in store.snapshot().days}
    dropped = []
    for month in _months(store):
        if month >= boundary or month in shown:
            continue
        ended = [
            event.finished for event in history.load_events(store, month, last_day_of_month(month))
        ]
        if not ended or max(ended) < before:
            for table in TABLES_BY_LOAD:
                store.alter(table, f"DROP PARTITION {month.year * 100 + month.month}")
            dropped.append(month)
    return tuple(dropped)


def _months(store: Store) -> list[dt.date]:
    parts = (
        "clusterAllReplicas({cluster:String}, system.parts)" if store.cluster else "system.parts"
    )
    params = {"table": store.parts_table("downloads")}
    if store.cluster:
        params["cluster"] = store.cluster
    rows = store.query(PARTITIONS_SQL.replace("$parts", parts), params)
    return sorted(dt.date(number // 100, number % 100, 1) for (number,) in rows)


def last_day_of_month(month: dt.date) -> dt.date:
    """The last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])

"""What download counts make of a document. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from ..store.queries import PERIOD_DAYS, WITHOUT_MIRRORS, PackageCounts
from ..store.queries.measures import momentum
from ..store.queries.momentum import day_pairs
from ..store.queries.windows import trailing_window
from .document_updates import Facts

FIELDS = (
    "download_last_day",
    "download_last_week",
    "download_last_month",
    "download_total",
    "download_trend",
    "download_rank",
    "stale",
)
STAMP = "download_updated"


def facts_of(counted: PackageCounts, now: int) -> Facts:
    """The fields that a package's counts make; ``now`` in Unix seconds. Unknown is taken away."""
    return {
        "download_last_day": counted.last_day,
        "download_last_week": counted.last_week,
        "download_last_month": counted.last_month,
        "download_total": counted.total,
        "download_trend": None if counted.trend is None else round(counted.trend, 4),
        "download_rank": counted.rank,
        "stale": counted.stale,
        STAMP: now,
    }


def counts_from_rows(
    rows: Iterable[tuple[str, date, int]], days: Collection[date]
) -> PackageCounts | None:
    """The counts that daily rows (category, day, downloads) make, with the store's own windows.

    ``days`` are those that are known: one without a row had no downloads. ``None`` without any
    row of downloads without mirrors. There is no rank: it takes all packages.
    """
    daily = {day: count for category, day, count in rows if category == WITHOUT_MIRRORS}
    known = {*days, *daily}
    if not daily:
        return None
    pairs = day_pairs(dict.fromkeys(known, 0), "month")
    trend = momentum(_sum(daily, pairs.current), _sum(daily, pairs.previous), pairs.known_pairs)
    end = max(known)
    day, week, month = (
        sum(count for at, count in daily.items() if at >= trailing_window(end, length, known).start)
        for length in (PERIOD_DAYS["day"], PERIOD_DAYS["week"], PERIOD_DAYS["month"])
    )
    return PackageCounts(
        last_day=day,
        last_week=week,
        last_month=month,
        total=sum(daily.values()),
        trend=trend if pairs.has_enough_pairs else None,
        rank=None,
        stale=end not in daily,
    )


def _sum(daily: Mapping[date, int], days: Iterable[date]) -> int:
    return sum(daily.get(day, 0) for day in days)

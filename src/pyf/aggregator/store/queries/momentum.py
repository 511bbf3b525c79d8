"""This period against the one before: for one package, and as a leaderboard of risers.

Each day is compared with the same weekday a whole number of weeks earlier, so a week's rhythm
cancels out; a day that is unknown on one side is left out on both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple

from ..client import Store
from ..snapshot import Snapshot
from . import measures
from .base import (
    Days,
    PackageCondition,
    QueryResult,
    current_snapshot,
    fill_template,
    package_condition,
    package_name,
    shared_days,
    visible_params_between,
)
from .windows import Period

COMPARED_DAYS: Mapping[Period, int] = {"day": 1, "week": 7, "month": 28}
"""Days of each of the two periods; a month is four whole weeks."""
Direction = Literal["rising", "falling"]

COUNTS = """
SELECT day, sum(downloads) FROM downloads_daily
WHERE package = {package:String} AND $visible
GROUP BY day
"""
CHANGES = """
SELECT
    package,
    sumIf(downloads, load_id IN {current:Array(UInt64)}) AS now,
    sumIf(downloads, load_id IN {previous:Array(UInt64)}) AS before
FROM downloads_daily
WHERE $visible AND $condition
GROUP BY package
"""
# The logarithm grows with the ratio: the order is the same, and Python computes what is shown.
BOARD = """
SELECT package, now, before, count() OVER () AS counted
FROM ($changes)
WHERE now + before >= {least:UInt64}
    AND if({rising:Bool}, now > before, now < before)
ORDER BY
    (now + {prior:Float64}) / (before + {prior:Float64})
        * if({rising:Bool}, -1, 1),
    package
LIMIT {limit:UInt64}
"""


@dataclass(frozen=True)
class DayPairs:
    """Days compared: each of ``current`` with the one of ``previous`` at the same place."""

    period: Period
    end: date | None
    current: tuple[date, ...] = ()
    previous: tuple[date, ...] = ()

    @property
    def days(self) -> int:
        """Days that each period should have."""
        return COMPARED_DAYS[self.period]

    @property
    def known_pairs(self) -> int:
        """Pairs of which both days are known."""
        return len(self.current)

    @property
    def has_enough_pairs(self) -> bool:
        """Whether at least half of the pairs are known."""
        return self.known_pairs >= max(1, self.days * measures.LEAST_SHARE)


class PackageChange(NamedTuple):
    """A package's downloads in both periods; ``growth`` is plain, ``momentum`` drawn towards 0."""

    package: str
    current: int
    previous: int
    growth: float | None
    momentum: float


@dataclass(frozen=True, kw_only=True)
class Growth(QueryResult):
    """One package's change; None where too many days are unknown."""

    package: str
    pairs: DayPairs
    change: PackageChange | None


@dataclass(frozen=True, kw_only=True)
class MomentumBoard(QueryResult):
    """The packages that rise (or fall) most; ``of`` packages rise at all. Empty if unknown."""

    pairs: DayPairs
    direction: Direction
    rows: tuple[PackageChange, ...]
    of: int


def growth(
    store: Store,
    package: str,
    period: Period = "month",
    *,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> Growth:
    """How a package's downloads changed from the period before to this one."""
    package, snapshot = package_name(package), current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    pairs = day_pairs(days, period, end)
    counts = {}
    if pairs.has_enough_pairs:
        params = {"package": package, **compared_days_params(days, pairs)}
        counts = dict(store.query(fill_template(COUNTS), params))
    return growth_from_counts(snapshot, package, counts, pairs)


def growth_from_counts(
    snapshot: Snapshot, package: str, counts: Mapping[date, int], pairs: DayPairs
) -> Growth:
    """The same from the downloads without mirrors of each day that has a row."""
    now, before = (
        sum(counts.get(day, 0) for day in days) for days in (pairs.current, pairs.previous)
    )
    change = package_change(package, now, before, pairs) if pairs.has_enough_pairs else None
    return Growth(snapshot=snapshot, package=package, pairs=pairs, change=change)


def momentum_board(
    store: Store,
    period: Period = "month",
    *,
    direction: Direction = "rising",
    limit: int = 100,
    least: int = 0,
    among: Iterable[str] | None = None,
    exclude: Iterable[str] = (),
    condition: PackageCondition | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> MomentumBoard:
    """The packages whose momentum is highest (or lowest), equal ones by name.

    ``least`` downloads in both periods together are needed to take part.
    """
    snapshot = current_snapshot(store, snapshot)
    days = shared_days(snapshot)
    pairs = day_pairs(days, period, end)
    rows = []
    if pairs.has_enough_pairs:
        chosen = package_condition(among, exclude, condition)
        params = {
            "limit": limit,
            "least": least,
            "rising": direction == "rising",
            "prior": measures.PRIOR_PER_DAY * pairs.known_pairs,
            **chosen.params,
            **day_pairs_params(days, pairs),
        }
        rows = store.query(fill_template(BOARD, changes=CHANGES, condition=chosen.sql), params)
    return MomentumBoard(
        snapshot=snapshot,
        pairs=pairs,
        direction=direction,
        rows=tuple(package_change(package, now, before, pairs) for package, now, before, _ in rows),
        of=rows[0][3] if rows else 0,
    )


def day_pairs(days: Days, period: Period, end: date | None = None) -> DayPairs:
    """The days to compare, of those known; the period ends with ``end`` or the last known day."""
    end = end or max(days, default=None)
    if end is None:
        return DayPairs(period, None)
    length = COMPARED_DAYS[period]
    back = timedelta(days=max(7, length))
    wanted = (end - timedelta(days=offset) for offset in range(length - 1, -1, -1))
    both = [day for day in wanted if day in days and day - back in days]
    return DayPairs(period, end, tuple(both), tuple(day - back for day in both))


def day_pairs_params(days: Days, pairs: DayPairs) -> dict[str, Any]:
    """Parameters: the loads of both periods, and rows of no other days."""
    return {
        "current": [days[day] for day in pairs.current],
        "previous": [days[day] for day in pairs.previous],
        **compared_days_params(days, pairs),
    }


def compared_days_params(days: Days, pairs: DayPairs) -> dict[str, Any]:
    """Parameters: rows of the days compared, and of no others."""
    compared = {day: days[day] for day in (*pairs.previous, *pairs.current)}
    return visible_params_between(compared, min(compared), max(compared))


def package_change(package: str, now: int, before: int, pairs: DayPairs) -> PackageChange:
    """The change of a package between sums over the pairs' days."""
    return PackageChange(
        package,
        now,
        before,
        measures.change(now, before),
        measures.momentum(now, before, pairs.known_pairs),
    )

"""The mathematics of the questions: plain numbers in, plain numbers out. Pure.

A value is None where the day is unknown. What each formula means, and where it comes from, stands
in docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from statistics import fmean

PRIOR_PER_DAY = 10.0
"""Downloads a day that both periods of a comparison are given before they are compared."""
LEAST_SHARE = 0.5
"""The share of a comparison's or a mean's days that has to be known."""
ROLLING_DAYS = 7

Value = int | float | None


def momentum(current: float, previous: float, pairs: int) -> float:
    """Base 2 logarithm of the ratio of two sums over ``pairs`` days each, drawn towards 0.

    0 is no change, 1 twice as many, -1 half as many. The fewer downloads there are, the nearer
    to 0: chance alone doubles a small count.
    """
    prior = PRIOR_PER_DAY * pairs
    return math.log2((current + prior) / (previous + prior)) if pairs else 0.0


def change(current: float, previous: float) -> float | None:
    """The plain relative change (0.25 is a quarter more); None where there was nothing before."""
    return current / previous - 1 if previous else None


def rolling_mean(values: Sequence[Value], days: int = ROLLING_DAYS) -> tuple[float | None, ...]:
    """For each day the mean of the known among it and the days before it, ``days`` in all.

    None where less than half of them are known.
    """
    means: list[float | None] = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(0, end - days) : end] if value is not None]
        means.append(fmean(known) if len(known) >= math.ceil(days * LEAST_SHARE) else None)
    return tuple(means)


def weekday_means(days: Sequence[tuple[date, float]]) -> dict[int, float]:
    """The mean of each weekday (0 is Monday) that occurs."""
    grouped: dict[int, list[float]] = {}
    for day, value in days:
        grouped.setdefault(day.weekday(), []).append(value)
    return {weekday: fmean(values) for weekday, values in grouped.items()}


def balanced_means(
    before: Sequence[tuple[date, float]], after: Sequence[tuple[date, float]]
) -> tuple[float, float] | None:
    """The mean a day before and after something, each weekday weighing the same in both.

    Weekdays that one side lacks are left out of the other; None where none is on both.
    """
    first, second = weekday_means(before), weekday_means(after)
    shared = sorted(first.keys() & second.keys())
    if not shared:
        return None
    return fmean(first[day] for day in shared), fmean(second[day] for day in shared)


def percentile(rank: int, tied: int, of: int) -> float:
    """The percentage of ``of`` packages that one with this rank is ahead of.

    ``tied`` packages, itself among them, share the rank: half of the others count as behind.
    """
    if of <= 1:
        return 100.0
    behind = of - (rank - 1) - tied
    return 100.0 * (behind + (tied - 1) / 2) / (of - 1)

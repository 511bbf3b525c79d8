"""Days on which a package's downloads were far from what the weeks before let expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from ..client import Store
from ..snapshot import Snapshot
from .base import QueryResult
from .daily import daily_downloads
from .windows import Window

BASELINE_DAYS = 56
LEAST_KNOWN = 28
THRESHOLD = 3.5
"""Robust standard deviations, as Iglewicz and Hoaglin recommend."""
MAD_TO_SIGMA = 1.4826
LEAST_SIGMA = 0.05
"""Nothing varies by less than this (on the scale of logarithms: 5 per cent)."""

Days = Sequence[tuple[date, int | None]]


class Anomaly(NamedTuple):
    """A day, what was expected of it, and how many robust standard deviations it is off."""

    day: date
    downloads: int
    expected: float
    score: float


@dataclass(frozen=True, kw_only=True)
class Anomalies(QueryResult):
    """The unusual days of a range in their order, and the days that could be judged."""

    package: str
    window: Window | None
    judged: int
    days: tuple[Anomaly, ...]


def anomalies(
    store: Store,
    package: str,
    *,
    start: date | None = None,
    end: date | None = None,
    threshold: float = THRESHOLD,
    snapshot: Snapshot | None = None,
) -> Anomalies:
    """The days of a range that are at least ``threshold`` deviations off, up or down.

    Each is judged by the 56 days before it, which may lie before the range.
    """
    earlier = start - timedelta(days=BASELINE_DAYS) if start else None
    found = daily_downloads(store, package, start=earlier, end=end, snapshot=snapshot)
    scored = [each for each in anomaly_scores(found.days) if start is None or each.day >= start]
    return Anomalies(
        snapshot=found.snapshot,
        package=found.package,
        window=found.window,
        judged=len(scored),
        days=tuple(each for each in scored if abs(each.score) >= threshold),
    )


def anomaly_scores(days: Days) -> list[Anomaly]:
    """Every known day that at least 28 known ones of the 56 before it allow to judge. Pure.

    ``days`` follow each other without a break, unknown ones are None.
    """
    return [
        _score_day(day, value, baseline)
        for i, (day, value) in enumerate(days)
        if value is not None
        and len(baseline := _known_values(days[max(0, i - BASELINE_DAYS) : i])) >= LEAST_KNOWN
    ]


def _score_day(day: date, value: int, baseline: Sequence[tuple[date, float]]) -> Anomaly:
    """Compare on the scale of log(1 + downloads), where doubling and halving weigh the same."""
    level = median(x for _, x in baseline)
    effects = {
        weekday: median(x - level for d, x in baseline if d.weekday() == weekday)
        for weekday in {d.weekday() for d, _ in baseline}
    }
    residuals = [x - level - effects[d.weekday()] for d, x in baseline]
    expected = level + effects.get(day.weekday(), 0.0)
    mad = median(abs(residual) for residual in residuals)
    # A count varies by its square root by chance alone: 1/sqrt(n) on this scale.
    chance = 1 / math.sqrt(1 + math.expm1(max(expected, 0.0)))
    # The weekdays' effects were estimated from these very days: they fit them better than the next.
    unseen = math.sqrt((len(baseline) + len(effects)) / (len(baseline) - len(effects)))
    sigma = max(MAD_TO_SIGMA * mad * unseen, chance, LEAST_SIGMA)
    score = (math.log1p(value) - expected) / sigma
    return Anomaly(day, value, math.expm1(expected), score)


def _known_values(days: Days) -> list[tuple[date, float]]:
    return [(day, math.log1p(value)) for day, value in days if value is not None]

"""What is worth a word in a report: round numbers passed, leaps, unusual and unknown days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..charts import format_short
from ..store.queries import Anomaly, Window

AlertKind = Literal["milestone", "threshold", "change", "unusual", "missing"]

FIRST_MILESTONE = 1_000
MIN_FOR_CHANGE = 100
"""Downloads in one of the periods below which a change is chance, and nobody is told of it."""


@dataclass(frozen=True)
class AlertLimits:
    """From when on somebody is told: a change in percent, downloads of a period."""

    change_percent: float = 50.0
    thresholds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Alert:
    """One thing worth a word; ``package`` is empty where it is about the data itself."""

    kind: AlertKind
    package: str
    sentence: str


def milestone(before: int, after: int) -> int | None:
    """The highest of 1,000, 2,000, 5,000, 10,000 ... above ``before`` and up to ``after``."""
    passed = None
    step = FIRST_MILESTONE
    while step <= after:
        for times in (1, 2, 5):
            if before < step * times <= after:
                passed = step * times
        step *= 10
    return passed


def crossed_thresholds(
    before: int, after: int, thresholds: Iterable[int]
) -> list[tuple[int, bool]]:
    """The thresholds between two counts, and whether each was passed upwards."""
    found = []
    for limit in sorted(set(thresholds)):
        if before < limit <= after:
            found.append((limit, True))
        elif after < limit <= before:
            found.append((limit, False))
    return found


def package_alerts(
    package: str,
    *,
    before: int,
    downloads: int,
    change: float | None,
    total: int,
    period: str,
    limits: AlertLimits,
) -> list[Alert]:
    """What a package's figures are worth a word for.

    ``before`` and ``downloads`` are of the period before and of this one, ``total`` all downloads
    up to its end, ``change`` is relative.
    """
    alerts = []
    if passed := milestone(total - downloads, total):
        sentence = f"{package} passed {passed:,} downloads since counting began"
        alerts.append(Alert("milestone", package, sentence))
    for limit, up in crossed_thresholds(before, downloads, limits.thresholds):
        how = "rose to" if up else "fell below"
        sentence = f"{package} {how} {limit:,} downloads a {period} ({before:,} -> {downloads:,})"
        alerts.append(Alert("threshold", package, sentence))
    is_large = max(before, downloads) >= MIN_FOR_CHANGE
    if change is not None and is_large and abs(change) * 100 >= limits.change_percent:
        how = "rose" if change > 0 else "fell"
        sentence = f"{package} {how} by {abs(change):.0%} against the {period} before"
        alerts.append(Alert("change", package, sentence))
    return alerts


def anomaly_alerts(package: str, days: Sequence[Anomaly]) -> list[Alert]:
    """One word for all unusual days of a package; the one that is farthest off stands for them."""
    if not days:
        return []
    farthest = max(days, key=lambda one: abs(one.score))
    told = (
        f"{format_short(farthest.downloads)} downloads on {farthest.day}, where about "
        f"{format_short(farthest.expected)} were to be expected"
    )
    if len(days) > 1:
        told = f"{len(days)} unusual days, the most unusual with {told}"
    return [Alert("unusual", package, f"{package} had {told}")]


def missing_days_alerts(window: Window) -> list[Alert]:
    """A word for days of which nothing is known."""
    if window.complete:
        return []
    days = ", ".join(map(str, window.missing_days))
    return [Alert("missing", "", f"{window.missing} of {window.days} days are unknown: {days}")]

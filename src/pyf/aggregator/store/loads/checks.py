"""Whether a day may be published, judged by the days before it. Pure.

Downloads have a strong weekly rhythm: a Saturday has about half of a Wednesday's. So a day is held
against the mean of the same weekday in the four weeks before, where at least two of them are
known, otherwise against the mean of all days of these weeks; and, with a wider margin, against the
day before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

WEEKS = 4
WEEKDAYS_NEEDED = 2


@dataclass(frozen=True)
class ShareBounds:
    """Between which shares of what was expected a figure is believed."""

    low: float
    high: float

    def contains(self, share: float) -> bool:
        """Whether a share is believed."""
        return self.low <= share <= self.high


SAME_WEEKDAY = ShareBounds(0.6, 1.7)
ANY_DAY = ShareBounds(0.45, 2.2)
DAY_BEFORE = ShareBounds(0.4, 2.5)
SLACK = 1.01
"""Dimensions are counted by different tables of some sources, which may differ by a per cent."""


@dataclass(frozen=True)
class LoadFigures:
    """What a load is judged by: rows stored, and downloads with mirrors."""

    rows: int
    downloads: int


@dataclass(frozen=True)
class LoadMeasurement:
    """What was staged: its figures, the downloads by dimension, and how many packages.

    ``strange`` are rows of ``overall`` that count neither with mirrors nor without.
    """

    figures: LoadFigures
    by_dimension: Mapping[str, int]
    packages: int
    unknown_categories: int = 0


def invalid_reason(measured: LoadMeasurement) -> str:
    """Why a load can never be published; empty if it can."""
    overall = measured.by_dimension.get("overall", 0)
    if not measured.figures.rows or not overall:
        return "it holds no downloads"
    if measured.unknown_categories:
        return (
            f"{measured.unknown_categories:,} rows of overall have other categories than "
            "with_mirrors and "
            "without_mirrors"
        )
    for dimension, downloads in measured.by_dimension.items():
        if dimension != "overall" and downloads > overall * SLACK:
            return f"its {dimension} adds up to {downloads:,} downloads of {overall:,}"
    return ""


def outlier_reasons(
    day: dt.date, found: LoadFigures, known: Mapping[dt.date, LoadFigures]
) -> list[str]:
    """Why a day looks wrong, a phrase each; ``known`` are the figures of published full days."""
    told = []
    if (before := known.get(day - dt.timedelta(1))) is not None:
        told += _compare(found, [before], DAY_BEFORE, "the day before")
    past = [day - dt.timedelta(n) for n in range(1, 7 * WEEKS + 1)]
    alike = [known[each] for each in past[6::7] if each in known]
    if len(alike) >= WEEKDAYS_NEEDED:
        return told + _compare(found, alike, SAME_WEEKDAY, "this weekday's mean of four weeks")
    every = [known[each] for each in past if each in known]
    return told + _compare(found, every, ANY_DAY, "the mean of four weeks")


def _compare(
    found: LoadFigures, others: Sequence[LoadFigures], bounds: ShareBounds, than: str
) -> list[str]:
    if not others:
        return []
    pairs = (
        ("rows", found.rows, fmean(each.rows for each in others)),
        ("downloads", found.downloads, fmean(each.downloads for each in others)),
    )
    return [
        f"{count:,} {what} are {count / mean:.0%} of {than}"
        for what, count, mean in pairs
        if mean and not bounds.contains(count / mean)
    ]

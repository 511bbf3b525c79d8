"""Spans of days, what of them is known, and the buckets that a series is cut into. Pure.

A day is a UTC date. A day without a published load is unknown, never 0, so every span says which
of its days are missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, NamedTuple

from ...errors import UsageError

Period = Literal["day", "week", "month"]
BucketSize = Literal["day", "week", "month"]

PERIOD_DAYS: Mapping[Period, int] = {"day": 1, "week": 7, "month": 30}
"""Days of a window that ends with the last day loaded, as pypistats.org counts them."""
ONE_DAY = timedelta(days=1)


class Gap(NamedTuple):
    """Days in a row that are unknown, both ends included."""

    first: date
    last: date


class Bucket(NamedTuple):
    """One step of a series: the calendar day, week (from Monday) or month that begins at ``start``.

    ``days`` is how many days it has, ``known`` how many of them the figures are of.
    """

    start: date
    days: int
    known: int

    @property
    def complete(self) -> bool:
        """Whether every day of it is known."""
        return self.known == self.days


@dataclass(frozen=True)
class Window:
    """The days from ``start`` to ``end``, both included; ``known`` of them are loaded."""

    start: date
    end: date
    known: int
    gaps: tuple[Gap, ...] = ()

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.end - self.start).days + 1

    @property
    def missing(self) -> int:
        """How many of its days are unknown."""
        return self.days - self.known

    @property
    def complete(self) -> bool:
        """Whether every day of it is known."""
        return self.missing == 0

    @property
    def missing_days(self) -> Iterator[date]:
        """Every unknown day."""
        for gap in self.gaps:
            yield from each_day(gap.first, gap.last)


def window(start: date, end: date, known: Iterable[date]) -> Window:
    """The span from ``start`` to ``end``; of the days ``known`` those that lie in it are loaded.

    Raises :class:`UsageError` where the end comes before the start.
    """
    if end < start:
        raise UsageError(f"the range ends on {end}, before it starts on {start}")
    inside = sorted({day for day in known if start <= day <= end})
    return Window(start, end, len(inside), tuple(_gaps(start, end, inside)))


def trailing_window(end: date, days: int, known: Iterable[date]) -> Window:
    """The span of so many days that ends with ``end``."""
    return window(end - timedelta(days=days - 1), end, known)


def buckets(span: Window, size: BucketSize, known: Iterable[date]) -> tuple[Bucket, ...]:
    """Every bucket that the span touches, in order. A week and a month are judged as a whole.

    A month at the edge of the span that reaches beyond it is incomplete: only the days inside
    the span count as known.
    """
    if size == "day":
        loaded = {day for day in known if span.start <= day <= span.end}
        return tuple(Bucket(day, 1, int(day in loaded)) for day in each_day(span.start, span.end))
    counts: dict[date, int] = {}
    for day in known:
        if span.start <= day <= span.end:
            start = bucket_start(day, size)
            counts[start] = counts.get(start, 0) + 1
    return tuple(
        Bucket(start, bucket_days(start, size), counts.get(start, 0))
        for start in _starts(span, size)
    )


def bucket_start(day: date, size: BucketSize) -> date:
    """The first day of the bucket that a day lies in."""
    if size == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if size == "month" else day


def bucket_days(start: date, size: BucketSize) -> int:
    """How many days the bucket has that begins at ``start``."""
    return (next_start(start, size) - start).days


def next_start(start: date, size: BucketSize) -> date:
    """Where the bucket after the one that begins at ``start`` begins."""
    if size == "month":
        return (start + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if size == "week" else 1)


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from ``first`` to ``last``, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def _starts(span: Window, size: BucketSize) -> Iterator[date]:
    start = bucket_start(span.start, size)
    while start <= span.end:
        yield start
        start = next_start(start, size)


def _gaps(start: date, end: date, inside: list[date]) -> Iterator[Gap]:
    expected = start
    for day in inside:
        if day > expected:
            yield Gap(expected, day - ONE_DAY)
        expected = day + ONE_DAY
    if expected <= end:
        yield Gap(expected, end)

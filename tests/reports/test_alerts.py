"""Round numbers, thresholds and leaps are told of once, where they happened."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.reports.alerts import (
    AlertLimits,
    anomaly_alerts,
    crossed_thresholds,
    milestone,
    missing_days_alerts,
    package_alerts,
)
from pyf.aggregator.reports.report import last_period
from pyf.aggregator.store.queries import Anomaly
from pyf.aggregator.store.queries.windows import window


@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [
        (0, 999, None),
        (0, 1000, 1000),
        (1000, 1999, None),
        (1999, 2000, 2000),
        (900, 7_000_000, 5_000_000),
        (5_000_000, 5_000_001, None),
    ],
)
def test_milestones(before, after, passed):
    assert milestone(before, after) == passed


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), max_size=12))
def test_a_milestone_is_passed_in_one_period_only(start, steps):
    total, told = start, []
    for step in steps:
        told.append(milestone(total, total + step))
        total += step

    named = [one for one in told if one is not None]
    assert named == sorted(set(named))
    assert all(start < one <= total for one in named)


def test_a_threshold_is_told_of_in_both_directions():
    assert crossed_thresholds(90, 110, [100, 100, 200]) == [(100, True)]
    assert crossed_thresholds(110, 90, [100]) == [(100, False)]
    assert crossed_thresholds(100, 100, [100]) == []


def alerts(**more):
    figures = {"before": 1000, "downloads": 1000, "change": 0.0, "total": 10_500, "period": "week"}
    return package_alerts("six", limits=AlertLimits(50.0, (2000,)), **{**figures, **more})


def test_nothing_is_told_where_nothing_happened():
    assert alerts(total=15_000) == []


def test_a_leap_is_told_of_unless_it_is_a_handful():
    assert [one.kind for one in alerts(change=-0.5, total=15_000)] == ["change"]
    assert alerts(before=10, downloads=99, change=8.9, total=15_000) == []
    assert alerts(change=None, total=15_000) == []


def test_several_things_are_told_each_by_itself():
    found = alerts(downloads=2500, change=1.5)

    assert [one.kind for one in found] == ["milestone", "threshold", "change"]
    assert [one.package for one in found] == ["six"] * 3
    assert "10,000" in found[0].sentence
    assert "rose to 2,000" in found[1].sentence


def test_unusual_days_of_a_package_are_one_word():
    days = [Anomaly(date(2026, 7, n), 100 * n, 0.2, float(n)) for n in range(1, 7)]

    (alert,) = anomaly_alerts("new", days)

    assert alert.sentence == (
        "new had 6 unusual days, the most unusual with 600 downloads on 2026-07-06, where about "
        "0.2 were to be expected"
    )
    (alert,) = anomaly_alerts("new", days[:1])
    assert alert.sentence.startswith("new had 100 downloads on 2026-07-01")
    assert anomaly_alerts("new", []) == []


def test_unknown_days_are_named():
    days = [date(2026, 1, 5), date(2026, 1, 7)]

    (alert,) = missing_days_alerts(window(days[0], days[1], days))

    assert alert.sentence == "1 of 3 days are unknown: 2026-01-06"
    assert missing_days_alerts(window(days[0], days[0], days)) == []


@given(st.dates(date(2001, 1, 1), date(2090, 1, 1)))
def test_a_period_is_a_whole_week_or_month_that_is_over(through):
    start, end = last_period("week", through)
    assert (start.weekday(), end.weekday(), (end - start).days) == (0, 6, 6)
    assert 0 <= (through - end).days < 7

    start, end = last_period("month", through)
    assert start.day == 1
    assert (end.year, end.month) == (start.year, start.month)
    assert end <= through
    assert date.fromordinal(end.toordinal() + 1).day == 1
    assert (through - end).days < 31

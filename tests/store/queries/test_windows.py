"""Spans, gaps and buckets, compared with sets of days."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.errors import UsageError
from pyf.aggregator.store.queries import windows

DAYS = st.dates(date(2023, 12, 1), date(2024, 4, 1))


@given(start=DAYS, length=st.integers(1, 100), known=st.sets(DAYS))
def test_gaps_are_exactly_the_days_that_are_not_known(start, length, known):
    end = start + timedelta(days=length - 1)

    span = windows.window(start, end, known)

    inside = {start + timedelta(days=i) for i in range(length)}
    assert span.days == length
    assert span.known == len(inside & known)
    assert list(span.missing_days) == sorted(inside - known)
    assert span.complete == (not inside - known)
    assert all(
        first.last + timedelta(days=1) < second.first for first, second in pairwise(span.gaps)
    )


@given(
    start=DAYS,
    length=st.integers(1, 100),
    known=st.sets(DAYS),
    size=st.sampled_from(("day", "week", "month")),
)
def test_buckets_follow_each_other_and_hold_every_day_once(start, length, known, size):
    end = start + timedelta(days=length - 1)
    span = windows.window(start, end, known)

    found = windows.buckets(span, size, known)

    assert found[0].start <= start
    assert all(
        first.start + timedelta(days=first.days) == second.start
        for first, second in pairwise(found)
    )
    assert found[-1].start <= end < found[-1].start + timedelta(days=found[-1].days)
    assert sum(bucket.known for bucket in found) == span.known
    if size == "week":
        assert all(bucket.start.weekday() == 0 and bucket.days == 7 for bucket in found)
    if size == "month":
        assert all(bucket.start.day == 1 for bucket in found)


def test_a_range_that_ends_before_it_starts_is_refused():
    with pytest.raises(UsageError, match="before it starts on 2024-01-02"):
        windows.window(date(2024, 1, 2), date(2024, 1, 1), ())

"""Which days are believed."""

from __future__ import annotations

import datetime as dt

import pytest

from pyf.aggregator.store.loads.checks import (
    LoadFigures,
    LoadMeasurement,
    invalid_reason,
    outlier_reasons,
)

DAY = dt.date(2026, 7, 4)  # a Saturday


def weeks(day: dt.date, count: int = 28) -> dict[dt.date, LoadFigures]:
    """Days before one, with the weekly rhythm of PyPI."""
    days = [day - dt.timedelta(n) for n in range(1, count + 1)]
    return {each: LoadFigures(*_usual(each)) for each in days}


def _usual(day: dt.date) -> tuple[int, int]:
    return (600, 500_000) if day.weekday() >= 5 else (1000, 1_000_000)


def test_a_usual_week_end_is_believed() -> None:
    for n in range(7):
        day = DAY + dt.timedelta(n)
        assert outlier_reasons(day, LoadFigures(*_usual(day)), weeks(day)) == []


@pytest.mark.parametrize(
    "found", [LoadFigures(333, 500_000), LoadFigures(600, 1_500_000), LoadFigures(600, 1)]
)
def test_a_third_or_thrice_of_a_week_end_is_not(found: LoadFigures) -> None:
    assert outlier_reasons(DAY, found, weeks(DAY))


def test_an_ordinary_wednesday_on_a_saturday_is_not_believed() -> None:
    told = outlier_reasons(DAY, LoadFigures(600, 1_000_000), weeks(DAY))

    assert told == ["1,000,000 downloads are 200% of this weekday's mean of four weeks"]


def test_with_few_days_known_the_margins_are_wider() -> None:
    known = weeks(DAY, 1)

    assert outlier_reasons(DAY, LoadFigures(600, 500_000), known) == []
    assert len(outlier_reasons(DAY, LoadFigures(333, 300_000), known)) == 4


def test_the_first_day_has_nothing_to_be_held_against() -> None:
    assert outlier_reasons(DAY, LoadFigures(1, 1), {}) == []


@pytest.mark.parametrize(
    ("sums", "reason"),
    [
        ({"overall": 10, "system": 10}, ""),
        ({"overall": 0}, "it holds no downloads"),
        ({"system": 10}, "it holds no downloads"),
        ({"overall": 10, "system": 11}, "its system adds up to 11 downloads of 10"),
    ],
)
def test_what_contradicts_itself_is_broken(sums: dict[str, int], reason: str) -> None:
    assert (
        invalid_reason(LoadMeasurement(LoadFigures(5, sums.get("overall", 0)), sums, 1)) == reason
    )

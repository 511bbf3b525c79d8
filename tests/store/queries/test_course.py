"""Release impact, anomalies and forecast: what a package's course tells."""

from __future__ import annotations

import math
import random
import statistics
import subprocess
import sys
from datetime import date, timedelta

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.store.queries import SeriesTooShort, anomalies, forecast, release_impact
from pyf.aggregator.store.queries import measures as pure
from pyf.aggregator.store.queries.anomalies import anomaly_scores
from pyf.aggregator.store.queries.forecast import predict
from pyf.aggregator.store.queries.releases import ReleaseDay, impact_of_release

from .book import Book, counted, day

WEEK = (1.2, 1.3, 1.25, 1.2, 1.0, 0.55, 0.5)


def course(days: int, level: float, noise: float, seed: int = 1) -> list[int]:
    """Downloads with a week's rhythm."""
    chance = random.Random(seed)
    return [round(level * WEEK[i % 7] * math.exp(chance.gauss(0, noise))) for i in range(days)]


def publish(book: Book, values: list[int], gaps: tuple[int, ...] = ()) -> None:
    book.publish_all({day(i): counted("zope", n) for i, n in enumerate(values) if i not in gaps})


def by_pandas(known: dict[date, int], released: date) -> tuple[float, float]:
    """Means by weekday, then over the weekdays that both sides have."""
    frame = pandas.DataFrame(sorted(known.items()), columns=["day", "downloads"])
    frame["offset"] = [(on - released).days for on in frame["day"]]
    frame = frame[(frame["offset"].abs() <= 14) & (frame["offset"] != 0)]
    frame["weekday"] = [on.weekday() for on in frame["day"]]
    frame["side"] = frame["offset"] > 0
    table = frame.pivot_table(index="weekday", columns="side", values="downloads").dropna()
    return table[False].mean(), table[True].mean()


def test_the_impact_of_a_release_is_free_of_weekdays_and_gaps(book: Book):
    values = [n * (3 if i > 40 else 1) for i, n in enumerate(course(70, 1000, 0.0))]
    gaps = (28, 30, 44)
    publish(book, values, gaps)

    found = release_impact(book.store, "Zope", [("2.0", day(40)), ("9.9", day(400))])

    first, never = found.impacts
    known = {day(i): n for i, n in enumerate(values) if i not in gaps}
    assert (first.before, first.after) == pytest.approx(by_pandas(known, day(40)))
    assert first.change == pytest.approx(2.0, rel=0.01)
    assert (first.known_before, first.known_after, first.complete) == (12, 13, False)
    assert (never.before, never.after, never.change) == (None, None, None)


@given(st.dictionaries(st.integers(-20, 20).filter(bool), st.integers(0, 10**6)))
def test_impact_equals_pandas(figures):
    released = date(2025, 3, 20)
    known = {released + timedelta(days=offset): n for offset, n in figures.items()}

    found = impact_of_release(ReleaseDay("1.0", released), known)

    sides = [{on.weekday() for on in known if 0 < s * (on - released).days < 15} for s in (-1, 1)]
    if not sides[0] & sides[1]:
        assert found.change is None
        return
    assert (found.before, found.after) == pytest.approx(by_pandas(known, released))


def robust_score(values: list[tuple[date, int | None]], at: int) -> float:
    """The score of one day, by numpy-like frames."""
    frame = pandas.DataFrame(values[max(0, at - 56) : at], columns=["day", "n"]).dropna()
    logs = frame["n"].astype(float).map(math.log1p)
    weekday = pandas.Series([on.weekday() for on in frame["day"]], index=frame.index)
    effect = (logs - logs.median()).groupby(weekday).median()
    rest = logs - logs.median() - weekday.map(effect)
    on, value = values[at]
    expected = logs.median() + effect.get(on.weekday(), 0.0)
    floor = max(math.exp(-max(expected, 0) / 2), 0.05)
    days, fitted = len(frame), effect.size
    spread = 1.4826 * rest.abs().median() * math.sqrt((days + fitted) / (days - fitted))
    return (math.log1p(value) - expected) / max(spread, floor)


def test_a_leap_and_a_collapse_are_anomalies_and_a_weekend_is_none(book: Book):
    values = course(120, 2000, 0.03)
    values[80], values[95] = values[80] * 4, values[95] // 5
    gaps = (50, 51)
    publish(book, values, gaps)

    found = anomalies(book.store, "zope")

    assert [each.day for each in found.days] == [day(80), day(95)]
    assert found.days[0].score > 3.5 > -3.5 > found.days[1].score
    listed = [(day(i), None if i in gaps else n) for i, n in enumerate(values)]
    assert found.days[0].score == pytest.approx(robust_score(listed, 80))
    assert found.judged == 120 - len(gaps) - 28
    late = anomalies(book.store, "zope", start=day(90))
    assert ([each.day for each in late.days], late.judged) == ([day(95)], 30)


@given(st.lists(st.integers(0, 10**7) | st.none(), min_size=25, max_size=70))
def test_scores_equal_a_second_computation(values):
    days = [(day(i), n) for i, n in enumerate(values)]

    for each in anomaly_scores(days):
        at = (each.day - day(0)).days
        assert each.score == pytest.approx(robust_score(days, at))


def test_noise_alone_is_seldom_an_anomaly():
    for level in (5, 100, 100_000):
        days = [(day(i), n) for i, n in enumerate(course(1000, level, 0.1, seed=3))]
        unusual = sum(abs(each.score) >= 3.5 for each in anomaly_scores(days))
        assert unusual / 1000 < 0.03


def test_small_counts_leap_by_chance():
    values = [1, 0, 2, 1, 0, 0, 1] * 6
    days = [(day(i), n) for i, n in enumerate([*values, 5])]

    assert abs(anomaly_scores(days)[-1].score) < 3.5


def test_a_forecast_goes_on_with_level_and_week(book: Book):
    values = course(120, 5000, 0.02)
    publish(book, values, gaps=(60, 61, 99))

    found = forecast(book.store, "zope")

    assert [each.day for each in found.days] == [day(120 + i) for i in range(30)]
    for i, each in enumerate(found.days):
        assert each.downloads == pytest.approx(5000 * WEEK[(120 + i) % 7], rel=0.1)
        assert each.lower < each.downloads < each.upper
    widths = [math.log(each.upper / each.lower) for each in found.days]
    assert widths[-1] > widths[0]
    assert found.total == pytest.approx(sum(each.downloads for each in found.days))


def test_the_interval_holds_what_it_promises():
    inside = total = 0
    for seed in range(4):
        values = course(130, 3000, 0.1, seed=seed)
        for actual, (_, lower, upper) in zip(
            values[100:], predict(values[:100], 30, 0.8), strict=True
        ):
            inside += lower <= actual <= upper
            total += 1

    assert 0.65 < inside / total < 0.99


def test_a_forecast_beats_the_mean_of_the_past_where_there_is_a_trend():
    values = [round(n * 1.01**i) for i, n in enumerate(course(150, 1000, 0.02))]

    predicted = [middle for middle, _, _ in predict(values[:120], 30, 0.95)]

    mean = statistics.fmean(values[:120])
    error = sum(abs(a - b) for a, b in zip(predicted, values[120:], strict=True))
    assert error < 0.5 * sum(abs(mean - b) for b in values[120:])


@pytest.mark.parametrize("values", [[7] * 40, [1] * 40, [0, 10**9] * 20, [None, 3] * 30])
def test_odd_courses_have_a_forecast(values):
    for middle, lower, upper in predict(values, 30, 0.95):
        assert 0 <= lower <= middle <= upper < math.inf


def test_a_package_with_few_days_has_none(book: Book):
    publish(book, [0] * 30 + [5] * 27)

    with pytest.raises(SeriesTooShort, match="27 days"):
        forecast(book.store, "zope")
    with pytest.raises(SeriesTooShort, match="unheard-of: 0 days"):
        forecast(book.store, "unheard-of")


def test_without_statsmodels_a_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['statsmodels'] = None\n"
        "from pyf.aggregator.store.queries.forecast import predict\n"
        "predict([1, 2] * 20, 30, 0.95)"
    )

    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert "UsageError: a forecast needs statsmodels: pip install" in ended.stderr


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 28))
def test_momentum_is_the_same_up_and_down_and_grows_with_the_counts(now, before, pairs):
    score = pure.momentum(now, before, pairs)

    assert score == pytest.approx(-pure.momentum(before, now, pairs))
    assert (score > 0) == (now > before) or math.isclose(now, before, rel_tol=1e-9)
    assert abs(pure.momentum(2 * now, 2 * before, pairs)) >= abs(score) - 1e-9

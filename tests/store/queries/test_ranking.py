"""Leaderboards, ranks, momentum and the counts of many packages equal a second computation."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyf.aggregator.store.queries import (
    PackageCondition,
    bulk_counts,
    growth,
    momentum_board,
    package_rank,
    stale_packages,
    top_packages,
)

from .book import Book, Row, counted, day

NAMES = ("zope", "plone", "django", "flask", "napari", "wagtail", "__all__")
LENGTHS = {"day": 1, "week": 7, "month": 30}
COMPARED = {"day": 1, "week": 7, "month": 28}


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, str, list[Row]]]:
    """Loads in their order: (offset of the day, scope, rows), with gaps and days loaded twice."""
    loads = []
    for offset in draw(st.lists(st.integers(0, 70), min_size=1, max_size=40)):
        scope = draw(st.sampled_from(("full", "full", "full", "some")))
        figures = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 4) | st.just(10**9)))
        rows = [row for name, n in figures.items() for row in counted(name, n)]
        loads.append((offset, scope, rows))
    return loads


def tell(book: Book, story: list[tuple[int, str, list[Row]]], retire: bool) -> None:
    book.clear()
    book.publish_story((day(offset), scope, rows) for offset, scope, rows in story)
    oldest = min(book.detail()).replace(day=1)
    if retire and any(on.replace(day=1) > oldest for on in book.full_days()):
        book.retire(oldest)


def ranked(sums: dict[str, int]) -> list[tuple[int, str, int]]:
    """Places with ties, counted one by one."""
    return [
        (1 + sum(other > n for other in sums.values()), name, n)
        for name, n in sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    ]


def pairs_of(book: Book, length: int) -> list[tuple[date, date]]:
    """Days of the period and the same weekday in the one before, where both are known."""
    days = book.full_days()
    back = timedelta(days=7 if length < 7 else length)
    wanted = [max(days) - timedelta(days=i) for i in range(length)]
    return [(on, on - back) for on in wanted if on in days and on - back in days]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(story=stories(), retire=st.booleans())
def test_every_figure_equals_a_second_computation(book: Book, story, retire):
    tell(book, story, retire)
    snapshot = book.store.snapshot()

    check_places(book, snapshot)
    check_momentum(book, snapshot)
    check_counts(book, snapshot)


def check_places(book: Book, snapshot) -> None:
    for period, length in LENGTHS.items():
        expected = ranked(book.sums(book.last(length)))
        found = top_packages(book.store, period, snapshot=snapshot)
        assert found.rows == tuple(expected)
        assert (found.of, found.downloads) == (len(expected), sum(n for *_, n in expected))
        for place, name, n in expected[:2]:
            one = package_rank(book.store, name, period, snapshot=snapshot)
            behind = [m for *_, m in expected if m < n]
            ties = [m for *_, m in expected if m == n]
            ahead_of = len(behind) + (len(ties) - 1) / 2
            assert (one.rank, one.of, one.downloads) == (place, len(expected), n)
            assert one.percentile == pytest.approx(
                100 * ahead_of / (len(expected) - 1) if len(expected) > 1 else 100
            )
        assert package_rank(book.store, "unheard-of", period, snapshot=snapshot).rank is None


def check_momentum(book: Book, snapshot) -> None:
    for period, length in COMPARED.items():
        pairs = pairs_of(book, length)
        now = book.sums(on for on, _ in pairs)
        before = book.sums(on for _, on in pairs)
        found = momentum_board(book.store, period, snapshot=snapshot)
        if len(pairs) < length / 2 or not pairs:
            assert (found.rows, found.pairs.has_enough_pairs) == ((), False)
            continue
        prior = 10 * len(pairs)
        rising = {
            name: math.log2((now.get(name, 0) + prior) / (before.get(name, 0) + prior))
            for name in NAMES
            if now.get(name, 0) > before.get(name, 0)
        }
        order = sorted(rising, key=lambda name: (-rising[name], name))
        assert [change.package for change in found.rows] == order
        assert found.of == len(order)
        for name in NAMES[:3]:
            one = growth(book.store, name, period, snapshot=snapshot).change
            assert (one.current, one.previous) == (now.get(name, 0), before.get(name, 0))


def check_counts(book: Book, snapshot) -> None:
    found = bulk_counts(book.store, [*NAMES, "unheard-of"], snapshot=snapshot)
    windows = {period: book.sums(book.last(length)) for period, length in LENGTHS.items()}
    places = {name: place for place, name, _ in ranked(windows["month"])}
    totals: dict[str, int] = defaultdict(int)
    for _, row in book.rows():
        if row.category == "without_mirrors" and row.package != "__all__":
            totals[row.package] += row.downloads
    assert {name: figures.total for name, figures in found.packages.items()} == totals
    for name, figures in found.packages.items():
        expected = [windows[period].get(name, 0) for period in LENGTHS]
        assert [figures.last_day, figures.last_week, figures.last_month] == expected
        assert (figures.rank, figures.stale) == (places.get(name), expected[0] == 0)
        one = growth(book.store, name, snapshot=snapshot).change
        assert figures.trend == (one.momentum if one else None)


def rows_of(**downloads: int) -> list[Row]:
    """A day's rows of several packages."""
    return [row for name, n in downloads.items() for row in counted(name, n)]


def test_a_leaderboard_can_be_paged_and_its_members_chosen(book: Book):
    book.publish(day(0), rows_of(a=9, b=7, c=7, d=3, e=1, __all__=27))

    assert [row.rank for row in top_packages(book.store).rows] == [1, 2, 2, 4, 5]
    assert top_packages(book.store, limit=2, offset=2).rows == ((2, "c", 7), (4, "d", 3))
    chosen = top_packages(book.store, among=["D", "B", "unheard-of"])
    assert (chosen.rows, chosen.of) == (((1, "b", 7), (2, "d", 3)), 2)
    assert top_packages(book.store, exclude=["A", "c"]).rows[0] == (1, "b", 7)
    flagged = PackageCondition("package NOT IN (SELECT {bad:String})", {"bad": "a"})
    assert top_packages(book.store, condition=flagged, exclude=["b"]).rows[0] == (1, "c", 7)
    assert top_packages(book.store, among=[]).rows == ()
    assert package_rank(book.store, "c", among=["c", "d"]).of == 2


def test_momentum_is_small_for_small_counts_and_falls_too(book: Book):
    early = rows_of(tiny=1, large=10_000, fresh=0, falling=1_000)
    late = rows_of(tiny=2, large=20_000, fresh=500, falling=100)
    book.publish_all({day(i): late if i >= 7 else early for i in range(14)})

    rising = momentum_board(book.store, "week")

    assert [change.package for change in rising.rows] == ["fresh", "large", "tiny"]
    by_name = {change.package: change for change in rising.rows}
    assert by_name["tiny"].growth == by_name["large"].growth == 1.0
    assert by_name["fresh"].growth is None
    assert by_name["tiny"].momentum < 0.15 < 0.99 < by_name["large"].momentum < 1
    falling = momentum_board(book.store, "week", direction="falling")
    assert [change.package for change in falling.rows] == ["falling"]
    assert falling.rows[0].growth == pytest.approx(-0.9)
    assert momentum_board(book.store, "week", least=1000, exclude=["large"]).of == 1


def test_a_weeks_rhythm_is_no_momentum_even_with_days_missing(book: Book):
    week = (70, 72, 75, 74, 60, 20, 15)
    gaps = {3, 20, 41}
    book.publish_all({day(i): rows_of(zope=week[i % 7]) for i in range(56) if i not in gaps})

    for period in ("day", "week", "month"):
        found = growth(book.store, "zope", period)
        assert found.change is not None
        assert found.change.momentum == 0


def test_too_many_unknown_days_leave_momentum_unknown(book: Book):
    book.publish_all({day(i): rows_of(zope=5) for i in range(9)})

    assert growth(book.store, "zope", "week").change is None
    assert growth(book.store, "zope", "day").change is not None
    assert bulk_counts(book.store, ["zope"]).packages["zope"].trend is None


def test_packages_that_the_last_load_lacks_are_stale(book: Book):
    book.publish_all({day(i): rows_of(zope=1, **({"old": 1} if i < 40 else {})) for i in range(45)})
    book.publish(day(45), rows_of(django=5, __all__=5))

    found = stale_packages(book.store)

    assert found.rows == (("zope", day(44)), ("old", day(39)))
    assert (found.count, found.of) == (2, 3)
    assert stale_packages(book.store, limit=1).count == 2
    assert stale_packages(book.store, among=["old"]).rows == (("old", day(39)),)


def test_an_empty_store_has_no_places(book: Book):
    assert top_packages(book.store).rows == ()
    assert package_rank(book.store, "zope").rank is None
    assert momentum_board(book.store).rows == ()
    assert growth(book.store, "zope").change is None
    assert stale_packages(book.store).of == 0
    assert bulk_counts(book.store, ["zope"]).packages == {}


def test_thousands_of_names_are_counted(book: Book):
    names = [f"a-package-with-a-long-name-{i}" for i in range(12_000)]
    rows = [row for i, name in enumerate(names[:11_000]) for row in counted(name, i + 1)]
    book.publish(day(0), rows)

    found = bulk_counts(book.store, names)

    assert len(found.packages) == 11_000
    assert found.packages[names[10_999]][:4] == (11_000,) * 4
    assert [found.packages[names[i]].rank for i in (10_999, 0)] == [1, 11_000]

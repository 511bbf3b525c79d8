"""Series, comparisons, totals and shares equal a second computation in plain Python."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import date, timedelta

import pandas
import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.store.queries import (
    Point,
    compare_packages,
    dimension_shares,
    download_series,
    peak_day,
    total_downloads,
)

from ...shared import SHARED, needs_shared
from .book import Book, Row, counted, day, month_days

SYSTEMS = ("Darwin", "Linux", "Windows", "null", "other")


def systems(package: str, i: int) -> list[Row]:
    """A day's figures by system; each is there on some days only."""
    return [
        Row("system", package, system, (i * 7 + 13 * k) % 50 + 1)
        for k, system in enumerate(SYSTEMS)
        if (i + k) % 3
    ]


def a_year(book: Book, days: int = 100, gaps: tuple[int, ...] = (20, 21, 55)) -> None:
    book.publish_all(
        {
            day(i): [
                *counted("zope", 100 + i),
                *(counted("plone", 50 + i % 7) if i % 5 else []),
                *systems("zope", i),
            ]
            for i in range(days)
            if i not in gaps
        }
    )


def test_rows_are_those_there_are_by_category_then_day(book: Book):
    a_year(book)

    found = download_series(book.store, "Zope", "system", start=day(10), end=day(40))

    expected = book.cells("zope", "system", day(10), day(40))
    assert found.points == tuple(Point(*key, expected[key]) for key in sorted(expected))
    assert found.categories == SYSTEMS


def test_values_tell_none_from_unknown(book: Book):
    a_year(book)

    found = download_series(book.store, "plone", start=day(18), end=day(26))

    assert found.values("without_mirrors") == (54, 55, None, None, 51, 52, 53, 0, 55)
    assert found.window is not None
    assert (found.window.known, found.window.missing) == (7, 2)


@pytest.mark.parametrize("size", ["week", "month"])
def test_buckets_add_up_days_and_say_how_many_they_know(book: Book, size: str):
    a_year(book)

    found = download_series(book.store, "zope", "system", start=day(3), end=day(90), size=size)

    frame = pandas.DataFrame(
        [(*key, n) for key, n in book.cells("zope", "system", day(3), day(90)).items()],
        columns=["category", "day", "downloads"],
    )
    period = pandas.to_datetime(frame["day"]).dt.to_period("W-SUN" if size == "week" else "M")
    grouped = frame.groupby(["category", period.dt.start_time.dt.date])["downloads"].sum()
    assert found.points == tuple(Point(*key, n) for key, n in sorted(grouped.items()))
    known = [on for on in book.known("zope") if day(3) <= on <= day(90)]
    assert sum(bucket.known for bucket in found.buckets) == len(known)
    assert found.buckets[0].complete is False
    assert any(bucket.complete for bucket in found.buckets)


def test_a_retired_month_stands_in_a_series_of_months_only(book: Book):
    a_year(book)
    book.retire(date(2025, 4, 1))

    by_month = download_series(book.store, "zope", categories=["without_mirrors"], size="month")
    by_week = download_series(book.store, "zope", categories=["without_mirrors"], size="week")

    sums: dict[date, int] = defaultdict(int)
    for on, row in book.rows():
        if row[:3] == ("overall", "zope", "without_mirrors"):
            sums[on.replace(day=1)] += row.downloads
    assert {point.start: point.downloads for point in by_month.points} == sums
    april = next(bucket for bucket in by_month.buckets if bucket.start == date(2025, 4, 1))
    assert (april.known, april.days) == (29, month_days(april.start))
    assert all(
        value is None
        for value, bucket in zip(by_week.values("without_mirrors"), by_week.buckets, strict=True)
        if date(2025, 4, 1) <= bucket.start <= date(2025, 4, 24)
    )


def test_a_month_at_the_edge_of_a_range_is_cut_where_days_are_and_left_out_where_not(book: Book):
    a_year(book)
    book.retire(date(2025, 3, 1))
    begin = date(2025, 3, 10)

    found = download_series(book.store, "zope", start=begin, end=date(2025, 5, 10), size="month")

    assert [bucket.start for bucket in found.buckets] == [date(2025, 4, 1), date(2025, 5, 1)]
    assert [bucket.known for bucket in found.buckets] == [29, 10]


def test_categories_can_be_chosen(book: Book):
    a_year(book)

    assert download_series(book.store, "zope", "system", categories=["Linux"]).categories == (
        "Linux",
    )
    assert download_series(book.store, "zope", "system", categories=[]).points == ()


def test_a_range_outside_of_what_is_stored_is_empty(book: Book):
    a_year(book)

    for start, end in ((day(300), day(310)), (date(1, 1, 1), date(1969, 1, 1))):
        found = download_series(book.store, "zope", start=start, end=end)
        assert (found.window, found.buckets, found.points) == (None, (), ())


def test_wrong_questions_are_refused(book: Book):
    a_year(book, days=2)

    with pytest.raises(UsageError, match="before it starts"):
        download_series(book.store, "zope", start=day(1), end=day(0))
    with pytest.raises(UsageError, match="unknown dimension 'colour'"):
        download_series(book.store, "zope", "colour")
    with pytest.raises(UsageError, match="no shares"):
        dimension_shares(book.store, "zope", "overall")
    with pytest.raises(UsageError, match="no package"):
        compare_packages(book.store, [])


def test_text_that_looks_like_sql_is_a_name(book: Book):
    a_year(book, days=2)
    evil = "x' OR 1=1 --\\'{day:Date}\n\t$visible"

    assert download_series(book.store, evil, categories=[evil]).points == ()
    assert compare_packages(book.store, [evil, "zope"]).total("zope") == 201


def test_the_seven_day_mean_is_that_of_pandas(book: Book):
    a_year(book)

    found = download_series(book.store, "plone")

    values = pandas.Series(found.values("without_mirrors"), dtype="float64")
    expected = values.rolling(7, min_periods=4).mean()
    assert [value or -1 for value in found.rolling("without_mirrors")] == pytest.approx(
        expected.fillna(-1).tolist()
    )
    with pytest.raises(UsageError):
        download_series(book.store, "plone", size="week").rolling("without_mirrors")


def test_packages_are_compared_over_the_same_days(book: Book):
    a_year(book)

    found = compare_packages(
        book.store, ["plone", "Zope", "zope", "nothing"], start=day(1), end=day(22)
    )

    assert [each.package for each in found.series] == ["plone", "zope", "nothing"]
    for name in ("plone", "zope", "nothing"):
        cells = book.cells(name, "overall", day(1), day(22))
        expected = [cells.get(("without_mirrors", b.start), 0) for b in found.buckets if b.known]
        assert [value for value in found.values(name) if value is not None] == expected
        assert found.total(name) == sum(expected)
    assert found.index_values("zope")[:2] == (100.0, 100 * 102 / 101)
    assert found.index_values("nothing") == (None,) * 22
    with pytest.raises(UsageError):
        found.values("django")


def test_a_load_of_some_packages_is_unknown_for_the_others(book: Book):
    book.publish_all({day(i): [*counted("zope", 5), *counted("plone", 5)] for i in range(3)})
    book.publish(day(3), counted("zope", 9), scope="some")

    found = compare_packages(book.store, ["zope", "plone"])

    assert found.values("zope") == (5, 5, 5, 9)
    assert found.values("plone") == (5, 5, 5, None)
    assert [bucket.known for bucket in found.buckets] == [1, 1, 1, 0]


def test_the_total_counts_retired_months_and_names_its_first_day(book: Book):
    a_year(book)
    book.retire(date(2025, 3, 1))

    found = total_downloads(book.store, "zope")

    sums: dict[str, int] = defaultdict(int)
    for _, row in book.rows():
        if row[:2] == ("overall", "zope"):
            sums[row.category] += row.downloads
    assert (found.downloads, found.with_mirrors) == (
        sums["without_mirrors"],
        sums["with_mirrors"],
    )
    assert found.first == date(2025, 3, 1)
    assert found.months == {date(2025, 3, 1): 27}
    assert found.window is not None
    assert found.window.start == date(2025, 4, 1)
    assert total_downloads(book.store, "unheard-of").found is False


def test_a_month_that_is_loaded_again_counts_once(book: Book):
    a_year(book, days=40, gaps=())
    before = total_downloads(book.store, "zope").downloads
    book.retire(date(2025, 3, 1))
    assert total_downloads(book.store, "zope").downloads == before

    again = book.store.snapshot()
    assert total_downloads(book.store, "zope", snapshot=again).downloads == before


def test_shares_are_parts_of_the_sum(book: Book):
    a_year(book)

    found = dimension_shares(book.store, "zope", "system", start=day(5), end=day(60), limit=2)

    sums: dict[str, int] = defaultdict(int)
    for (category, _), n in book.cells("zope", "system", day(5), day(60)).items():
        sums[category] += n
    ordered = sorted(sums.items(), key=lambda item: (-item[1], item[0]))
    assert [share[:2] for share in found.shares] == ordered[:2]
    assert found.total == sum(sums.values())
    assert found.rest is not None
    assert found.rest.downloads == sum(n for _, n in ordered[2:])
    assert sum(s.share for s in found.shares) + found.rest.share == pytest.approx(1)


def test_the_peak_is_the_first_of_the_best_days(book: Book):
    book.publish_all({day(i): counted("zope", n) for i, n in enumerate((3, 9, 4, 9, 1))})

    assert (peak_day(book.store, "zope").day, peak_day(book.store, "zope").downloads) == (day(1), 9)
    assert peak_day(book.store, "zope", start=day(2)).day == day(3)
    assert peak_day(book.store, "plone").day is None


def test_a_store_without_loads_answers(book: Book):
    assert download_series(book.store, "zope").buckets == ()
    assert total_downloads(book.store, "zope").first is None
    assert dimension_shares(book.store, "zope", "system").shares == ()
    assert compare_packages(book.store, ["a", "b"]).total("a") == 0


@needs_shared
@pytest.mark.parametrize("name", ["llm", "sqlite-utils", "ttok"])
def test_a_recorded_answer_comes_back_row_by_row(book: Book, name: str):
    path = SHARED / "corpus/downloads/pypistats" / f"system-{name}.json"
    recorded = json.loads(path.read_text())["data"]
    days: dict[date, list[Row]] = defaultdict(list)
    for row in recorded:
        on = date.fromisoformat(row["date"])
        days[on].append(Row("system", name, row["category"], row["downloads"]))
    book.publish_all(days)

    found = download_series(book.store, name, "system")

    assert [
        {"category": p.category, "date": p.start.isoformat(), "downloads": p.downloads}
        for p in found.points
    ] == recorded
    assert found.window is not None
    assert found.window.end - found.window.start == timedelta(days=found.window.days - 1)

"""The sheet of a package says exactly what each question says that it stands for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pyf.aggregator.store import Store, queries

from .book import Book, Row, counted, day

NAMES = ("zope", "plone", "django", "__all__")
DIMENSIONS = ("system", "python_minor")
CATEGORIES = {"system": ("Linux", "Darwin", "null"), "python_minor": ("3.11", "3.12", "2.7")}


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[date, str, list[Row]]]:
    """Loads in their order, of all or of some packages, with gaps and days loaded twice."""
    loads = []
    for offset in draw(st.lists(st.integers(0, 70), max_size=25)):
        scope = draw(st.sampled_from(("full", "full", "some")))
        names = draw(st.lists(st.sampled_from(NAMES), unique=True))
        rows = [row for name in names for row in figures(draw, name)]
        loads.append((day(offset), scope, rows))
    return loads


def figures(draw: st.DrawFn, name: str) -> list[Row]:
    """A package's rows of a day."""
    rows = counted(name, draw(st.integers(0, 4) | st.just(10**9)))
    for dimension in DIMENSIONS:
        category = draw(st.sampled_from(CATEGORIES[dimension]))
        rows.append(Row(dimension, name, category, draw(st.integers(1, 50))))
    return rows


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=stories(), limit=st.none() | st.integers(0, 3), retire=st.booleans())
def test_a_sheet_says_what_the_questions_say(
    book: Book, story: list[tuple[date, str, list[Row]]], limit: int | None, retire: bool
) -> None:
    book.clear()
    book.publish_story(story)
    if retire and story:
        book.retire(min(on for on, _, _ in story).replace(day=1))
    ground = queries.stats_context(book.store)
    for package in (*NAMES, "nobody"):
        assert_the_same(book.store, package, ground, limit)


def assert_the_same(
    store: Store, package: str, ground: queries.StatsContext, limit: int | None
) -> None:
    """Each part of the sheet is the answer to its question."""
    found = queries.package_stats(store, package, DIMENSIONS, ground, limit=limit)
    at = {"snapshot": ground.snapshot}
    recent = queries.recent_downloads(store, package, **at)
    month = recent.windows.get("month")
    assert found.recent == recent
    assert found.total == queries.total_downloads(store, package, **at)
    assert found.rank == queries.package_rank(store, package, **at)
    assert found.growth == queries.growth(store, package, **at)
    assert found.daily == queries.download_series(store, package, **at)
    if month:
        cut = {"start": month.start, "end": month.end, "limit": limit}
        assert found.shares == queries.shares_by_dimension(store, package, DIMENSIONS, **cut, **at)


def test_a_sheet_in_an_empty_store(book: Book) -> None:
    found = queries.package_stats(book.store, "zope", DIMENSIONS, queries.stats_context(book.store))
    assert not found.has_data
    assert (found.rank.rank, found.recent.last_month, found.daily.points) == (None, None, ())


def test_names_are_normalized(book: Book) -> None:
    book.publish(day(0), counted("zope-interface", 7))
    found = queries.package_stats(
        book.store, "Zope.Interface", (), queries.stats_context(book.store)
    )
    assert (found.package, found.total.downloads) == ("zope-interface", 7)


@pytest.mark.parametrize(("downloads", "place"), [(9, 1), (5, 2), (3, 4), (4, None)])
def test_places_are_shared_as_in_sports(book: Book, downloads: int, place: int | None) -> None:
    rows = [("a", 9), ("b", 5), ("c", 5), ("d", 3)]
    book.publish(day(0), [row for name, count in rows for row in counted(name, count)])
    assert queries.standings(book.store).rank("x", downloads).rank == place

"""Day, week and month: windows, unknown days, partial loads."""

from __future__ import annotations

import json
from datetime import date

import pytest

from pyf.aggregator.store import Snapshot
from pyf.aggregator.store.queries import Gap, recent_downloads

from ...shared import SHARED, needs_shared
from .book import Book, counted, day


def test_windows_end_with_the_last_day_loaded(book: Book):
    book.publish_all({day(i): counted("plone-api", 10**i) for i in range(9)})

    found = recent_downloads(book.store, "Plone.API")

    assert (found.last_day, found.last_week, found.last_month) == (
        100000000,
        111111100,
        111111111,
    )
    assert found.data_through == day(8)
    assert (found.windows["week"].start, found.windows["week"].end) == (day(2), day(8))
    assert found.windows["week"].complete
    assert (found.windows["month"].days, found.windows["month"].missing) == (30, 21)


def test_an_unknown_day_is_named_and_not_counted_as_none(book: Book):
    book.publish_all({day(i): counted("zope", 5) for i in range(9) if i not in (3, 4)})

    found = recent_downloads(book.store, "zope")

    assert found.last_week == 25
    assert found.windows["week"].gaps == (Gap(day(3), day(4)),)
    assert list(found.windows["week"].missing_days) == [day(3), day(4)]


def test_a_window_of_unknown_days_has_no_figure(book: Book):
    book.publish_all({day(i): counted("zope", 5) for i in range(5)})

    found = recent_downloads(book.store, "zope", end=day(6))

    assert (found.last_day, found.last_week, found.last_month) == (None, 25, 25)


def test_a_day_far_off_is_unknown(book: Book):
    book.publish(day(0), counted("zope", 5))

    found = recent_downloads(book.store, "zope", end=date(9000, 1, 1))

    assert (found.last_day, found.last_month, found.found) == (None, None, False)


def test_none_is_a_figure_on_a_day_that_is_known(book: Book):
    book.publish(day(0), counted("zope", 5))
    book.publish(day(1), counted("other", 5))

    found = recent_downloads(book.store, "zope")

    assert (found.last_day, found.last_week, found.found) == (0, 5, True)
    assert recent_downloads(book.store, "never-heard-of").found is False


def test_a_replaced_load_is_not_counted_twice_and_a_refused_one_not_at_all(book: Book):
    book.publish(day(0), counted("zope", 5))
    book.publish(day(0), counted("zope", 7))
    book.refuse(day(0), counted("zope", 1000))

    assert recent_downloads(book.store, "zope").last_day == 7


def test_a_snapshot_keeps_what_it_saw(book: Book):
    book.publish(day(0), counted("zope", 5))
    before = book.store.snapshot()
    book.publish(day(0), counted("zope", 7))
    book.publish(day(1), counted("zope", 7))

    assert recent_downloads(book.store, "zope", snapshot=before).last_month == 5
    assert recent_downloads(book.store, "zope").last_month == 14


def test_a_load_of_some_packages_is_known_for_these_alone(book: Book):
    book.publish(day(0), [*counted("zope", 5), *counted("plone", 6)])
    book.publish(day(1), counted("zope", 7), scope="some")

    assert recent_downloads(book.store, "zope").last_day == 7
    other = recent_downloads(book.store, "plone")
    assert (other.last_day, other.windows["day"].end) == (6, day(0))


def test_a_store_without_loads_knows_nothing(book: Book):
    found = recent_downloads(book.store, "zope")

    assert (found.last_day, found.last_month, found.data_through) == (None, None, None)
    assert found.snapshot == Snapshot()


@needs_shared
@pytest.mark.parametrize("name", ["flask", "yiban"])
def test_recorded_figures_come_back_from_days_that_add_up_to_them(book: Book, name: str):
    path = SHARED / "corpus/downloads/pypistats" / f"recent-{name}.json"
    recorded = json.loads(path.read_text())["data"]
    last_day, week, month = (recorded[f"last_{period}"] for period in ("day", "week", "month"))
    counts = [*spread(month - week, 23), *spread(week - last_day, 6), last_day]
    # What lies before the month must not count.
    book.publish_all({day(i): counted(name, n) for i, n in enumerate([999, *counts])})

    found = recent_downloads(book.store, name)

    assert {
        "last_day": found.last_day,
        "last_week": found.last_week,
        "last_month": found.last_month,
    } == recorded


def spread(total: int, days: int) -> list[int]:
    """A total cut into unequal days."""
    parts = [total * (i + 1) // (days * (days + 1)) for i in range(days)]
    parts[0] += total - sum(parts)
    return parts

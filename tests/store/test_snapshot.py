"""Which load of a day counts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.store import Snapshot

COLUMNS = ("id", "day", "source", "status", "finished")
DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)
START = datetime(2026, 3, 3, tzinfo=UTC)


def note(store, *events: tuple[int, date, str, int]) -> None:
    rows = [(i, day, "file", status, START + timedelta(hours=h)) for i, day, status, h in events]
    store.insert("loads", rows, COLUMNS)


def count(store, load: int, day: date, downloads: int) -> None:
    columns = ("load_id", "day", "dimension", "package", "category", "downloads")
    store.insert("downloads", [(load, day, "overall", "a", "with_mirrors", downloads)], columns)


def test_an_empty_store_has_no_days(store):
    found = store.snapshot()

    assert (dict(found.days), found.data_through, found.loaded_at) == ({}, None, None)


def test_the_last_published_load_of_a_day_counts(store):
    note(store, (1, DAY, "published", 1), (2, DAY, "published", 2), (3, DAY, "refused", 3))
    note(store, (4, DAY, "failed", 4), (5, NEXT, "published", 1))
    found = store.snapshot()

    assert dict(found.days) == {DAY: 2, NEXT: 5}
    assert found.data_through == NEXT
    assert found.loaded_at == START + timedelta(hours=2)
    assert found.load_ids() == [2, 5]
    assert found.load_ids(first=NEXT) == [5]
    assert found.load_ids(last=DAY) == [2]


def test_a_day_that_is_retired_is_no_longer_among_them(store):
    note(store, (1, DAY, "published", 1))
    before = store.snapshot()
    note(store, (1, DAY, "retired", 2))

    assert dict(store.snapshot().days) == {}
    note(store, (2, DAY, "published", 3))
    assert dict(store.snapshot().days) == {DAY: 2}
    assert len({before.id, store.snapshot().id, Snapshot().id}) == 3


def test_the_view_shows_published_rows_and_no_others(store):
    note(store, (1, DAY, "published", 1), (2, DAY, "published", 2), (3, NEXT, "refused", 3))
    for load, day, downloads in ((1, DAY, 10), (2, DAY, 20), (3, NEXT, 30)):
        count(store, load, day, downloads)

    assert store.query("SELECT day, downloads FROM published_downloads") == [(DAY, 20)]


@given(st.dictionaries(st.dates(), st.integers(1, 2**63)))
def test_the_name_of_a_snapshot_tells_its_loads(days):
    same = dict(reversed(days.items()))

    assert Snapshot(days).id == Snapshot(same).id
    assert Snapshot({**days, date(1, 1, 1): 0}).id != Snapshot(days).id

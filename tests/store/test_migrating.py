"""Bringing tables up to date."""

from __future__ import annotations

import threading

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.store import Store, StoreEmpty
from pyf.aggregator.store.migrations import all_migrations
from pyf.aggregator.store.migrator import StoreTooNew, schema_state

NAMES = tuple(f"{m.number:03} {m.name}" for m in all_migrations())


def test_an_empty_store_gets_all_tables_once(store_location):
    with Store(store_location) as store:
        assert schema_state(store).missing == all_migrations()
        assert store.migrate() == NAMES
        assert store.migrate() == ()
        assert {"downloads", "loads", "downloads_monthly", "published_downloads"} <= store.tables()


def test_one_that_may_only_read_tells_that_tables_are_missing(store_location):
    with Store(store_location) as store:
        store.migrate()
        store.command("TRUNCATE TABLE migrations")
    with (
        Store(store_location, readonly=True) as store,
        pytest.raises(UsageError, match="pyfa store migrate"),
    ):
        store.check()


@pytest.mark.parametrize("made", [False, True])
def test_a_reader_of_a_store_without_tables_is_told_how_to_fill_it(store_location, *, made):
    if made:
        with Store(store_location) as store:
            store.command("CREATE TABLE foreign (a UInt8) ENGINE = MergeTree ORDER BY a")
    with (
        Store(store_location, readonly=True) as store,
        pytest.raises(StoreEmpty, match=r"is empty, .* `pyfa stats load`"),
    ):
        store.check()


def test_a_migration_that_was_cut_short_is_made_again(store):
    store.insert("loads", [(1, "file")], ("id", "source"))
    store.command("TRUNCATE TABLE migrations")
    store.drop("downloads_monthly")

    assert store.migrate() == NAMES
    assert "downloads_monthly" in store.tables()
    assert store.query("SELECT id FROM loads") == [(1,)]


def test_several_at_once_do_no_harm(store_location):
    failures: list[Exception] = []
    begin = threading.Barrier(4)

    def run() -> None:
        begin.wait()
        try:
            with Store(store_location) as store:
                store.migrate()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with Store(store_location) as store:
        assert schema_state(store).missing == ()


def test_a_newer_store_is_left_alone(store):
    store.insert("migrations", [(9001, "future")], ("number", "name"))

    for ask in (store.migrate, store.check):
        with pytest.raises(StoreTooNew, match=r"newer version .* 9001 future"):
            ask()

"""Months leave and their sums stay; what nobody sees is cleared away."""

from __future__ import annotations

import datetime as dt

from pyf.aggregator.store import Store
from pyf.aggregator.store.loads import cleanup, history, retention
from pyf.aggregator.store.loads.day_load import load_day
from pyf.aggregator.store.loads.staging import StagingTable

from .days import DAY, Rows, leftovers, overall, shown

HOUR = dt.timedelta(hours=1)
JUNE = [dt.date(2026, 6, n) for n in (1, 2, 30)]


def rows(store: Store) -> int:
    """Rows of all days, seen or not."""
    [(count,)] = store.query("SELECT count() FROM downloads")
    return int(count)


def test_a_month_becomes_sums_and_its_days_go(store: Store) -> None:
    for number, day in enumerate([*JUNE, DAY], 1):
        load_day(store, Rows(*overall("a", number), *overall(f"p{number}", 100)), day)
    load_day(store, Rows(*overall("a", 10), *overall("b", 5)), JUNE[0], accept=True)
    now = history.utc_now() + dt.timedelta(days=400)

    retired = retention.retire_months(store, (now.date() - DAY).days, now)

    assert retired == retention.RetentionResult((dt.date(2026, 6, 1),), ())
    assert set(store.snapshot().days) == {DAY}
    sums = store.query(
        "SELECT package, downloads, days FROM downloads_monthly FINAL "
        "WHERE month = '2026-06-01' AND category = 'without_mirrors' ORDER BY package"
    )
    # Of the first day only the load that counted.
    assert sums == [("__all__", 220, 3), ("a", 15, 3), ("b", 5, 3), ("p2", 100, 3), ("p3", 100, 3)]


def test_the_partition_goes_when_no_reader_can_need_it(store: Store) -> None:
    load_day(store, Rows(*overall("a", 1)), JUNE[0])
    load_day(store, Rows(*overall("a", 1)), DAY)
    now = history.utc_now() + dt.timedelta(days=400)
    kept = (now.date() - DAY).days

    assert retention.retire_months(store, kept, now).dropped == ()
    assert rows(store) == 8

    later = retention.retire_months(store, kept, now + 2 * HOUR)

    assert later == retention.RetentionResult((), (dt.date(2026, 6, 1),))
    assert rows(store) == 4
    assert retention.retire_months(store, kept, now + 3 * HOUR) == retention.RetentionResult()


def test_a_retirement_that_was_ended_midway_is_made_again(store: Store) -> None:
    load_day(store, Rows(*overall("a", 4)), JUNE[0])
    snapshot = store.snapshot()
    params = {"month": JUNE[0], "last": JUNE[2], "days": 1, "loads": list(snapshot.days.values())}
    store.command(retention.MONTH_SUMS_SQL, params)

    retention.retire_months(store, 31, history.utc_now() + dt.timedelta(days=400))

    found = store.query(
        "SELECT package, downloads FROM downloads_monthly FINAL WHERE category = 'with_mirrors' "
        "ORDER BY package"
    )
    assert found == [("__all__", 4), ("a", 4)]


def test_a_replaced_load_goes_after_an_hour(store: Store) -> None:
    load_day(store, Rows(*overall("a", 1)), DAY)
    load_day(store, Rows(*overall("a", 2)), DAY)
    now = history.utc_now()

    assert cleanup.clean_up(store, now).replaced == 0
    assert rows(store) == 8

    assert cleanup.clean_up(store, now + 2 * HOUR).replaced == 1
    assert rows(store) == 4
    assert shown(store)["overall", "a", "with_mirrors"] == 2
    assert cleanup.clean_up(store, now + 4 * HOUR).replaced == 0


def test_a_dead_load_is_cleared_away_with_its_rows(store: Store) -> None:
    load_day(store, Rows(*overall("a", 1)), DAY)
    now = history.utc_now()
    dead = StagingTable(store, history.new_load_id(now), DAY)
    dead.create()
    dead.fill(Rows(*overall("b", 9)).read(DAY), lambda rows: None)
    dead.attach()  # and then it was killed

    assert cleanup.clean_up(store, now + 2 * HOUR).dead == 0  # it may still be at work
    assert cleanup.clean_up(store, now + dt.timedelta(days=2)).dead == 1

    assert leftovers(store) == set()
    assert rows(store) == 4
    assert history.load_events(store)[0].reason == "it was ended before it was done"


def test_the_first_day_kept_is_that_of_a_month() -> None:
    assert retention.first_kept_day(dt.date(2026, 7, 30), 180) == dt.date(2026, 1, 1)
    assert retention.first_kept_day(dt.date(2026, 7, 29), 180) == dt.date(2026, 1, 1)
    assert retention.first_kept_day(dt.date(2026, 3, 1), 31) == dt.date(2026, 1, 1)

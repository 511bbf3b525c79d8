"""Loads: whole or not at all, checked, idempotent."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.store import Store
from pyf.aggregator.store.loads import history, runs
from pyf.aggregator.store.loads.day_load import LoadRefused, load_day
from pyf.aggregator.store.sources import InvalidFile, NoData
from pyf.aggregator.store.sources.file import FileSource

from .days import DAY, Row, Rows, expected, leftovers, load, overall, shown, write

NEXT = DAY + dt.timedelta(1)


def test_a_day_is_shown_as_its_file_says_with_totals(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path)

    loaded = load(store, path)

    assert shown(store) == expected(path)
    assert loaded.event.rows == len(expected(path))
    assert store.snapshot().days == {DAY: loaded.event.id}
    assert leftovers(store) == set()


def test_loading_a_day_twice_changes_nothing_that_is_seen(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path)
    load(store, path)

    second = load(store, path)

    assert shown(store) == expected(path)
    assert store.snapshot().days == {DAY: second.event.id}


def test_spellings_of_a_name_are_one_package_and_no_names_are_left_out(store: Store) -> None:
    source = Rows(
        *overall("Foo.Bar", 2, 5),
        *overall("foo__bar", 3),
        *overall("-", 7),
        *overall("x" * 129, 7),
        *overall("", 7),
        ("system", "foo-bar", "", 4),
    )

    loaded = load_day(store, source, DAY)

    found = {key: n for key, n in shown(store).items() if key[1] != "__all__"}
    assert found == {
        ("overall", "foo-bar", "with_mirrors"): 8,
        ("overall", "foo-bar", "without_mirrors"): 5,
        ("system", "foo-bar", "null"): 4,
    }
    assert loaded.sent.skipped == 6
    # One row each in the store, though they came in pieces.
    assert loaded.event.rows == 6


def test_a_third_of_the_rows_is_refused_and_said_so(store: Store, tmp_path: Path) -> None:
    load(store, write(tmp_path))
    less = write(tmp_path, NEXT, packages=90)

    with pytest.raises(LoadRefused, match=r"of the day before.*--accept"):
        load(store, less, NEXT)

    assert shown(store, NEXT) == {}
    assert store.snapshot().data_through == DAY
    event = history.load_events(store)[0]
    assert (event.day, event.status) == (NEXT, "refused")
    assert "rows are" in event.reason
    assert leftovers(store) == set()


def test_accept_publishes_what_was_refused(store: Store, tmp_path: Path) -> None:
    load(store, write(tmp_path))
    less = write(tmp_path, NEXT, packages=90)

    loaded = load(store, less, NEXT, accept=True)

    assert shown(store, NEXT) == expected(less)
    assert loaded.event.accepted


def test_a_truncated_file_leaves_the_day_as_it_was(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path)
    load(store, path)
    before = shown(store)
    path.write_bytes(path.read_bytes()[:-5000])

    with pytest.raises(InvalidFile, match="cut off"):
        load(store, path)

    assert shown(store) == before
    assert history.load_events(store)[0].status == "failed"
    assert leftovers(store) == set()


def test_two_loads_of_a_day_at_once_end_with_one_whole_day(store: Store, tmp_path: Path) -> None:
    paths = [write(tmp_path), write(tmp_path, NEXT)]
    other = tmp_path / "other.csv"
    other.write_text(
        "day,dimension,package,category,downloads\n"
        + "".join(f"{DAY},overall,p{n},with_mirrors,9\n" for n in range(900))
    )
    paths[1] = other
    threads = [threading.Thread(target=load, args=(store, path)) for path in paths]

    for thread in threads:
        thread.start()
    seen = []
    while any(thread.is_alive() for thread in threads):
        seen.append(len(shown(store)))
    for thread in threads:
        thread.join()

    whole = {0, len(expected(paths[0])), 901}
    assert set(seen) <= whole
    assert len(shown(store)) in whole - {0}


def test_an_empty_day_is_refused_even_if_accepted(store: Store) -> None:
    with pytest.raises(LoadRefused, match="holds no downloads"):
        load_day(store, Rows(("version", "a", "1.0", 4)), DAY, accept=True)


NEGATIVE = ("overall", "a", "with_mirrors", -3)
UNKNOWN = ("os", "a", "Linux", 4)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([NEGATIVE], r"1 row has a negative count \(a, overall, with_mirrors: -3\)"),
        ([NEGATIVE, UNKNOWN, UNKNOWN], r"2 rows have an unknown dimension \(a, os, Linux: 4\)"),
        ([*overall("b", 9), UNKNOWN], r"1 row has an unknown dimension .*--accept"),
    ],
)
def test_rows_that_are_no_counts_are_named(store: Store, rows: list[Row], words: str) -> None:
    with pytest.raises(LoadRefused, match=words) as caught:
        load_day(store, Rows(*rows), DAY)

    assert "holds no downloads" not in str(caught.value)
    assert history.load_events(store)[0].status == "refused"


def test_accept_leaves_rows_out_that_are_no_counts(store: Store) -> None:
    done = load_day(
        store, Rows(*overall("b", 9), NEGATIVE, ("system", "b", "x", 0)), DAY, accept=True
    )

    assert {key[1] for key in shown(store)} == {"b", "__all__"}
    assert done.sent.faults == ["1 row has a negative count (a, overall, with_mirrors: -3)"]


def test_an_overall_that_nobody_would_read_is_refused_even_if_accepted(store: Store) -> None:
    with pytest.raises(LoadRefused, match="2 rows of overall have other categories"):
        load_day(store, Rows(*overall("a", 4), ("overall", "b", "all", 4)), DAY, accept=True)


def test_a_source_without_the_day_leaves_no_trace(store: Store, tmp_path: Path) -> None:
    with pytest.raises(NoData):
        load_day(store, FileSource(str(tmp_path / "{day}.parquet")), DAY)

    assert history.load_events(store) == []


def test_today_is_not_loaded(store: Store) -> None:
    with pytest.raises(UsageError, match="not over yet"):
        load_day(store, Rows(), history.utc_now().date())


def test_some_packages_never_replace_a_whole_day(store: Store) -> None:
    load_day(store, Rows(*overall("a", 1), *overall("b", 2)), DAY)

    with pytest.raises(LoadRefused, match="with all packages"):
        load_day(store, Rows(*overall("a", 9), scope="part"), DAY)

    assert shown(store)["overall", "a", "with_mirrors"] == 1


def test_loads_of_some_packages_add_up_and_a_whole_day_replaces_them(store: Store) -> None:
    load_day(store, Rows(*overall("a", 1), *overall("b", 2), scope="part"), DAY)
    load_day(store, Rows(*overall("b", 5), *overall("c", 7), scope="part"), DAY)

    found = {package: n for (_, package, category), n in shown(store).items() if "out" in category}
    assert found == {"a": 1, "b": 5, "c": 7}  # no totals of packages that are not all
    assert store.snapshot().partial == {DAY}

    load_day(store, Rows(*overall("a", 3)), DAY)

    assert {package for _, package, _ in shown(store)} == {"a", "__all__"}
    assert store.snapshot().partial == frozenset()


def test_looking_again_publishes_only_what_changed(store: Store) -> None:
    first = load_day(store, Rows(*overall("a", 1)), DAY)

    same = load_day(store, Rows(*overall("a", 1)), DAY, only_if_changed=True)
    assert (same.event.status, store.snapshot().days) == ("unchanged", {DAY: first.event.id})

    more = load_day(store, Rows(*overall("a", 2)), DAY, only_if_changed=True)
    assert store.snapshot().days == {DAY: more.event.id}


def test_what_named_categories_leave_is_unknown(store: Store) -> None:
    source = Rows(*overall("a", 10, 30), ("system", "a", "Linux", 6), *overall("b", 2))
    source.remainders = ("system",)

    load_day(store, source, DAY)

    assert shown(store)["system", "a", "null"] == 4
    assert shown(store)["system", "b", "null"] == 2
    assert shown(store)["system", "__all__", "null"] == 6


def test_a_run_passes_over_a_bad_day_and_names_it(store: Store, tmp_path: Path) -> None:
    days = [DAY + dt.timedelta(n) for n in range(4)]
    for day in (days[0], days[2]):
        write(tmp_path, day)
    (tmp_path / f"{days[1]}.parquet").write_bytes(b"PAR1")

    outcome = runs.load_days(store, FileSource(str(tmp_path / "{day}.parquet")), days)

    assert set(store.snapshot().days) == {days[0], days[2]}
    assert set(outcome.failed) == {days[1], days[3]}
    assert outcome.error is not None
    assert outcome.error.exit_status == 4
    assert str(days[1]) in str(outcome.error)


def test_work_of_a_night_and_of_a_backfill(store: Store) -> None:
    days = [DAY + dt.timedelta(n) for n in range(6)]
    for day in (days[0], days[1], days[3]):
        load_day(store, Rows(*overall("a", 1)), day)
    now = dt.datetime.combine(days[5], dt.time(1), dt.UTC)

    night = runs.pending_days(store, Rows(), now, 60, by_itself=True)
    assert night.missing == (days[2], days[4])
    assert night.again == ()  # they were loaded long after their day

    backfill = runs.pending_days(store, Rows(), now, 60)
    assert backfill.missing[0] == dt.date(2026, 5, 1)
    assert len(backfill.missing) == (days[4] - dt.date(2026, 5, 1)).days + 1 - 3


def test_a_day_that_was_loaded_too_early_is_looked_at_again(store: Store) -> None:
    early = dt.datetime.combine(NEXT, dt.time(1), dt.UTC)
    load_day(store, Rows(*overall("a", 1)), DAY, clock=lambda: early)
    tomorrow = early + dt.timedelta(1)

    assert runs.pending_days(store, Rows(), tomorrow, 60, by_itself=True).again == (DAY,)


def test_a_new_store_loads_only_the_day_before_by_itself(store: Store) -> None:
    now = dt.datetime.combine(NEXT, dt.time(1), dt.UTC)

    assert runs.pending_days(store, Rows(), now, 180, by_itself=True).missing == (DAY,)


def test_a_day_that_was_refused_often_waits_for_somebody(store: Store) -> None:
    load_day(store, Rows(*overall("a", 100)), DAY)
    for _ in range(runs.MAX_REFUSALS):
        with pytest.raises(LoadRefused):
            load_day(store, Rows(*overall("a", 1)), NEXT)
    now = dt.datetime.combine(NEXT, dt.time(5), dt.UTC) + dt.timedelta(1)

    assert runs.pending_days(store, Rows(), now, 60, by_itself=True).missing == ()
    assert NEXT in runs.pending_days(store, Rows(), now, 60).missing

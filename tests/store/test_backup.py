"""Backups: what comes back, and what is refused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime
from pathlib import Path

import orjson
import pytest

from pyf.aggregator.errors import NotFound, ServiceRefused, UsageError
from pyf.aggregator.store import Store
from pyf.aggregator.store.backup import MANIFEST, backup, read_manifest, restore
from pyf.aggregator.store.overview import overview

DAYS = (date(2026, 1, 31), date(2026, 2, 1))


def quiet(name: str, rows: int) -> None:
    """Report nothing."""


@pytest.fixture
def filled(store: Store) -> Store:
    """Two published days and one load that was refused."""
    now = datetime(2026, 2, 2, 1, 2, 3, 456789, tzinfo=UTC)
    events = [(i, day, "file", "published", now) for i, day in enumerate(DAYS, 1)]
    store.insert(
        "loads",
        [*events, (3, DAYS[0], "file", "refused", now)],
        ("id", "day", "source", "status", "finished"),
    )
    columns = ("load_id", "day", "dimension", "package", "category", "downloads")
    rows = [
        (i, day, d, f"p{p}", "x", p)
        for i, day in enumerate(DAYS, 1)
        for d in ("overall", "version")
        for p in range(50)
    ]
    store.insert("downloads", [*rows, (3, DAYS[0], "overall", "p1", "x", 999)], columns)
    store.insert(
        "downloads_monthly",
        [(date(2025, 1, 1), "system", "p", "Linux", 2**40, 31)],
        ("month", "dimension", "package", "category", "downloads", "days"),
    )
    store.insert("projects", [("p1", 5)], ("name", "serial"))
    return store


@pytest.fixture
def other(store_server, store_location) -> Store:
    """A second store that nobody has used."""
    location = dataclasses.replace(store_location, database=f"{store_location.database}_other")
    with Store(location) as empty:
        yield empty
        empty.command(f"DROP DATABASE IF EXISTS {location.database} SYNC")


def contents(store: Store) -> dict[str, list]:
    names = ("loads", "published_downloads", "downloads_monthly", "projects")
    return {name: sorted(store.query(f"SELECT * FROM {name}"), key=repr) for name in names}


def test_what_was_backed_up_comes_back(filled, other, tmp_path):
    made = backup(filled, tmp_path / "b", quiet)
    names = {file.name for file in made.files}
    brought = restore(other, tmp_path / "b", quiet)

    assert {"downloads-202601.parquet", "downloads-202602.parquet"} <= names
    assert brought == made == read_manifest(tmp_path / "b")
    assert contents(other) == contents(filled)
    assert other.query("SELECT count() FROM downloads") == [(200,)]
    assert "restoring" not in other.tables()
    assert other.migrate() == ()


def test_a_store_with_rows_is_replaced_only_when_told(filled, other, tmp_path):
    backup(filled, tmp_path, quiet)
    other.migrate()
    other.insert("loads", [(9, "mine")], ("id", "source"))

    with pytest.raises(UsageError, match=r"not empty \(loads\); --force"):
        restore(other, tmp_path, quiet)
    assert other.query("SELECT id FROM loads") == [(9,)]
    restore(other, tmp_path, quiet, force=True)
    assert contents(other) == contents(filled)


def test_a_restore_that_was_cut_short_goes_on(filled, other, tmp_path):
    made = backup(filled, tmp_path, quiet)
    seen: list[str] = []

    def fail_at_second(name: str, rows: int) -> None:
        seen.append(name)
        if len(seen) == 2:
            raise Killed

    with pytest.raises(Killed):
        restore(other, tmp_path, fail_at_second)
    # As if the third file were half in.
    third = made.files[2]
    other.insert_file(third.table, tmp_path / third.name)
    restore(other, tmp_path, lambda name, rows: seen.append(name))

    assert sorted(seen) == sorted(file.name for file in made.files)
    assert contents(other) == contents(filled)


class Killed(Exception):
    pass


def test_a_backup_that_was_cut_short_goes_on(filled, other, tmp_path):
    def end_at_second_month(name: str, rows: int) -> None:
        if name == "downloads-202602.parquet":
            raise Killed

    with pytest.raises(Killed):
        backup(filled, tmp_path, end_at_second_month)
    kept, cut = (tmp_path / f"downloads-2026{month}.parquet" for month in ("01", "02"))
    cut.write_bytes(cut.read_bytes()[:-9])  # as if it had been killed while it was written
    (tmp_path / "projects-gone.parquet").write_bytes(b"")
    (tmp_path / "mine.parquet").write_bytes(b"")
    before = kept.stat().st_ino, kept.stat().st_mtime_ns
    with pytest.raises(NotFound, match="no complete backup"):
        restore(other, tmp_path, quiet)
    made = backup(filled, tmp_path, quiet)

    assert (kept.stat().st_ino, kept.stat().st_mtime_ns) == before
    assert {path.name for path in tmp_path.iterdir()} == {
        MANIFEST,
        "mine.parquet",
        *(file.name for file in made.files),
    }
    restore(other, tmp_path, quiet)
    assert contents(other) == contents(filled)


def test_after_another_load_a_backup_that_was_cut_short_begins_anew(filled, other, tmp_path):
    def end(name: str, rows: int) -> None:
        if name.startswith("downloads-"):
            raise Killed

    with pytest.raises(Killed):
        backup(filled, tmp_path, end)
    # The same number of rows for the same day, by another load.
    filled.insert("loads", [(4, DAYS[0], "file", "published", datetime(2026, 3, 1, tzinfo=UTC))],
                  ("id", "day", "source", "status", "finished"))  # fmt: skip
    filled.command(
        "INSERT INTO downloads SELECT 4, * EXCEPT load_id REPLACE (downloads + 1 AS downloads) "
        "FROM downloads WHERE load_id = 1"
    )
    backup(filled, tmp_path, quiet)
    restore(other, tmp_path, quiet)

    assert contents(other) == contents(filled)


def test_files_of_somebody_else_are_left_alone(filled, tmp_path):
    mine = tmp_path / "mine.parquet"
    mine.write_bytes(b"mine")

    with pytest.raises(UsageError, match="of no backup"):
        backup(filled, tmp_path, quiet, force=True)
    assert mine.read_bytes() == b"mine"
    with pytest.raises(UsageError, match="cannot write into"):
        backup(filled, mine, quiet)


def test_a_full_disk_is_not_taken_for_a_store_that_is_away(filled):
    with pytest.raises(UsageError, match=r"/dev/full cannot be written: No space left"):
        filled.export("SELECT * FROM downloads", Path("/dev/full"))


def test_a_backup_is_overwritten_only_when_told(filled, tmp_path):
    backup(filled, tmp_path, quiet)

    with pytest.raises(UsageError, match="--force"):
        backup(filled, tmp_path, quiet)
    assert backup(filled, tmp_path, quiet, force=True).rows > 200


def test_what_is_no_backup_is_refused_before_anything_changes(filled, other, tmp_path):
    with pytest.raises(NotFound, match="no complete backup"):
        restore(other, tmp_path, quiet)
    made = backup(filled, tmp_path, quiet)
    path = tmp_path / made.files[-1].name
    path.write_bytes(path.read_bytes()[:-9])

    with pytest.raises(ServiceRefused, match=path.name):
        restore(other, tmp_path, quiet)
    (tmp_path / MANIFEST).write_text("{", "utf-8")
    with pytest.raises(ServiceRefused, match=MANIFEST):
        restore(other, tmp_path, quiet)


def test_a_backup_of_a_newer_version_is_refused(filled, other, tmp_path):
    made = dataclasses.asdict(backup(filled, tmp_path, quiet))
    made["migrations"] = [*made["migrations"], 9001]
    (tmp_path / MANIFEST).write_bytes(orjson.dumps(made))

    with pytest.raises(UsageError, match="9001"):
        restore(other, tmp_path, quiet)


def test_the_overview_tells_tables_days_and_the_last_load(filled):
    found = overview(filled)
    sizes = {table.name: table for table in found.tables}

    assert (found.days, found.first, found.last) == (2, *DAYS)
    assert sizes["downloads"].rows == 201
    assert sizes["downloads"].bytes > 0
    assert (found.last_load.id, found.last_load.status) == (3, "refused")
    assert overview(filled) == found

"""Advisories come as an archive or one by one, and go only where the source says so."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from pyf.aggregator.enrich.advisories import MAX_SINGLE_RECORDS, AdvisoriesResult, load
from pyf.aggregator.errors import SafetyStop, ServiceUnreachable
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import Store, advisories

from ..shared import SHARED, needs_shared
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from .osv import Export, export, record


@pytest.fixture
def osv() -> Iterator[Export]:
    with export() as served:
        yield served


def run(osv: Export, store: Store, **more: Any) -> AdvisoriesResult:  # noqa: F811
    settings = load_settings({"OSV_EXPORT_URL": osv.url}, dotenv=None)
    return load(settings, store, **more)


def ids(store: Store, *names: str) -> list[str]:  # noqa: F811
    return [orjson.loads(body)["id"] for body in advisories.advisory_bodies(store, names)]


def test_first_all_then_nothing_then_what_changed(osv: Export, store: Store) -> None:  # noqa: F811
    osv.put(*(record(f"PYSEC-2026-{number}", "django") for number in range(30)))
    first = run(osv, store)
    again = run(osv, store)
    osv.put(record("GHSA-new", "flask", modified="2026-07-02T00:00:00Z"))
    changed = run(osv, store)

    assert (first.how, first.records) == ("archive", 30)
    assert (again.how, again.requests) == ("nothing new", 1)
    assert (changed.how, changed.records, changed.requests) == ("single", 1, 2)
    assert len(ids(store, "django")) == 30
    assert ids(store, "flask", "nobody") == ["GHSA-new"]
    assert osv.asked["/PyPI/all.zip"] == 1


def test_many_changes_come_as_an_archive(osv: Export, store: Store) -> None:  # noqa: F811
    osv.put(record("PYSEC-2026-1", "django"))
    run(osv, store)
    late = "2026-07-03T00:00:00.123456Z"
    osv.put(
        *(record(f"MAL-2026-{n}", f"bad-{n}", modified=late) for n in range(MAX_SINGLE_RECORDS + 1))
    )

    assert run(osv, store).how == "archive"
    assert ids(store, "bad-7") == ["MAL-2026-7"]


def test_withdrawn_and_removed_records_are_not_in_force(
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    osv.lists_changes = False  # so that every load takes the archive
    osv.put(*(record(f"PYSEC-2026-{number}", "django") for number in range(30)))
    run(osv, store)
    assert run(osv, store).records == 0  # the same archive: told by its ETag
    del osv.records["PYSEC-2026-3"]
    osv.put(record("PYSEC-2026-4", "django", withdrawn="2026-07-02T00:00:00Z"))
    account = run(osv, store)

    assert account.gone == 1
    assert {"PYSEC-2026-3", "PYSEC-2026-4"}.isdisjoint(ids(store, "django"))
    assert len(ids(store, "django")) == 28


def test_a_single_record_that_vanished_is_gone(osv: Export, store: Store) -> None:  # noqa: F811
    osv.put(record("PYSEC-2026-1", "django"))
    run(osv, store)
    osv.put(record("PYSEC-2026-1", "django", modified="2026-07-02T00:00:00Z"))
    listed = osv.changes()
    osv.records.clear()
    osv.changes = lambda: listed  # type: ignore[method-assign] - listed still, gone already

    assert run(osv, store).gone == 1
    assert ids(store, "django") == []


def test_an_archive_that_lacks_much_is_not_believed(
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    osv.lists_changes = False
    osv.put(*(record(f"PYSEC-2026-{number}", "django") for number in range(30)))
    run(osv, store)
    for number in range(10):
        del osv.records[f"PYSEC-2026-{number}"]
    with pytest.raises(SafetyStop, match="10 of 30"):
        run(osv, store)
    assert len(ids(store, "django")) == 30

    assert run(osv, store, may_lose=lambda lost, total: (lost, total) == (10, 30)).gone == 10


def test_a_damaged_archive_changes_nothing(osv: Export, store: Store) -> None:  # noqa: F811
    osv.put(record("PYSEC-2026-1", "django"))
    osv.damage = True
    with pytest.raises(ServiceUnreachable, match="damaged"):
        run(osv, store)
    assert advisories.last_load(store, whole=False) is None

    osv.damage = False
    assert run(osv, store).records == 1


def test_a_record_that_cannot_be_read_stays_as_it_was(
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    osv.lists_changes = False
    osv.put(record("PYSEC-2026-1", "django"), record("PYSEC-2026-2", "django"))
    run(osv, store)
    osv.records["PYSEC-2026-1"] = b"{"
    osv.records["PYSEC-2026-2"] = b'{"id": "another"}'
    osv.put(record("PYSEC-2026-3", "django"))
    account = run(osv, store)

    assert sorted(account.unreadable) == ["PYSEC-2026-1", "PYSEC-2026-2"]
    assert len(ids(store, "django")) == 3


@needs_shared
def test_every_recorded_advisory_is_kept_byte_for_byte(
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    folder = SHARED / "corpus" / "osv" / "advisories"
    osv.records = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.json"))}
    osv.lists_changes = False
    account = run(osv, store)

    assert account.unreadable == {}
    assert account.records == len(osv.records)
    known = store.query("SELECT id, record FROM advisories FINAL")
    assert {id_: text.encode() for id_, text in known} == osv.records

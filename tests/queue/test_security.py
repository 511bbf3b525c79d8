"""The catalog and advisories by tasks, with a real Redis, search server, store and export."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pyf.aggregator.errors import SafetyStop
from pyf.aggregator.ingest.catalog import CatalogSyncOptions, sync
from pyf.aggregator.queue import (
    context,
    enrich_security_all_packages,
    enrichment,
    load_advisories,
    sync_catalog,
)
from pyf.aggregator.queue import security as room_security
from pyf.aggregator.queue.collection_runs import CollectionJob
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.store import Store, advisories, catalog

from ..enrich.osv import Export, export, record
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import QueueBench

pytestmark = pytest.mark.integration


@pytest.fixture
def osv(
    queue: QueueBench,
    room: WorkerContext,
    store: Store,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Export]:
    """An indexed profile, a store, and an export."""
    with export() as served:
        monkeypatch.setenv("CLICKHOUSE_URL", url_of(store.location))
        monkeypatch.setenv("OSV_EXPORT_URL", served.url)
        context.close_context()
        yield served


def vulnerable(queue: QueueBench) -> set[str]:
    documents = queue.bench.documents().values()
    return {each["name_normalized"] for each in documents if each.get("is_vulnerable")}


def test_the_catalog_is_not_begun_by_itself_but_kept(
    queue: QueueBench,
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    pypi = queue.bench.pypi
    pypi.tell("reset_stats")
    sync_catalog()
    assert pypi.asked("simple_root", "project_json") == 0
    sync(context.get_context().settings, store, CatalogSyncOptions(limit=3))
    sync_catalog()

    assert catalog.require_complete(store).serial == pypi.stats()["last_serial"]
    assert catalog.catalog_status(store).projects > 300


def test_advisories_come_and_documents_follow(
    queue: QueueBench,
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    queue.bench.run()
    name = next(iter(queue.bench.documents().values()))["name_normalized"]
    osv.put(record("PYSEC-2026-1", name, events=[{"introduced": "0"}]))
    load_advisories()
    assert vulnerable(queue) == set()
    assert "enrich_security_all_packages" in str(context.get_context().redis.lrange("long", 0, -1))
    enrich_security_all_packages()

    assert vulnerable(queue) == {name}
    job = CollectionJob(
        next(iter(context.get_context().active_profiles.current())).profile.key,
        queue.bench.collection,
    )
    assert enrichment.enrich(context.get_context(), "security", [job], lambda: True, "zzz") is None


def test_documents_follow_what_there_is_where_an_archive_is_not_believed(
    osv: Export,
    store: Store,  # noqa: F811
) -> None:
    osv.lists_changes = False
    osv.put(*(record(f"PYSEC-2026-{number}", "django") for number in range(30)))
    called = []
    room_security.load_advisories(context.get_context(), then=lambda: called.append(1))
    for number in range(29):
        del osv.records[f"PYSEC-2026-{number}"]
    with pytest.raises(SafetyStop):
        room_security.load_advisories(context.get_context(), then=lambda: called.append(2))

    assert called == [1, 2]
    assert len(advisories.advisory_bodies(store, ["django"])) == 30


def test_without_a_store_all_end_without_effect(queue: QueueBench, room: WorkerContext) -> None:
    queue.bench.run()
    before = queue.bench.documents()
    sync_catalog()
    room_security.load_advisories(room, then=lambda: None)
    enrich_security_all_packages()

    assert before
    assert queue.bench.documents() == before

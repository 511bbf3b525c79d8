"""Counts and reports come by tasks, with a real Redis, search server, store and webhook."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pyf.aggregator.errors import NotFound
from pyf.aggregator.index import collections
from pyf.aggregator.queue import (
    context,
    enrich_downloads_all_packages,
    enrichment,
    send_report,
    send_weekly_report,
)
from pyf.aggregator.queue import reports as room_reports
from pyf.aggregator.queue.collection_runs import CollectionJob
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.store import Store

from ..reports.servers import webhook
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.queries.book import Book, counted
from ..store.serving import url_of
from .running import QueueBench

pytestmark = pytest.mark.integration
LAST = datetime.now(UTC).date() - timedelta(1)


@pytest.fixture
def project(queue: QueueBench, room: WorkerContext, store: Store, monkeypatch) -> str:  # noqa: F811
    """An indexed profile of which the store knows one project, for three weeks."""
    queue.bench.run()
    name = next(iter(queue.bench.documents().values()))["name_normalized"]
    Book(store).publish_all({LAST - timedelta(n): counted(name, 5) for n in range(21)})
    monkeypatch.setenv("CLICKHOUSE_URL", url_of(store.location))
    monkeypatch.setenv("PYPISTATS_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("PYPISTATS_MAX_RETRIES", "0")
    context.close_context()
    return str(name)


def of_project(queue: QueueBench, name: str) -> list[int | None]:
    documents = queue.bench.documents().values()
    return [
        document.get("download_last_week")
        for document in documents
        if document["name_normalized"] == name
    ]


def test_counts_are_brought_to_every_followed_collection(queue: QueueBench, project: str) -> None:
    enrich_downloads_all_packages()

    assert set(of_project(queue, project)) == {35}
    counted_now = context.get_context().stats.day()
    assert counted_now["documents_updated"] == len(of_project(queue, project))


def test_a_part_that_has_to_end_says_how_to_go_on(queue: QueueBench, project: str) -> None:
    room = context.get_context()
    alias = queue.bench.collection
    assert collections.resolve(room.server, alias) is not None
    job = CollectionJob(next(iter(room.active_profiles.current())).profile.key, alias)

    rest = enrichment.enrich(room, "downloads", [job], lambda: True)

    assert rest is None or rest["after"] > ""
    assert set(of_project(queue, project)) == {35}


def test_two_at_once_do_not_both_work(queue: QueueBench, project: str) -> None:
    room = context.get_context()
    job = CollectionJob(
        next(iter(room.active_profiles.current())).profile.key, queue.bench.collection
    )
    with room.locks.hold(f"downloads:{job.collection}"):
        assert enrichment.enrich(room, "downloads", [job], lambda: False) is None

    assert of_project(queue, project)[0] is None
    assert room.stats.day()["enrich_downloads_all_packages:refused"] == 1


def test_a_report_goes_to_whoever_is_named(project: str, monkeypatch) -> None:
    key = next(iter(context.get_context().active_profiles.current())).profile.key
    assert room_reports.profiles_to_report(context.get_context()) == []
    with webhook() as hook:
        monkeypatch.setenv("REPORT_WEBHOOKS", f"{hook.url}/services/x")
        context.close_context()
        assert room_reports.profiles_to_report(context.get_context()) == [key]
        send_report("week", key)

    ((_, body),) = hook.posted
    assert f"- {project}: 35" in body["text"]


def test_a_schedule_queues_one_message_for_each_profile(project: str, monkeypatch) -> None:
    monkeypatch.setenv("REPORT_WEBHOOKS", "http://127.0.0.1:1/services/x")
    monkeypatch.setenv("REPORT_PROFILES", "plone, django")
    context.close_context()

    send_weekly_report()

    assert context.get_context().redis.llen("celery") == 2


def test_a_period_that_is_not_loaded_waits(project: str, store: Store, monkeypatch) -> None:  # noqa: F811
    Book(store).clear()
    monkeypatch.setenv("REPORT_WEBHOOKS", "http://127.0.0.1:1/services/x")
    context.close_context()
    room = context.get_context()

    with pytest.raises(NotFound, match="no day yet"):
        room_reports.send_profile_report(
            room, "week", next(iter(room.active_profiles.current())).profile.key
        )

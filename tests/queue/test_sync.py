"""Everything after the serials reached: exact, cheap, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest

from pyf.aggregator.errors import SafetyStop, ServiceUnreachable
from pyf.aggregator.ingest.cursor import Cursor
from pyf.aggregator.names import normalize_name
from pyf.aggregator.queue import full_fetch_all_packages, sync, sync_changes
from pyf.aggregator.queue.context import WorkerContext

from ..stack import CLASSIFIER, Bench, profile, remove_collections, without_serial
from .running import QueueBench

pytestmark = pytest.mark.integration


def never() -> bool:
    return False


def waiting(queue: QueueBench, name: str) -> int:
    return int(queue.redis.client().llen(name))


@pytest.fixture
def bench(queue: QueueBench, room: WorkerContext) -> Bench:
    """The bench, fetched as a whole by the queue's own task."""
    full_fetch_all_packages(profile_name=queue.bench.collection)
    room.active_profiles.invalidate()
    return queue.bench


def full(bench: Bench) -> dict[str, dict[str, Any]]:
    """The documents that a full fetch into an empty collection gives."""
    other = f"{bench.collection}x"
    try:
        since = type(bench.since)(bench.folder / "other")
        bench.run(profile=profile(other), cursor_store=since)
        return without_serial(bench.documents(other))
    finally:
        remove_collections(bench.server, other)


def names(bench: Bench) -> list[str]:
    return sorted({d["name"] for d in bench.documents().values()})


def cursor(room: WorkerContext, bench: Bench) -> Cursor:
    found = room.cursors.read(bench.collection)
    assert found is not None
    return found


def test_every_kind_of_change_is_brought_in(bench: Bench, room: WorkerContext) -> None:
    one, two, three, four, five, *_ = names(bench)
    old = next(d for d in bench.documents().values() if d["name"] == three and not d["is_latest"])
    latest = next(d for d in bench.documents().values() if d["name"] == five and d["is_latest"])
    tell = bench.pypi.tell
    tell("publish", name=one, version="77.0", classifiers=[CLASSIFIER])
    tell("publish", name="brand.new", version="0.1", classifiers=[CLASSIFIER])
    tell("publish", name="stranger", version="0.1", classifiers=[])
    tell("publish", name=two, version="78.0", classifiers=["Framework :: Django"])
    tell("delete_release", name=three, version=old["version"])
    tell("delete_project", name=four)
    tell("yank", name=five, version=latest["version"], reason="no good")
    last = tell("quarantine", name=names(bench)[5])["serial"]
    report = sync.run(room, never)
    assert report.failed == {}
    assert cursor(room, bench) == Cursor(last)
    assert without_serial(bench.documents()) == full(bench) | {
        id_: d
        for id_, d in without_serial(bench.documents()).items()
        if d.get("status") == "quarantined"
    }


def test_a_run_without_changes_asks_for_the_journal_only(bench: Bench, room: WorkerContext) -> None:
    bench.pypi.tell("reset_stats")
    sync.run(room, never)
    assert bench.pypi.stats()["total"] == 1


def test_what_the_feed_brought_is_not_fetched_again(bench: Bench, room: WorkerContext) -> None:
    from pyf.aggregator.queue import inspect_project

    for name, classifiers in (("brand.new", [CLASSIFIER]), ("stranger", [])):
        bench.pypi.tell("publish", name=name, version="0.1", classifiers=classifiers)
        inspect_project(name, version="0.1")
    bench.pypi.tell("reset_stats")
    report = sync.run(room, never)
    assert (report.inspected, report.fetched) == (2, 0)
    assert bench.pypi.stats()["total"] == 1
    inspect_project({"package_id": "stranger", "release_id": "0.1"})
    assert bench.pypi.stats()["total"] == 1
    assert room.stats.day().get("wasted", 0) == 0


def test_many_changes_of_strangers_cost_no_fetch(bench: Bench, room: WorkerContext) -> None:
    for number in range(60):
        bench.pypi.tell("publish", name=f"stranger-{number}", version="1.0", classifiers=[])
    bench.pypi.tell("publish", name=names(bench)[0], version="55.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("reset_stats")
    sync.run(room, never)
    assert bench.pypi.asked("project_json") == 1


def test_without_a_cursor_the_collection_is_fetched_as_a_whole_first(
    bench: Bench, room: WorkerContext, queue: QueueBench
) -> None:
    room.redis.delete(f"pyf:cursor:pypi:{bench.collection}")
    sync_changes()
    sync_changes()
    assert waiting(queue, "long") == 1
    assert room.cursors.read(bench.collection) is None


def test_the_cursor_stays_while_the_registry_is_away(bench: Bench, room: WorkerContext) -> None:
    before = cursor(room, bench)
    for number in range(30):
        bench.pypi.tell("publish", name=f"new-{number}", version="1.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("set_faults", outage=True, prefixes=["/pypi/", "/simple/"])
    with pytest.raises(ServiceUnreachable):
        sync.run(room, never)
    assert cursor(room, bench) == before
    bench.pypi.tell("reset_faults")
    sync.run(room, never)
    assert without_serial(bench.documents()) == full(bench)


def test_what_had_no_answer_is_kept_for_the_next_run(bench: Bench, room: WorkerContext) -> None:
    name = names(bench)[0]
    bench.pypi.tell("set_faults", stale=1000, prefixes=["/pypi/"])
    bench.pypi.tell("publish", name=name, version="66.0", classifiers=[CLASSIFIER])
    serial = bench.pypi.tell("publish", name="brand.new", version="1", classifiers=[CLASSIFIER])
    sync.run(room, never)
    after = cursor(room, bench)
    assert after.serial == serial["serial"]
    assert set(after.retry) == {normalize_name(name), "brand-new"}
    bench.pypi.tell("reset_faults")
    sync.run(room, never)
    assert cursor(room, bench).retry == {}
    assert without_serial(bench.documents()) == full(bench)


def test_one_that_stops_in_the_middle_is_gone_on_with(
    bench: Bench, room: WorkerContext, queue: QueueBench
) -> None:
    before = cursor(room, bench)
    for number in range(200):
        bench.pypi.tell("publish", name=f"new-{number}", version="1.0", classifiers=[CLASSIFIER])
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 2

    report = sync.run(room, stop)
    assert report.unfinished
    assert 0 < report.inspected < 200
    assert cursor(room, bench) == before
    again = sync.run(room, never)
    assert again.fetched == 200 - report.fetched
    assert without_serial(bench.documents()) == full(bench)


def test_removing_too_much_stops_and_asks(bench: Bench, room: WorkerContext) -> None:
    before, at = bench.documents(), cursor(room, bench)
    for name in names(bench)[:12]:
        bench.pypi.tell("delete_project", name=name)
    bench.pypi.tell("publish", name="brand.new", version="1.0", classifiers=[CLASSIFIER])
    with pytest.raises(SafetyStop, match="may_remove=True"):
        sync.run(room, never)
    assert before.items() <= bench.documents().items()
    assert "brand.new-1.0" in bench.documents()
    assert cursor(room, bench) == at
    sync.run(room, never, may_remove=True)
    assert without_serial(bench.documents()) == full(bench)


def test_a_cursor_that_another_run_set_meanwhile_stays(bench: Bench, room: WorkerContext) -> None:
    """A full fetch that ends during the run sets it back, for what it may have overwritten."""
    at = cursor(room, bench)
    bench.pypi.tell("publish", name="brand.new", version="1.0", classifiers=[CLASSIFIER])

    def meanwhile() -> bool:
        room.cursors.write(bench.collection, Cursor(at.serial - 1))
        return False

    sync.run(room, meanwhile)
    assert cursor(room, bench) == Cursor(at.serial - 1)


def test_two_at_once_are_one(bench: Bench, room: WorkerContext) -> None:
    bench.pypi.tell("publish", name="brand.new", version="1.0", classifiers=[CLASSIFIER])
    reports: list[sync.SyncResult] = []

    def second() -> bool:
        reports.append(sync.run(room, never))
        return False

    assert sync.run(room, second).inspected == 1
    assert reports[0].inspected == 0
    assert room.stats.day()["sync_changes:refused"] == len(reports)


def test_without_a_journal_the_list_of_all_projects_tells_the_same(
    bench: Bench, room: WorkerContext
) -> None:
    one, two, *_ = names(bench)
    bench.pypi.tell("publish", name=one, version="77.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("delete_project", name=two)
    bench.pypi.tell("set_faults", xmlrpc_limit=0, xmlrpc_window=0.5)
    sync.run(room, never)
    bench.pypi.tell("reset_faults")
    assert without_serial(bench.documents()) == full(bench)


def test_a_day_of_5000_changes_is_caught_up_with_by_itself(
    bench: Bench, room: WorkerContext
) -> None:
    """Nothing ran while they happened: the index is that of a full fetch, document by document."""
    tell, own = bench.pypi.tell, names(bench)
    for number in range(1600):
        ours = number % 20 == 0
        classifiers = [CLASSIFIER] if ours else []
        name = own[number % len(own)] if number % 100 == 0 else f"day-{number % 900}"
        tell("publish", name=name, version=f"{100 + number}.0", classifiers=classifiers)
    tell("delete_project", name=own[3])
    last = tell("yank", name="day-20", version="120.0")["serial"]
    assert last - cursor(room, bench).serial >= 5000
    report = sync.run(room, never)
    assert report.failed == {}
    assert cursor(room, bench) == Cursor(last)
    assert without_serial(bench.documents()) == full(bench)

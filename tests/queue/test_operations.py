"""What operators see of the queue and do to it, with a real Redis and real workers."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import yaml

from pyf.aggregator.errors import ServiceRefused, ServiceUnreachable
from pyf.aggregator.queue import (
    inspect_project,
    queue_admin,
    read_rss_new_releases_and_queue,
    sync_changes,
)
from pyf.aggregator.queue.config import PERIODIC_TASKS, PREFIX
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.queue.message_headers import sent_at
from pyf.aggregator.settings import load_settings

from .running import QueueBench, free_port, wait_for

pytestmark = pytest.mark.integration


def test_what_waits_is_counted_by_queue_and_its_age_is_known(
    queue: QueueBench, room: WorkerContext
) -> None:
    inspect_project.delay("six")
    time.sleep(0.3)
    inspect_project.delay("seven")
    sync_changes.delay()

    now = time.time()
    ordinary, feeds, long = queue_admin.queue_depths(room.redis, now)
    assert (ordinary.queue, ordinary.pending) == ("celery", 2)
    assert ordinary.oldest is not None and long.oldest is not None
    assert 0.3 <= ordinary.oldest < 20
    assert long.oldest < ordinary.oldest
    assert (feeds.queue, feeds.pending, feeds.oldest) == ("feeds", 0, None)


def test_a_message_of_another_priority_counts_and_may_be_the_oldest(
    queue: QueueBench, room: WorkerContext
) -> None:
    inspect_project.apply_async(["six"], priority=6)
    time.sleep(0.2)
    inspect_project.delay("seven")

    ordinary = queue_admin.queue_depths(room.redis, time.time())[0]
    assert ordinary.pending == 2
    assert ordinary.oldest is not None
    assert ordinary.oldest >= 0.2
    assert queue_admin.purge(room.redis)["celery"] == 2
    assert queue_admin.queue_depths(room.redis, time.time())[0].pending == 0


def test_a_message_that_says_no_time_has_no_age() -> None:
    assert sent_at('{"headers": {"task": "x"}}') is None
    assert sent_at("nonsense") is None
    assert sent_at('{"headers": {"pyf_sent": 12.5}}') == 12.5


def test_purging_throws_away_what_waits_and_nothing_else(
    queue: QueueBench, room: WorkerContext
) -> None:
    for name in ("six", "seven", "eight"):
        inspect_project.delay(name)
    read_rss_new_releases_and_queue.delay()
    room.dead.add(f"{PREFIX}inspect_project", "bad", ["bad"], {}, "ValueError: x")

    assert queue_admin.purge(room.redis) == {"celery": 3, "feeds": 1, "long": 0}
    assert queue_admin.purge(room.redis) == {"celery": 0, "feeds": 0, "long": 0}
    assert len(room.dead) == 1


def test_failed_tasks_are_queued_again_and_leave_the_list(
    queue: QueueBench, room: WorkerContext
) -> None:
    task = f"{PREFIX}inspect_project"
    room.dead.add(task, "six", ["six"], {"serial": 3}, "ValueError: x")
    room.dead.add(task, "seven", ["seven"], {}, "ValueError: y")
    letters = queue_admin.list_dead_letters(room.redis)
    assert {queue_admin.subject(letter) for letter in letters} == {"six", "seven"}

    assert queue_admin.delete_failed(room.redis, letters[:1]) == 1
    assert queue_admin.retry_failed(room.redis, queue.settings()) == 1
    assert queue_admin.list_dead_letters(room.redis) == []
    assert queue_admin.queue_depths(room.redis, time.time())[0].pending == 1


def test_without_a_worker_everything_else_is_seen(queue: QueueBench, room: WorkerContext) -> None:
    room.stats.record_start("sync_changes", periodic=True)
    room.stats.record_end("inspect_project", "failed")
    room.stats.record_progress("full:plone", 5, 9)
    room.dead.add(f"{PREFIX}inspect_project", "bad", ["bad"], {}, "ValueError: x")

    state = queue_admin.read_queue_state(queue.settings())
    assert state.workers == ()
    assert state.failed == {"inspect_project": 1}
    assert (state.dead, state.dead_last_day) == (1, 1)
    assert [(run.name, run.seen, run.total) for run in state.runs] == [("full:plone", 5, 9)]
    assert state.today["sync_changes:started"] == 1
    beats = {beat.task: beat for beat in state.beats}
    assert set(beats) == {periodic.task for periodic in PERIODIC_TASKS}
    assert beats["sync_changes"].last == pytest.approx(state.now, abs=5)
    assert beats["full_fetch_all_packages"].last is None
    off = queue_admin.read_queue_state(queue.settings(CELERY_SCHEDULE_SYNC_CHANGES=""))
    assert not {beat.task: beat.scheduled for beat in off.beats}["sync_changes"]


def test_workers_tell_what_they_do(queue: QueueBench, room: WorkerContext) -> None:
    queue.worker("--concurrency", "3", "--pool", "threads")
    queue.worker("--concurrency", "2", "--pool", "threads")
    inspect_project.apply_async(["six"], countdown=60)

    def taken() -> bool:
        return queue_admin.count_unacknowledged(room.redis) == 1

    wait_for(taken, 10)
    state = queue_admin.read_queue_state(queue.settings())
    assert [(one.name, one.pool_size) for one in state.workers] == [("w0@test", 3), ("w1@test", 2)]
    assert all(0 <= one.uptime < 120 for one in state.workers)
    assert sum(one.scheduled for one in state.workers) == 1
    assert state.unacknowledged == 1
    assert state.waiting[0].pending == 0


def test_redis_being_away_is_one_sentence_without_the_password() -> None:
    address = f"127.0.0.1:{free_port()}"
    url = f"redis://:secret@{address}/0?password=other"
    settings = load_settings({"REDIS_HOST": url}, dotenv=None)
    with pytest.raises(ServiceUnreachable) as caught, queue_admin.open_redis(settings):
        pass
    assert str(caught.value) == f"Redis at {address} cannot be reached: connection refused"


def test_redis_going_away_inside_is_the_same(queue: QueueBench, room: WorkerContext) -> None:
    settings = queue.settings()
    with (
        pytest.raises(ServiceUnreachable, match=queue.redis.address),
        queue_admin.open_redis(settings) as it,
    ):
        queue.redis.stop()
        queue_admin.queue_depths(it, time.time())
    with pytest.raises(ServiceUnreachable):
        queue_admin.read_queue_state(settings)


def test_a_refused_password_is_refused(queue: QueueBench, room: WorkerContext) -> None:
    room.redis.config_set("requirepass", "right")
    with pytest.raises(ServiceRefused, match="password") as caught:
        queue_admin.read_queue_state(
            queue.settings(REDIS_HOST=f"redis://:wrong@{queue.redis.address}")
        )
    assert "wrong" not in str(caught.value)
    with queue_admin.open_redis(queue.settings(REDIS_HOST=f"redis://:right@{queue.redis.address}")):
        pass


def test_flower_is_pinned_checked_and_for_this_machine_only() -> None:
    text = (Path(__file__).parents[2] / "docker-compose.yml").read_text("utf-8")
    flower = yaml.safe_load(text)["services"]["flower"]

    assert re.search(r":\d+\.\d+\.\d+$", flower["image"])
    assert flower["profiles"] == ["flower"]
    assert flower["ports"] == ["${FLOWER_BIND:-127.0.0.1:5555}:5555"]
    assert flower["environment"]["CELERY_BROKER_URL"].startswith("${FLOWER_BROKER_URL:-")
    assert flower["healthcheck"]["test"][0] == "CMD"
    compile(flower["healthcheck"]["test"][-1], "healthcheck", "exec")

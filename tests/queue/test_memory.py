"""What tasks share in Redis: claims, locks, dead letters, cursors, counts."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from pyf.aggregator.index.collections import AliasTarget
from pyf.aggregator.ingest.cursor import Cursor
from pyf.aggregator.ingest.multi_profile import ActiveProfile, InspectResult, LastInspection
from pyf.aggregator.names import normalize_name
from pyf.aggregator.queue.cursors import RedisCursorStore
from pyf.aggregator.queue.dead_letters import DeadLetters
from pyf.aggregator.queue.dedup import FeedDedup, feed_item_key
from pyf.aggregator.queue.feeds import queue_new_items
from pyf.aggregator.queue.inspection_cache import InspectionCache
from pyf.aggregator.queue.locks import PREFIX, Busy, Locks
from pyf.aggregator.queue.redis_client import connect
from pyf.aggregator.queue.stats import TaskStats
from pyf.aggregator.registries.results import FeedItem
from pyf.aggregator.settings import load_settings

from ..stack import profile
from .running import RedisServer, free_port, redis_server, wait_for

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(redis_server() is None, reason="there is no Redis server"),
]

FEED = [FeedItem(f"project-{number}", f"{number}.0", 0) for number in range(40)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    running = RedisServer(tmp_path_factory.mktemp("redis"))
    yield running
    running.stop()


@pytest.fixture
def client(server: RedisServer) -> Iterator[redis.Redis]:
    client = server.client()
    client.flushall()
    yield client
    client.close()


def away() -> redis.Redis:
    return connect(load_settings({"REDIS_HOST": f"127.0.0.1:{free_port()}"}, dotenv=None))


def test_an_unchanged_feed_queues_nothing_however_often_it_is_read(client: redis.Redis) -> None:
    queued: list[str] = []
    dedup = FeedDedup(client)
    reads = [
        queue_new_items(FEED, dedup, 86_400, lambda item, key: queued.append(item.name))
        for _ in range(10_000)
    ]
    assert queued == [item.name for item in reversed(FEED)]
    assert sum(read.queued for read in reads) == len(FEED)
    assert sum(read.known for read in reads) == 9_999 * len(FEED)


def test_without_redis_everything_is_queued() -> None:
    queued: list[str] = []
    dedup = FeedDedup(away())
    for _ in range(3):
        read = queue_new_items(FEED, dedup, 86_400, lambda item, key: queued.append(key))
        assert (read.queued, read.known) == (len(FEED), 0)
    assert len(queued) == 3 * len(FEED)


def test_the_keys_tell_new_projects_from_releases(client: redis.Redis) -> None:
    assert feed_item_key(FeedItem("six", None, 0)) == "pyf:dedup:new:six"
    assert feed_item_key(FeedItem("six", "1.0", 0)) == "pyf:dedup:update:six:1.0"
    FeedDedup(client).claim(["pyf:dedup:update:six:1.0"], 100)
    assert 0 < client.ttl("pyf:dedup:update:six:1.0") <= 100


def test_no_time_to_live_switches_the_claims_off(client: redis.Redis) -> None:
    assert [
        queue_new_items(FEED, FeedDedup(client), 0, lambda *_: None).queued for _ in range(2)
    ] == [40, 40]
    assert client.dbsize() == 0


def test_what_could_not_be_queued_is_new_to_the_next_feed(client: redis.Redis) -> None:
    queued: list[str] = []

    def queue(item: FeedItem, key: str) -> None:
        if len(queued) == 10:
            raise redis.ConnectionError("gone")
        queued.append(item.name)

    with pytest.raises(redis.ConnectionError):
        queue_new_items(FEED, FeedDedup(client), 100, queue)
    read = queue_new_items(FEED, FeedDedup(client), 100, lambda item, key: queued.append(item.name))
    assert read.queued == 30
    assert len(set(queued)) == len(queued) == 40


def test_a_lock_is_for_one_at_a_time(client: redis.Redis) -> None:
    mine, theirs = Locks(client), Locks(client)
    with mine.hold("a"), mine.hold("b"), pytest.raises(Busy, match="a is being worked on"):
        theirs.hold("a").__enter__()
    with theirs.hold("a"):
        pass
    assert client.keys(PREFIX + "*") == []


def test_a_lock_lasts_as_long_as_it_is_held(client: redis.Redis) -> None:
    mine, theirs = Locks(client, ttl=0.3), Locks(client, ttl=0.3)
    with mine.hold("a") as lock:
        time.sleep(1)
        with pytest.raises(Busy):
            theirs.hold("a").__enter__()
        assert not lock.is_lost
    mine.close()


HOLD = """
import redis, sys, time
from pyf.aggregator.queue.locks import Locks
client = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
with Locks(client, ttl=1.0).hold("a"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_lock_survives_no_crash(server: RedisServer, client: redis.Redis) -> None:
    command = [sys.executable, "-c", HOLD, str(server.port)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"held\n"
    locks = Locks(client, ttl=1.0)
    with pytest.raises(Busy):
        locks.hold("a").__enter__()
    child.kill()
    child.communicate()

    def free() -> bool:
        try:
            with locks.hold("a"):
                return True
        except Busy:
            return False

    wait_for(free, 3)


def test_a_lock_taken_by_somebody_else_is_told(client: redis.Redis) -> None:
    locks = Locks(client, ttl=0.3)
    with locks.hold("a") as lock:
        client.set(PREFIX + "a", "somebody")
        wait_for(lambda: lock.is_lost, 2)
    assert client.get(PREFIX + "a") == "somebody"
    locks.close()


def test_a_lock_that_redis_lost_is_taken_again(client: redis.Redis) -> None:
    locks = Locks(client, ttl=0.3)
    with locks.hold("a") as lock:
        client.flushall()
        wait_for(lambda: client.exists(PREFIX + "a"), 2)
        assert not lock.is_lost
    locks.close()


def test_without_redis_only_a_needed_lock_is_refused() -> None:
    locks = Locks(away())
    with locks.hold("a", needed=False):
        pass
    with pytest.raises(redis.ConnectionError):
        locks.hold("a").__enter__()
    locks.close()


def test_a_failure_is_one_dead_letter_however_often_it_comes(client: redis.Redis) -> None:
    dead = DeadLetters(client)
    dead.add("inspect", "six", ["six"], {"serial": 1}, "ValueError: x")
    first = dead.all()[0]
    dead.add("inspect", "six", ["Six"], {}, "ValueError: y")
    dead.add("inspect", "seven", [], {}, "ValueError: x")
    assert len(dead) == 2
    seven, six = dead.all()
    assert (six.count, six.reason, six.args, six.kwargs) == (2, "ValueError: y", ("Six",), {})
    assert six.first == pytest.approx(first.first)
    assert six.last > first.last
    assert (seven.args, seven.kwargs) == ((), {})
    assert dead.remove(six.key, seven.key) == 2
    assert dead.all() == []


def test_a_cursor_moves_only_from_where_it_was_read(client: redis.Redis) -> None:
    cursors = RedisCursorStore(client)
    assert cursors.read("plone") is None
    cursors.write("plone", Cursor(5, None, {"six": 4}))
    assert cursors.read("plone") == Cursor(5, None, {"six": 4})
    before = cursors.read("plone")
    assert before is not None
    assert cursors.advance("plone", before, Cursor(9))
    assert not cursors.advance("plone", before, Cursor(7))
    assert cursors.read("plone") == Cursor(9)


def test_a_cursor_is_taken_back_but_never_forward(client: redis.Redis) -> None:
    cursors = RedisCursorStore(client)
    cursors.write("plone", Cursor(9, None, {"six": 8}))
    cursors.rewind("plone", Cursor(5, None, {"seven": 4}))
    assert cursors.read("plone") == Cursor(5, None, {"six": 8, "seven": 4})
    cursors.rewind("plone", Cursor(7))
    assert cursors.read("plone") == Cursor(5, None, {"six": 8, "seven": 4})


def test_a_look_is_remembered_for_the_profiles_it_was_for(client: redis.Redis) -> None:
    seen, name = InspectionCache(client), normalize_name("six")
    stocks = [ActiveProfile(profile("plone"), AliasTarget("plone", "plone-1"))]
    seen.note(name, stocks, LastInspection(7, "1.0"))
    assert seen.get(name, stocks) == LastInspection(7, "1.0")
    recreated = [ActiveProfile(profile("plone"), AliasTarget("plone", "plone-2"))]
    assert seen.get(name, recreated) is None
    seen.note(normalize_name("seven"), stocks, None)
    assert seen.get(normalize_name("seven"), stocks) is None
    assert InspectionCache(away()).get(name, stocks) is None


def test_counts_are_by_day_and_in_total(client: redis.Redis) -> None:
    stats = TaskStats(client)
    stats.record_start("sync_changes", periodic=True)
    stats.record_end("sync_changes", "succeeded", 1.5)
    stats.record_inspection(InspectResult(fetched=True, matched=1))
    stats.record_inspection(InspectResult(fetched=True, matched=1, written=3))
    stats.record_inspection(InspectResult())
    stats.record_unreachable("https://pypi.example")
    expected = {
        "sync_changes:started": 1,
        "sync_changes:succeeded": 1,
        "sync_changes:seconds": 1.5,
        "documents_written": 3,
        "projects_fetched": 2,
        "projects_current": 1,
        "wasted": 1,
        "unreachable:https://pypi.example": 1,
    }
    assert stats.day() == stats.total() == expected
    assert stats.beats()["sync_changes"] == pytest.approx(time.time(), abs=5)


def test_counting_fails_no_task() -> None:
    TaskStats(away()).record_start("sync_changes")


def test_redis_keeps_what_it_holds_over_a_restart(tmp_path: Path) -> None:
    """What the other tests rely on when they stop it in the middle."""
    server = RedisServer(tmp_path)
    server.client().set("a", "b")
    server.stop()
    server.start()
    assert server.client().get("a") == "b"
    server.stop()

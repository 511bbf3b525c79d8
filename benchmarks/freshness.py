"""How soon a published release is searchable, and that none is missing: a minute of PyPI.

Releases are published at a steady rate, three in ten of them of the profile, some projects twice;
the feeds are cut to 100 and 40 entries as PyPI's are. Worker, beat and Redis are real processes;
the feeds are polled every few seconds and the journal every fifteen. With ``--faults`` the worker
is killed every ten seconds, and Redis, the search server and PyPI are away one after the other.

At the end every document is compared with those of a full fetch.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import redis
from kombu.exceptions import OperationalError

from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.index import collections
from pyf.aggregator.ingest.cursor import SinceFile
from pyf.aggregator.ingest.fetch_collection import FetchOptions, aggregate
from pyf.aggregator.profile import Profile
from pyf.aggregator.queue.cursors import RedisCursorStore

from . import common
from .live import Live, live

SHARE = 0.3
POLL_FEEDS = 3.0
POLL_JOURNAL = 15.0
PATIENCE = 90.0
"""Seconds after its publication within which a release has to be searchable."""
CLASSIFIER = "Framework :: Plone"


@dataclass
class Watch:
    """When releases were published and when they were first found by a search."""

    published: dict[str, float] = field(default_factory=dict)
    found: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def waiting(self) -> int:
        """How many are not found yet."""
        with self.lock:
            return len(self.published.keys() - self.found.keys())


def measure(arguments: argparse.Namespace) -> common.Figures:
    """Run the minute and return what came of it."""
    with live(2000, PYPI_RETRY_BACKOFF="0.2", CELERY_SCHEDULE_MONTHLY_FETCH="") as system:
        settings = system.stack.settings()
        order = FetchOptions(common.PROFILE, "full", RedisCursorStore(system.redis()))
        aggregate(settings, system.stack.server, order)
        system.start_worker()
        system.start_beat()
        figures = _minute(system, arguments)
        figures |= _compare(system)
        return figures


def _minute(system: Live, arguments: argparse.Namespace) -> dict[str, float | int]:
    watch, ended = Watch(), threading.Event()
    threads = [
        threading.Thread(target=_every, args=(POLL_FEEDS, ended, lambda: _read_feeds(system))),
        threading.Thread(target=_every, args=(POLL_JOURNAL, ended, lambda: _send(system, SYNC))),
        threading.Thread(target=_every, args=(0.5, ended, lambda: _look(system, watch))),
    ]
    if arguments.faults:
        threads.append(threading.Thread(target=_faults, args=(system, ended, arguments.seconds)))
    for thread in threads:
        thread.start()
    try:
        published = _publish(system, arguments, watch)
        _wait(watch, PATIENCE * (2 if arguments.faults else 1))
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    _settle(system)
    work = system.counts()
    lags = [watch.found[id_] - when for id_, when in watch.published.items() if id_ in watch.found]
    return {
        "published": published,
        "matched": len(watch.published),
        "missing": watch.waiting,
        "lag_p50_s": statistics.median(lags),
        "lag_p95_s": statistics.quantiles(lags, n=20)[-1],
        "lag_max_s": max(lags),
        "documents_written": int(work.get("documents_written", 0)),
        "wasted_writes": _written_in_vain(work, watch),
        "wasted_fetches": int(work.get("wasted", 0)),
        "dead_letters": system.dead_letters(),
    }


def _written_in_vain(work: dict[str, float], watch: Watch) -> int:
    """Whole documents written beyond one for each release that was published.

    A worker that is killed after a write takes the count of it along; it is not written again.
    """
    return max(0, int(work.get("documents_written", 0)) - len(watch.published))


def _settle(system: Live) -> None:
    """Let what is queued come to its end: nothing waits and nothing is under way."""
    deadline = time.monotonic() + PATIENCE
    _send(system, SYNC)
    while system.waiting() and time.monotonic() < deadline:
        time.sleep(0.5)


def _publish(system: Live, arguments: argparse.Namespace, watch: Watch) -> int:
    """Publish at a steady rate; every tenth project of the profile a second time."""
    draw = random.Random(5)
    known = sorted({d["name"] for d in _documents(system, "name")})
    draw.shuffle(known)
    begun = time.monotonic()
    for number, (name, version, classifiers) in enumerate(_releases(arguments.releases, known)):
        due = begun + number * arguments.seconds / arguments.releases
        time.sleep(max(0.0, due - time.monotonic()))
        system.stack.control("publish", name=name, version=version, classifiers=classifiers)
        if classifiers == [CLASSIFIER]:
            with watch.lock:
                watch.published[f"{name}-{version}"] = time.monotonic()
    return int(arguments.releases)


def _releases(count: int, known: list[str]) -> Iterator[tuple[str, str, list[str]]]:
    twice: list[str] = []
    for number in range(count):
        if number % 10 >= SHARE * 10:
            yield f"stranger-{number}", "1.0", []
        elif number % 10 == 0 and twice:
            yield twice.pop(), f"901.{number}", [CLASSIFIER]
        elif number % 10 == 1 and known:
            name = known.pop()
            twice.append(name)
            yield name, f"900.{number}", [CLASSIFIER]
        else:
            yield f"fresh.thing-{number}", "0.1", [CLASSIFIER]


def _read_feeds(system: Live) -> None:
    _send(system, "read_rss_new_projects_and_queue")
    _send(system, "read_rss_new_releases_and_queue")


SYNC = "sync_changes"


def _send(system: Live, task: str) -> None:
    """Queue a task as beat does; while Redis is away there is nothing to queue it in."""
    try:
        system.send(task)
    except (OperationalError, redis.RedisError):
        return


def _every(seconds: float, ended: threading.Event, act: Callable[[], None]) -> None:
    while not ended.is_set():
        act()
        ended.wait(seconds)


def _look(system: Live, watch: Watch) -> None:
    """Note which of the releases that are waited for can be found by now."""
    try:
        ids = {d["id"] for d in _documents(system, "id")}
    except AggregatorError:
        return
    now = time.monotonic()
    with watch.lock:
        for id_ in watch.published.keys() & ids:
            watch.found.setdefault(id_, now)


def _documents(system: Live, *fields: str) -> Iterator[dict[str, object]]:
    server, name = system.stack.server, common.PROFILE.collection
    target = collections.require(server, name)
    return collections.documents(server, target.collection, "pypi", *fields)


def _wait(watch: Watch, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while watch.waiting and time.monotonic() < deadline:
        time.sleep(0.5)


def _faults(system: Live, ended: threading.Event, seconds: float) -> None:
    """Kill the worker again and again; take the others away for a third of the time each."""
    away = min(20.0, seconds / 3)
    breaks = iter((_redis_away, _search_away, _pypi_away))
    while not ended.wait(seconds / 6):
        system.kill("worker")
        system.start_worker()
        if (fault := next(breaks, None)) is not None:
            fault(system, away)


def _redis_away(system: Live, seconds: float) -> None:
    system.kill("redis")
    time.sleep(seconds)
    system.start_redis()


def _search_away(system: Live, seconds: float) -> None:
    os.kill(system.stack.search_pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(system.stack.search_pid, signal.SIGCONT)


def _pypi_away(system: Live, seconds: float) -> None:
    system.stack.control("set_faults", outage=True)
    time.sleep(seconds)
    system.stack.control("reset_faults")


def _compare(system: Live) -> dict[str, int]:
    """Count the documents that a full fetch would have written otherwise."""
    name = "fetched_whole"
    stack = system.stack
    profile = Profile(key=name, name=name, classifiers=common.PROFILE.classifiers, collection=name)
    order = FetchOptions(profile, "full", SinceFile(stack.folder / "other"))
    aggregate(stack.settings(), stack.server, order)
    target = collections.require(stack.server, name)
    whole = _by_id(collections.documents(stack.server, target.collection, "pypi"))
    here = _by_id(_documents(system))
    return {
        "absent": len(whole.keys() - here.keys()),
        "surplus": len(here.keys() - whole.keys()),
        "stale": sum(here[id_] != whole[id_] for id_ in whole.keys() & here.keys()),
    }


def _by_id(documents: Iterator[dict[str, object]]) -> dict[object, dict[str, object]]:
    """The documents without what says when they were written rather than what they say."""
    return {d["id"]: {k: v for k, v in d.items() if k != "serial"} for d in documents}


if __name__ == "__main__":
    common.main(
        "releases published in a minute (aim: all searchable within 90 s, none stale or missing)",
        measure,
        common.command(
            __doc__,
            ("--seconds", 60, "time over which they are published"),
            ("--releases", 1000, "releases, three in ten of them of the profile"),
            flags=(("--faults", "kill the worker, and take Redis, search and PyPI away"),),
        ),
    )

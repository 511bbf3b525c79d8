"""What operators ask of the queue, and what they do to it."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import redis
from celery import Celery
from kombu.exceptions import OperationalError
from kombu.transport.redis import PRIORITY_STEPS, Channel
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..errors import ServiceRefused, ServiceUnreachable
from ..settings import Settings
from .app import app
from .config import DEFAULT, FEEDS, LONG, PERIODIC_TASKS, PREFIX
from .dead_letters import DeadLetter, DeadLetters
from .message_headers import sent_at
from .redis_client import UNAVAILABLE, Client, connect
from .stats import TaskStats

QUEUES = (DEFAULT, FEEDS, LONG)
PATIENCE = 1.0
"""Seconds that workers have to answer; one that does not is not shown."""
DAY = 86_400.0
PROGRESS = "pyf:progress:"


@dataclass(frozen=True)
class QueueDepth:
    """What waits in a queue; ``oldest`` is the age in seconds of the message that is next."""

    queue: str
    pending: int
    oldest: float | None


@dataclass(frozen=True)
class WorkerState:
    """A worker that answers: its threads or processes, seconds since its start, its tasks.

    ``reserved`` tasks wait inside the worker, ``scheduled`` ones for their time.
    """

    name: str
    pool_size: int
    uptime: float
    active: int
    reserved: int
    scheduled: int


@dataclass(frozen=True)
class PeriodicTaskState:
    """A periodic task; ``last`` is when it was last started, in Unix seconds, ``None`` for never.

    ``scheduled`` is false where its schedule is switched off.
    """

    task: str
    last: float | None
    scheduled: bool


@dataclass(frozen=True)
class LongRunState:
    """How far a long run is: projects seen of ``total``, as of ``at`` in Unix seconds."""

    name: str
    seen: int
    total: int
    at: float


@dataclass(frozen=True)
class QueueState:
    """The queue at one moment, ``now`` in Unix seconds.

    ``unacknowledged`` are messages that workers have taken and not ended. ``failed`` are failures
    for good by task since the beginning of yesterday, UTC; ``today`` are all counts of today.
    """

    now: float
    waiting: tuple[QueueDepth, ...]
    unacknowledged: int
    workers: tuple[WorkerState, ...]
    failed: Mapping[str, int]
    dead: int
    dead_last_day: int
    beats: tuple[PeriodicTaskState, ...]
    runs: tuple[LongRunState, ...]
    today: Mapping[str, float]


@contextmanager
def open_redis(settings: Settings) -> Iterator[Client]:
    """Connect to Redis; raises ``ServiceUnreachable`` or ``ServiceRefused``, also when it goes
    away inside.
    """
    client = connect(settings)
    client.set_retry(Retry(NoBackoff(), 0))
    try:
        client.ping()
        yield client
    except redis.AuthenticationError:
        raise ServiceRefused(f"Redis at {_redis_location(settings)} refuses the password") from None
    except (*UNAVAILABLE, OperationalError) as error:
        hint = "" if settings.is_set("REDIS_HOST") else _HINT
        raise ServiceUnreachable(
            f"Redis at {_redis_location(settings)}", _reason(error) + hint
        ) from None
    except redis.ResponseError as error:
        raise ServiceRefused(f"Redis at {_redis_location(settings)}: {error}") from None
    finally:
        client.close()


def read_queue_state(settings: Settings) -> QueueState:
    """Return how the queue is; it takes about a second, for which workers may answer."""
    with open_redis(settings) as client:
        stats, dead, now = TaskStats(client), DeadLetters(client).all(), time.time()
        return QueueState(
            now=now,
            waiting=queue_depths(client, now),
            unacknowledged=count_unacknowledged(client),
            workers=workers(settings),
            failed=_failures_by_task(stats, now),
            dead=len(dead),
            dead_last_day=sum(letter.last > now - DAY for letter in dead),
            beats=_beats(settings, stats),
            runs=_runs(client),
            today=stats.day(),
        )


def queue_depths(client: Client, now: float) -> tuple[QueueDepth, ...]:
    """Return what waits in each queue."""
    return tuple(_queue_depth(client, queue, now) for queue in QUEUES)


def count_unacknowledged(client: Client) -> int:
    """Return how many messages workers have taken and not ended."""
    return int(client.hlen(Channel.unacked_key))


def workers(settings: Settings) -> tuple[WorkerState, ...]:
    """Return the workers that answer, by name. None is no error: they may be stopped."""
    with _app_for(settings).connection_for_write() as connection:
        found = app.control.inspect(timeout=PATIENCE, connection=connection).ping()
        if not found:
            return ()
        # With their number known, each further answer is there as soon as the last has spoken.
        inspect = app.control.inspect(
            destination=sorted(found), timeout=PATIENCE, connection=connection, limit=len(found)
        )
        stats = inspect.stats() or {}
        answers = [inspect.active(), inspect.reserved(), inspect.scheduled()]
    return tuple(
        _worker(name, stats[name], [len((of or {}).get(name, ())) for of in answers])
        for name in sorted(stats)
    )


def purge(client: Client) -> dict[str, int]:
    """Throw away what waits, by queue; what workers have taken stays."""
    purged = {}
    for queue in QUEUES:
        pipeline = client.pipeline(transaction=True)
        for key in _keys(queue):
            pipeline.llen(key)
        pipeline.delete(*_keys(queue))
        *lengths, _deleted = pipeline.execute()
        purged[queue] = sum(map(int, lengths))
    return purged


def list_dead_letters(client: Client) -> list[DeadLetter]:
    """Return what failed for good, the latest first."""
    return DeadLetters(client).all()


def subject(letter: DeadLetter) -> str:
    """Return what a dead letter is about: a project, or the arguments of the task."""
    return letter.key.removeprefix(letter.task).strip()


def retry_failed(client: Client, settings: Settings) -> int:
    """Queue everything that failed for good again; return how many tasks that are."""
    return DeadLetters(client).retry(_app_for(settings))


def queue_downloads_load(settings: Settings, first: str, last: str) -> None:
    """Queue a load of the days from ``first`` to ``last`` (ISO dates); ``reached`` goes before."""
    days = {"first": first, "last": last}
    _app_for(settings).send_task(f"{PREFIX}load_downloads", kwargs=days, queue=LONG)


def delete_failed(client: Client, letters: Sequence[DeadLetter]) -> int:
    """Take these dead letters from the list; return how many were still there."""
    return DeadLetters(client).remove(*(letter.key for letter in letters))


_HINT = "; set REDIS_HOST, or start the one-machine stack with `pyfa up`"


def _app_for(settings: Settings) -> Celery:
    """The application with this Redis as its broker: a stack's is in none of its settings."""
    app.conf.update(broker_url=settings.redis_url)
    return cast("Celery", app)


def _keys(queue: str) -> list[str]:
    """The lists that make up a queue: one for each priority, the ordinary one first."""
    steps = [f"{queue}{Channel.sep}{step}" for step in PRIORITY_STEPS if step]
    return [queue, *steps]


def _queue_depth(client: Client, queue: str, now: float) -> QueueDepth:
    pipeline = client.pipeline(transaction=True)
    for key in _keys(queue):
        pipeline.llen(key)
        pipeline.lindex(key, -1)
    answers = pipeline.execute()
    sent = [sent_at(message) for message in answers[1::2] if message]
    ages = [max(0.0, now - time_) for time_ in sent if time_ is not None]
    return QueueDepth(queue, sum(map(int, answers[::2])), max(ages, default=None))


def _worker(name: str, stats: Mapping[str, Any], tasks: Sequence[int]) -> WorkerState:
    size = int((stats.get("pool") or {}).get("max-concurrency") or 0)
    active, reserved, scheduled = tasks
    return WorkerState(name, size, float(stats.get("uptime") or 0), active, reserved, scheduled)


def _failures_by_task(stats: TaskStats, now: float) -> dict[str, int]:
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    found: Counter[str] = Counter()
    for day in (today, today - dt.timedelta(days=1)):
        for field, count in stats.day(day).items():
            task, _, outcome = field.rpartition(":")
            if outcome == "failed":
                found[task] += int(count)
    return dict(found)


def _beats(settings: Settings, stats: TaskStats) -> tuple[PeriodicTaskState, ...]:
    seen = stats.beats()
    scheduled = {
        periodic.task: bool(getattr(settings, periodic.setting)) for periodic in PERIODIC_TASKS
    }
    return tuple(
        PeriodicTaskState(task, seen.get(task), scheduled.get(task, False))
        for task in sorted({*seen, *scheduled})
    )


def _runs(client: Client) -> tuple[LongRunState, ...]:
    found = []
    for key in sorted(client.scan_iter(PROGRESS + "*")):
        said = client.hgetall(key)
        if said:
            numbers = int(said["seen"]), int(said["total"]), float(said["time"])
            found.append(LongRunState(str(key).removeprefix(PROGRESS), *numbers))
    return tuple(found)


def _redis_location(settings: Settings) -> str:
    """Where Redis is; a password may stand in every other part of the URL."""
    parts = urlsplit(settings.redis_url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port}"


def _reason(error: Exception) -> str:
    text = str(error).lower()
    for known in ("connection refused", "timed out", "timeout", "name or service not known"):
        if known in text:
            return known
    return f"{type(error).__name__}"

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

from ..errors import Refused, Unreachable
from ..settings import Settings
from .app import app
from .config import DEFAULT, FEEDS, LONG, PERIODIC, PREFIX
from .dead import DeadLetter, DeadLetters
from .redis_client import AWAY, Client, connect
from .sent import sent_at
from .stats import Stats

QUEUES = (DEFAULT, FEEDS, LONG)
PATIENCE = 1.0
"""Seconds that workers have to answer; one that does not is not shown."""
DAY = 86_400.0
PROGRESS = "pyf:progress:"


@dataclass(frozen=True)
class Waiting:
    """What waits in a queue; ``oldest`` is the age in seconds of the message that is next."""

    queue: str
    pending: int
    oldest: float | None


@dataclass(frozen=True)
class Worker:
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
class Beat:
    """A periodic task; ``last`` is when it was last started, in Unix seconds, ``None`` for never.

    ``scheduled`` is false where its schedule is switched off.
    """

    task: str
    last: float | None
    scheduled: bool


@dataclass(frozen=True)
class Run:
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
    waiting: tuple[Waiting, ...]
    unacknowledged: int
    workers: tuple[Worker, ...]
    failed: Mapping[str, int]
    dead: int
    dead_last_day: int
    beats: tuple[Beat, ...]
    runs: tuple[Run, ...]
    today: Mapping[str, float]


@contextmanager
def reached(settings: Settings) -> Iterator[Client]:
    """Connect to Redis; raises ``Unreachable`` or ``Refused``, also when it goes away inside."""
    client = connect(settings)
    client.set_retry(Retry(NoBackoff(), 0))
    try:
        client.ping()
        yield client
    except redis.AuthenticationError:
        raise Refused(f"Redis at {_place(settings)} refuses the password") from None
    except (*AWAY, OperationalError) as error:
        hint = "" if settings.is_set("REDIS_HOST") else _HINT
        raise Unreachable(f"Redis at {_place(settings)}", _reason(error) + hint) from None
    except redis.ResponseError as error:
        raise Refused(f"Redis at {_place(settings)}: {error}") from None
    finally:
        client.close()


def look(settings: Settings) -> QueueState:
    """Return how the queue is; it takes about a second, for which workers may answer."""
    with reached(settings) as client:
        stats, dead, now = Stats(client), DeadLetters(client).all(), time.time()
        return QueueState(
            now=now,
            waiting=waiting(client, now),
            unacknowledged=unacknowledged(client),
            workers=workers(settings),
            failed=_failed(stats, now),
            dead=len(dead),
            dead_last_day=sum(letter.last > now - DAY for letter in dead),
            beats=_beats(settings, stats),
            runs=_runs(client),
            today=stats.day(),
        )


def waiting(client: Client, now: float) -> tuple[Waiting, ...]:
    """Return what waits in each queue."""
    return tuple(_waiting(client, queue, now) for queue in QUEUES)


def unacknowledged(client: Client) -> int:
    """Return how many messages workers have taken and not ended."""
    return int(client.hlen(Channel.unacked_key))


def workers(settings: Settings) -> tuple[Worker, ...]:
    """Return the workers that answer, by name. None is no error: they may be stopped."""
    with _into(settings).connection_for_write() as connection:
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


def failed(client: Client) -> list[DeadLetter]:
    """Return what failed for good, the latest first."""
    return DeadLetters(client).all()


def subject(letter: DeadLetter) -> str:
    """Return what a dead letter is about: a project, or the arguments of the task."""
    return letter.key.removeprefix(letter.task).strip()


def retry_failed(client: Client, settings: Settings) -> int:
    """Queue everything that failed for good again; return how many tasks that are."""
    return DeadLetters(client).retry(_into(settings))


def queue_load(settings: Settings, first: str, last: str) -> None:
    """Queue a load of the days from ``first`` to ``last`` (ISO dates); ``reached`` goes before."""
    days = {"first": first, "last": last}
    _into(settings).send_task(f"{PREFIX}load_downloads", kwargs=days, queue=LONG)


def forget_failed(client: Client, letters: Sequence[DeadLetter]) -> int:
    """Take these dead letters from the list; return how many were still there."""
    return DeadLetters(client).remove(*(letter.key for letter in letters))


_HINT = "; set REDIS_HOST, or start the one-machine stack with `pyfa up`"


def _into(settings: Settings) -> Celery:
    """The application with this Redis as its broker: a stack's is in none of its settings."""
    app.conf.update(broker_url=settings.redis_url)
    return cast("Celery", app)


def _keys(queue: str) -> list[str]:
    """The lists that make up a queue: one for each priority, the ordinary one first."""
    steps = [f"{queue}{Channel.sep}{step}" for step in PRIORITY_STEPS if step]
    return [queue, *steps]


def _waiting(client: Client, queue: str, now: float) -> Waiting:
    pipeline = client.pipeline(transaction=True)
    for key in _keys(queue):
        pipeline.llen(key)
        pipeline.lindex(key, -1)
    answers = pipeline.execute()
    sent = [sent_at(message) for message in answers[1::2] if message]
    ages = [max(0.0, now - time_) for time_ in sent if time_ is not None]
    return Waiting(queue, sum(map(int, answers[::2])), max(ages, default=None))


def _worker(name: str, stats: Mapping[str, Any], tasks: Sequence[int]) -> Worker:
    size = int((stats.get("pool") or {}).get("max-concurrency") or 0)
    active, reserved, scheduled = tasks
    return Worker(name, size, float(stats.get("uptime") or 0), active, reserved, scheduled)


def _failed(stats: Stats, now: float) -> dict[str, int]:
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    found: Counter[str] = Counter()
    for day in (today, today - dt.timedelta(days=1)):
        for field, count in stats.day(day).items():
            task, _, outcome = field.rpartition(":")
            if outcome == "failed":
                found[task] += int(count)
    return dict(found)


def _beats(settings: Settings, stats: Stats) -> tuple[Beat, ...]:
    seen = stats.beats()
    scheduled = {periodic.task: bool(getattr(settings, periodic.setting)) for periodic in PERIODIC}
    return tuple(
        Beat(task, seen.get(task), scheduled.get(task, False))
        for task in sorted({*seen, *scheduled})
    )


def _runs(client: Client) -> tuple[Run, ...]:
    found = []
    for key in sorted(client.scan_iter(PROGRESS + "*")):
        said = client.hgetall(key)
        if said:
            numbers = int(said["seen"]), int(said["total"]), float(said["time"])
            found.append(Run(str(key).removeprefix(PROGRESS), *numbers))
    return tuple(found)


def _place(settings: Settings) -> str:
    """Where Redis is; a password may stand in every other part of the URL."""
    parts = urlsplit(settings.redis_url)
    return parts.path if parts.scheme == "unix" else f"{parts.hostname}:{parts.port}"


def _reason(error: Exception) -> str:
    text = str(error).lower()
    for known in ("connection refused", "timed out", "timeout", "name or service not known"):
        if known in text:
            return known
    return f"{type(error).__name__}"

"""``pyfa manage``: the task queue. What waits, who works, what failed for good."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ....running_stack.broker import with_broker
from ....settings import Settings
from ...common import actions, output
from ...common.actions import Action

if TYPE_CHECKING:  # Celery takes its time to import; only these actions should wait for it
    from ....queue.dead_letters import DeadLetter
    from ....queue.queue_admin import QueueState


class Part(NamedTuple):
    """One table of several; in a pipe ``kind`` comes first in each of its lines."""

    kind: str
    title: str
    columns: list[str]
    rows: list[list[str]]


def queue_stats(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print how the queue is."""
    from ....queue import queue_admin

    state = queue_admin.read_queue_state(with_broker(settings))
    if arguments.json:
        output.data(_as_data(state))
        return 0
    for part in _parts(state):
        if sys.stdout.isatty() and part.rows:
            output.table(part.title, part.columns, part.rows)
        elif part.rows:
            output.table(part.title, part.columns, [[part.kind, *row] for row in part.rows])
    if not state.workers:
        output.note("no worker answers: no tasks are being processed")
    if state.dead:
        output.note(f"{state.dead} tasks failed for good; --list-failed names them")
    return 0


def purge_queue(arguments: argparse.Namespace, settings: Settings) -> int:
    """Throw away what waits, after a question."""
    from ....queue import queue_admin

    with queue_admin.open_redis(with_broker(settings)) as client:
        here = {one.queue: one.pending for one in queue_admin.queue_depths(client, 0.0)}
        if any(here.values()):
            actions.confirm(arguments, f"{_numbers(here)} are to be thrown away")
        purged = queue_admin.purge(client)
        taken = queue_admin.count_unacknowledged(client)
    if arguments.json:
        output.data({"purged": purged, "unacknowledged": taken})
        return 0
    output.say(f"{_numbers(purged)} are thrown away" if any(purged.values()) else "nothing waits")
    if taken:
        output.note(f"note: {taken} tasks that workers have taken stay")
    return 0


def list_failed(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print what failed for good."""
    from ....queue import queue_admin

    with queue_admin.open_redis(with_broker(settings)) as client:
        letters = queue_admin.list_dead_letters(client)
    if arguments.json:
        output.data([_letter(letter) for letter in letters])
        return 0
    columns = ["task", "subject", "reason", "first", "last", "count"]
    output.table("Failed for good", columns, [_letter_row(letter) for letter in letters])
    return 0


def retry_failed(arguments: argparse.Namespace, settings: Settings) -> int:
    """Queue all of it again."""
    from ....queue import queue_admin

    settings = with_broker(settings)
    with queue_admin.open_redis(settings) as client:
        queued = queue_admin.retry_failed(client, settings)
    if arguments.json:
        output.data({"queued": queued})
    else:
        output.say(f"{queued} tasks are queued again")
    return 0


def forget_failed(arguments: argparse.Namespace, settings: Settings) -> int:
    """Empty the list, after a question."""
    from ....queue import queue_admin

    with queue_admin.open_redis(with_broker(settings)) as client:
        letters = queue_admin.list_dead_letters(client)
        if letters:
            actions.confirm(arguments, f"{len(letters)} failed tasks are to be forgotten")
        forgotten = queue_admin.delete_failed(client, letters)
    if arguments.json:
        output.data({"forgotten": forgotten})
    else:
        output.say(f"{forgotten} failed tasks are forgotten")
    return 0


def _numbers(counts: dict[str, int]) -> str:
    named = ", ".join(f"{queue} {count}" for queue, count in counts.items())
    return f"{sum(counts.values())} waiting tasks ({named})"


def _parts(state: QueueState) -> list[Part]:
    of_workers = [
        [one.name, str(one.pool_size), _seconds(one.uptime)]
        + [str(count) for count in (one.active, one.reserved, one.scheduled)]
        for one in state.workers
    ]
    totals = [
        ["unacknowledged", str(state.unacknowledged)],
        ["failed since yesterday", str(sum(state.failed.values()))],
        ["dead letters", str(state.dead)],
        ["dead letters of the last day", str(state.dead_last_day)],
    ]
    columns = ["worker", "pool", "uptime (s)", "active", "reserved", "scheduled"]
    return [
        Part("queue", "Queues", ["queue", "pending", "oldest (s)"], _waiting_rows(state)),
        Part("total", "In all", ["", "tasks"], totals),
        Part("worker", "Workers", columns, of_workers),
        Part("failed", "Failed for good since yesterday", ["task", "times"], _counts(state.failed)),
        Part("beat", "Periodic tasks", ["task", "last start (s ago)", "schedule"], _beats(state)),
        Part("run", "Long runs", ["run", "seen", "of", "as of"], _runs(state)),
        Part("today", "Today (UTC)", ["what", "count"], _counts(state.today)),
    ]


def _waiting_rows(state: QueueState) -> list[list[str]]:
    return [[one.queue, str(one.pending), _seconds(one.oldest)] for one in state.waiting]


def _beats(state: QueueState) -> list[list[str]]:
    return [
        [
            one.task,
            "never" if one.last is None else _seconds(max(0.0, state.now - one.last)),
            "on" if one.scheduled else "off",
        ]
        for one in state.beats
    ]


def _runs(state: QueueState) -> list[list[str]]:
    return [[run.name, str(run.seen), str(run.total), _moment(run.at)] for run in state.runs]


def _counts(counts: Any) -> list[list[str]]:
    return [[name, f"{count:.10g}"] for name, count in sorted(counts.items())]


def _as_data(state: QueueState) -> dict[str, Any]:
    lasting = {one.task: one.last for one in state.beats}
    return {
        **dataclasses.asdict(dataclasses.replace(state, failed=dict(state.failed))),
        "waiting": {
            one.queue: {"pending": one.pending, "oldest_s": one.oldest} for one in state.waiting
        },
        "beats": {
            one.task: {
                "last": lasting[one.task],
                "age_s": None if one.last is None else max(0.0, state.now - one.last),
                "scheduled": one.scheduled,
            }
            for one in state.beats
        },
        "active": sum(one.active for one in state.workers),
        "reserved": sum(one.reserved for one in state.workers),
        "scheduled": sum(one.scheduled for one in state.workers),
    }


def _letter(letter: DeadLetter) -> dict[str, Any]:
    from ....queue import queue_admin

    return {
        "task": letter.task,
        "subject": queue_admin.subject(letter),
        "args": list(letter.args),
        "kwargs": dict(letter.kwargs),
        "reason": letter.reason,
        "first": letter.first,
        "last": letter.last,
        "count": letter.count,
    }


def _letter_row(letter: DeadLetter) -> list[str]:
    from ....queue import queue_admin

    return [
        actions.cell(letter.task.rpartition(".")[2]),
        actions.cell(queue_admin.subject(letter)),
        actions.cell(letter.reason),
        _moment(letter.first),
        _moment(letter.last),
        str(letter.count),
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


ACTIONS = (
    Action(("--queue-stats",), "show waiting tasks, workers and failures", queue_stats),
    Action(
        ("--purge-queue",),
        "delete waiting tasks; asks for confirmation",
        purge_queue,
        takes=("force",),
    ),
    Action(("--list-failed",), "list tasks that failed for good, with reasons", list_failed),
    Action(("--retry-failed",), "queue all failed tasks again", retry_failed),
    Action(
        ("--forget-failed",),
        "empty the list of failed tasks; asks for confirmation",
        forget_failed,
        takes=("force",),
    ),
)

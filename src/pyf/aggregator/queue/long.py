"""Full fetches and refreshes of whole collections, in parts that end in time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.utils.log import get_task_logger

from ..index import SearchServer
from ..ingest.runs import Scope
from ..ingest.session import Mode, Order, aggregate
from ..ingest.summary import Summary
from ..profile import Profile
from .locks import Busy, Lock
from .shared import Shared

log = get_task_logger(__name__)

PROGRESS_EVERY = 1.0


@dataclass(frozen=True)
class Job:
    """A profile to work for, by its key, and the collection that is written."""

    profile: str
    collection: str

    def resolve(self, room: Shared) -> Profile:
        """Return the profile with that collection; ``ProfileError`` if there is none."""
        return dataclasses.replace(room.profiles.get(self.profile), collection=self.collection)


def jobs(
    room: Shared,
    collection: str | None = None,
    profile: str | None = None,
    rest: list[list[str]] | None = None,
) -> list[Job]:
    """Return what is to be done: what is named and what was left over, or all that is followed."""
    later = [Job(*pair) for pair in rest or []]
    if profile:
        return [Job(profile, collection or room.profiles.get(profile).collection), *later]
    followed = [Job(stock.profile.key, stock.target.alias) for stock in room.stocks.now()]
    if collection:
        return [job for job in followed if job.collection == collection] + later
    return followed


def full(room: Shared, work: list[Job], stop: Callable[[], bool]) -> dict[str, Any] | None:
    """Fetch the first job's profile as a whole; return the arguments of the task to go on with.

    Somebody else who works on the same collection makes this one end without effect.
    """
    if not work:
        return None
    job, *later = work
    try:
        summary = _aggregate(room, job, "full", stop, Scope())
    except Busy as busy:
        _refuse(room, "full_fetch_all_packages", busy)
        return left(later)
    return left([job, *later] if summary.stopped_after else later)


def refresh(
    room: Shared, work: list[Job], stop: Callable[[], bool], after: str = "", removed: int = 0
) -> dict[str, Any] | None:
    """Look again at the first job's indexed projects beyond ``after``; otherwise like ``full``.

    ``removed`` are the documents that earlier parts removed. A part that is to go on waits for
    its turn by raising ``Busy``.
    """
    if not work:
        return None
    job, *later = work
    before = room.cursors.read(job.collection)
    try:
        summary = _aggregate(room, job, "refresh", stop, Scope(after=after), removed)
    except Busy as busy:
        if after:
            raise
        _refuse(room, "refresh_all_indexed_packages", busy)
        return left(later)
    if before is not None:
        room.cursors.take_back(job.collection, before)
    if not summary.stopped_after:
        return left(later)
    gone = removed + summary.removed
    return left([job, *later], after=summary.stopped_after, removed=gone)


def _aggregate(
    room: Shared,
    job: Job,
    mode: Mode,
    stop: Callable[[], bool],
    scope: Scope,
    removed: int = 0,
) -> Summary:
    with room.locks.hold(f"collection:{job.collection}") as lock:
        order = Order(
            profile=job.resolve(room),
            mode=mode,
            since=room.cursors,
            scope=scope,
            report=_Progress(room, f"{mode}:{job.collection}"),
            stop=lambda: stop() or lock.lost,
            removed_before=removed,
        )
        summary = aggregate(room.settings, SearchServer.from_settings(room.settings), order)
    _account(room, job, mode, summary, lock)
    return summary


def _account(room: Shared, job: Job, mode: str, summary: Summary, lock: Lock) -> None:
    room.stats.work(
        {
            "documents_written": summary.indexed,
            "documents_removed": summary.removed,
            "documents_refused": len(summary.refused),
            "projects_fetched": summary.seen - summary.unchanged,
            "projects_current": summary.unchanged,
        }
    )
    room.stocks.forget()
    log.info(
        "%s of %s%s: %s",
        mode,
        job.collection,
        " (lock lost)" if lock.lost else "",
        summary.as_dict(),
    )


def _refuse(room: Shared, task: str, busy: Busy) -> None:
    log.warning("refused: %s", busy)
    room.stats.ended(task, "refused")


def left(work: list[Job], **more: Any) -> dict[str, Any] | None:
    """The arguments of a task that goes on with these jobs; ``more`` is about the first of them."""
    if not work:
        return None
    job, *later = work
    return {
        "collection_name": job.collection,
        "profile_name": job.profile,
        "rest": [[other.profile, other.collection] for other in later],
        **{name: value for name, value in more.items() if value},
    }


class _Progress:
    """Say in Redis how far a run is, once a second at the most."""

    def __init__(self, room: Shared, name: str) -> None:
        self._room = room
        self._name = name
        self._next = 0.0

    def __call__(self, summary: Summary, total: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_EVERY
        self._room.stats.progress(self._name, summary.seen, total)

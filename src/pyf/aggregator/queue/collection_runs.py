"""Full fetches and refreshes of whole collections, in parts that end in time."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.utils.log import get_task_logger

from ..index import SearchServer
from ..ingest.fetch_collection import FetchMode, FetchOptions, aggregate
from ..ingest.fetch_result import FetchResult
from ..ingest.runs import RunScope
from ..profile import Profile
from .context import WorkerContext
from .locks import Busy, Lock

log = get_task_logger(__name__)

PROGRESS_EVERY = 1.0


@dataclass(frozen=True)
class CollectionJob:
    """A profile to work for, by its key, and the collection that is written."""

    profile: str
    collection: str

    def resolve(self, room: WorkerContext) -> Profile:
        """Return the profile with that collection; ``ProfileError`` if there is none."""
        return dataclasses.replace(room.profiles.get(self.profile), collection=self.collection)


def collection_jobs(
    room: WorkerContext,
    collection: str | None = None,
    profile: str | None = None,
    rest: list[list[str]] | None = None,
) -> list[CollectionJob]:
    """Return what is to be done: what is named and what was left over, or all that is followed."""
    later = [CollectionJob(*pair) for pair in rest or []]
    if profile:
        return [CollectionJob(profile, collection or room.profiles.get(profile).collection), *later]
    followed = [
        CollectionJob(stock.profile.key, stock.target.alias)
        for stock in room.active_profiles.current()
    ]
    if collection:
        return [job for job in followed if job.collection == collection] + later
    return followed


def full_fetch(
    room: WorkerContext, work: list[CollectionJob], stop: Callable[[], bool]
) -> dict[str, Any] | None:
    """Fetch the first job's profile as a whole; return the arguments of the task to go on with.

    Somebody else who works on the same collection makes this one end without effect.
    """
    if not work:
        return None
    job, *later = work
    try:
        summary = _aggregate(room, job, "full", stop, RunScope())
    except Busy as busy:
        _refuse(room, "full_fetch_all_packages", busy)
        return remaining_arguments(later)
    return remaining_arguments([job, *later] if summary.stopped_after else later)


def refresh(
    room: WorkerContext,
    work: list[CollectionJob],
    stop: Callable[[], bool],
    after: str = "",
    removed: int = 0,
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
        summary = _aggregate(room, job, "refresh", stop, RunScope(after=after), removed)
    except Busy as busy:
        if after:
            raise
        _refuse(room, "refresh_all_indexed_packages", busy)
        return remaining_arguments(later)
    if before is not None:
        room.cursors.rewind(job.collection, before)
    if not summary.stopped_after:
        return remaining_arguments(later)
    gone = removed + summary.removed
    return remaining_arguments([job, *later], after=summary.stopped_after, removed=gone)


def _aggregate(
    room: WorkerContext,
    job: CollectionJob,
    mode: FetchMode,
    stop: Callable[[], bool],
    scope: RunScope,
    removed: int = 0,
) -> FetchResult:
    with room.locks.hold(f"collection:{job.collection}") as lock:
        order = FetchOptions(
            profile=job.resolve(room),
            mode=mode,
            cursor_store=room.cursors,
            scope=scope,
            report=_RunProgress(room, f"{mode}:{job.collection}"),
            stop=lambda: stop() or lock.is_lost,
            removed_before=removed,
        )
        summary = aggregate(room.settings, SearchServer.from_settings(room.settings), order)
    _record_result(room, job, mode, summary, lock)
    return summary


def _record_result(
    room: WorkerContext, job: CollectionJob, mode: str, summary: FetchResult, lock: Lock
) -> None:
    room.stats.record_work(
        {
            "documents_written": summary.indexed,
            "documents_removed": summary.removed,
            "documents_refused": len(summary.refused),
            "projects_fetched": summary.seen - summary.unchanged,
            "projects_current": summary.unchanged,
        }
    )
    room.active_profiles.invalidate()
    log.info(
        "%s of %s%s: %s",
        mode,
        job.collection,
        " (lock lost)" if lock.is_lost else "",
        summary.as_dict(),
    )


def _refuse(room: WorkerContext, task: str, busy: Busy) -> None:
    log.warning("refused: %s", busy)
    room.stats.record_end(task, "refused")


def remaining_arguments(work: list[CollectionJob], **more: Any) -> dict[str, Any] | None:
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


class _RunProgress:
    """Say in Redis how far a run is, once a second at the most."""

    def __init__(self, room: WorkerContext, name: str) -> None:
        self._room = room
        self._name = name
        self._next = 0.0

    def __call__(self, summary: FetchResult, total: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_EVERY
        self._room.stats.record_progress(self._name, summary.seen, total)

"""Health scores computed for every collection that is followed, in parts that end in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.utils.log import get_task_logger

from ..enrich.health import Scores, Wanted, enrich_health
from ..index import collections
from .locks import Busy, Lock
from .long import Job, left
from .shared import Shared

log = get_task_logger(__name__)

TASK = "enrich_health_all_packages"


def enrich(
    room: Shared, work: list[Job], stop: Callable[[], bool], after: str = ""
) -> dict[str, Any] | None:
    """Bring scores to the first job's collection, to its projects beyond ``after``.

    Returns the arguments of the task to go on with. Somebody else who does the same makes this
    one end without effect. Raises the errors of ``enrich_health``.
    """
    if not work:
        return None
    job, *later = work
    try:
        with room.locks.hold(f"health:{job.collection}") as lock:
            account = _enrich(room, job, stop, after, lock)
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.ended(TASK, "refused")
        return left(later)
    return left([job, *later] if account.stopped_after else later, after=account.stopped_after)


def _enrich(room: Shared, job: Job, stop: Callable[[], bool], after: str, lock: Lock) -> Scores:
    target = collections.need(room.server, job.collection)
    wanted = Wanted(
        target.alias,
        after=after,
        report=lambda done, total: room.stats.progress(f"health:{job.collection}", done, total),
        stop=lambda: stop() or lock.lost,
    )
    account = enrich_health(room.settings, room.server, wanted)
    room.stats.work(
        {"documents_updated": account.updated, "documents_refused": len(account.refused)}
    )
    log.info("health of %s: %s", job.collection, account.as_dict())
    return account

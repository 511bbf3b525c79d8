"""Facts of the store brought to every collection that is followed, in parts that end in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.utils.log import get_task_logger

from ..enrich import downloads, health, security
from ..enrich.partial import Enriched
from ..index import collections
from ..store import StoreNotSetUp, open_store
from .locks import Busy
from .long import Job, left
from .shared import Shared

log = get_task_logger(__name__)


@dataclass(frozen=True)
class Part:
    """The projects of a collection beyond ``after``, until ``stop`` says so."""

    collection: str
    after: str
    stop: Callable[[], bool]
    progress: Callable[[str, int, int], None]
    """Called with where the facts are from, the projects done and how many there are."""

    def report(self, done: int, total: int) -> None:
        """Progress of facts that all come from one place."""
        self.progress("", done, total)


Bring = Callable[[Shared, Part], Enriched]


def bring_downloads(room: Shared, part: Part) -> Enriched:
    """Download counts. Raises the errors of ``enrich_downloads``."""
    wanted = downloads.Wanted(
        part.collection, after=part.after, progress=part.progress, stop=part.stop
    )
    return downloads.enrich_downloads(room.settings, room.server, wanted)


def bring_health(room: Shared, part: Part) -> Enriched:
    """Health scores. Raises the errors of ``enrich_health``."""
    wanted = health.Wanted(part.collection, after=part.after, report=part.report, stop=part.stop)
    return health.enrich_health(room.settings, room.server, wanted)


def bring_security(room: Shared, part: Part) -> Enriched:
    """Vulnerabilities and warnings. Raises ``StoreNotSetUp``, the errors of ``enrich_security``."""
    wanted = security.Wanted(part.collection, after=part.after, report=part.report, stop=part.stop)
    with open_store(room.settings, readonly=False) as store:
        return security.enrich_security(store, room.server, wanted)


WAYS: dict[str, Bring] = {
    "downloads": bring_downloads,
    "health": bring_health,
    "security": bring_security,
}


def enrich(
    room: Shared, what: str, work: list[Job], stop: Callable[[], bool], after: str = ""
) -> dict[str, Any] | None:
    """Bring one of ``WAYS`` to the first job's collection, to its projects beyond ``after``.

    Returns the arguments of the task to go on with. Somebody else who does the same, and a machine
    without the store that it needs, make this one end without effect.
    """
    if not work:
        return None
    job, *later = work
    try:
        account = _enrich(room, what, job, stop, after)
    except StoreNotSetUp:
        return None
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.ended(f"enrich_{what}_all_packages", "refused")
        return left(later)
    return left([job, *later] if account.stopped_after else later, after=account.stopped_after)


def _enrich(room: Shared, what: str, job: Job, stop: Callable[[], bool], after: str) -> Enriched:
    name = f"{what}:{job.collection}"
    with room.locks.hold(name) as lock:
        part = Part(
            collections.need(room.server, job.collection).alias,
            after,
            lambda: stop() or lock.lost,
            lambda source, done, total: room.stats.progress(
                f"{name}:{source}" if source else name, done, total
            ),
        )
        account = WAYS[what](room, part)
    room.stats.work(
        {"documents_updated": account.updated, "documents_refused": len(account.refused)}
    )
    log.info("%s of %s: %s", what, job.collection, account.as_dict())
    return account

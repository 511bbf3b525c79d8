"""Facts of the store brought to every collection that is followed, in parts that end in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from celery.utils.log import get_task_logger

from ..enrich import downloads, health, security
from ..enrich.document_updates import UpdateResult
from ..index import collections
from ..store import StoreNotSetUp, open_store
from .collection_runs import CollectionJob, remaining_arguments
from .context import WorkerContext
from .locks import Busy

log = get_task_logger(__name__)


@dataclass(frozen=True)
class EnrichBatch:
    """The projects of a collection beyond ``after``, until ``stop`` says so."""

    collection: str
    after: str
    stop: Callable[[], bool]
    progress: Callable[[str, int, int], None]
    """Called with where the facts are from, the projects done and how many there are."""

    def report(self, done: int, total: int) -> None:
        """Progress of facts that all come from one place."""
        self.progress("", done, total)


EnrichFunction = Callable[[WorkerContext, EnrichBatch], UpdateResult]


def update_downloads(room: WorkerContext, part: EnrichBatch) -> UpdateResult:
    """Download counts. Raises the errors of ``enrich_downloads``."""
    wanted = downloads.DownloadsOptions(
        part.collection, after=part.after, progress=part.progress, stop=part.stop
    )
    return downloads.enrich_downloads(room.settings, room.server, wanted)


def update_health(room: WorkerContext, part: EnrichBatch) -> UpdateResult:
    """Health scores. Raises the errors of ``enrich_health``."""
    wanted = health.HealthOptions(
        part.collection, after=part.after, report=part.report, stop=part.stop
    )
    return health.enrich_health(room.settings, room.server, wanted)


def update_security(room: WorkerContext, part: EnrichBatch) -> UpdateResult:
    """Vulnerabilities and warnings. Raises ``StoreNotSetUp``, the errors of ``enrich_security``."""
    wanted = security.SecurityOptions(
        part.collection, after=part.after, report=part.report, stop=part.stop
    )
    with open_store(room.settings, readonly=False) as store:
        return security.enrich_security(store, room.server, wanted)


ENRICHMENTS: dict[str, EnrichFunction] = {
    "downloads": update_downloads,
    "health": update_health,
    "security": update_security,
}


def enrich(
    room: WorkerContext,
    what: str,
    work: list[CollectionJob],
    stop: Callable[[], bool],
    after: str = "",
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
        room.stats.record_end(f"enrich_{what}_all_packages", "refused")
        return remaining_arguments(later)
    return remaining_arguments(
        [job, *later] if account.stopped_after else later, after=account.stopped_after
    )


def _enrich(
    room: WorkerContext, what: str, job: CollectionJob, stop: Callable[[], bool], after: str
) -> UpdateResult:
    name = f"{what}:{job.collection}"
    with room.locks.hold(name) as lock:
        part = EnrichBatch(
            collections.require(room.server, job.collection).alias,
            after,
            lambda: stop() or lock.is_lost,
            lambda source, done, total: room.stats.record_progress(
                f"{name}:{source}" if source else name, done, total
            ),
        )
        account = ENRICHMENTS[what](room, part)
    room.stats.record_work(
        {"documents_updated": account.updated, "documents_refused": len(account.refused)}
    )
    log.info("%s of %s: %s", what, job.collection, account.as_dict())
    return account

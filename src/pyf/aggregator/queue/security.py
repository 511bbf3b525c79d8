"""Advisories loaded, and every collection that is followed marked by them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.utils.log import get_task_logger

from ..enrich import advisories
from ..enrich.security import Secured, Wanted, enrich_security
from ..errors import SafetyStop
from ..index import collections
from ..store import StoreNotSetUp, open_store
from .locks import Busy, Lock
from .long import Job, left
from .shared import Shared

log = get_task_logger(__name__)

TASK = "enrich_security_all_packages"


def load(room: Shared, then: Callable[[], object]) -> None:
    """Bring the advisories up to date; nothing without a store, or while somebody does the same.

    ``then`` is called afterwards, also where an archive was not believed: documents show what there
    is. Raises the errors of ``advisories.load``.
    """
    try:
        _load(room)
    except SafetyStop:
        then()
        raise
    then()


def _load(room: Shared) -> None:
    try:
        with (
            open_store(room.settings, readonly=False) as store,
            room.locks.hold("advisories"),
        ):
            log.info("advisories: %s", advisories.load(room.settings, store).as_dict())
    except StoreNotSetUp as error:
        log.info("%s", error)
    except Busy as busy:
        log.warning("refused: %s", busy)


def enrich(
    room: Shared, work: list[Job], stop: Callable[[], bool], after: str = ""
) -> dict[str, Any] | None:
    """Mark the first job's collection, its projects beyond ``after``.

    Returns the arguments of the task to go on with. Somebody else who does the same, and a machine
    without a store, make this one end without effect. Raises the errors of ``enrich_security``.
    """
    if not work:
        return None
    job, *later = work
    try:
        with room.locks.hold(f"security:{job.collection}") as lock:
            account = _enrich(room, job, stop, after, lock)
    except StoreNotSetUp:
        return None
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.ended(TASK, "refused")
        return left(later)
    return left([job, *later] if account.stopped_after else later, after=account.stopped_after)


def _enrich(room: Shared, job: Job, stop: Callable[[], bool], after: str, lock: Lock) -> Secured:
    with open_store(room.settings, readonly=False) as store:
        wanted = Wanted(
            collections.need(room.server, job.collection).alias,
            after=after,
            report=lambda done, total: room.stats.progress(
                f"security:{job.collection}", done, total
            ),
            stop=lambda: stop() or lock.lost,
        )
        account = enrich_security(store, room.server, wanted)
    room.stats.work(
        {"documents_updated": account.updated, "documents_refused": len(account.refused)}
    )
    log.info("security of %s: %s", job.collection, account.as_dict())
    return account

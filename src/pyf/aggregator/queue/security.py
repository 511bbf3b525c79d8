"""Advisories brought into the store, ahead of marking documents by them."""

from __future__ import annotations

from collections.abc import Callable

from celery.utils.log import get_task_logger

from ..enrich import advisories
from ..errors import SafetyStop
from ..store import StoreNotSetUp, open_store
from .context import WorkerContext
from .locks import Busy

log = get_task_logger(__name__)


def load_advisories(room: WorkerContext, then: Callable[[], object]) -> None:
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


def _load(room: WorkerContext) -> None:
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

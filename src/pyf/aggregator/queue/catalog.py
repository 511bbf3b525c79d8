"""The catalog of all projects, brought up to date in parts that end in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from celery.utils.log import get_task_logger

from ..ingest.catalog import CatalogSyncOptions, sync
from ..store import StoreNotSetUp, catalog, open_store
from .context import WorkerContext
from .locks import Busy

log = get_task_logger(__name__)

PROGRESS_EVERY = 1.0


def update_catalog(room: WorkerContext, stop: Callable[[], bool]) -> bool:
    """Sync a catalog that somebody began to fill; return whether some of it is left to do.

    The first crawl is a request or two for every project of the registry: nobody starts that but
    a person. Without a store there is nothing to do. Raises the errors of ``sync``.
    """
    try:
        store = open_store(room.settings, readonly=False)
    except StoreNotSetUp:
        return False
    with store:
        if not catalog.is_started(store):
            log.info("the catalog was not begun: run `pyfa catalog sync` once")
            return False
        try:
            with room.locks.hold("catalog") as lock:
                order = CatalogSyncOptions(
                    stop=lambda: stop() or lock.is_lost, report=_CatalogProgress(room)
                )
                account = sync(room.settings, store, order)
        except Busy as busy:
            log.warning("refused: %s", busy)
            room.stats.record_end("sync_catalog", "refused")
            return False
    log.info("catalog: %s", account.as_dict())
    return account.stopped


class _CatalogProgress:
    """Say in Redis how far a sync is, once a second at the most."""

    def __init__(self, room: WorkerContext) -> None:
        self._room = room
        self._next = 0.0

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + PROGRESS_EVERY
        self._room.stats.record_progress("catalog:pypi", done, total)

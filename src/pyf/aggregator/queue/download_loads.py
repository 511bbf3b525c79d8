"""The nightly load of download counts, in parts that end in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from celery.utils.log import get_task_logger

from ..enrich.document_updates import project_names
from ..errors import AggregatorError, UsageError
from ..index import SearchServer
from ..settings import Settings
from ..store import Store, StoreNotSetUp, open_store
from ..store.loads import history, runs
from ..store.sources import DownloadSource, open_source
from .active_profiles import ActiveProfiles
from .context import WorkerContext
from .locks import Busy

log = get_task_logger(__name__)


@dataclass(frozen=True)
class LoadResult:
    """How many days were published, whether some are left for another task, and what failed.

    ``resume_at`` is the first of those that are left, as an ISO date.
    """

    published: int = 0
    has_more: bool = False
    error: AggregatorError | None = None
    resume_at: str | None = None


def load_missing(room: WorkerContext, stop: Callable[[], bool]) -> LoadResult:
    """Load the day before and what else is missing; without a store there is nothing to do.

    A day that cannot be loaded does not keep the others from being loaded.
    """
    kept = room.settings.stats_retention_days
    try:
        return _load(
            room,
            stop,
            lambda store, source, watch: runs.run_nightly(store, source, kept, watch=watch),
        )
    except StoreNotSetUp:
        return LoadResult()
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.record_end("load_downloads", "refused")
        return LoadResult()


def load_range(room: WorkerContext, stop: Callable[[], bool], first: str, last: str) -> LoadResult:
    """Load the days from ``first`` to ``last`` (ISO dates), also those that are there already.

    Raises ``Busy`` while another load runs, so that the task is tried again, and ``UsageError``
    for what is no range of days that are over and kept.
    """
    days = days_in_range(first, last)
    for day in {days[0], days[-1]}:
        runs.check_in_retention(day, history.utc_now(), room.settings.stats_retention_days)
    return _load(
        room, stop, lambda store, source, watch: runs.load_days(store, source, days, watch=watch)
    )


def days_in_range(first: str, last: str) -> list[dt.date]:
    """The days of a range, both ends included; UsageError for what is none."""
    try:
        begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    except ValueError:
        raise UsageError("a day is written as 2026-01-31") from None
    if end < begin:
        raise UsageError(f"{end} is before {begin}")
    return [begin + dt.timedelta(n) for n in range((end - begin).days + 1)]


def _load(
    room: WorkerContext,
    stop: Callable[[], bool],
    run: Callable[[Store, DownloadSource, runs.RunCallbacks], runs.LoadRunResult],
) -> LoadResult:
    with (
        open_store(room.settings, readonly=False) as store,
        room.locks.hold("loads") as lock,
    ):
        source = source_for(
            room.settings, lambda: indexed_projects(room.server, room.active_profiles)
        )
        watch = runs.RunCallbacks(stop=lambda: stop() or lock.is_lost, failed=_log_error)
        outcome = run(store, source, watch)
    published = sum(done.event.status == "published" for done in outcome.loaded)
    log.info("downloads: %d days published, %d failed", published, len(outcome.failed))
    # With an error the rest waits for the next try.
    is_left = bool(outcome.remaining) and not outcome.failed
    goes_on_at = min(outcome.remaining).isoformat() if is_left else None
    return LoadResult(published, is_left, outcome.error, goes_on_at)


def source_for(
    settings: Settings,
    packages: Callable[[], list[str]],
    name: str | None = None,
    *,
    file: str | None = None,
    max_bytes: int | None = None,
) -> DownloadSource:
    """The source of this name or of the settings; ``pypistats`` asks for STATS_PACKAGES, or for
    what ``packages`` gives where that is empty.
    """
    is_asked = (name or settings.stats_source) == "pypistats" and not settings.stats_packages
    named = packages() if is_asked else []
    return open_source(settings, name, file=file, max_bytes=max_bytes, packages=named)


def indexed_projects(server: SearchServer, stocks: ActiveProfiles) -> list[str]:
    """Every project of the profiles that are followed, sorted."""
    targets = {stock.target.collection for stock in stocks.current()}
    return sorted({name for target in targets for name in project_names(server, target)})


def _log_error(day: object, error: AggregatorError) -> None:
    log.warning("%s: %s", day, error)

"""The nightly load of download counts, in parts that end in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from celery.utils.log import get_task_logger

from ..enrich.partial import project_names
from ..errors import AggregatorError, UsageError
from ..index import SearchServer
from ..settings import Settings
from ..store import Store, StoreNotSetUp, open_store
from ..store.loads import history, runs
from ..store.sources import Source, open_source
from .locks import Busy
from .shared import Shared
from .stocks import Stocks

log = get_task_logger(__name__)


@dataclass(frozen=True)
class Night:
    """How many days were published, whether some are left for another task, and what failed.

    ``goes_on_at`` is the first of those that are left, as an ISO date.
    """

    published: int = 0
    is_left: bool = False
    error: AggregatorError | None = None
    goes_on_at: str | None = None


def load_missing(room: Shared, stop: Callable[[], bool]) -> Night:
    """Load the day before and what else is missing; without a store there is nothing to do.

    A day that cannot be loaded does not keep the others from being loaded.
    """
    kept = room.settings.stats_retention_days
    try:
        return _load(
            room, stop, lambda store, source, watch: runs.nightly(store, source, kept, watch=watch)
        )
    except StoreNotSetUp:
        return Night()
    except Busy as busy:
        log.warning("refused: %s", busy)
        room.stats.ended("load_downloads", "refused")
        return Night()


def load_range(room: Shared, stop: Callable[[], bool], first: str, last: str) -> Night:
    """Load the days from ``first`` to ``last`` (ISO dates), also those that are there already.

    Raises ``Busy`` while another load runs, so that the task is tried again, and ``UsageError``
    for what is no range of days that are over and kept.
    """
    days = days_of(first, last)
    for day in {days[0], days[-1]}:
        runs.check_kept(day, history.utc_now(), room.settings.stats_retention_days)
    return _load(
        room, stop, lambda store, source, watch: runs.load_days(store, source, days, watch=watch)
    )


def days_of(first: str, last: str) -> list[dt.date]:
    """The days of a range, both ends included; UsageError for what is none."""
    try:
        begin, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    except ValueError:
        raise UsageError("a day is written as 2026-01-31") from None
    if end < begin:
        raise UsageError(f"{end} is before {begin}")
    return [begin + dt.timedelta(n) for n in range((end - begin).days + 1)]


def _load(
    room: Shared,
    stop: Callable[[], bool],
    run: Callable[[Store, Source, runs.Watch], runs.Outcome],
) -> Night:
    with (
        open_store(room.settings, readonly=False) as store,
        room.locks.hold("loads") as lock,
    ):
        source = source_for(room.settings, lambda: indexed(room.server, room.stocks))
        watch = runs.Watch(stop=lambda: stop() or lock.lost, failed=_tell)
        outcome = run(store, source, watch)
    published = sum(done.event.status == "published" for done in outcome.loaded)
    log.info("downloads: %d days published, %d failed", published, len(outcome.failed))
    # With an error the rest waits for the next try.
    is_left = bool(outcome.left) and not outcome.failed
    goes_on_at = min(outcome.left).isoformat() if is_left else None
    return Night(published, is_left, outcome.error, goes_on_at)


def source_for(
    settings: Settings,
    packages: Callable[[], list[str]],
    name: str | None = None,
    *,
    file: str | None = None,
    max_bytes: int | None = None,
) -> Source:
    """The source of this name or of the settings; ``pypistats`` asks for STATS_PACKAGES, or for
    what ``packages`` gives where that is empty.
    """
    is_asked = (name or settings.stats_source) == "pypistats" and not settings.stats_packages
    named = packages() if is_asked else []
    return open_source(settings, name, file=file, max_bytes=max_bytes, packages=named)


def indexed(server: SearchServer, stocks: Stocks) -> list[str]:
    """Every project of the profiles that are followed, sorted."""
    targets = {stock.target.collection for stock in stocks.now()}
    return sorted({name for target in targets for name in project_names(server, target)})


def _tell(day: object, error: AggregatorError) -> None:
    log.warning("%s: %s", day, error)

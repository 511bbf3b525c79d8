"""Runs of loads: several days, those that are missing, and what a night brings."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...errors import AggregatorError, PartialFailure, ServiceUnreachable, UsageError
from ..client import Store
from ..sources import DownloadSource, InvalidFile, NoData
from . import cleanup, history, retention
from .day_load import LoadRefused, LoadResult, load_day
from .staging import RowProgress

SKIPPABLE_ERRORS = (NoData, LoadRefused, InvalidFile)
"""What is wrong with one day only; the others are loaded all the same."""
MAX_NAMED_DAYS = 5
MAX_REFUSALS = 3
"""A day that was refused so often is not asked for again unless somebody names it."""


@dataclass
class LoadRunResult:
    """What a run did: loads that ended well, days that did not, days that it left for later."""

    loaded: list[LoadResult] = field(default_factory=list)
    failed: dict[dt.date, AggregatorError] = field(default_factory=dict)
    remaining: list[dt.date] = field(default_factory=list)

    @property
    def error(self) -> AggregatorError | None:
        """What went wrong: the error of the only day, else a sentence that names the days."""
        if not (self.failed or self.remaining):
            return None
        first = next(iter(self.failed.values()), None)
        if first is not None and not self.loaded and len(self.failed) == 1:
            return first
        named = [str(day) for day in sorted([*self.failed, *self.remaining])]
        more = f" and {len(named) - MAX_NAMED_DAYS} more" if len(named) > MAX_NAMED_DAYS else ""
        away = next((e for e in self.failed.values() if isinstance(e, ServiceUnreachable)), None)
        because = f": {away}" if away else ""
        return PartialFailure(f"not loaded: {', '.join(named[:MAX_NAMED_DAYS])}{more}{because}")


@dataclass(frozen=True)
class RunCallbacks:
    """Who follows a run: told of each day as it begins and of rows as they come, may end it."""

    day: Callable[[dt.date], None] = lambda day: None
    rows: RowProgress = lambda rows: None
    failed: Callable[[dt.date, AggregatorError], None] = lambda day, error: None
    stop: Callable[[], bool] = lambda: False


def load_days(
    store: Store,
    source: DownloadSource,
    days: Sequence[dt.date],
    *,
    accept: bool = False,
    again: Sequence[dt.date] = (),
    watch: RunCallbacks = RunCallbacks(),
) -> LoadRunResult:
    """Load days one after the other; those of ``again`` only where the figures have changed.

    A day that cannot be loaded is passed over; where source or store are away, or refuse, the run
    ends there and the rest is left.
    """
    outcome = LoadRunResult()
    waiting = [*days, *again]
    while waiting and not watch.stop():
        day = waiting.pop(0)
        watch.day(day)
        try:
            same = day in again
            done = load_day(
                store, source, day, accept=accept, only_if_changed=same, report=watch.rows
            )
            outcome.loaded.append(done)
        except AggregatorError as error:
            outcome.failed[day] = error
            watch.failed(day, error)
            if not isinstance(error, SKIPPABLE_ERRORS):
                break
    outcome.remaining = waiting
    return outcome


@dataclass(frozen=True)
class PendingDays:
    """Days to load, and days to look at again."""

    missing: tuple[dt.date, ...]
    again: tuple[dt.date, ...]


def retention_window(now: dt.datetime, retention_days: int) -> tuple[dt.date, dt.date]:
    """The first and the last day that a store is to hold at a moment."""
    today = now.astimezone(dt.UTC).date()
    return retention.first_kept_day(today, retention_days), today - dt.timedelta(1)


def check_in_retention(day: dt.date, now: dt.datetime, retention_days: int) -> None:
    """Raise ``UsageError`` for a day that is over retention or not over yet."""
    first, last = retention_window(now, retention_days)
    if day > last:
        raise UsageError(f"{day} is not over yet; the last day that can be loaded is {last} (UTC)")
    if day < first:
        raise UsageError(
            f"{day} is before {first}, and STATS_RETENTION_DAYS ({retention_days}) keeps no "
            "single days before that"
        )


def pending_days(
    store: Store,
    source: DownloadSource,
    now: dt.datetime,
    retention_days: int,
    *,
    first: dt.date | None = None,
    by_itself: bool = False,
) -> PendingDays:
    """The days since ``first`` (that retention keeps) which are missing or came too early.

    ``by_itself`` is what a night does: nothing before the first day there is, so that a new store
    does not run up a bill for half a year, and no day that was refused several times.
    """
    earliest, last = retention_window(now, retention_days)
    snapshot = store.snapshot()
    begin = max(first or earliest, earliest)
    if by_itself:
        begin = max(begin, min(snapshot.days, default=last))
    known = history.published_events(store, snapshot)
    missing, again = history.days_to_load(snapshot, known, begin, last, scope=source.scope)
    if by_itself:
        ends = history.load_events(store, begin, last)
        refused = Counter(event.day for event in ends if event.status == "refused")
        missing = [day for day in missing if refused[day] < MAX_REFUSALS]
    if source.scope == "part":
        missing = [day for day in missing if day not in snapshot.days]
    return PendingDays(tuple(missing), tuple(again))


@dataclass(frozen=True)
class MaintenanceResult:
    """What looking after the store did."""

    retired: retention.RetentionResult
    cleaned: cleanup.CleanupResult


def maintain_store(store: Store, now: dt.datetime, retention_days: int) -> MaintenanceResult:
    """Retire old months and remove what no reader sees."""
    retired = retention.retire_months(store, retention_days, now)
    return MaintenanceResult(retired, cleanup.clean_up(store, now))


def run_nightly(
    store: Store,
    source: DownloadSource,
    retention_days: int,
    *,
    watch: RunCallbacks = RunCallbacks(),
    clock: Callable[[], dt.datetime] = history.utc_now,
) -> LoadRunResult:
    """What a night does: look after the store, then load what is missing or came too early."""
    now = clock()
    maintain_store(store, now, retention_days)
    todo = pending_days(store, source, now, retention_days, by_itself=True)
    return load_days(store, source, todo.missing, again=todo.again, watch=watch)

"""One load: a day is staged beside the store's tables, checked, attached and published.

Attached rows carry the number of their load and count from the moment on at which one row in
``loads`` says so. Until then the day is what it was, whatever is ended where. What an ended load
leaves is never seen and removed later (``cleaning``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from ...errors import AggregatorError, SafetyStop, ServiceRefused, UsageError
from ..client import Store
from ..snapshot import Snapshot
from ..sources import DownloadSource, NoData
from . import checks, history
from .history import LoadEvent
from .staging import RowProgress, SentRows, StagingTable

MAX_LOAD_TIME = dt.timedelta(hours=12)
"""A load that takes longer is not published: what it left may be cleared away by then."""


class LoadRefused(ServiceRefused):
    """A load was read and not published; ``reasons`` say what is wrong with it."""

    def __init__(self, day: dt.date, reasons: list[str], *, may_accept: bool) -> None:
        self.day = day
        self.reasons = reasons
        hint = "; --accept publishes it all the same" if may_accept else ""
        super().__init__(f"the load of {day} was refused: {'; '.join(reasons)}{hint}")


@dataclass(frozen=True)
class LoadResult:
    """How a load ended well: ``event`` is what ``loads`` says of it."""

    event: LoadEvent
    sent: SentRows
    packages: int


def load_day(
    store: Store,
    source: DownloadSource,
    day: dt.date,
    *,
    accept: bool = False,
    only_if_changed: bool = False,
    report: RowProgress = lambda rows: None,
    clock: Callable[[], dt.datetime] = history.utc_now,
) -> LoadResult:
    """Load a day and publish it, also one that is there already.

    ``accept`` publishes figures that look wrong beside those of the days before;
    ``only_if_changed`` publishes only other figures than those that count now.
    Raises ``LoadRefused``, what the source raises, ``ServiceUnreachable``; the store says so in
    ``loads``.
    """
    started = clock()
    if day >= started.date():
        raise UsageError(f"{day} is not over yet; a day is loaded once it has ended (UTC)")
    begun = LoadEvent(
        history.new_load_id(started), day, source.name, source.scope, "failed", "", 0, 0, started,
        started, accept,
    )  # fmt: skip
    return _DayLoad(store, source, begun, report, clock).run(accept, only_if_changed)


class _DayLoad:
    def __init__(
        self,
        store: Store,
        source: DownloadSource,
        event: LoadEvent,
        report: RowProgress,
        clock: Callable[[], dt.datetime],
    ) -> None:
        self._store = store
        self._source = source
        self._event = event
        self._report = report
        self._clock = clock
        self._staging = StagingTable(store, event.id, event.day)

    def run(self, accept: bool, only_if_changed: bool) -> LoadResult:
        """The whole load; what it made beside the tables is gone afterwards."""
        try:
            loaded = self._load(accept, only_if_changed)
        except BaseException as error:
            # Of several failures the first one is what somebody wants to read.
            with suppress(AggregatorError):
                self._staging.drop()
                if not isinstance(error, NoData):
                    self._end(_status(error), _reason(error))
            raise
        self._staging.drop()
        return loaded

    def _load(self, accept: bool, only_if_changed: bool) -> LoadResult:
        before = self._store.snapshot()
        replaced = self._load_to_extend(before)
        self._staging.create()
        sent = self._staging.fill(self._source.read(self._event.day), self._report)
        measured = self._complete(sent, replaced)
        self._event = replace(
            self._event,
            rows=measured.figures.rows,
            downloads_total=measured.figures.downloads,
        )
        self._check(sent, measured, before, accept)
        if only_if_changed and self._is_same(before):
            return LoadResult(self._end("unchanged", ""), sent, measured.packages)
        self._staging.attach()
        self._check_not_overtaken(replaced)
        return LoadResult(self._end("published", ""), sent, measured.packages)

    def _load_to_extend(self, before: Snapshot) -> int | None:
        """The load of some packages whose others are kept; refuses to go before a whole day."""
        day = self._event.day
        if self._source.scope == "full" or day not in before.days:
            return None
        if day not in before.partial:
            reason = "the day is there with all packages, and this source has only some"
            raise LoadRefused(day, [reason], may_accept=False)
        return before.days[day]

    def _complete(self, sent: SentRows, replaced: int | None) -> checks.LoadMeasurement:
        if sent.renamed or not self._source.grouped:
            self._staging.merge()
        for dimension in self._source.remainders:
            self._staging.add_unknown(dimension)
        if replaced is not None:
            self._staging.copy_missing(replaced)
        if self._source.scope == "full":
            self._staging.add_totals()
        return self._staging.measure()

    def _check(
        self, sent: SentRows, measured: checks.LoadMeasurement, before: Snapshot, accept: bool
    ) -> None:
        day = self._event.day
        if reason := checks.invalid_reason(measured):
            raise LoadRefused(day, sent.faults or [reason], may_accept=False)
        if sent.wrong and not accept:
            raise LoadRefused(day, sent.faults, may_accept=True)
        if self._source.scope == "part" or accept:
            return
        known = history.recent_figures(self._store, before, day)
        if reasons := checks.outlier_reasons(day, measured.figures, known):
            raise LoadRefused(day, reasons, may_accept=True)

    def _is_same(self, before: Snapshot) -> bool:
        known = history.published_events(self._store, before).get(self._event.day)
        return known is not None and (known.scope, known.rows, known.downloads_total) == (
            self._event.scope,
            self._event.rows,
            self._event.downloads_total,
        )

    def _check_not_overtaken(self, replaced: int | None) -> None:
        """Refuse to publish what another load or the clock has overtaken."""
        day = self._event.day
        if self._clock() - self._event.started > MAX_LOAD_TIME:
            raise SafetyStop(f"the load of {day} took more than {MAX_LOAD_TIME}; load it again")
        if self._source.scope == "part" and self._store.snapshot().days.get(day) != replaced:
            raise SafetyStop(f"{day} was loaded by somebody else meanwhile; load it again")

    def _end(self, status: str, reason: str) -> LoadEvent:
        event = replace(self._event, status=status, reason=reason, finished=self._clock())
        history.record_events(self._store, [event])
        return event


def _status(error: BaseException) -> str:
    return "refused" if isinstance(error, LoadRefused) else "failed"


def _reason(error: BaseException) -> str:
    if isinstance(error, LoadRefused):
        return "; ".join(error.reasons)
    return str(error) if isinstance(error, AggregatorError) else type(error).__name__

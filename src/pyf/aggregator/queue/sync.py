"""Every change since the serials reached, for all profiles in one run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from celery.utils.log import get_task_logger

from ..errors import SafetyStop, ServiceUnreachable
from ..http import UpstreamError
from ..index import collections
from ..ingest.changelog import add_changelog, add_index_difference
from ..ingest.cursor import Cursor
from ..ingest.multi_profile import ActiveProfile, InspectOptions, InspectResult, ProjectRequest
from ..ingest.worklist import WorkItem, Worklist
from ..names import NormalizedName
from ..registries.discovery import BrowseDiscovery
from ..registries.pypi import PyPI
from ..settings import mask_credentials
from . import time_limits
from .collection_runs import CollectionJob
from .config import PREFIX
from .context import WorkerContext
from .inspection import run_inspection
from .locks import Busy
from .task import RETRYABLE

log = get_task_logger(__name__)

T = TypeVar("T")

FEW = 10
"""So few projects may always leave a collection, however small it is."""
FULL_EVERY = 3600
"""Seconds until a full fetch that is needed is queued once more, should the first be lost."""
DIFFERENCE = "pyf:difference"
DIFFERENCE_EVERY = 1800
"""Seconds between two comparisons with the list of all projects, where there is no journal."""


@dataclass
class SyncResult:
    """What a run did. ``to_fetch`` are profiles without a cursor, which need a full fetch first.

    ``unfinished`` says that the time was over before the work.
    """

    inspected: int = 0
    fetched: int = 0
    serial: int = 0
    unfinished: bool = False
    failed: dict[str, int] = field(default_factory=dict)
    to_fetch: list[CollectionJob] = field(default_factory=list)


def run(
    room: WorkerContext,
    stop: Callable[[], bool],
    *,
    may_remove: bool = False,
    on_new: Callable[[str], None] = lambda _name: None,
) -> SyncResult:
    """Bring all changes in, then move the cursors; without effect while another run does.

    ``stop`` says when no further project is to be begun; ``on_new`` hears of each project that a
    collection had nothing of, once it is in. Raises ``ServiceUnreachable`` when the registry
    or the search server is away, ``SafetyStop`` when too much would be removed; the cursors of the
    collections concerned stay where they are then.
    """
    work = _Sync(room, stop, may_remove, on_new)
    try:
        with room.locks.hold("sync"):
            work.run()
    except Busy as busy:
        log.info("refused: %s", busy)
        room.stats.record_end("sync_changes", "refused")
    return work.report


@dataclass
class _Removals:
    """Projects that would lose documents, which waits until it is known how many there are."""

    wanted: dict[NormalizedName, ProjectRequest] = field(default_factory=dict)
    touched: dict[NormalizedName, set[str]] = field(default_factory=dict)
    documents: Counter[str] = field(default_factory=Counter)
    projects: Counter[str] = field(default_factory=Counter)

    def note(self, wanted: ProjectRequest, postponed: Counter[str]) -> None:
        self.wanted[wanted.name] = wanted
        self.touched[wanted.name] = set(postponed)
        self.documents.update(postponed)
        self.projects.update(set(postponed))


class _Sync:
    def __init__(
        self,
        room: WorkerContext,
        stop: Callable[[], bool],
        may_remove: bool,
        on_new: Callable[[str], None],
    ) -> None:
        self._room = room
        self._on_new = on_new
        self._stop = stop
        self._may_remove = may_remove
        self._removals = _Removals()
        self.report = SyncResult()

    def run(self) -> None:
        stocks, cursors = self._active_cursors()
        if stocks:
            self._process_changes(stocks, cursors)

    def _active_cursors(self) -> tuple[list[ActiveProfile], dict[str, Cursor]]:
        stocks: list[ActiveProfile] = []
        cursors: dict[str, Cursor] = {}
        for stock in self._room.active_profiles.current():
            cursor = self._room.cursors.read(stock.target.alias)
            if cursor is None:
                job = CollectionJob(stock.profile.key, stock.target.alias)
                # Once, however many runs pass before that fetch has its turn.
                if all(self._room.dedup.claim([f"pyf:dedup:full:{job.collection}"], FULL_EVERY)):
                    self.report.to_fetch.append(job)
            else:
                stocks.append(stock)
                cursors[stock.target.alias] = cursor
        return stocks, cursors

    def _process_changes(self, stocks: list[ActiveProfile], cursors: dict[str, Cursor]) -> None:
        start = min(cursor.serial for cursor in cursors.values())
        with Worklist() as worklist:
            self.report.serial = self._add_changes(worklist, stocks, start)
            self._drop_unrelated(worklist, stocks)
            for cursor in cursors.values():
                worklist.add(WorkItem(name, serial) for name, serial in cursor.retry.items())
            self._inspect_all(worklist)
        if self.report.unfinished:
            return
        blocked = self._remove(stocks)
        for alias in cursors.keys() - blocked.keys():
            self._advance_cursor(alias, cursors[alias])
        if blocked:
            raise SafetyStop("; ".join(blocked.values()))

    def _add_changes(self, worklist: Worklist, stocks: list[ActiveProfile], start: int) -> int:
        """Note what changed: by the journal, without one now and then by the list of projects."""
        try:
            return self._ask(lambda pypi: add_changelog(pypi, worklist, start))
        except UpstreamError as error:
            away = error
        if not self._room.redis.set(DIFFERENCE, "1", nx=True, ex=DIFFERENCE_EVERY):
            log.warning("nothing is known of changes: %s", away)
            self._room.stats.record_unreachable(mask_credentials(away.service))
            return start
        try:
            self._load_names(worklist, stocks)
            stated = self._ask(lambda pypi: add_index_difference(pypi, worklist, start, away))
        except BaseException:
            self._room.redis.delete(DIFFERENCE)
            raise
        return max(start, stated)

    def _drop_unrelated(self, worklist: Worklist, stocks: list[ActiveProfile]) -> None:
        """After many changes it costs less to ask by classifier than for every project."""
        profiles = [stock.profile for stock in stocks]
        classifiers = {classifier for profile in profiles for classifier in profile.classifiers}
        if len(worklist) <= len(classifiers) or any(profile.matches_all for profile in profiles):
            return
        self._load_names(worklist, stocks)
        try:
            names = self._ask(lambda pypi: BrowseDiscovery(pypi).names(classifiers))
        except UpstreamError:
            return  # it only spares requests; the metadata decides in any case
        worklist.retain([*names, *(name for profile in profiles for name in profile.include)])

    def _load_names(self, worklist: Worklist, stocks: list[ActiveProfile]) -> None:
        for stock in stocks:
            alias, server = stock.target.alias, self._room.server
            worklist.load_known(collections.documents(server, alias, PyPI.registry, "id", "name"))

    def _inspect_all(self, worklist: Worklist) -> None:
        tasks = worklist.tasks(0)
        workers = self._room.upstream.policy.workers
        with ThreadPoolExecutor(workers, "sync") as pool:
            while batch := list(islice(tasks, 4 * workers)):
                if self._stop():
                    self.report.unfinished = True
                    return
                looks = list(pool.map(self._inspect, batch))
                for task, result in zip(batch, looks, strict=True):
                    self._record_result(task, result)
                self._stop_if_unavailable(looks)

    def _inspect(self, task: WorkItem) -> InspectResult | Exception:
        wanted = ProjectRequest.of(task.name, task.serial)
        try:
            return run_inspection(self._room, wanted, InspectOptions(may_remove=False))
        except Exception as error:
            return error

    def _record_result(self, task: WorkItem, result: InspectResult | Exception) -> None:
        """What fails for a reason that may pass is kept for the next run, the rest is parked."""
        self.report.inspected += 1
        if isinstance(result, RETRYABLE):
            self.report.failed[task.name] = task.serial
        elif isinstance(result, Exception):
            log.error("looking at %s failed", task.name, exc_info=result)
            self._add_dead_letter(task, result)
        else:
            self.report.fetched += result.fetched
            if result.new:
                self._on_new(task.name)
            if result.postponed:
                self._removals.note(ProjectRequest.of(task.name, task.serial), result.postponed)

    def _add_dead_letter(self, task: WorkItem, error: Exception) -> None:
        kwargs = {"serial": task.serial}
        reason = f"{type(error).__name__}: {error}"
        self._room.dead.add(f"{PREFIX}inspect_project", task.name, [task.name], kwargs, reason)

    def _stop_if_unavailable(self, looks: list[InspectResult | Exception]) -> None:
        """When nothing works, something all need is away; going on would only wear it down."""
        failed = [look for look in looks if isinstance(look, RETRYABLE)]
        away = [error for error in failed if not isinstance(error, Busy)]
        if len(away) == len(looks) and len(away) >= FEW:
            last = away[-1]
            raise (
                last
                if isinstance(last, ServiceUnreachable)
                else ServiceUnreachable("a service", str(last))
            )

    def _remove(self, stocks: list[ActiveProfile]) -> dict[str, str]:
        """Let projects lose their documents, unless they are suspiciously many.

        Returns why nothing was removed, by collection.
        """
        removals = self._removals
        blocked = {} if self._may_remove else self._blocked_removals(stocks)
        for name, wanted in removals.wanted.items():
            if removals.touched[name] & blocked.keys():
                continue
            try:
                run_inspection(self._room, wanted)
            except RETRYABLE:
                self.report.failed[name] = wanted.serial
        return blocked

    def _blocked_removals(self, stocks: list[ActiveProfile]) -> dict[str, str]:
        blocked = {}
        share = self._room.settings.pyf_max_delete_share
        for alias, documents in self._removals.documents.items():
            total = collections.count_of_registry(self._room.server, alias, PyPI.registry)
            if documents > share * total and self._removals.projects[alias] > FEW:
                blocked[alias] = (
                    f"{documents} of {total} documents of {alias} would be removed, more than the "
                    f"{share:.0%} that PYF_MAX_DELETE_SHARE allows: none was; look into it, "
                    "then queue sync_changes(may_remove=True)"
                )
        return blocked

    def _advance_cursor(self, alias: str, before: Cursor) -> None:
        serial = max(self.report.serial, before.serial)
        after = Cursor(serial, None, dict(self.report.failed))
        if after != before and not self._room.cursors.advance(alias, before, after):
            log.info("the cursor of %s was set by another run meanwhile", alias)

    def _ask(self, question: Callable[[PyPI], Coroutine[Any, Any, T]]) -> T:
        return self._room.upstream.ask(
            question, time_limits.remaining_seconds(self._room.long_limit)
        )

"""The three runs: full fetch, incremental by serial, refresh of what is indexed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ..errors import SafetyStop, UsageError
from ..http import UpstreamError
from ..index import BulkWriter, SearchServer, collections
from ..index.collections import AliasTarget
from ..names import normalize_name
from ..profile import Profile
from ..registries.discovery import Discovery
from ..registries.pypi import PyPI
from ..settings import mask_credentials
from .changelog import add_changes, read_index
from .cursor import Cursor, CursorStore, serial_at
from .fetch_result import FetchResult
from .mismatches import Mismatches
from .pipeline import Pipeline
from .project import ProjectInspector
from .worklist import KNOWN_FIELDS, WorkItem, Worklist

NO_SERIALS = (
    "the index states no serials: every project is fetched each time, and incremental runs are "
    "not possible"
)


@dataclass(frozen=True)
class RunScope:
    """Which part of the profile a run covers. A part never moves the cursor.

    ``after`` leaves out the projects up to that normalized name.
    """

    name_part: str = ""
    limit: int | None = None
    after: str = ""

    @property
    def is_whole(self) -> bool:
        """True when nothing is left out."""
        return not self.name_part and self.limit is None and not self.after


@dataclass
class IngestRun:
    """What all runs share: where from, where to, for whom, and how much may be removed.

    ``may_remove(removed, total)`` is asked when a run would remove more than ``max_delete_share``
    of the documents; its ``False`` stops the run with nothing removed. ``commit`` is called when
    all documents are in, before the cursor moves. Once ``stop`` says so, no further project is
    begun; the cursor stays, and ``FetchResult.stopped_after`` tells where to go on.
    ``removed_before`` are the documents that earlier parts of the same run removed.
    """

    pypi: PyPI
    server: SearchServer
    target: AliasTarget
    profile: Profile
    cursor_store: CursorStore
    mismatches: Mismatches
    scope: RunScope = field(default_factory=RunScope)
    batch_size: int = 500
    max_delete_share: float = 0.05
    may_remove: Callable[[int, int], bool] = lambda _removed, _total: False
    report: Callable[[FetchResult, int], None] = lambda _summary, _total: None
    commit: Callable[[], None] = lambda: None
    stop: Callable[[], bool] = lambda: False
    removed_before: int = 0

    async def full(self, discovery: Discovery | None, *, rebuild: bool = False) -> FetchResult:
        """Fetch every project of the profile; those that did not change are left alone.

        ``discovery`` names the candidates; ``None`` takes every project of the index. With
        ``rebuild`` everything is fetched and written anew.
        """
        async with self._run_context(rebuild=rebuild) as job:
            # Before anything is named: what is published meanwhile is for the next run.
            newest = await self._newest_serial()
            candidates = await discovery.names(self.profile.classifiers) if discovery else None
            if candidates is not None:
                job.worklist.add(WorkItem(name, 0) for name in candidates)
                job.worklist.add(WorkItem(name, 0) for name in self.profile.include)
            serial = await self._note_serials(job, newest, everything=candidates is None)
            job.worklist.add_known()
            self._narrow(job)
            await self._work(job, skip_current=not rebuild)
            self._finish(job, serial)
        return job.summary

    async def incremental(self, discovery: Discovery | None) -> FetchResult:
        """Bring in every change since the cursor, however long ago that was."""
        cursor = self.cursor_store.read(self.target.alias)
        if cursor is None:
            raise UsageError(
                f"{self.cursor_store} says nothing of {self.target.alias}; "
                "run a full fetch (-f) first"
            )
        async with self._run_context() as job:
            start = cursor.serial
            if cursor.timestamp is not None:
                start = await serial_at(self.pypi, cursor.timestamp)
            serial = await add_changes(self.pypi, job.worklist, start)
            if serial <= start:
                await self._check_not_ahead(start)
            if discovery and len(job.worklist) > len(self.profile.classifiers):
                await self._drop_unrelated(job, discovery)
            job.worklist.add(WorkItem(name, wanted) for name, wanted in cursor.retry.items())
            self._narrow(job)
            await self._work(job, skip_current=True)
            self._finish(job, max(serial, start))
        return job.summary

    async def refresh(self) -> FetchResult:
        """Look at every indexed project again; remove what is gone from the registry, only that."""
        async with self._run_context(refresh=True) as job:
            job.worklist.add_known()
            self._narrow(job)
            await self._work(job, skip_current=False)
            self._finish(job, None)
        return job.summary

    def _run_context(self, *, refresh: bool = False, rebuild: bool = False) -> RunContext:
        return RunContext(self, ProjectInspector(self.pypi, self.profile, refresh, rebuild))

    async def _newest_serial(self) -> int | None:
        """The registry's newest serial, ``None`` where it has none."""
        try:
            return await self.pypi.last_serial()
        except UpstreamError:
            return None

    async def _note_serials(
        self, job: RunContext, newest: int | None, *, everything: bool
    ) -> int | None:
        """Read the list of all projects for their serials.

        Returns the serial up to which the run will be complete, ``None`` where there are none.
        """
        add = job.worklist.add if everything else job.worklist.note_serials
        stated = await read_index(self.pypi, job.worklist, add)
        if stated is None and everything:
            raise UpstreamError(self.pypi.fetcher.base, "it gives no list of all projects as JSON")
        if stated is None and newest is None:
            job.summary.notes.append(NO_SERIALS)
        known = [serial for serial in (newest, stated) if serial is not None]
        return min(known, default=None)

    async def _check_not_ahead(self, start: int) -> None:
        """Nothing after a serial that the registry has not reached is no news, but a mistake."""
        newest = await self._newest_serial()
        if newest is not None and newest < start:
            raise UsageError(
                f"{self.cursor_store} has the serial {start}, but the newest of "
                f"{mask_credentials(self.pypi.fetcher.base)} is {newest}: it belongs to another "
                "index; run a full fetch (-f)"
            )

    async def _drop_unrelated(self, job: RunContext, discovery: Discovery) -> None:
        """Keep those on the list that may belong: a project that is not named carries nothing."""
        try:
            names = await discovery.names(self.profile.classifiers)
        except UpstreamError:
            return  # it only spares requests; the metadata decides in any case
        job.worklist.retain([*names, *self.profile.include])

    def _narrow(self, job: RunContext) -> None:
        if not self.scope.is_whole:
            part = normalize_name(self.scope.name_part) if self.scope.name_part else ""
            job.worklist.keep_only(part, self.scope.limit, self.scope.after)

    async def _work(self, job: RunContext, *, skip_current: bool) -> None:
        if skip_current:
            skipped = await asyncio.to_thread(job.worklist.drop_current)
            kept_out = job.worklist.drop_tasks(self.mismatches.contains)
            job.summary.unchanged = skipped
            job.summary.matched = skipped
            job.summary.seen = skipped + kept_out
        total = job.summary.seen + len(job.worklist)
        await Pipeline(
            job.worklist,
            job.inspector,
            self.pypi.fetcher,
            job.writer,
            job.summary,
            report=lambda summary: self.report(summary, total),
            on_mismatch=lambda task, serial: self._note_mismatch(job, task, serial),
            stop=self.stop,
        ).run()

    def _note_mismatch(self, job: RunContext, task: WorkItem, serial: int) -> None:
        """Remember it; one that the profile names cannot be meant, so it is told."""
        self.mismatches.note(task, serial)
        if task.name in self.profile.include:
            job.summary.notes.append(f"{task.name} is included, but has no releases on the index")

    def _finish(self, job: RunContext, serial: int | None) -> None:
        """Remove what is to be removed, commit, then move the cursor, in this order."""
        job.summary.indexed = job.writer.written
        job.summary.refused = job.writer.refused
        job.summary.removed = self._remove(job)
        if job.summary.stopped_after:
            return
        self.commit()
        if serial is None:
            return
        job.summary.serial = serial
        if self.scope.is_whole:
            retry = {name: job.worklist.serial_of(name) for name in job.summary.failed}
            self.cursor_store.write(self.target.alias, Cursor(serial, None, retry))
        else:
            job.summary.notes.append("a part of the profile only: the since-file stays as it was")

    def _remove(self, job: RunContext) -> int:
        ids = job.worklist.removals()
        if not ids:
            return 0
        held = collections.count_of_registry(self.server, self.target.collection, PyPI.registry)
        total = held + self.removed_before
        lost = len(ids) + self.removed_before
        if lost > self.max_delete_share * total and not self.may_remove(lost, total):
            raise SafetyStop(
                f"{lost} of {total} documents would be removed, more than the "
                f"{self.max_delete_share:.0%} that PYF_MAX_DELETE_SHARE allows: nothing was "
                "removed; look into it, then run again with --yes"
            )
        return job.writer.delete(ids)


class RunContext:
    """One run under way: its list, its writer, its account. Use as ``async with``."""

    def __init__(self, run: IngestRun, inspector: ProjectInspector) -> None:
        self.inspector = inspector
        self.summary = FetchResult()
        self.worklist = Worklist()
        self.writer = BulkWriter(run.server, run.target.collection, batch_size=run.batch_size)
        self._run = run
        self._begun = 0.0

    async def __aenter__(self) -> RunContext:
        self._begun = time.monotonic()
        run = self._run
        known = collections.documents(
            run.server, run.target.collection, PyPI.registry, *KNOWN_FIELDS
        )
        await asyncio.to_thread(self.worklist.load_known, known)
        return self

    async def __aexit__(self, *error: object) -> None:
        traffic = self._run.pypi.fetcher.traffic
        self.summary.requests = traffic.requests
        self.summary.retries = traffic.retries
        self.summary.seconds = time.monotonic() - self._begun
        self.worklist.__exit__(None, None, None)

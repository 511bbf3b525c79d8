"""Looking at the projects of a catalog's list, many at once, and writing what was found."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..http import UpstreamError
from ..registries.pypi import PyPI
from ..registries.pypi.simple import PageUnchanged, ProjectPage
from ..registries.results import (
    AbsentProject,
    EmptyProject,
    FoundProject,
    NoUsableAnswer,
    QuarantinedProject,
    StaleAnswer,
)
from ..store import Store, catalog
from .catalog_row import empty_row, project_row
from .catalog_worklist import CatalogWorklist, CrawlTask

ROUNDS = 3
"""How often a project is looked at when there is no usable answer for it."""
BATCH = 500
"""Projects that are written together."""
FLUSH_AFTER = 10.0
"""Seconds after which a smaller batch is written, so that a run that is killed loses little."""
MAX_UNAVAILABLE, MAX_UNUSABLE = 50, 1_000
"""Projects in a row without any answer, or without one that can be used, after which a sync gives
up: an upstream that is away, and one that has no metadata at all."""


@dataclass
class CrawlResult:
    """How many projects were fetched, and how many are as before."""

    fetched: int = 0
    unchanged: int = 0
    quarantined: int = 0
    stopped: bool = False
    failed: dict[str, str] = field(default_factory=dict)


@dataclass
class _Batch:
    """What waits to be written."""

    rows: list[catalog.CatalogProject] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    quarantined: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.touched) + len(self.quarantined)


class CatalogCrawler:
    """Work off a list. Only ``AbsentProject`` counts a project as lost; it is noted on the list.

    ``report`` is called with the projects done. Once ``stop`` says so no further one is begun.
    """

    def __init__(
        self,
        pypi: PyPI,
        store: Store,
        work: CatalogWorklist,
        report: Callable[[int], None],
        stop: Callable[[], bool],
    ) -> None:
        self._pypi, self._store, self._list = pypi, store, work
        self._report, self._stop = report, stop
        self._result = CrawlResult()
        self._batch = _Batch()
        self._writing = asyncio.Lock()
        self._written = time.monotonic()
        self._done = self._away = self._unusable = 0

    async def run(self) -> CrawlResult:
        """Look at everything; raises ``ServiceUnreachable`` when upstream or store stay away."""
        policy = self._pypi.fetcher.policy
        for round_ in range(ROUNDS):
            if round_ and self._list.failures(round_):
                await asyncio.sleep(policy.backoff)
            await self._round(round_, policy.workers)
        self._result.failed = self._list.failures(ROUNDS)
        return self._result

    async def _round(self, round_: int, workers: int) -> None:
        looks = self._list.tasks(round_)
        tasks = [asyncio.create_task(self._work(looks, round_)) for _ in range(workers)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Also when the run is interrupted: what was done stays done.
            await self._write()

    async def _work(self, looks: Iterator[CrawlTask], round_: int) -> None:
        for look in looks:
            if self._done and self._stop():
                self._result.stopped = True
                return
            failure = await self._look(look)
            if failure is None:
                self._away = self._unusable = 0
                self._done += 1
                self._report(self._done)
            else:
                self._list.retry_later(look, round_ + 1, failure.reason)
                self._give_up_if_useless(failure)
            if len(self._batch) >= BATCH or time.monotonic() - self._written > FLUSH_AFTER:
                await self._write()

    async def _look(self, look: CrawlTask) -> NoUsableAnswer | None:
        """Look at one project; return why nothing can be said of it yet, if so."""
        try:
            if look.etag:
                page = await self._pypi.page_if_changed(look.name, look.etag)
                if isinstance(page, PageUnchanged):
                    self._batch.touched.append(look.name)
                    self._result.unchanged += 1
                    return None
            return await self._fetch(look)
        except UpstreamError as error:
            return NoUsableAnswer(error.reason, unavailable=True)

    async def _fetch(self, look: CrawlTask) -> NoUsableAnswer | None:
        result = await self._pypi.project(look.name, serial=look.serial)
        now = dt.datetime.now(dt.UTC)
        match result:
            case FoundProject():
                page: ProjectPage | None = await self._pypi.page(look.name)
                self._batch.rows.append(project_row(result, page, look.serial, now))
            case EmptyProject():
                self._batch.rows.append(empty_row(look.name, look.serial, now))
            case QuarantinedProject():
                self._mark_quarantined(look, now)
            case AbsentProject():
                self._mark_absent(look, now)
            case StaleAnswer():
                return NoUsableAnswer(result.reason)
            case NoUsableAnswer():
                return result
        self._result.fetched += 1
        return None

    def _mark_quarantined(self, look: CrawlTask, now: dt.datetime) -> None:
        self._result.quarantined += 1
        if look.known:
            self._batch.quarantined.append(look.name)
        else:
            self._batch.rows.append(
                catalog.CatalogProject(
                    look.name, look.name, look.serial, status=catalog.QUARANTINED, checked=now
                )
            )

    def _mark_absent(self, look: CrawlTask, now: dt.datetime) -> None:
        if look.known:
            self._list.mark_absent(look.name)
        else:
            # Listed from a cache, and gone before anybody looked.
            row = catalog.CatalogProject(look.name, look.name, look.serial, gone=True, checked=now)
            self._batch.rows.append(row)

    def _give_up_if_useless(self, failure: NoUsableAnswer) -> None:
        self._away = self._away + 1 if failure.unavailable else 0
        self._unusable += 1
        fetcher = self._pypi.fetcher
        is_away = self._away >= max(MAX_UNAVAILABLE, 3 * fetcher.policy.workers)
        if is_away or self._unusable >= MAX_UNUSABLE:
            raise UpstreamError(
                fetcher.base,
                f"{self._unusable} projects in a row had no usable answer, the last one "
                f"{failure.reason}",
            )

    async def _write(self) -> None:
        """Write what waits; who comes meanwhile waits, so that little is held."""
        async with self._writing:
            batch, self._batch = self._batch, _Batch()
            self._written = time.monotonic()
            if len(batch):
                await asyncio.to_thread(self._write_batch, batch)

    def _write_batch(self, batch: _Batch) -> None:
        now = dt.datetime.now(dt.UTC)
        catalog.put_projects(self._store, batch.rows)
        catalog.mark_checked(self._store, batch.touched, now)
        catalog.mark_quarantined(self._store, batch.quarantined, now)

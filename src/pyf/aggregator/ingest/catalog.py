"""The catalog of all projects, kept by serial.

The registry's list of all projects states a serial for each. What moved since the catalog's row
was written is looked at, so a run that was killed goes on where it was: the rows themselves say
what is still to do. An index without serials cannot tell what moved; there every project is
looked at again once it has an age, by the ETag of its page where it has one.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import uvloop

from ..errors import SafetyStop, UsageError
from ..http import Fetcher, FetchPolicy, UpstreamError
from ..registries.pypi import PyPI, simple
from ..settings import Settings, mask_credentials
from ..store import Store, catalog
from .catalog_crawl import CatalogCrawler, CrawlResult
from .catalog_worklist import CatalogWorklist, RecheckPolicy

DAY = 86_400.0
AGE_WITHOUT_SERIALS = 7.0
"""Days after which a project is looked at again where the index states no serials."""
SWEEP = 2_000
"""Projects that each sync looks at although nothing moved: archiving one moves no serial."""
MOST_FAILED = 1_000
"""Projects without an answer with which a sync still counts as complete; it names them."""
NO_SERIALS = (
    "the index states no serials: changes are found only when a project is looked at again, "
    "which is after {age:g} days here (--older-than)"
)


@dataclass(frozen=True)
class CatalogSyncOptions:
    """How the catalog is brought up to date.

    ``older_than`` (days) looks again at all that were looked at longer ago; ``sweep`` at so many
    of them. ``limit`` looks at a part only. ``moved`` takes another address for the same registry;
    ``restart`` empties the catalog first. ``may_lose(lost, total)`` is asked when more projects
    would be gone than PYF_MAX_DELETE_SHARE allows. ``report(done, total)`` counts projects.
    ``first(projects, source)`` is told before an empty catalog's first requests for projects, and
    before ``restart`` empties one; what it raises keeps both from being done.
    """

    older_than: float | None = None
    sweep: int = SWEEP
    limit: int | None = None
    moved: bool = False
    restart: bool = False
    may_lose: Callable[[int, int], bool] = lambda _lost, _total: False
    report: Callable[[int, int], None] = lambda _done, _total: None
    on_first_sync: Callable[[int, str], None] = lambda _projects, _source: None
    stop: Callable[[], bool] = lambda: False


@dataclass
class CatalogSyncResult:
    """What a sync did. All but ``requests`` and ``serial`` count projects."""

    listed: int = 0
    fetched: int = 0
    unchanged: int = 0
    quarantined: int = 0
    gone: int = 0
    requests: int = 0
    seconds: float = 0.0
    serial: int = 0
    left: int = 0
    """Still to look at: a part was asked for, or the run was told to end early."""
    stopped: bool = False
    failed: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when nothing that was asked for is missing."""
        return not self.failed and not self.stopped

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        return {**vars(self), "seconds": round(self.seconds, 3)}


def sync(settings: Settings, store: Store, order: CatalogSyncOptions) -> CatalogSyncResult:
    """Bring the catalog up to date and return the account of it.

    Raises ``SafetyStop`` where too much would be gone, ``UsageError`` where the catalog is another
    registry's, and the errors of store and upstream; what was written stays.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        # One thread beside the loop: writes keep their order.
        runner.get_loop().set_default_executor(ThreadPoolExecutor(1, "catalog"))
        return runner.run(_sync(settings, store, order))


async def _sync(settings: Settings, store: Store, order: CatalogSyncOptions) -> CatalogSyncResult:
    async with Fetcher(
        settings.pypi_url, FetchPolicy.for_pypi(settings), contact=settings.pyf_contact
    ) as fetcher:
        with CatalogWorklist() as work:
            run = _CatalogSync(settings, store, order, PyPI(fetcher), work)
            return await run.run()


class _CatalogSync:
    """One sync under way."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        order: CatalogSyncOptions,
        pypi: PyPI,
        work: CatalogWorklist,
    ) -> None:
        self._store, self._order, self._pypi, self._list = store, order, pypi, work
        self._share = settings.pyf_max_delete_share
        self._source = mask_credentials(settings.pypi_url)
        self._started = dt.datetime.now(dt.UTC)
        self._account = CatalogSyncResult()

    async def run(self) -> CatalogSyncResult:
        begun = time.monotonic()
        await asyncio.to_thread(self._check_source)
        listing = await self._listing()
        there = await asyncio.to_thread(self._compare, listing)
        # Here and not in the thread: somebody may be asked, and Ctrl-C is heard here alone.
        self._check_loss(self._list.missing(), there, "are listed no more")
        ages = self._ages(has_serials=listing.serial is not None)
        planned = await asyncio.to_thread(self._list.plan, ages)
        total = planned if self._order.limit is None else self._list.truncate(self._order.limit)
        await self._begin(there, total)
        crawl = CatalogCrawler(
            self._pypi,
            self._store,
            self._list,
            lambda done: self._order.report(done, total),
            self._order.stop,
        )
        done = await crawl.run()
        self._take(done, planned)
        lost = self._list.absent_names()
        self._check_loss(len(lost), there, "are gone")
        await asyncio.to_thread(self._finish, lost)
        self._account.requests = self._pypi.fetcher.traffic.requests
        self._account.seconds = time.monotonic() - begun
        return self._account

    async def _begin(self, there: int, total: int) -> None:
        if not there:
            self._order.on_first_sync(total, self._source)
        if self._order.restart:
            await asyncio.to_thread(catalog.clear_catalog, self._store)

    def _check_source(self) -> None:
        if self._order.restart:
            return
        last = catalog.last_sync(self._store, complete=False)
        if last and last.source != self._source and not self._order.moved:
            raise UsageError(
                f"the catalog was filled from {last.source}, and the index is {self._source} now; "
                "--moved if that is the same registry, --restart to fill it anew"
            )

    async def _listing(self) -> simple.ProjectListing:
        listing = await simple.download_listing(self._pypi.fetcher, self._list.path / "index")
        if listing is None:
            raise UpstreamError(self._pypi.fetcher.base, "it gives no list of all projects")
        self._account.serial = listing.serial or 0
        return listing

    def _compare(self, listing: simple.ProjectListing) -> int:
        """Lay the registry's list beside the catalog; return how many projects that has."""
        self._account.listed = self._list.load_registry_index(listing.entries())
        listing.path.unlink()
        held = () if self._order.restart else catalog.catalog_entries(self._store)
        there = self._list.load_catalog(held)
        if not self._account.listed and not there:
            raise UpstreamError(self._pypi.fetcher.base, "its list of all projects is empty")
        return there

    def _ages(self, *, has_serials: bool) -> RecheckPolicy:
        now, days = self._started.timestamp(), self._order.older_than
        if not has_serials:
            days = AGE_WITHOUT_SERIALS if days is None else days
            self._account.notes.append(NO_SERIALS.format(age=days))
        return RecheckPolicy(
            hidden_before=now - DAY,
            all_before=0.0 if days is None else now - days * DAY,
            sweep=self._order.sweep if has_serials else 0,
        )

    def _check_loss(self, lost: int, total: int, how: str) -> None:
        if lost > self._share * total and not self._order.may_lose(lost, total):
            raise SafetyStop(
                f"{lost} of {total} projects of the catalog {how}, more than the "
                f"{self._share:.0%} that PYF_MAX_DELETE_SHARE allows: none was marked as gone; "
                "look into it, then run again with --yes"
            )

    def _take(self, done: CrawlResult, planned: int) -> None:
        account = self._account
        account.fetched, account.unchanged = done.fetched, done.unchanged
        account.quarantined, account.failed = done.quarantined, done.failed
        account.stopped = done.stopped
        account.left = max(0, planned - done.fetched - done.unchanged - len(done.failed))

    def _finish(self, lost: list[str]) -> None:
        """Mark what is gone, then note the sync: the serial moves last."""
        account = self._account
        catalog.mark_gone(self._store, lost, dt.datetime.now(dt.UTC))
        account.gone = len(lost)
        catalog.record_sync(
            self._store,
            catalog.CatalogSync(
                started=self._started,
                finished=dt.datetime.now(dt.UTC),
                source=self._source,
                complete=not account.left and len(account.failed) <= MOST_FAILED,
                serial=account.serial,
                listed=account.listed,
                fetched=account.fetched,
                unchanged=account.unchanged,
                gone=account.gone,
                failed=tuple(account.failed)[:MOST_FAILED],
            ),
        )

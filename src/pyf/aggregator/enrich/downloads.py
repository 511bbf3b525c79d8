"""Download counts brought to the documents of a collection, from the store and pypistats.org.

The store answers for all projects in one query. Those that it has never seen are asked for at the
API, one by one at its rate limit, and not again on the same day.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from ..index import SearchServer
from ..settings import Settings
from ..store import Snapshot, Store, StoreNotSetUp, open_store
from ..store.queries import BulkCounts, bulk_counts
from .document_updates import (
    UpdateOptions,
    UpdateResult,
    facts_by_name,
    project_names,
    update_documents,
)
from .downloads_api import DownloadsApi
from .downloads_facts import FIELDS, STAMP, facts_of

FRESH_SECONDS = 20 * 3600
"""The API changes once a day: figures younger than this are not asked for again."""
BATCH_SIZE = 10
"""Projects asked for at the API before their figures are written; an interruption costs these."""

ProgressCallback = Callable[[str, int, int], None]
"""Called with the source, the projects done and those there are."""


def _silent(_source: str, _done: int, _total: int) -> None:
    return None


def _never() -> bool:
    return False


@dataclass(frozen=True)
class DownloadsOptions:
    """Which projects of a collection, and how: ``after`` this name, ``limit`` of them at most.

    ``ask_api`` lets those be asked for that the store has never seen.
    """

    collection: str
    after: str = ""
    limit: int | None = None
    ask_api: bool = True
    progress: ProgressCallback = _silent
    stop: Callable[[], bool] = _never


@dataclass
class DownloadsResult(UpdateResult):
    """The account: ``from_store`` and ``from_api`` are projects, ``unknown`` those of neither."""

    from_store: int = 0
    from_api: int = 0
    unknown: int = 0

    def as_dict(self) -> dict[str, object]:
        """The account for machines."""
        own = {"from_store": self.from_store, "from_api": self.from_api, "unknown": self.unknown}
        return {**super().as_dict(), **own}


def enrich_downloads(
    settings: Settings, server: SearchServer, wanted: DownloadsOptions
) -> DownloadsResult:
    """Bring download counts to all documents of the collection's projects on PyPI.

    Without a store everything comes from the API. Raises the errors of the search server, and
    ``ServiceUnreachable`` where there is a store that does not answer. What was written stays.
    """
    begun = time.monotonic()
    names = project_names(server, wanted.collection, after=wanted.after, limit=wanted.limit)
    account = DownloadsResult()
    rest: Collection[str] = names
    try:
        with open_store(settings) as store:
            rest = _from_store(server, store, wanted, names, account)
    except StoreNotSetUp:
        account.notes.append("there is no statistics store: the API is asked for every project")
    if rest and wanted.ask_api and not account.stopped_after:
        _from_api(settings, server, wanted, rest, account)
    account.projects = len(names) if not account.stopped_after else account.projects
    account.unknown = account.projects - account.from_store - account.from_api
    account.seconds = time.monotonic() - begun
    return account


def _from_store(
    server: SearchServer,
    store: Store,
    wanted: DownloadsOptions,
    names: Collection[str],
    account: DownloadsResult,
) -> Collection[str]:
    """Bring what the store has; return the projects that it has never seen."""
    snapshot = store.snapshot()
    found = bulk_counts(store, names, snapshot=snapshot)
    account.notes.extend(_notes(found))
    now = int(time.time())
    facts = {name: facts_of(counted, now) for name, counted in found.packages.items()}
    order = _update_options(wanted, "store", fresh_from=_moment(snapshot))
    done = update_documents(server, order, names, facts_by_name(facts))
    account.from_store = done.covered
    _add(account, done)
    return [name for name in names if name not in found.packages]


def _from_api(
    settings: Settings,
    server: SearchServer,
    wanted: DownloadsOptions,
    names: Collection[str],
    account: DownloadsResult,
) -> None:
    """Bring what the API has; a project that it was asked for today is left alone."""
    order = dataclasses.replace(_update_options(wanted, "pypistats"), batch_size=BATCH_SIZE)
    with DownloadsApi(settings, FRESH_SECONDS) as asking:
        done = update_documents(server, order, names, asking.facts_of)
    account.from_api = done.covered + asking.current
    account.failed.update(asking.failed)
    account.notes.extend(asking.notes)
    _add(account, done)


def _update_options(wanted: DownloadsOptions, source: str, fresh_from: int = 0) -> UpdateOptions:
    return UpdateOptions(
        wanted.collection,
        FIELDS,
        stamp=STAMP,
        fresh_from=fresh_from,
        report=lambda done, total: wanted.progress(source, done, total),
        stop=wanted.stop,
    )


def _moment(snapshot: Snapshot) -> int:
    return int(snapshot.loaded_at.timestamp()) if snapshot.loaded_at else 0


def _notes(found: BulkCounts) -> list[str]:
    if found.data_through is None:
        return ["the store holds no day yet"]
    return [
        f"{window.missing} of the {window.days} days of the last {period} are unknown"
        for period, window in found.windows.items()
        if not window.complete
    ]


def _add(account: DownloadsResult, done: UpdateResult) -> None:
    account.projects = max(account.projects, done.projects)
    account.covered += done.covered
    account.updated += done.updated
    account.unchanged += done.unchanged
    account.refused += done.refused
    account.stopped_after = done.stopped_after

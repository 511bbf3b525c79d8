"""The tasks. Each fetches what it needs, calls one function and queues what follows."""

from __future__ import annotations

from typing import Any

from celery.utils.log import get_task_logger

from ..ingest.many import Terms
from ..registries.results import FeedItem
from . import feeds, long, shared, sync
from .app import app
from .config import PREFIX
from .looking import Package, inspect, wanted_of
from .task import LongTask, ProjectTask, QueueTask

log = get_task_logger(__name__)

Rest = list[list[str]]
"""What a long task goes on with: pairs of profile and collection."""


@app.task(name=f"{PREFIX}inspect_project", base=ProjectTask)
def inspect_project(
    package: Package, serial: int = 0, version: str | None = None, dedup: str | None = None
) -> None:
    """Bring a project into the index of every profile it belongs to.

    ``package`` is a name or ``{"package_id": name, "release_id": version}``; ``serial`` and
    ``version`` are what one comes for: an index that shows it is left alone. ``dedup`` is the key
    of the feed entry, let go of when the task fails for good.
    """
    inspect(shared.get(), wanted_of(package, serial, version))


@app.task(name=f"{PREFIX}update_project", base=ProjectTask)
def update_project(package: Package) -> None:
    """Write every document of an indexed project anew, wherever it is indexed."""
    inspect(shared.get(), wanted_of(package), Terms(refresh=True, rebuild=True))


@app.task(name=f"{PREFIX}update_github", base=ProjectTask)
def update_github(package: Package) -> None:
    """Bring a project's facts from GitHub; without effect while nothing can fetch them."""
    log.warning("%s: needs the GitHub room, which is not set up", wanted_of(package).name)


@app.task(name=f"{PREFIX}read_rss_new_projects_and_queue", base=QueueTask, periodic=True)
def read_rss_new_projects_and_queue() -> None:
    """Queue the projects of the feed of new projects that were not queued before."""
    room = shared.get()
    if not room.stocks.now():
        return  # entries count as seen once they are queued: with nobody to see them none is
    items = room.upstream.ask(lambda pypi: pypi.new_projects(), room.soft_limit)
    read = feeds.queue_new(items, room.dedup, room.settings.rss_dedup_ttl_new, _queue)
    feeds.account(room.stats, read)


@app.task(name=f"{PREFIX}read_rss_new_releases_and_queue", base=QueueTask, periodic=True)
def read_rss_new_releases_and_queue() -> None:
    """Queue the projects of the feed of new releases that were not queued for them before."""
    room = shared.get()
    if not room.stocks.now():
        return
    items = room.upstream.ask(lambda pypi: pypi.new_releases(), room.soft_limit)
    read = feeds.queue_new(items, room.dedup, room.settings.rss_dedup_ttl_update, _queue)
    feeds.account(room.stats, read)


@app.task(name=f"{PREFIX}sync_changes", base=LongTask, periodic=True, bind=True)
def sync_changes(self: LongTask, may_remove: bool = False) -> None:
    """Bring in everything after the serials reached; exact, whatever the feeds left out."""
    report = sync.run(shared.get(), self.stop(), may_remove=may_remove)
    for job in report.to_fetch:
        full_fetch_all_packages.delay(collection_name=job.collection, profile_name=job.profile)
    if report.unfinished:
        sync_changes.delay(may_remove=may_remove)


@app.task(name=f"{PREFIX}refresh_all_indexed_packages", base=LongTask, periodic=True, bind=True)
def refresh_all_indexed_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
    removed: int = 0,
) -> None:
    """Look at every indexed project again; remove what is gone from the registry."""
    room = shared.get()
    work = long.jobs(room, collection_name, profile_name, rest)
    self.go_on(long.refresh(room, work, self.stop(), after, removed))


@app.task(name=f"{PREFIX}full_fetch_all_packages", base=LongTask, periodic=True, bind=True)
def full_fetch_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
) -> None:
    """Fetch every project of a profile, or of all profiles that are followed."""
    room = shared.get()
    work = long.jobs(room, collection_name, profile_name, rest)
    self.go_on(long.full(room, work, self.stop()))


@app.task(name=f"{PREFIX}enrich_downloads_all_packages", base=LongTask)
def enrich_downloads_all_packages() -> None:
    """Bring download counts; without effect while there is no store of them."""
    log.warning("download counts need the statistics store, which is not set up")


def _queue(item: FeedItem, key: str) -> Any:
    return inspect_project.delay(item.name, version=item.version, dedup=key)

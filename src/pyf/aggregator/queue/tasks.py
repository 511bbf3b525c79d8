"""The tasks. Each fetches what it needs, calls one function and queues what follows."""

from __future__ import annotations

from typing import Any

from celery.utils.log import get_task_logger

from ..accounts import digests
from ..ingest.many import Terms
from ..registries.results import FeedItem
from ..reports.report import Period
from . import (
    catalog,
    enriching,
    feeds,
    github,
    loads,
    long,
    reports,
    security,
    shared,
    sync,
)
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
    wanted = wanted_of(package, serial, version)
    if inspect(shared.get(), wanted).new:
        _ask_github(wanted.name)


@app.task(name=f"{PREFIX}update_project", base=ProjectTask)
def update_project(package: Package) -> None:
    """Write every document of an indexed project anew, wherever it is indexed."""
    inspect(shared.get(), wanted_of(package), Terms(refresh=True, rebuild=True))


@app.task(name=f"{PREFIX}update_github", base=ProjectTask)
def update_github(package: Package) -> None:
    """Bring GitHub's facts of a project to every collection that has it."""
    github.project(shared.get(), wanted_of(package).name)


@app.task(name=f"{PREFIX}update_github_all", base=LongTask, periodic=True, bind=True)
def update_github_all(
    self: LongTask, collections: list[str] | None = None, not_before: float = 0.0
) -> None:
    """Bring GitHub's facts, contributors too, to all collections that are followed."""
    left = github.everything(shared.get(), collections, not_before, self.stop())
    if left is not None:
        self.apply_async(kwargs=left, countdown=github.delay(left))


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
    report = sync.run(shared.get(), self.stop(), may_remove=may_remove, on_new=_ask_github)
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
    left = long.full(room, work, self.stop())
    if collection := github.collection_to_ask(room, work, left):
        update_github_all.delay(collections=[collection])
    self.go_on(left)


@app.task(name=f"{PREFIX}enrich_downloads_all_packages", base=LongTask, periodic=True, bind=True)
def enrich_downloads_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Bring download counts to all documents of a profile, or of all that are followed."""
    room = shared.get()
    work = long.jobs(room, collection_name, profile_name, rest)
    self.go_on(enriching.enrich(room, "downloads", work, self.stop(), after))


@app.task(name=f"{PREFIX}enrich_health_all_packages", base=LongTask, periodic=True, bind=True)
def enrich_health_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Compute health scores and insights of a profile, or of all that are followed."""
    room = shared.get()
    work = long.jobs(room, collection_name, profile_name, rest)
    self.go_on(enriching.enrich(room, "health", work, self.stop(), after))


@app.task(name=f"{PREFIX}send_weekly_report", base=QueueTask, periodic=True)
def send_weekly_report() -> None:
    """Queue last week's report for each profile if anybody is named to get it, and digests."""
    for profile in reports.profiles_to_report(shared.get()):
        send_report.delay("week", profile)
    for account in digests.wanting(shared.get().settings, "week"):
        send_digest.delay("week", account)


@app.task(name=f"{PREFIX}send_monthly_report", base=QueueTask, periodic=True)
def send_monthly_report() -> None:
    """Queue last month's report for each profile if anybody is named to get it, and digests."""
    for profile in reports.profiles_to_report(shared.get()):
        send_report.delay("month", profile)
    for account in digests.wanting(shared.get().settings, "month"):
        send_digest.delay("month", account)


@app.task(name=f"{PREFIX}send_report", base=QueueTask)
def send_report(period: Period, profile_name: str) -> None:
    """Send a profile's report on the last whole ``week`` or ``month``."""
    reports.send_one(shared.get(), period, profile_name)


@app.task(name=f"{PREFIX}send_digest", base=QueueTask)
def send_digest(period: Period, account: int) -> None:
    """Send an account's digest on the last whole ``week`` or ``month`` of what it tracks."""
    reports.send_account(shared.get(), period, account)


@app.task(name=f"{PREFIX}load_downloads", base=LongTask, periodic=True, bind=True)
def load_downloads(self: LongTask, first: str | None = None, last: str | None = None) -> None:
    """Load the downloads of the day before and days still missing, then bring them to documents.

    With ``first`` and ``last`` (ISO dates) exactly these days, whether they are there or not.
    """
    if first is None:
        night = loads.load_missing(shared.get(), self.stop())
    else:
        night = loads.load_range(shared.get(), self.stop(), first, last or first)
    if night.published:
        enrich_downloads_all_packages.delay()
    if night.error is not None:
        raise night.error
    rest = {"first": night.goes_on_at, "last": last or first} if first else {}
    self.go_on(rest if night.is_left else None)


@app.task(name=f"{PREFIX}sync_catalog", base=LongTask, periodic=True, bind=True)
def sync_catalog(self: LongTask) -> None:
    """Bring the catalog of all projects up to date, where somebody began one."""
    if catalog.bring_up_to_date(shared.get(), self.stop()):
        self.go_on({})


@app.task(name=f"{PREFIX}load_advisories", base=LongTask, periodic=True)
def load_advisories() -> None:
    """Bring OSV's advisories into the store; queue what marks the documents, in any case."""
    security.load(shared.get(), then=enrich_security_all_packages.delay)


@app.task(name=f"{PREFIX}enrich_security_all_packages", base=LongTask, bind=True)
def enrich_security_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Bring vulnerabilities and warnings to all documents of a profile, or of all followed."""
    room = shared.get()
    work = long.jobs(room, collection_name, profile_name, rest)
    self.go_on(enriching.enrich(room, "security", work, self.stop(), after))


def _ask_github(name: str) -> None:
    if github.is_wanted(shared.get(), name):
        update_github.delay(name)


def _queue(item: FeedItem, key: str) -> Any:
    return inspect_project.delay(item.name, version=item.version, dedup=key)

"""The tasks. Each fetches what it needs, calls one function and queues what follows."""

from __future__ import annotations

from typing import Any

from celery.utils.log import get_task_logger

from ..accounts import digests
from ..ingest.multi_profile import InspectOptions
from ..registries.results import FeedItem
from ..reports.report import Period
from . import (
    catalog,
    collection_runs,
    context,
    download_loads,
    enrichment,
    feeds,
    github,
    reports,
    security,
    sync,
)
from .app import app
from .config import PREFIX
from .inspection import Package, project_request, run_inspection
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
    wanted = project_request(package, serial, version)
    if run_inspection(context.get_context(), wanted).new:
        _ask_github(wanted.name)


@app.task(name=f"{PREFIX}update_project", base=ProjectTask)
def update_project(package: Package) -> None:
    """Write every document of an indexed project anew, wherever it is indexed."""
    run_inspection(
        context.get_context(), project_request(package), InspectOptions(refresh=True, rebuild=True)
    )


@app.task(name=f"{PREFIX}update_github", base=ProjectTask)
def update_github(package: Package) -> None:
    """Bring GitHub's facts of a project to every collection that has it."""
    github.update_project(context.get_context(), project_request(package).name)


@app.task(name=f"{PREFIX}update_github_all", base=LongTask, periodic=True, bind=True)
def update_github_all(
    self: LongTask, collections: list[str] | None = None, not_before: float = 0.0
) -> None:
    """Bring GitHub's facts, contributors too, to all collections that are followed."""
    left = github.update_collections(context.get_context(), collections, not_before, self.stop())
    if left is not None:
        self.apply_async(kwargs=left, countdown=github.resume_delay(left))


@app.task(name=f"{PREFIX}read_rss_new_projects_and_queue", base=QueueTask, periodic=True)
def read_rss_new_projects_and_queue() -> None:
    """Queue the projects of the feed of new projects that were not queued before."""
    room = context.get_context()
    if not room.active_profiles.current():
        return  # entries count as seen once they are queued: with nobody to see them none is
    items = room.upstream.ask(lambda pypi: pypi.new_projects(), room.soft_limit)
    read = feeds.queue_new_items(items, room.dedup, room.settings.rss_dedup_ttl_new, _queue)
    feeds.record_feed_counts(room.stats, read)


@app.task(name=f"{PREFIX}read_rss_new_releases_and_queue", base=QueueTask, periodic=True)
def read_rss_new_releases_and_queue() -> None:
    """Queue the projects of the feed of new releases that were not queued for them before."""
    room = context.get_context()
    if not room.active_profiles.current():
        return
    items = room.upstream.ask(lambda pypi: pypi.new_releases(), room.soft_limit)
    read = feeds.queue_new_items(items, room.dedup, room.settings.rss_dedup_ttl_update, _queue)
    feeds.record_feed_counts(room.stats, read)


@app.task(name=f"{PREFIX}sync_changes", base=LongTask, periodic=True, bind=True)
def sync_changes(self: LongTask, may_remove: bool = False) -> None:
    """Bring in everything after the serials reached; exact, whatever the feeds left out."""
    report = sync.run(context.get_context(), self.stop(), may_remove=may_remove, on_new=_ask_github)
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
    room = context.get_context()
    work = collection_runs.collection_jobs(room, collection_name, profile_name, rest)
    self.continue_later(collection_runs.refresh(room, work, self.stop(), after, removed))


@app.task(name=f"{PREFIX}full_fetch_all_packages", base=LongTask, periodic=True, bind=True)
def full_fetch_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
) -> None:
    """Fetch every project of a profile, or of all profiles that are followed."""
    room = context.get_context()
    work = collection_runs.collection_jobs(room, collection_name, profile_name, rest)
    left = collection_runs.full_fetch(room, work, self.stop())
    if collection := github.collection_to_update(room, work, left):
        update_github_all.delay(collections=[collection])
    self.continue_later(left)


@app.task(name=f"{PREFIX}enrich_downloads_all_packages", base=LongTask, periodic=True, bind=True)
def enrich_downloads_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Bring download counts to all documents of a profile, or of all that are followed."""
    room = context.get_context()
    work = collection_runs.collection_jobs(room, collection_name, profile_name, rest)
    self.continue_later(enrichment.enrich(room, "downloads", work, self.stop(), after))


@app.task(name=f"{PREFIX}enrich_health_all_packages", base=LongTask, periodic=True, bind=True)
def enrich_health_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Compute health scores and insights of a profile, or of all that are followed."""
    room = context.get_context()
    work = collection_runs.collection_jobs(room, collection_name, profile_name, rest)
    self.continue_later(enrichment.enrich(room, "health", work, self.stop(), after))


@app.task(name=f"{PREFIX}send_weekly_report", base=QueueTask, periodic=True)
def send_weekly_report() -> None:
    """Queue last week's report for each profile if anybody is named to get it, and digests."""
    for profile in reports.profiles_to_report(context.get_context()):
        send_report.delay("week", profile)
    for account in digests.accounts_with_digest(context.get_context().settings, "week"):
        send_digest.delay("week", account)


@app.task(name=f"{PREFIX}send_monthly_report", base=QueueTask, periodic=True)
def send_monthly_report() -> None:
    """Queue last month's report for each profile if anybody is named to get it, and digests."""
    for profile in reports.profiles_to_report(context.get_context()):
        send_report.delay("month", profile)
    for account in digests.accounts_with_digest(context.get_context().settings, "month"):
        send_digest.delay("month", account)


@app.task(name=f"{PREFIX}send_report", base=QueueTask)
def send_report(period: Period, profile_name: str) -> None:
    """Send a profile's report on the last whole ``week`` or ``month``."""
    reports.send_profile_report(context.get_context(), period, profile_name)


@app.task(name=f"{PREFIX}send_digest", base=QueueTask)
def send_digest(period: Period, account: int) -> None:
    """Send an account's digest on the last whole ``week`` or ``month`` of what it tracks."""
    reports.send_account_digest(context.get_context(), period, account)


@app.task(name=f"{PREFIX}load_downloads", base=LongTask, periodic=True, bind=True)
def load_downloads(self: LongTask, first: str | None = None, last: str | None = None) -> None:
    """Load the downloads of the day before and days still missing, then bring them to documents.

    With ``first`` and ``last`` (ISO dates) exactly these days, whether they are there or not.
    """
    if first is None:
        night = download_loads.load_missing(context.get_context(), self.stop())
    else:
        night = download_loads.load_range(context.get_context(), self.stop(), first, last or first)
    if night.published:
        enrich_downloads_all_packages.delay()
    if night.error is not None:
        raise night.error
    rest = {"first": night.resume_at, "last": last or first} if first else {}
    self.continue_later(rest if night.has_more else None)


@app.task(name=f"{PREFIX}sync_catalog", base=LongTask, periodic=True, bind=True)
def sync_catalog(self: LongTask) -> None:
    """Bring the catalog of all projects up to date, where somebody began one."""
    if catalog.update_catalog(context.get_context(), self.stop()):
        self.continue_later({})


@app.task(name=f"{PREFIX}load_advisories", base=LongTask, periodic=True)
def load_advisories() -> None:
    """Bring OSV's advisories into the store; queue what marks the documents, in any case."""
    security.load_advisories(context.get_context(), then=enrich_security_all_packages.delay)


@app.task(name=f"{PREFIX}enrich_security_all_packages", base=LongTask, bind=True)
def enrich_security_all_packages(
    self: LongTask,
    collection_name: str | None = None,
    profile_name: str | None = None,
    rest: Rest | None = None,
    after: str = "",
) -> None:
    """Bring vulnerabilities and warnings to all documents of a profile, or of all followed."""
    room = context.get_context()
    work = collection_runs.collection_jobs(room, collection_name, profile_name, rest)
    self.continue_later(enrichment.enrich(room, "security", work, self.stop(), after))


def _ask_github(name: str) -> None:
    if github.should_fetch(context.get_context(), name):
        update_github.delay(name)


def _queue(item: FeedItem, key: str) -> Any:
    return inspect_project.delay(item.name, version=item.version, dedup=key)

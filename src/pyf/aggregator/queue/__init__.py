"""The task queue: an index that follows its registry by itself.

``celery -A pyf.aggregator.queue worker`` works off tasks, ``... beat`` queues the periodic ones.
"""

from __future__ import annotations

from .app import app
from .tasks import (
    enrich_downloads_all_packages,
    enrich_health_all_packages,
    enrich_security_all_packages,
    full_fetch_all_packages,
    inspect_project,
    load_advisories,
    load_downloads,
    read_rss_new_projects_and_queue,
    read_rss_new_releases_and_queue,
    refresh_all_indexed_packages,
    send_digest,
    send_monthly_report,
    send_report,
    send_weekly_report,
    sync_catalog,
    sync_changes,
    update_github,
    update_github_all,
    update_project,
)

__all__ = [
    "app",
    "enrich_downloads_all_packages",
    "enrich_health_all_packages",
    "enrich_security_all_packages",
    "full_fetch_all_packages",
    "inspect_project",
    "load_advisories",
    "load_downloads",
    "read_rss_new_projects_and_queue",
    "read_rss_new_releases_and_queue",
    "refresh_all_indexed_packages",
    "send_digest",
    "send_monthly_report",
    "send_report",
    "send_weekly_report",
    "sync_catalog",
    "sync_changes",
    "update_github",
    "update_github_all",
    "update_project",
]

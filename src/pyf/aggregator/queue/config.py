"""How Celery is set up, derived from the settings."""

from __future__ import annotations

from typing import Any, NamedTuple

from celery.schedules import crontab
from kombu import Exchange, Queue

from ..settings import Settings

PREFIX = "pyf.aggregator.queue."
DEFAULT, FEEDS, LONG = "celery", "feeds", "long"
"""The queues. Workers take from them in turn, so that a pile in one does not hold up another."""

LONG_TASKS = (
    "load_downloads",
    "sync_changes",
    "refresh_all_indexed_packages",
    "full_fetch_all_packages",
    "enrich_downloads_all_packages",
    "sync_catalog",
    "load_advisories",
    "enrich_security_all_packages",
    "enrich_health_all_packages",
    "update_github_all",
)
FEED_TASKS = ("read_rss_new_projects_and_queue", "read_rss_new_releases_and_queue")

LONG_FACTOR = 3
"""The limits of a long task, as a multiple of those of the others. What is left goes on in
another task."""
MARGIN = 60.0
"""Seconds beyond the longest limit after which a message counts as lost with its worker."""


class PeriodicTask(NamedTuple):
    """A task that beat queues: the setting with its crontab, and how long its message is good."""

    task: str
    setting: str
    expires: float | None


PERIODIC_TASKS = (
    PeriodicTask("read_rss_new_projects_and_queue", "celery_schedule_rss_projects", 300.0),
    PeriodicTask("read_rss_new_releases_and_queue", "celery_schedule_rss_releases", 300.0),
    PeriodicTask("sync_changes", "celery_schedule_sync_changes", 3600.0),
    PeriodicTask("refresh_all_indexed_packages", "celery_schedule_weekly_refresh", None),
    PeriodicTask("full_fetch_all_packages", "celery_schedule_monthly_fetch", None),
    PeriodicTask("update_github_all", "celery_schedule_weekly_github", None),
    PeriodicTask("enrich_downloads_all_packages", "celery_schedule_weekly_downloads", None),
    PeriodicTask("send_weekly_report", "celery_schedule_weekly_report", None),
    PeriodicTask("send_monthly_report", "celery_schedule_monthly_report", None),
    PeriodicTask("load_downloads", "celery_schedule_nightly_stats", None),
    PeriodicTask("sync_catalog", "celery_schedule_catalog_sync", 3600.0),
    PeriodicTask("load_advisories", "celery_schedule_nightly_security", None),
    PeriodicTask("enrich_health_all_packages", "celery_schedule_nightly_health", None),
)


class TimeLimits(NamedTuple):
    """Seconds after which a task is to end, and after which it is ended."""

    soft: float
    hard: float


def task_limits(settings: Settings) -> TimeLimits:
    """The limits of ordinary tasks."""
    return TimeLimits(settings.celery_task_soft_time_limit, settings.celery_task_time_limit)


def long_task_limits(settings: Settings) -> TimeLimits:
    """The limits of long tasks."""
    soft, hard = task_limits(settings)
    return TimeLimits(soft * LONG_FACTOR, hard * LONG_FACTOR)


def celery_options(settings: Settings) -> dict[str, Any]:
    """Everything that Celery is told."""
    ordinary, long = task_limits(settings), long_task_limits(settings)
    return {
        "broker_url": settings.redis_url,
        "broker_transport_options": transport_options(long),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": ordinary.soft,
        "task_time_limit": ordinary.hard,
        "task_annotations": {
            PREFIX + task: {"soft_time_limit": long.soft, "time_limit": long.hard}
            for task in LONG_TASKS
        },
        "task_default_rate_limit": settings.celery_task_rate_limit,
        "task_default_queue": DEFAULT,
        "task_queues": [
            Queue(name, Exchange(name), routing_key=name) for name in (DEFAULT, FEEDS, LONG)
        ],
        "task_routes": {
            **{PREFIX + task: {"queue": LONG} for task in LONG_TASKS},
            **{PREFIX + task: {"queue": FEEDS} for task in FEED_TASKS},
        },
        "worker_pool": settings.celery_worker_pool,
        "worker_concurrency": settings.celery_worker_concurrency,
        "worker_prefetch_multiplier": settings.celery_worker_prefetch_multiplier,
        # A task under way goes on when the broker comes and goes; its message may come again.
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": beat_schedule(settings),
        "beat_schedule_filename": str(settings.pyf_data_dir / "celerybeat-schedule"),
    }


def transport_options(longest: TimeLimits) -> dict[str, Any]:
    """How messages are kept while tasks run.

    An unacknowledged message comes back after ``visibility_timeout``: later than the longest task
    may take, or it would run twice at once.
    """
    return {
        "visibility_timeout": longest.hard + MARGIN,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "queue_order_strategy": "round_robin",
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def beat_schedule(settings: Settings) -> dict[str, Any]:
    """What beat queues and when; a task with an empty schedule is left out."""
    schedule: dict[str, Any] = {}
    for periodic in PERIODIC_TASKS:
        text = getattr(settings, periodic.setting)
        if text:
            options = {} if periodic.expires is None else {"expires": periodic.expires}
            schedule[periodic.task] = {
                "task": PREFIX + periodic.task,
                "schedule": read_crontab(text),
                "options": options,
            }
    return schedule


def read_crontab(text: str) -> crontab:
    """Return a five-field crontab as Celery has it."""
    minute, hour, day, month, weekday = text.split()
    return crontab(minute, hour, weekday, day, month)

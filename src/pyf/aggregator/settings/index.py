"""Settings of the index: search server, registries, queue, profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from . import registries, value_types
from .declarations import DerivedDefault, schedule_setting, setting, url_setting
from .value_types import Node


def _data_dir(environ: Mapping[str, str]) -> Path:
    home = environ.get("HOME") or Path.home()
    return Path(environ.get("XDG_DATA_HOME") or Path(home, ".local", "share")) / "pyf"


@dataclass(frozen=True, repr=False)
class IndexSettings:
    """Search server, registries, queue, profiles: what the index is kept with."""

    typesense_host: str = setting(
        value_types.host_name(), "localhost", "Host of the search server (Typesense)."
    )
    typesense_port: int = setting(value_types.integer(1, 65535), 8108, "Port of the search server.")
    typesense_protocol: str = setting(
        value_types.one_of("http", "https"), "http", "Protocol of the search server."
    )
    typesense_api_key: str | None = setting(
        value_types.line_of_text(),
        None,
        "Admin key of the search server; it may create collections and keys.",
        secret=True,
    )
    typesense_timeout: float = setting(
        value_types.number(0, above=True), 120.0, "How long one request may take.", unit="seconds"
    )
    typesense_nodes: tuple[Node, ...] = setting(
        value_types.nodes(),
        (),
        "Nodes of a search cluster; where given, they stand in for host, port and protocol.",
        unit="host:port:protocol or URL, separated by commas",
    )
    typesense_collection: str | None = setting(
        value_types.key_name("collection"),
        None,
        "Collection to work on where neither an option nor a profile names one.",
    )

    github_token: str | None = setting(
        value_types.line_of_text(),
        None,
        "GitHub token; with one GitHub allows 5,000 requests an hour, without one 60.",
        secret=True,
    )
    github_request_delay: float = setting(
        value_types.number(0), 0.75, "Pause between two GitHub requests.", unit="seconds"
    )

    pypi_rate_limit_delay: float = setting(
        value_types.number(0),
        0.001,
        "Least time between the starts of two PyPI requests, over all workers; 0: no limit.",
        unit="seconds",
    )
    pypi_max_retries: int = setting(
        value_types.integer(0), 3, "How often a failed PyPI request is tried again.", unit="retries"
    )
    pypi_retry_backoff: float = setting(
        value_types.number(0),
        2.0,
        "Pause before the first retry; it doubles with each further one and varies at random.",
        unit="seconds",
    )
    pypi_max_workers: int = setting(
        value_types.integer(1, 1000), 20, "PyPI requests under way at once.", unit="requests"
    )
    pypi_batch_size: int = setting(
        value_types.integer(1, 100_000),
        500,
        "Documents written to the search server in one request.",
        unit="documents",
    )
    pypi_request_timeout: float = setting(
        value_types.number(0, above=True),
        30.0,
        "How long one PyPI request may take.",
        unit="seconds",
    )
    pypi_stale_retries: int = setting(
        value_types.integer(0),
        5,
        "How often an answer older than the change one came for is asked for again.",
        unit="retries",
    )
    pypi_stale_backoff: float = setting(
        value_types.number(0),
        1.0,
        "Pause before the first request for a fresher answer; it doubles each time.",
        unit="seconds",
    )

    pypistats_rate_limit_delay: float = setting(
        value_types.number(0),
        2.0,
        "Pause between two pypistats requests; the service allows 30 a minute.",
        unit="seconds",
    )
    pypistats_max_retries: int = setting(
        value_types.integer(0),
        3,
        "How often a failed pypistats request is tried again.",
        unit="retries",
    )
    pypistats_retry_backoff: float = setting(
        value_types.number(0),
        2.0,
        "Pause before the first retry; it doubles each time.",
        unit="seconds",
    )

    redis_host: str = setting(
        value_types.redis_address(),
        "localhost:6379",
        "Redis or Valkey: broker of the task queue, deduplication, locks.",
        unit="host:port or redis:// URL",
    )
    default_profile: str | None = setting(
        value_types.key_name("profile"),
        None,
        "Profile of commands that name none; the option -p goes before it.",
    )

    celery_schedule_rss_projects: str = schedule_setting(
        "*/1 * * * *", "When the feed of new projects is read."
    )
    celery_schedule_rss_releases: str = schedule_setting(
        "*/1 * * * *", "When the feed of new releases is read."
    )
    celery_schedule_sync_changes: str = schedule_setting(
        "*/5 * * * *", "When everything after the serial reached is fetched."
    )
    celery_schedule_weekly_refresh: str = schedule_setting(
        "0 2 * * 0", "When all indexed projects are compared with PyPI."
    )
    celery_schedule_weekly_downloads: str = schedule_setting(
        "0 4 * * 0", "When download counts are brought up to date."
    )
    celery_schedule_monthly_fetch: str = schedule_setting(
        "0 3 1 * *", "When every profile is fetched as a whole."
    )
    celery_worker_pool: str = setting(
        value_types.one_of("threads", "prefork", "solo", "gevent", "eventlet"),
        "threads",
        "Kind of worker pool; the tasks wait for the network most of the time.",
    )
    celery_worker_concurrency: int = setting(
        value_types.integer(1, 1000), 20, "Tasks that one worker runs at once.", unit="tasks"
    )
    celery_worker_prefetch_multiplier: int = setting(
        value_types.integer(0),
        4,
        "Tasks reserved for each place of the pool; 0: no limit.",
        unit="tasks",
    )
    celery_task_soft_time_limit: float = setting(
        value_types.number(0, above=True),
        300.0,
        "When a task is told to end with what it has.",
        unit="seconds",
    )
    celery_task_time_limit: float = setting(
        value_types.number(0, above=True),
        600.0,
        "When a task is ended; more than the soft limit.",
        unit="seconds",
    )
    celery_task_rate_limit: str | None = setting(
        value_types.rate_limit(),
        None,
        "Most tasks of a kind per worker; empty: no limit.",
        unit="such as 10/s",
    )

    rss_dedup_ttl: int | None = setting(
        value_types.integer(0), None, "Older name for both of the next two.", unit="seconds"
    )
    rss_dedup_ttl_new: int = setting(
        value_types.integer(0),
        86400,
        "How long an entry of the feed of new projects counts as seen; 0: never.",
        unit="seconds",
        fallback="RSS_DEDUP_TTL",
    )
    rss_dedup_ttl_update: int = setting(
        value_types.integer(0),
        86400,
        "How long an entry of the feed of new releases counts as seen; 0: never.",
        unit="seconds",
        fallback="RSS_DEDUP_TTL",
    )

    pyf_profiles: Path | None = setting(  # noqa: RUF009 - a dataclass field, as all of them
        value_types.path(),
        None,
        "YAML file of your own that adds or replaces profiles.",
        unit="path",
    )
    pyf_data_dir: Path = setting(  # noqa: RUF009
        value_types.path(),
        DerivedDefault(_data_dir, "$XDG_DATA_HOME/pyf, else ~/.local/share/pyf"),
        "Folder of the one-machine stack: its data, its admin key, its logs.",
        unit="path",
    )
    pyf_max_delete_share: float = setting(
        value_types.number(0, 1),
        0.05,
        "A run that would remove more than this share of a collection stops and asks.",
        unit="share, 0 to 1",
    )
    pyf_contact: str | None = setting(
        value_types.line_of_text(),
        None,
        "Whom an upstream may write to; sent in the User-Agent.",
        unit="e-mail or URL",
    )

    pypi_url: str = setting(
        value_types.index_root(),
        DerivedDefault(
            registries.pypi_root,
            "the index that pip or uv is configured with, else the public one",
        ),
        "Root below which /simple/, /pypi/<name>/json, /rss/ and XML-RPC (/pypi) lie.",
        unit="URL",
    )
    npm_url: str = url_setting(
        DerivedDefault(
            registries.npm_root, "the registry that npm is configured with, else the public one"
        ),
        "npm registry.",
    )
    npm_downloads_url: str = url_setting(
        DerivedDefault(registries.npm_downloads_root, "the public one (a mirror has no counts)"),
        "Download counts of npm packages.",
    )
    jsdelivr_url: str = url_setting(
        "https://data.jsdelivr.com", "jsDelivr's data API: files and hits of npm packages."
    )
    github_api_url: str = url_setting("https://api.github.com", "GitHub's API.")
    pypistats_url: str = url_setting("https://pypistats.org", "pypistats: download counts.")
    osv_url: str = url_setting("https://api.osv.dev", "OSV: known vulnerabilities and malware.")

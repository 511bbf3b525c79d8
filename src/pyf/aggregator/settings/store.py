"""Settings of the statistics store: where it is, what it is loaded from, what it sends out."""

from __future__ import annotations

from dataclasses import dataclass

from . import value_types
from .declarations import schedule_setting, setting, url_setting


@dataclass(frozen=True, repr=False)
class StoreSettings:
    """ClickHouse, the sources of download counts, reports."""

    clickhouse_url: str | None = setting(
        value_types.store_address(),
        None,
        "The statistics store: a ClickHouse server, or a folder that one process opens itself.",
        unit="http(s)://user:password@host:port/database or chdb:///folder",
    )
    clickhouse_readonly_url: str | None = setting(
        value_types.store_address(),
        None,
        "The same store for what only reads, as a user that may do nothing else; "
        "empty: CLICKHOUSE_URL with readonly set for each query.",
        unit="URL as above",
    )
    clickhouse_cluster: str | None = setting(
        value_types.key_name("cluster"),
        None,
        "Name of a ClickHouse cluster: tables are replicated and distributed over it.",
    )
    clickhouse_timeout: float = setting(
        value_types.number(0, above=True), 300.0, "How long one query may take.", unit="seconds"
    )
    stats_source: str = setting(
        value_types.one_of("bigquery", "clickhouse", "file", "pypistats"),
        "bigquery",
        "Where the nightly load takes the download counts from.",
    )
    stats_file: str | None = setting(
        value_types.line_of_text(),
        None,
        "File of a day for the source `file`; {day} stands for YYYY-MM-DD.",
        unit="path",
    )
    stats_packages: str | None = setting(
        value_types.line_of_text(),
        None,
        "Packages that the source `pypistats` asks for; empty: those of the profiles followed.",
        unit="names, separated by commas",
    )
    stats_max_bytes: int = setting(
        value_types.integer(1),
        200 * 10**9,
        "A BigQuery load that would bill more than this is refused.",
        unit="bytes",
    )
    stats_retention_days: int = setting(
        value_types.integer(31),
        180,
        "How long daily counts are kept; monthly totals stay.",
        unit="days",
    )
    clickhouse_public_url: str = url_setting(
        "https://sql-clickhouse.clickhouse.com",
        "ClickHouse's public PyPI data, for the source `clickhouse`.",
    )
    google_project_id: str | None = setting(
        value_types.line_of_text(), None, "Google Cloud project that BigQuery bills."
    )
    google_client_email: str | None = setting(
        value_types.line_of_text(),
        None,
        "Service account for BigQuery; without one the library's own search for credentials is "
        "used (GOOGLE_APPLICATION_CREDENTIALS).",
    )
    google_private_key: str | None = setting(
        value_types.line_of_text(),
        None,
        "Private key of the service account; \\n stands for a line end.",
        secret=True,
    )
    google_private_key_id: str | None = setting(
        value_types.line_of_text(), None, "Id of that private key.", secret=True
    )
    bigquery_url: str = url_setting("https://bigquery.googleapis.com", "BigQuery's API.")
    celery_schedule_nightly_stats: str = schedule_setting(
        "0 1 * * *", "When the downloads of the day before, and days still missing, are loaded."
    )
    celery_schedule_catalog_sync: str = schedule_setting(
        "20 * * * *", "When the catalog of all projects is brought up to date."
    )
    celery_schedule_weekly_report: str = schedule_setting(
        "0 7 * * 1", "When the weekly report is sent; only where somebody is named to send it to."
    )
    celery_schedule_monthly_report: str = schedule_setting(
        "0 7 2 * *", "When the monthly report is sent; only where somebody is named to send it to."
    )
    report_email_to: str | None = setting(
        value_types.line_of_text(),
        None,
        "Who gets reports and alerts by e-mail.",
        unit="addresses, separated by commas",
    )
    report_webhooks: str | None = setting(
        value_types.line_of_text(),
        None,
        "Slack- or Discord-compatible webhooks that get reports and alerts.",
        unit="URLs, separated by commas",
        secret=True,
    )
    report_profiles: str | None = setting(
        value_types.line_of_text(),
        None,
        "Profiles that scheduled reports tell of; empty: those that are followed.",
        unit="names, separated by commas",
    )
    report_change_percent: float = setting(
        value_types.number(0, above=True),
        50.0,
        "A report alerts to a package whose downloads rose or fell by so much.",
        unit="percent",
    )
    report_thresholds: tuple[int, ...] = setting(
        value_types.positive_integers(),
        (),
        "A report alerts to a package whose downloads of a period pass one of these, up or down.",
        unit="whole numbers, separated by commas",
    )
    smtp_host: str | None = setting(value_types.host_name(), None, "Mail server for reports.")
    smtp_port: int = setting(value_types.integer(1, 65535), 587, "Port of the mail server.")
    smtp_security: str = setting(
        value_types.one_of("starttls", "tls", "none"), "starttls", "How mail is secured on its way."
    )
    smtp_user: str | None = setting(value_types.line_of_text(), None, "User of the mail server.")
    smtp_password: str | None = setting(
        value_types.line_of_text(), None, "Password of the mail server.", secret=True
    )
    smtp_from: str | None = setting(value_types.line_of_text(), None, "Sender of reports.")

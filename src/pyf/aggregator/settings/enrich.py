"""Settings of enrichment: GitHub, advisories, health."""

from __future__ import annotations

from dataclasses import dataclass

from . import value_types
from .declarations import schedule_setting, setting, url_setting


@dataclass(frozen=True, repr=False)
class EnrichSettings:
    """What facts are brought when, and from where; see also the GITHUB_* settings."""

    github_refresh_days: float = setting(
        value_types.number(0),
        6.0,
        "GitHub facts younger than this are not asked for again.",
        unit="days",
    )
    osv_export_url: str = url_setting(
        "https://storage.googleapis.com/osv-vulnerabilities", "OSV's bulk downloads."
    )
    celery_schedule_weekly_github: str = schedule_setting(
        "0 5 * * 6", "When GitHub facts of all indexed projects are brought up to date."
    )
    celery_schedule_nightly_security: str = schedule_setting(
        "0 4 * * *", "When advisories are fetched and documents marked."
    )
    celery_schedule_nightly_health: str = schedule_setting(
        "30 4 * * *", "When health scores and insights are computed."
    )

"""Reports that are sent by schedule, one message of the queue for each profile."""

from __future__ import annotations

from datetime import UTC, datetime

from celery.utils.log import get_task_logger

from ..accounts.digests import send_digest
from ..enrich.document_updates import project_names
from ..errors import UsageError
from ..index import collections
from ..reports.alerts import AlertLimits
from ..reports.delivery import is_anybody_named, send
from ..reports.report import DownloadsReport, Period, build_report
from ..running_stack.secret_files import site_secret
from ..store import StoreNotSetUp, open_store
from .context import WorkerContext

log = get_task_logger(__name__)


def profiles_to_report(room: WorkerContext) -> list[str]:
    """The profiles that reports tell of: those named, else those followed; none for nobody."""
    if not is_anybody_named(room.settings):
        return []
    if named := room.settings.report_profiles:
        return [key.strip() for key in named.split(",") if key.strip()]
    return [stock.profile.key for stock in room.active_profiles.current()]


def send_profile_report(room: WorkerContext, period: Period, key: str) -> None:
    """Send a profile's report to everybody named. Without a store there is nothing to tell.

    Raises where nobody could be reached: whoever was reached is not sent the same again. Raises
    ``NotFound`` while no day of the period is loaded.
    """
    try:
        report = _report(room, period, key)
    except StoreNotSetUp as error:
        log.warning("no report of %s: %s", key, error)
        return
    sent = send(room.settings, report)
    for name, why in sent.failed.items():
        log.warning("the report of %s was not sent to %s: %s", key, name, why)
    log.info("the report of %s was sent to %s", key, ", ".join(sent.delivered) or "nobody")
    if sent.failed and not sent.delivered:
        raise next(iter(sent.failed.values()))


def send_account_digest(room: WorkerContext, period: Period, number: int) -> None:
    """Send an account's digest, as ``send_profile_report`` sends a profile's report."""
    secret = site_secret(room.settings)
    try:
        with open_store(room.settings) as store:
            sent = send_digest(room.settings, store, period, number, secret)
    except StoreNotSetUp as error:
        log.warning("no digest: %s", error)
        return
    if sent and sent.failed and not sent.delivered:
        raise next(iter(sent.failed.values()))


def _report(room: WorkerContext, period: Period, key: str) -> DownloadsReport:
    if period not in ("week", "month"):
        raise UsageError(f"there is no report of a {period}")
    profile = room.profiles.get(key)
    settings = room.settings
    with open_store(settings) as store:
        target = collections.require(room.server, profile.collection)
        return build_report(
            store,
            project_names(room.server, target.collection),
            period,
            title=profile.name,
            now=datetime.now(UTC),
            limits=AlertLimits(settings.report_change_percent, settings.report_thresholds),
        )

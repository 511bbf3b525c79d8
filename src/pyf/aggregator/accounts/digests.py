"""Digests: the report on the packages that somebody tracks, to their mailbox or webhook."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from urllib.parse import urlsplit

from ..errors import UsageError
from ..reports.alerts import AlertLimits
from ..reports.delivery import DeliveryResult, send
from ..reports.report import Period, build_report
from ..settings import Settings
from ..store import Store, queries
from . import unsubscribe_links
from .database import FILE, Account, AccountStore


def accounts_with_digest(settings: Settings, period: Period) -> list[int]:
    """The accounts that get a digest of this period; none where nobody has an account."""
    if not (settings.pyf_data_dir / FILE).exists():
        return []
    book = AccountStore(settings.pyf_data_dir)
    try:
        return book.accounts_with_digest(period)
    finally:
        book.close()


def send_digest(
    settings: Settings, store: Store, period: Period, number: int, secret: str
) -> DeliveryResult | None:
    """Send an account's digest; ``secret`` signs the link in its mail that ends them.

    ``None`` where it is no longer wanted, or no package of the list has any downloads. Raises
    ``NotFound`` while no day of the period is loaded.
    """
    book = AccountStore(settings.pyf_data_dir)
    try:
        account, names = book.get(number), book.tracked_packages(number)
    finally:
        book.close()
    if account is None or account.digest != period:
        return None
    snapshot = store.snapshot()
    known = queries.bulk_counts(store, names, snapshot=snapshot).packages
    if not known:
        return None
    report = build_report(
        store,
        sorted(known),
        period,
        title=f"packages that {account.login} tracks",
        now=datetime.now(UTC),
        limits=AlertLimits(settings.report_change_percent, settings.report_thresholds),
        snapshot=snapshot,
    )
    ending = unsubscribe_links.unsubscribe_link(settings, secret, number)
    return send(settings_for_account(settings, account), report, unsubscribe=ending)


def settings_for_account(settings: Settings, account: Account) -> Settings:
    """The settings with this account as the only one that reports go to."""
    if account.webhook:
        check_webhook(settings, account.webhook)
    return dataclasses.replace(
        settings, report_email_to=account.email or None, report_webhooks=account.webhook or None
    )


def check_webhook(settings: Settings, url: str) -> None:
    """Raise ``UsageError`` for a webhook at a host that is not in WEB_WEBHOOK_HOSTS.

    People name these addresses and the server asks them: any other host would let them reach
    what only the server may.
    """
    hosts = [host.strip().lower() for host in settings.web_webhook_hosts.split(",")]
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError:
        parts, place = urlsplit(""), ""
    plain = parts.username is None and "," not in url and url.isprintable() and " " not in url
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.port is not None)
    if not plain or not secure or place not in hosts:
        raise UsageError(
            "a webhook is an https address at one of these hosts: "
            + (", ".join(filter(None, hosts)) or "none is allowed here")
        )

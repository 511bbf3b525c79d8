"""Reports on their way: mail over SMTP, Slack- and Discord-compatible webhooks."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from html import escape
from urllib.parse import urlsplit

import orjson

from ..errors import AggregatorError, ServiceUnreachable, UsageError
from ..http import Fetcher, FetchPolicy, HttpResponse, UpstreamError, describe_error
from ..settings import Settings
from .html_page import render_page
from .markdown import chat_message, heading, render_markdown
from .report import DownloadsReport

TIMEOUT = 30.0
DISCORD_MAX = 2_000
"""Characters that Discord takes in one message."""
SLACK_MAX = 39_000
MAIL_POLICY = policy.default.clone(max_line_length=900)
"""A link that is longer than a line would be written as encoded words, which no program opens."""


class NotDelivered(AggregatorError):
    """A mailbox or a webhook answered and said no."""


@dataclass
class DeliveryResult:
    """Whom a report reached, and whom not, with the reason. Webhooks are named by their host."""

    delivered: list[str] = field(default_factory=list)
    failed: dict[str, AggregatorError] = field(default_factory=dict)


def recipients(settings: Settings) -> list[str]:
    """The addresses that get reports by mail."""
    return _split_list(settings.report_email_to)


def webhooks(settings: Settings) -> list[str]:
    """The webhooks that get reports; raises ``UsageError`` for what is no address of one."""
    found = _split_list(settings.report_webhooks)
    for number, url in enumerate(found, 1):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"REPORT_WEBHOOKS: number {number} is no http(s) address")
    return found


def is_anybody_named(settings: Settings) -> bool:
    """Whether there is anybody to send to."""
    return bool(recipients(settings) or webhooks(settings))


def send(
    settings: Settings, report: DownloadsReport, *, unsubscribe: str | None = None
) -> DeliveryResult:
    """Send a report to everybody named; one that cannot be reached keeps it from no other.

    ``unsubscribe`` is the address in mails that ends them, for whoever opens it.

    Raises ``UsageError`` where nobody is named, or mail cannot be sent as it is set up.
    """
    to, hooks = recipients(settings), webhooks(settings)
    if not to and not hooks:
        raise UsageError("nobody is named to send to: set REPORT_EMAIL_TO or REPORT_WEBHOOKS")
    sent = DeliveryResult()
    if to:
        _mail(settings, build_mail(settings, report, to, unsubscribe), to, sent)
    for url in hooks:
        host = urlsplit(url).hostname or "a webhook"
        try:
            asyncio.run(_post(url, chat_message(report), settings.pyf_contact))
            sent.delivered.append(host)
        except AggregatorError as error:
            sent.failed[host] = error
    return sent


def build_mail(
    settings: Settings, report: DownloadsReport, to: Sequence[str], unsubscribe: str | None = None
) -> EmailMessage:
    """The mail: plain text, the same as HTML, and the page with its charts attached."""
    sender = settings.smtp_from or settings.smtp_user
    if not settings.smtp_host or not sender:
        raise UsageError("mail needs SMTP_HOST, and SMTP_FROM (or SMTP_USER) as its sender")
    mail = EmailMessage(MAIL_POLICY)
    try:
        mail["Subject"] = heading(report)
        mail["From"] = sender
        mail["To"] = ", ".join(to)
    except ValueError:
        raise UsageError("SMTP_FROM or REPORT_EMAIL_TO holds no mail addresses") from None
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("> ") or None)
    mail["Auto-Submitted"] = "auto-generated"
    if unsubscribe:
        _add_unsubscribe_headers(mail, unsubscribe)
    mail.set_content(render_markdown(report, unsubscribe))
    mail.add_alternative(
        render_page(report, with_charts=False, unsubscribe=unsubscribe), subtype="html"
    )
    name = f"downloads-{report.window.start}-{report.window.end}.html"
    mail.add_attachment(render_page(report), subtype="html", filename=name)
    return mail


def _add_unsubscribe_headers(mail: EmailMessage, unsubscribe: str) -> None:
    """Let the program's own button end the mails (RFC 2369); with one click only by HTTPS."""
    mail["List-Unsubscribe"] = f"<{unsubscribe}>"
    if unsubscribe.startswith("https:"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def webhook_payload(url: str, text: str) -> dict[str, object]:
    """What a webhook is sent: Discord's own form at its own addresses, else Slack's."""
    path = urlsplit(url).path.rstrip("/")
    if "/api/webhooks/" in path and not path.endswith("/slack"):
        # Nobody is called by a name that happens to stand in a title.
        return {"content": text[:DISCORD_MAX], "allowed_mentions": {"parse": []}}
    return {"text": escape(text[:SLACK_MAX], quote=False)}


def _mail(settings: Settings, mail: EmailMessage, to: Sequence[str], sent: DeliveryResult) -> None:
    server = f"the mail server {settings.smtp_host}:{settings.smtp_port}"
    refused: dict[str, tuple[int, bytes | str]]
    try:
        refused = dict(_deliver(settings, mail, to))
    except smtplib.SMTPRecipientsRefused as error:
        refused = dict(error.recipients)
    except smtplib.SMTPAuthenticationError:
        refused = dict.fromkeys(to, (0, "it does not take user or password"))
    except smtplib.SMTPResponseException as error:
        refused = dict.fromkeys(to, (error.smtp_code, error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        sent.failed |= {address: ServiceUnreachable(server, _short_error(error)) for address in to}
        return
    for address in to:
        if address in refused:
            reason = refused[address][1]
            said = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
            sent.failed[address] = NotDelivered(f"{server} refuses: {' '.join(said.split())}")
        else:
            sent.delivered.append(address)


def _deliver(
    settings: Settings, mail: EmailMessage, to: Sequence[str]
) -> dict[str, tuple[int, bytes]]:
    """Hand the mail over; return the recipients that were refused."""
    host, port = str(settings.smtp_host), settings.smtp_port
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
    else:
        connection = smtplib.SMTP(host, port, timeout=TIMEOUT)
    with connection as server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password)
        return server.send_message(mail, to_addrs=list(to))


async def _post(url: str, text: str, contact: str | None) -> None:
    """Post to a webhook. Its path is a secret, so no error repeats it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    path = url[len(f"{parts.scheme}://{parts.netloc}") :]
    body = orjson.dumps(webhook_payload(url, text))
    policy = FetchPolicy(workers=1, retries=3, timeout=TIMEOUT)
    headers = {"Content-Type": "application/json"}
    try:
        async with Fetcher(f"{parts.scheme}://{parts.netloc}", policy, contact=contact) as fetcher:
            answer = await fetcher.post(path, body, headers=headers, check=_same)
    except UpstreamError as error:
        cause = error.__cause__
        raise ServiceUnreachable(host, describe_error(cause) if cause else "no answer") from None
    if not 200 <= answer.status < 300:
        raise NotDelivered(f"{host} refuses the message: HTTP status {answer.status}")


def _same(answer: HttpResponse) -> HttpResponse:
    return answer


def _split_list(text: str | None) -> list[str]:
    return [item.strip() for item in (text or "").split(",") if item.strip()]


def _short_error(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

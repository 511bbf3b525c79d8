"""A report's figures equal a second computation; its forms hold them and nothing that runs."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import pytest

from pyf.aggregator.errors import NotFound, ServiceUnreachable, UsageError
from pyf.aggregator.reports.alerts import AlertLimits
from pyf.aggregator.reports.delivery import NotDelivered, send, webhook_payload
from pyf.aggregator.reports.html_page import render_page
from pyf.aggregator.reports.markdown import chat_message, render_markdown
from pyf.aggregator.reports.report import build_report
from pyf.aggregator.settings import load_settings

from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.queries.book import Book, Row, counted, day
from .servers import mail_server, webhook

NOW = datetime(2025, 5, 6, 7, tzinfo=UTC)
LAST = 62
"""Days in the store: from Monday 2025-03-03 to Saturday 2025-05-03; one is missing."""
MISSING = date(2025, 4, 9)
NASTY = '<script>alert("x")</script>'


def amount(package: str, number: int) -> int:
    """Downloads of a package on a day, busier on working days, leaping in the last weeks."""
    base = 1000 if package == "alpha" else 20
    weekend = 0.5 if day(number).weekday() > 4 else 1.0
    return int(base * weekend * (2 if package == "alpha" and number >= 49 else 1)) + number % 3


@pytest.fixture
def filled(store):  # noqa: F811
    book = Book(store)
    days = {}
    for number in range(LAST):
        if day(number) == MISSING:
            continue
        rows = [
            *counted("alpha", amount("alpha", number)),
            *counted("beta", amount("beta", number)),
        ]
        rows.append(Row("system", "alpha", "Linux", 3))
        rows.append(Row("system", "alpha", "null", 1))
        days[day(number)] = rows
    book.publish_all(days)
    return store


def made(store, period="week", names=("beta", "alpha", "nobody"), **limits):  # noqa: F811
    given = AlertLimits(**limits)
    return build_report(store, list(names), period, title="both", now=NOW, limits=given)


def summed(package, first, last):
    return sum(
        amount(package, number)
        for number in range(LAST)
        if first <= day(number) <= last and day(number) != MISSING
    )


def test_a_week_is_the_last_whole_one(filled):
    report = made(filled)

    monday, sunday = date(2025, 4, 21), date(2025, 4, 27)
    assert (report.window.start, report.window.end) == (monday, sunday)
    assert report.data_through == date(2025, 5, 3)
    alpha, beta = report.lines
    assert (alpha.package, alpha.rank, beta.package, beta.rank) == ("alpha", 1, "beta", 2)
    for line in report.lines:
        before = summed(line.package, monday - timedelta(7), sunday - timedelta(7))
        assert line.downloads == summed(line.package, monday, sunday)
        assert line.before == before
        assert line.change == pytest.approx(line.downloads / before - 1)
        assert line.total == summed(line.package, day(0), sunday)
    assert report.downloads == alpha.downloads + beta.downloads
    assert report.unknown == ("nobody",)
    assert [share.category for share in report.details[0].systems] == ["Linux", "null"]


def test_a_month_of_another_length_and_with_a_gap_is_compared_by_the_day(filled):
    report = made(filled, "month")

    assert (report.window.start, report.window.end) == (date(2025, 4, 1), date(2025, 4, 30))
    assert report.window.missing == 1
    beta = report.lines[1]
    assert beta.downloads == summed("beta", date(2025, 4, 1), date(2025, 4, 30))
    # Nothing happened to beta: the gap and the shorter month do not look as if something had.
    assert beta.change == pytest.approx(0.0, abs=0.01)
    assert "missing" in {alert.kind for alert in report.alerts}
    assert report.daily[report.days.index(MISSING)] is None


def test_what_is_worth_a_word_is_told(filled):
    report = made(filled, thresholds=(10_000,), change_percent=50.0)

    kinds = {(alert.kind, alert.package) for alert in report.alerts}
    assert ("threshold", "alpha") in kinds
    assert ("change", "alpha") in kinds
    assert ("milestone", "alpha") in kinds
    assert {package for _, package in kinds} == {"alpha"}


def test_nothing_loaded_and_nobody_known_are_not_found(store, filled):  # noqa: F811
    with pytest.raises(NotFound, match="no downloads of nobody"):
        made(filled, names=["nobody"])
    Book(store).clear()
    with pytest.raises(NotFound, match="no day yet"):
        made(store)


def test_markdown_holds_the_figures(filled):
    text = render_markdown(made(filled))

    assert text.startswith("# Weekly downloads of both, 2025-04-21 to 2025-04-27\n")
    rows = [line for line in text.splitlines() if line.startswith("| alpha ")]
    assert f"| alpha | {summed('alpha', date(2025, 4, 21), date(2025, 4, 27)):,} |" in rows[0]
    assert "Without figures: nobody." in text
    assert "| unknown |" in text


class Seen(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [str(v) for k, v in attributes if k in ("src", "href") or k.startswith("on")]


def test_the_page_needs_nothing_else_and_runs_nothing(filled):
    report = dataclasses.replace(made(filled), title=NASTY, unknown=(NASTY,))

    whole, plain = Seen(render_page(report)), Seen(render_page(report, with_charts=False))

    assert {"script", "img", "link"} & {*whole.tags, *plain.tags} == set()
    assert whole.links == plain.links == []
    assert whole.tags.count("svg") == 2 + len(report.lines)
    assert "svg" not in plain.tags
    assert "\\<script\\>" in render_markdown(report)


def settings(**given):
    return load_settings(given, dotenv=None)


def test_mail_and_webhooks_get_it_whoever_else_does_not(filled):
    report = made(filled)
    with mail_server("gone@pypi.example") as box, webhook() as hook, webhook(404) as broken:
        sent = send(
            settings(
                REPORT_EMAIL_TO="a@pypi.example, gone@pypi.example",
                SMTP_HOST="127.0.0.1",
                SMTP_PORT=str(box.port),
                SMTP_SECURITY="none",
                SMTP_FROM="Reports <reports@pypi.example>",
                REPORT_WEBHOOKS=f"{hook.url}/services/secret,{broken.url}/api/webhooks/1/secret",
            ),
            report,
        )

    ((to, mail),) = box.mails
    assert to == ["a@pypi.example"]
    assert mail["Subject"] == "Weekly downloads of both, 2025-04-21 to 2025-04-27"
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n") == render_markdown(report)
    assert "<svg" not in mail.get_body(("html",)).get_content()
    (attached,) = mail.iter_attachments()
    assert "<svg" in attached.get_content()
    ((path, body),) = hook.posted
    assert path == "/services/secret"
    assert body["text"].startswith("Weekly downloads of both")
    assert set(broken.posted[0][1]) == {"content", "allowed_mentions"}
    assert "a@pypi.example" in sent.delivered
    assert isinstance(sent.failed["gone@pypi.example"], NotDelivered)
    assert isinstance(sent.failed["127.0.0.1"], NotDelivered)
    assert "secret" not in str(sent.failed)


def test_what_is_away_is_said_without_secrets(filled):
    away = {
        "REPORT_EMAIL_TO": "a@pypi.example",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": "1",
        "SMTP_FROM": "r@pypi.example",
        "SMTP_USER": "r",
        "SMTP_PASSWORD": "hidden",
    }

    sent = send(settings(**away), made(filled))

    assert sent.delivered == []
    assert isinstance(sent.failed["a@pypi.example"], ServiceUnreachable)
    assert "hidden" not in str(sent.failed)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"REPORT_EMAIL_TO": "a@pypi.example"},
        {"REPORT_EMAIL_TO": "a@pypi.example", "SMTP_HOST": "mail.example"},
        {"REPORT_WEBHOOKS": "nonsense"},
    ],
)
def test_a_wrong_set_up_is_wrong_use(filled, given):
    with pytest.raises(UsageError):
        send(settings(**given), made(filled))


def test_a_message_is_short_and_calls_nobody(filled):
    report = dataclasses.replace(made(filled), title="<!channel> @everyone " * 200)

    discord = webhook_payload("https://chat.example/api/webhooks/1/x", chat_message(report))
    slack = webhook_payload("https://chat.example/api/webhooks/1/x/slack", chat_message(report))

    assert len(str(discord["content"])) <= 2000
    assert discord["allowed_mentions"] == {"parse": []}
    assert re.search("<!channel>", str(slack["text"])) is None

"""A report as Markdown, and as the few lines of a message. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..charts import text_sparkline
from ..store.queries import CategoryShare
from .report import PERIOD_NAMES, DownloadsReport, PackageDetail, ReportLine

MAX_LINES = 50
"""Packages that the table of a report shows."""
MESSAGE_LINES = 5
SPARK = 30


def heading(report: DownloadsReport) -> str:
    """What the report is, in one line; also the subject of a mail."""
    window = report.window
    return (
        f"{PERIOD_NAMES[report.period]} downloads of {report.title}, {window.start} to {window.end}"
    )


def summary_sentence(report: DownloadsReport) -> str:
    """The report in one sentence."""
    packages = f"{len(report.lines)} package{'s' * (len(report.lines) != 1)}"
    return (
        f"{report.downloads:,} downloads of {packages} ({percent(report.change)} against the "
        f"{report.period} before), without mirrors."
    )


def percent(share: float | None) -> str:
    """A relative change for people."""
    return "unknown change" if share is None else f"{share:+.1%}"


def render_markdown(report: DownloadsReport, unsubscribe: str | None = None) -> str:
    """The whole report; ``unsubscribe`` is the address that ends what it came with."""
    parts = [
        f"# {_plain(heading(report))}",
        summary_sentence(report),
        *_alerts(report),
        _table(report),
    ]
    if len(report.lines) > MAX_LINES:
        parts.append(f"... and {len(report.lines) - MAX_LINES} more packages.")
    for detail in report.details:
        parts += _detail(detail)
    if report.unknown:
        parts.append(f"Without figures: {', '.join(report.unknown)}.")
    parts.append(
        f"Data through {report.data_through}, written {report.generated:%Y-%m-%d %H:%M} UTC."
    )
    if unsubscribe:
        parts.append(f"No more of these mails: {unsubscribe}")
    return "\n\n".join(parts) + "\n"


def chat_message(report: DownloadsReport) -> str:
    """The report in a few lines of plain text, for a chat."""
    lines = [heading(report), summary_sentence(report)]
    lines += [
        f"- {line.package}: {line.downloads:,} ({percent(line.change)})"
        for line in report.lines[:MESSAGE_LINES]
    ]
    if report.alerts:
        lines += ["Worth a look:", *(f"- {alert.sentence}" for alert in report.alerts[:10])]
    return "\n".join(lines)


def _alerts(report: DownloadsReport) -> list[str]:
    if not report.alerts:
        return []
    return ["## Worth a look", "\n".join(f"- {alert.sentence}" for alert in report.alerts)]


def _table(report: DownloadsReport) -> str:
    head = ("Package", "Downloads", "Before", "Change", "Rank", "Since counting began", "Course")
    return _rows(head, map(_row, report.lines[:MAX_LINES]))


def _row(line: ReportLine) -> Sequence[str]:
    return (
        line.package,
        f"{line.downloads:,}",
        f"{line.before:,}",
        percent(line.change),
        "-" if line.rank is None else f"{line.rank:,}",
        f"{line.total:,}",
        f"`{text_sparkline(line.daily, SPARK)}`",
    )


def _detail(detail: PackageDetail) -> list[str]:
    return [
        f"## {detail.package}",
        *_shares("Python", detail.pythons),
        *_shares("System", detail.systems),
    ]


def _shares(what: str, shares: Sequence[CategoryShare]) -> list[str]:
    if not shares:
        return []
    rows = ((share_label(each), f"{each.downloads:,}", f"{each.share:.1%}") for each in shares)
    return [_rows((what, "Downloads", "Share"), rows)]


def share_label(share: CategoryShare) -> str:
    """A category for people: what did not tell is unknown."""
    return "unknown" if share.category == "null" else _plain(share.category)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *(["---:"] * (len(head) - 1))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plain(text: str) -> str:
    """A text that Markdown takes as it is."""
    return "".join(f"\\{letter}" if letter in "\\`*_[]<>|#" else letter for letter in text)

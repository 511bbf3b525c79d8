"""A report as one HTML page that needs nothing else, with charts or, for mail, without. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from .. import charts
from ..store.queries import CategoryShare
from .markdown import MAX_LINES, heading, percent, share_label, summary_sentence
from .report import DownloadsReport, PackageDetail, ReportLine

STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}"
    "th,td{padding:.3rem .6rem;text-align:right;border-bottom:1px solid #8884}"
    "th:first-child,td:first-child{text-align:left}"
    ".alerts{border-left:4px solid #c04f00;padding-left:1rem}footer{margin-top:2rem;opacity:.75}"
)
TOP_BARS = 15


def render_page(
    report: DownloadsReport, *, with_charts: bool = True, unsubscribe: str | None = None
) -> str:
    """The whole page. Mail programs show no SVG, some not even its letters as a picture.

    ``unsubscribe`` is the address that ends the mails of which this is one.
    """
    title = escape(heading(report))
    body = [f"<h1>{title}</h1><p>{escape(summary_sentence(report))}</p>", _alerts(report)]
    if with_charts:
        body += [_daily_chart(report), _bars(report)]
    body.append(_table(report, with_charts))
    body += [_detail(detail) for detail in report.details]
    if report.unknown:
        body.append(f"<p>Without figures: {escape(', '.join(report.unknown))}.</p>")
    body.append(
        f"<footer>Data through {report.data_through}, written "
        f"{report.generated:%Y-%m-%d %H:%M} UTC.{_unsubscribe_footer(unsubscribe)}</footer>"
    )
    style = STYLE + (charts.STYLE if with_charts else "")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{style}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _unsubscribe_footer(unsubscribe: str | None) -> str:
    if unsubscribe is None:
        return ""
    return f'<br><a href="{escape(unsubscribe)}">No more of these mails</a>'


def _alerts(report: DownloadsReport) -> str:
    if not report.alerts:
        return ""
    items = "".join(f"<li>{escape(alert.sentence)}</li>" for alert in report.alerts)
    return f'<section class="alerts"><h2>Worth a look</h2><ul>{items}</ul></section>'


def _daily_chart(report: DownloadsReport) -> str:
    series = [
        charts.LineSeries("daily", report.daily, faint=True, colour=0),
        charts.LineSeries("7-day mean", report.rolling, derived=True, colour=0),
    ]
    begins = [charts.DayMarker(report.window.start, f"this {report.period}")]
    return charts.line_chart(
        series, report.days, title=f"Downloads of {report.title}", marks=begins, style=False
    )


def _bars(report: DownloadsReport) -> str:
    if len(report.lines) < 2:
        return ""
    bars = [
        charts.Bar(line.package, line.downloads, percent(line.change))
        for line in report.lines[:TOP_BARS]
    ]
    return charts.bar_chart(bars, title=f"Most downloads of the {report.period}", style=False)


def _table(report: DownloadsReport, with_charts: bool) -> str:
    head = ["Package", "Downloads", "Before", "Change", "Rank", "Since counting began"]
    rows = (_row(line, with_charts) for line in report.lines[:MAX_LINES])
    return _rows(head + ["Course"] * with_charts, rows)


def _row(line: ReportLine, with_charts: bool) -> Sequence[str]:
    cells = (
        line.package,
        f"{line.downloads:,}",
        f"{line.before:,}",
        percent(line.change),
        "-" if line.rank is None else f"{line.rank:,}",
        f"{line.total:,}",
    )
    course = [charts.sparkline(line.daily, title=line.package, style=False)] if with_charts else []
    return [*map(escape, cells), *course]


def _detail(detail: PackageDetail) -> str:
    tables = "".join(
        _shares(what, shares)
        for what, shares in (("Python", detail.pythons), ("System", detail.systems))
        if shares
    )
    return f"<h2>{escape(detail.package)}</h2>{tables}"


def _shares(what: str, shares: Iterable[CategoryShare]) -> str:
    rows = (
        [escape(share_label(each)), f"{each.downloads:,}", f"{each.share:.1%}"] for each in shares
    )
    return _rows([what, "Downloads", "Share"], rows)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are markup already."""
    first = "".join(f"<th>{cell}</th>" for cell in head)
    others = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{first}</tr></thead><tbody>{others}</tbody></table>"

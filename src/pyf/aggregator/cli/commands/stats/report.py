"""``pyfa stats report``: a week or a month in words, tables and charts, printed, kept or sent."""

from __future__ import annotations

import argparse
import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ....errors import UsageError
from ....reports.alerts import AlertLimits
from ....reports.delivery import is_anybody_named, send
from ....reports.html_page import render_page
from ....reports.markdown import render_markdown
from ....reports.report import DownloadsReport, build_report
from ....settings import Settings, load_settings
from ....store import open_store
from ...common import output, signals
from ...common.actions import EXIT_PARTIAL
from ...common.package_options import add_packages, several
from ...common.subcommands import Subcommand

SHOWN_IN_TITLE = 3


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    period = parser.add_mutually_exclusive_group(required=True)
    period.add_argument("--weekly", action="store_true", help="the last whole week, from Monday")
    period.add_argument("--monthly", action="store_true", help="the last whole month")
    add_packages(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--html", action="store_true", help="print HTML with charts, not Markdown")
    form.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument(
        "--output-dir", type=Path, metavar="DIR", help="write both formats there, print nothing"
    )
    parser.add_argument(
        "--send", action="store_true", help="to REPORT_EMAIL_TO and REPORT_WEBHOOKS"
    )
    parser.add_argument(
        "--only-alerts", action="store_true", help="with --send: only if there are alerts"
    )
    parser.add_argument(
        "--change",
        type=_percent,
        metavar="PERCENT",
        help="alert on a rise or fall of this much (default: REPORT_CHANGE_PERCENT)",
    )
    parser.add_argument(
        "--threshold",
        type=whole_count,
        action="append",
        metavar="N",
        help="alert where N downloads are passed (repeatable; default: REPORT_THRESHOLDS)",
    )


def report(arguments: argparse.Namespace) -> int:
    """Make the report; return the exit status."""
    signals.exit_on_signals()
    settings = load_settings()
    if arguments.only_alerts and not arguments.send:
        raise UsageError("--only-alerts goes with --send")
    if arguments.send and not is_anybody_named(settings):
        raise UsageError("nobody is named to send to: set REPORT_EMAIL_TO or REPORT_WEBHOOKS")
    names = several(arguments, settings)
    with open_store(settings) as store:
        made = build_report(
            store,
            names,
            "week" if arguments.weekly else "month",
            title=_title(arguments, names),
            now=datetime.now(UTC),
            limits=_limits(arguments, settings),
        )
    if arguments.output_dir:
        _write(arguments.output_dir, made)
    elif not arguments.send or arguments.html or arguments.json:
        _print(arguments, made)
    status = EXIT_PARTIAL if made.unknown and not arguments.profile else 0
    for name in made.unknown if status else ():
        output.note(f"the store has no downloads of {name!r}")
    return max(status, _send(settings, made, arguments) if arguments.send else 0)


def _title(arguments: argparse.Namespace, names: list[str]) -> str:
    if arguments.profile:
        return str(arguments.profile)
    more = f" and {len(names) - SHOWN_IN_TITLE} more" if len(names) > SHOWN_IN_TITLE else ""
    return ", ".join(names[:SHOWN_IN_TITLE]) + more


def _limits(arguments: argparse.Namespace, settings: Settings) -> AlertLimits:
    change = arguments.change or settings.report_change_percent
    return AlertLimits(change, tuple(arguments.threshold or settings.report_thresholds))


def _print(arguments: argparse.Namespace, made: DownloadsReport) -> None:
    if arguments.json:
        output.data(as_data(made))
    else:
        text = render_page(made) if arguments.html else render_markdown(made)
        output.say(text.rstrip("\n"))


def as_data(made: DownloadsReport) -> dict[str, Any]:
    """The figures of a report for machines."""
    return {
        "title": made.title,
        "period": made.period,
        "start": made.window.start,
        "end": made.window.end,
        "missing_days": list(made.window.missing_days),
        "data_through": made.data_through,
        "downloads": made.downloads,
        "before": made.before,
        "change": made.change,
        "packages": [
            {
                "package": line.package,
                "downloads": line.downloads,
                "before": line.before,
                "change": line.change,
                "total": line.total,
                "rank": line.rank,
            }
            for line in made.lines
        ],
        "alerts": [dataclasses.asdict(alert) for alert in made.alerts],
        "unknown": list(made.unknown),
    }


def _write(folder: Path, made: DownloadsReport) -> None:
    name = f"report-{made.period}-{made.window.start}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for suffix, text in ((".md", render_markdown(made)), (".html", render_page(made))):
            path = folder / (name + suffix)
            path.write_text(text, encoding="utf-8")
            output.note(f"written: {path}")
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None


def _send(settings: Settings, made: DownloadsReport, arguments: argparse.Namespace) -> int:
    if arguments.only_alerts and not made.alerts:
        output.note("nothing to alert to: nothing was sent")
        return 0
    sent = send(settings, made)
    for name in sent.delivered:
        output.note(f"sent to {name}")
    if sent.failed and not sent.delivered:
        raise next(iter(sent.failed.values()))
    output.missing("not sent to", [f"{name}: {why}" for name, why in sent.failed.items()])
    return EXIT_PARTIAL if sent.failed else 0


def _percent(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 100_000:
        raise argparse.ArgumentTypeError("a number above 0 is needed")
    return value


def whole_count(text: str) -> int:
    """Parse a number of downloads; the type of an option."""
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0
    if value < 1:
        raise argparse.ArgumentTypeError("must be a positive integer")
    return value


VERBS = (
    Subcommand(
        "report",
        "Report on the last week or month, with charts and alerts",
        _add_arguments,
        report,
        "examples:\n"
        "  pyfa stats report --weekly --package plone.api plone.restapi\n"
        "  pyfa stats report --monthly -p plone --output-dir reports\n"
        "  pyfa stats report --weekly -p plone --send --only-alerts",
    ),
)

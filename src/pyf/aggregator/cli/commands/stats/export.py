"""``pyfa stats export``: a package's downloads as files, a table and a chart."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ....charts import Bar, text_bars, text_sparkline
from ....errors import AggregatorError, NotFound
from ....reports.collector import STATS_SOURCES, StatsCollector
from ....settings import load_settings
from ....store.exports import PackageDownloads, summary, write_files
from ...common import output, signals
from ...common.actions import EXIT_PARTIAL
from ...common.listing import cell
from ...common.package_options import add_packages, several
from ...common.subcommands import Subcommand

MOST_DAYS = 180
SPARK = 72


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    add_packages(parser)
    parser.add_argument(
        "--days", type=_days, default=30, metavar="N", help="the last N days, 1-180 (%(default)s)"
    )
    parser.add_argument(
        "--output-dir",
        type=Path,
        default=Path("stats"),
        metavar="DIR",
        help="folder for the files; several packages get a subfolder each (%(default)s)",
    )
    parser.add_argument("--no-display", action="store_true", help="write files only")
    parser.add_argument("--parquet", action="store_true", help="also write everything as Parquet")
    parser.add_argument(
        "--source",
        choices=STATS_SOURCES,
        default="auto",
        help="auto: the store where it has the package, else pypistats.org",
    )
    parser.add_argument("--json", action="store_true", help="print the summaries as JSON")


def export(arguments: argparse.Namespace) -> int:
    """Write the files of every package; return the exit status."""
    signals.exit_on_signals()
    settings = load_settings()
    names = several(arguments, settings)
    is_one = len(names) == 1 and not arguments.profile
    moment = datetime.now(UTC)
    summaries, failed = [], []
    with StatsCollector(settings, arguments.source, arguments.days) as sources:
        for name, found in sources.each_package(names):
            if not isinstance(found, PackageDownloads):
                failed.append(found)
                continue
            folder = arguments.output_dir if is_one else arguments.output_dir / name
            files = write_files(folder, found, moment, parquet=arguments.parquet)
            summaries.append(summary(found, moment))
            if not arguments.no_display and not arguments.json:
                _display(found, files)
    if arguments.json:
        output.data(summaries[0] if is_one and summaries else summaries)
    return _end(len(summaries), failed)


def _end(written: int, failed: Sequence[AggregatorError]) -> int:
    if failed and not written:
        # What is away weighs more than what does not exist: it may be there when it is back.
        raise next((error for error in failed if not isinstance(error, NotFound)), failed[0])
    output.missing("no figures:", [str(error) for error in failed])
    return EXIT_PARTIAL if failed else 0


def _display(figures: PackageDownloads, files: list[Path]) -> None:
    rows = [
        ["downloads", cell(figures.total)],
        ["a day", cell(round(figures.average))],
        *_shares(figures, "Python", "python_minor"),
        *_shares(figures, "system", "system"),
    ]
    title = f"{figures.package}, {figures.start} to {figures.end}, from {figures.source}"
    output.say(title)
    output.table("", ["what", "downloads"], rows)
    output.say(text_sparkline(figures.daily, SPARK))
    systems = [Bar(share.category, share.downloads) for share in figures.shares("system", 5)]
    for line in text_bars(systems):
        output.say(line)
    output.say("")
    if figures.missing:
        output.note(f"note: {len(figures.missing)} of {len(figures.days)} days are unknown")
    output.note(f"written: {', '.join(map(str, files))}")


def _shares(figures: PackageDownloads, what: str, dimension: str) -> list[list[str]]:
    return [
        [f"{what} {share.category}", f"{cell(share.downloads)} ({share.share:.0%})"]
        for share in figures.shares(dimension, 5)
    ]


def _days(text: str) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    if not 1 <= value <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST_DAYS} is needed")
    return value


VERBS = (
    Subcommand(
        "export",
        "Write a package's downloads as JSON and CSV, and print them",
        _add_arguments,
        export,
        "works without a store; the figures then come from pypistats.org",
    ),
)

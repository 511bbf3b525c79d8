"""``pyfa stats load|backfill|loads|retention``: days into the store, and out of it."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from typing import Any

from ....errors import AggregatorError, PartialFailure, UsageError
from ....index import SearchServer
from ....profiles import load_profiles
from ....settings import Settings, load_settings
from ....store import open_store
from ....store.loads import history, runs
from ....store.loads.day_load import LoadResult
from ....store.loads.history import LoadEvent
from ....store.sources import SOURCE_NAMES, DownloadSource
from ...common import output, signals
from ...common.progress import Bars
from ...common.stats_options import day, whole
from ...common.subcommands import Subcommand

HEAD = ["day", "status", "source", "rows", "downloads", "finished", "reason"]


class LoadProgress(Bars):
    """Progress of loads: the day, and how many rows of it were read."""

    def __init__(self) -> None:
        super().__init__()
        self._day = ""
        if self.bars:
            self._task = self.bars.add_task("loading", total=None)

    def day(self, which: dt.date) -> None:
        """A day begins."""
        self._day = str(which)
        if self.bars:
            self.bars.update(self._task, description=f"loading {which}", completed=0)

    def rows(self, count: int) -> None:
        """So many rows of the day were read."""
        if self.bars:
            self.bars.update(self._task, completed=count)
        else:
            self.line(f"loading {self._day}: {count:,} rows")


def _amount(text: str) -> int:
    value = int(text) if text.isascii() and text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError("a whole number of bytes is needed")
    return value


def _add_source(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source", choices=SOURCE_NAMES, help="where counts come from (default: STATS_SOURCE)"
    )
    parser.add_argument(
        "--file",
        metavar="PATTERN",
        help="with the source file: Parquet, CSV or JSON lines; {day} stands for the day, "
        "* and ? are wildcards (default: STATS_FILE)",
    )
    parser.add_argument(
        "--max-bytes",
        type=_amount,
        metavar="N",
        help="refuse a BigQuery load that would bill more (default: STATS_MAX_BYTES)",
    )
    parser.add_argument(
        "--accept", action="store_true", help="publish figures that fail a plausibility check"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print what would be loaded and what it costs"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more to stderr")


def _add_load(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--day", type=day, metavar="DAY", help="the day, YYYY-MM-DD (UTC)")
    parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="last day")
    _add_source(parser)


def _add_backfill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from",
        dest="first",
        type=day,
        metavar="DAY",
        help="first day (default: all that is kept)",
    )
    _add_source(parser)


def load(arguments: argparse.Namespace) -> int:
    """Load the days named."""
    settings = load_settings()
    days = _days(arguments)
    now = history.utc_now()
    for each in {days[0], days[-1]}:
        runs.check_in_retention(each, now, settings.stats_retention_days)
    return _run(arguments, settings, lambda store, source: runs.PendingDays(tuple(days), ()))


def backfill(arguments: argparse.Namespace) -> int:
    """Load every day that is missing or was loaded too early."""
    settings = load_settings()
    now = history.utc_now()
    if arguments.first:
        runs.check_in_retention(arguments.first, now, settings.stats_retention_days)

    def work(store: Any, source: DownloadSource) -> runs.PendingDays:
        kept = settings.stats_retention_days
        return runs.pending_days(store, source, now, kept, first=arguments.first)

    return _run(arguments, settings, work)


def _days(arguments: argparse.Namespace) -> list[dt.date]:
    if arguments.day and not (arguments.first or arguments.last):
        return [arguments.day]
    if arguments.day or not (arguments.first and arguments.last):
        raise UsageError("name the day with --day, or a range with --from and --to")
    _check_order(arguments)
    count = (arguments.last - arguments.first).days + 1
    return [arguments.first + dt.timedelta(n) for n in range(count)]


def _check_order(arguments: argparse.Namespace) -> None:
    if arguments.last < arguments.first:
        raise UsageError(f"--to {arguments.last} is before --from {arguments.first}")


def _run(
    arguments: argparse.Namespace,
    settings: Settings,
    work: Callable[[Any, DownloadSource], runs.PendingDays],
) -> int:
    signals.exit_on_signals()
    source = _source(arguments, settings)
    with open_store(settings, readonly=False) as store:
        if not arguments.dry_run:
            runs.maintain_store(store, history.utc_now(), settings.stats_retention_days)
        todo = work(store, source)
        if arguments.dry_run:
            return _estimate(arguments, source, todo)
        with LoadProgress() as bar:
            watch = runs.RunCallbacks(bar.day, bar.rows)
            outcome = runs.load_days(
                store, source, todo.missing, accept=arguments.accept, again=todo.again, watch=watch
            )
    return _tell(arguments, outcome)


def _source(arguments: argparse.Namespace, settings: Settings) -> DownloadSource:
    # The queue's parts take longest to load; only a load needs them here.
    from ....queue import download_loads as queued
    from ....queue.active_profiles import ActiveProfiles

    def packages() -> list[str]:
        server = SearchServer.from_settings(settings)
        return queued.indexed_projects(server, ActiveProfiles(server, load_profiles(settings)))

    return queued.source_for(
        settings,
        packages,
        arguments.source,
        file=arguments.file,
        max_bytes=arguments.max_bytes,
    )


def _estimate(arguments: argparse.Namespace, source: DownloadSource, todo: runs.PendingDays) -> int:
    """Say what each day would cost; the days that a source has not are named."""
    known: list[dict[str, Any]] = []
    failed: dict[dt.date, AggregatorError] = {}
    for each in [*todo.missing, *todo.again]:
        try:
            estimate = source.estimate(each)
            known.append({"day": str(each), "bytes": estimate.bytes, "told": estimate.description})
        except runs.SKIPPABLE_ERRORS as error:
            failed[each] = error
            output.note(f"{each}: {error}")
    if arguments.json:
        total = sum(row["bytes"] for row in known)
        output.data({"source": source.name, "days": known, "bytes": total})
    else:
        rows = [[row["day"], f"{row['bytes']:,}", row["told"]] for row in known]
        output.table(f"Source {source.name}", ["day", "bytes billed", "cost"], rows)
        if not known and not failed:
            output.note("no day is missing")
    if (wrong := runs.LoadRunResult(failed=failed).error) is not None:
        raise wrong
    return 0


def _tell(arguments: argparse.Namespace, outcome: runs.LoadRunResult) -> int:
    events = [done.event for done in outcome.loaded]
    if arguments.json:
        output.data(
            {
                "loads": [_load_data(done) for done in outcome.loaded],
                "failed": {str(each): str(error) for each, error in outcome.failed.items()},
                "left": [str(each) for each in outcome.remaining],
            }
        )
    else:
        output.table("Loads", HEAD, [_row(event) for event in events])
        if not events and outcome.error is None:
            output.note("no day is missing")
    for done in outcome.loaded:
        if done.sent.skipped:
            output.note(
                f"note: {done.event.day}: {done.sent.skipped:,} rows have names that no package "
                "can have and were left out"
            )
        for fault in done.sent.faults:
            output.note(f"note: {done.event.day}: left out: {fault}")
    if outcome.error is not None:
        if isinstance(outcome.error, PartialFailure):
            output.missing("not loaded:", [str(error) for error in outcome.failed.values()])
        raise outcome.error
    return 0


def _add_loads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="last day")
    parser.add_argument(
        "-n", "--count", type=whole, default=50, metavar="N", help="how many (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def loads(arguments: argparse.Namespace) -> int:
    """Tell what came when, the youngest first."""
    if arguments.first and arguments.last:
        _check_order(arguments)
    with open_store(load_settings()) as store:
        found = history.load_events(store, arguments.first, arguments.last, arguments.count)
        counting = set(store.snapshot().days.values())
    if arguments.json:
        output.data([{**_data(event), "counts": event.id in counting} for event in found])
    else:
        output.table("Loads", HEAD, [_row(event) for event in found])
        if not found:
            of_all = arguments.first is None and arguments.last is None
            output.note("nothing was loaded yet" if of_all else "no load is about these days")
    return 0


def _add_retention(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def retention(arguments: argparse.Namespace) -> int:
    """Retire months that are over retention, and clear away what no reader sees."""
    settings = load_settings()
    now = history.utc_now()
    with open_store(settings, readonly=False) as store:
        kept = runs.maintain_store(store, now, settings.stats_retention_days)
    months = {
        "retired": [f"{month:%Y-%m}" for month in kept.retired.months],
        "dropped": [f"{month:%Y-%m}" for month in kept.retired.dropped],
    }
    cleaned = kept.cleaned
    if arguments.json:
        output.data({**months, "dead_loads": cleaned.dead, "replaced_loads": cleaned.replaced})
        return 0
    for what, named in months.items():
        output.say(f"months {what}: {', '.join(named) or 'none'}")
    output.say(f"loads cleared away: {cleaned.dead} dead, {cleaned.replaced} replaced")
    return 0


def _row(event: LoadEvent) -> list[str]:
    return [
        str(event.day),
        event.status,
        event.source,
        f"{event.rows:,}",
        f"{event.downloads_total:,}",
        f"{event.finished:%Y-%m-%d %H:%M:%S}",
        event.reason,
    ]


def _data(event: LoadEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "day": str(event.day),
        "source": event.source,
        "scope": event.scope,
        "status": event.status,
        "reason": event.reason,
        "rows": event.rows,
        "downloads_total": event.downloads_total,
        "started": event.started.isoformat(),
        "finished": event.finished.isoformat(),
        "accepted": event.accepted,
    }


def _load_data(done: LoadResult) -> dict[str, Any]:
    return {**_data(done.event), "packages": done.packages, "rows_left_out": done.sent.skipped}


VERBS: tuple[Subcommand, ...] = (
    Subcommand("load", "Load days, replacing existing ones", _add_load, load),
    Subcommand("backfill", "Load every missing day", _add_backfill, backfill),
    Subcommand("loads", "List loads, including refused ones", _add_loads, loads),
    Subcommand(
        "retention",
        "Delete days older than STATS_RETENTION_DAYS and keep their monthly totals",
        _add_retention,
        retention,
    ),
)

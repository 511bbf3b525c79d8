"""What the questions to the statistics store have in common: the store, ranges of days."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from ...errors import NotFound, UsageError
from ...settings import Settings, load_settings
from ...store import Snapshot, Store, open_store
from . import listing, signals
from .actions import EXIT_PARTIAL
from .listing import Listing

_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class StatsOptions:
    """A question under way: the options, the store at one moment, and the time of asking."""

    arguments: argparse.Namespace
    settings: Settings
    store: Store
    snapshot: Snapshot
    now: datetime


def answering(question: Callable[[StatsOptions], Listing]) -> Callable[[argparse.Namespace], int]:
    """Make a command of a question: open the store, ask, print."""

    def run(arguments: argparse.Namespace) -> int:
        signals.exit_on_signals()
        settings = load_settings()
        with open_store(settings) as store:
            snapshot = store.snapshot()
            if snapshot.data_through is None:
                raise NotFound("the store holds no day yet; `pyfa stats load` brings one")
            answer = question(StatsOptions(arguments, settings, store, snapshot, datetime.now(UTC)))
        listing.show(arguments, answer)
        return EXIT_PARTIAL if answer.partly else 0

    return run


def add_range(parser: argparse.ArgumentParser, default: int | None = 30) -> None:
    """Declare the days that are asked for."""
    shown = f"the last N days (default: {default})" if default else "the last N days (default: all)"
    parser.add_argument("--days", type=whole, default=default, metavar="N", help=shown)
    parser.add_argument("--from", dest="first", type=day, metavar="DAY", help="first day")
    parser.add_argument("--to", dest="last", type=day, metavar="DAY", help="last day")


def range_of(asked: StatsOptions) -> tuple[date | None, date | None]:
    """First and last day asked for; ``None``: as far as the store has days.

    Raises ``UsageError`` for a range that lies in the future or ends before it begins, and
    ``NotFound`` for one of which the store has no day, so that nothing is known of any package.
    """
    first, last = asked.arguments.first, asked.arguments.last
    today, through = asked.now.date(), asked.snapshot.data_through
    if first is not None and first > today:
        raise UsageError(f"--from {first} is in the future: today is {today} (UTC)")
    if last is not None and last > today:
        raise UsageError(f"--to {last} is in the future: today is {today} (UTC)")
    if first is not None and last is not None and last < first:
        raise UsageError(f"--to {last} lies before --from {first}")
    oldest = min(asked.snapshot.days)
    if through is not None and ((first and first > through) or (last and last < oldest)):
        raise NotFound(f"the store has the days from {oldest} to {through} only")
    if first is None and asked.arguments.days is not None:
        first = (last or through or today) - timedelta(days=asked.arguments.days - 1)
    if not asked.snapshot.load_ids(first, last):
        raise not_loaded(first or oldest, last or through or today)
    return first, last


def end_of(asked: StatsOptions) -> date | None:
    """The last day of the period asked for, by ``--day``; like ``range_of``."""
    end: date | None = asked.arguments.day
    today, through = asked.now.date(), asked.snapshot.data_through
    if end is not None and end > today:
        raise UsageError(f"--day {end} is in the future: today is {today} (UTC)")
    oldest = min(asked.snapshot.days)
    if end is not None and through is not None and not oldest <= end <= through:
        raise NotFound(f"the store has the days from {oldest} to {through} only")
    return end


def day(text: str) -> date:
    """Parse a day; the type of an option."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day such as 2026-07-01") from None


def whole(text: str) -> int:
    """Parse a positive integer; the type of an option."""
    value = int(text) if _WHOLE.fullmatch(text) else 0
    if not 1 <= value <= 100_000:
        raise argparse.ArgumentTypeError("a whole number from 1 to 100000 is needed")
    return value


def nothing_of(
    *packages: str,
    asked: StatsOptions,
    by: str = "overall",
    start: date | None = None,
    end: date | None = None,
) -> NotFound:
    """The error for packages of which the store has nothing, or nothing told apart by ``by``.

    ``start`` and ``end`` are the days that were asked for; without them all that there are.
    """
    first, last = start or min(asked.snapshot.days), end or asked.snapshot.data_through
    named, apart = ", ".join(map(repr, packages)), "" if by == "overall" else f" by {by}"
    return NotFound(f"the store has no downloads of {named}{apart} from {first} to {last}")


def not_loaded(start: date, end: date) -> NotFound:
    """The error for days of which the store has none."""
    days = f"{start} is not" if start == end else f"no day from {start} to {end} is"
    return NotFound(f"{days} loaded; `pyfa stats backfill` may bring it")

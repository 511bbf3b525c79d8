"""``pyfa stats top|momentum``: who has most downloads, and whose rise or fall."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....charts import Bar, text_bars
from ....errors import NotFound
from ....store import queries
from ....store.queries import ALL, PERIOD_DAYS, Period
from ....store.queries.momentum import COMPARED_DAYS
from ...common.listing import Cell, Listing, about, add_format, data_notes
from ...common.listing import range_of as range_data
from ...common.package_options import add_packages, several
from ...common.stats_options import (
    StatsOptions,
    answering,
    day,
    end_of,
    not_loaded,
    nothing_of,
    whole,
)
from ...common.subcommands import Subcommand

BARS = 20


def _add_board(parser: argparse.ArgumentParser, periods: Mapping[Period, int]) -> None:
    parser.add_argument(
        "--period",
        choices=tuple(PERIOD_DAYS),
        default="month",
        help=f"days: {', '.join(f'{name} {days}' for name, days in periods.items())} (%(default)s)",
    )
    parser.add_argument(
        "-n", "--count", type=whole, default=20, metavar="N", help="how many (%(default)s)"
    )
    parser.add_argument("--day", type=day, metavar="DAY", help="last day of the period")
    add_packages(parser)
    add_format(parser)


@dataclass(frozen=True)
class _Field:
    """The packages to rank among (``None``: all), and those named that the store never saw."""

    among: list[str] | None = None
    unknown: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        return [f"the store has no downloads of {name!r}" for name in self.unknown]


def _field(asked: StatsOptions) -> _Field:
    """Raises ``NotFound`` where the store has none of the packages that were named."""
    if asked.arguments.profile:
        # Of a whole profile some are always too new; nobody named them.
        return _Field(several(asked.arguments, asked.settings))
    if not asked.arguments.package:
        return _Field()
    names = several(asked.arguments, asked.settings)
    known = {ALL, *queries.bulk_counts(asked.store, names, snapshot=asked.snapshot).packages}
    unknown = tuple(name for name in names if name not in known)
    if len(unknown) == len(names):
        raise nothing_of(*names, asked=asked)
    return _Field(names, unknown)


def _add_top(parser: argparse.ArgumentParser) -> None:
    _add_board(parser, PERIOD_DAYS)


def top(asked: StatsOptions) -> Listing:
    """The packages with most downloads."""
    field = _field(asked)
    found = queries.top_packages(
        asked.store,
        asked.arguments.period,
        limit=asked.arguments.count,
        among=field.among,
        end=end_of(asked),
        snapshot=asked.snapshot,
    )
    if found.window is not None and not found.window.known:
        raise not_loaded(found.window.start, found.window.end)
    data = {
        "period": found.period,
        "of": found.of,
        "downloads": found.downloads,
        "packages": [row._asdict() for row in found.rows],
        "unknown": list(field.unknown),
        **range_data(found.window),
        **about(found),
    }
    bars = [Bar(row.package, row.downloads) for row in found.rows[:BARS]]
    return Listing(
        f"most downloads of a {found.period}, of {found.of} packages",
        ("rank", "package", "downloads"),
        found.rows,
        data,
        [*data_notes(found, found.window, now=asked.now), *field.notes, *_nobody(found.rows)],
        text_bars(bars),
        partly=bool(field.unknown),
    )


def _nobody(rows: Sequence[object]) -> list[str]:
    return [] if rows else ["none of the packages has downloads in these days"]


def _add_momentum(parser: argparse.ArgumentParser) -> None:
    _add_board(parser, COMPARED_DAYS)
    parser.add_argument(
        "--falling", action="store_true", help="falling packages instead of rising ones"
    )
    parser.add_argument(
        "--least",
        type=whole,
        default=1,
        metavar="N",
        help="minimum downloads in both periods together (%(default)s)",
    )


def momentum(asked: StatsOptions) -> Listing:
    """The packages that rise, or fall, most against the period before."""
    field = _field(asked)
    found = queries.momentum_board(
        asked.store,
        asked.arguments.period,
        direction="falling" if asked.arguments.falling else "rising",
        limit=asked.arguments.count,
        least=asked.arguments.least,
        among=field.among,
        end=end_of(asked),
        snapshot=asked.snapshot,
    )
    rows: list[tuple[Cell, ...]] = [
        (row.package, row.current, row.previous, _percent(row.growth), row.momentum)
        for row in found.rows
    ]
    notes = [*data_notes(found, now=asked.now), *field.notes]
    if not found.pairs.known_pairs:
        raise NotFound("no day of this period and of the one before it is loaded")
    if not found.rows:
        notes.append(f"none of {found.of} packages is {found.direction}")
    if found.pairs.known_pairs < found.pairs.days:
        known = f"{found.pairs.known_pairs} of {found.pairs.days}"
        notes.append(f"{known} days are known in both periods; the others are left out")
    data = {
        "period": asked.arguments.period,
        "direction": found.direction,
        "of": found.of,
        "days_compared": found.pairs.known_pairs,
        "packages": [row._asdict() for row in found.rows],
        "unknown": list(field.unknown),
        **about(found),
    }
    columns = ("package", "downloads", "before", "change, %", "momentum")
    title = f"{found.direction}, of {found.of} packages"
    return Listing(title, columns, rows, data, notes, partly=bool(field.unknown))


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


VERBS = (
    Subcommand(
        "top", "Packages with most downloads, of all or of a set.", _add_top, answering(top)
    ),
    Subcommand(
        "momentum",
        "Packages that rise or fall most compared with the previous period",
        _add_momentum,
        answering(momentum),
    ),
)

"""``pyfa stats recent|series|compare``: one package's figures, and several side by side."""

from __future__ import annotations

import argparse

from ....charts import text_sparkline
from ....errors import UsageError
from ....store import queries
from ....store.queries import DIMENSIONS, PERIOD_DAYS, WITHOUT_MIRRORS, DownloadSeries
from ...common.listing import Cell, Listing, about, add_format, data_notes
from ...common.listing import range_of as range_data
from ...common.package_options import add_package, one, package
from ...common.stats_options import StatsOptions, add_range, answering, nothing_of, range_of
from ...common.subcommands import Subcommand

SPARK = 72
"""Letters of a chart on a terminal."""


def _add_recent(parser: argparse.ArgumentParser) -> None:
    add_package(parser)
    add_format(parser)


def recent(asked: StatsOptions) -> Listing:
    """Downloads of the last day, week and month, in total, and the place by month."""
    name = one(asked.arguments)
    found = queries.recent_downloads(asked.store, name, snapshot=asked.snapshot)
    whole = queries.total_downloads(asked.store, name, snapshot=asked.snapshot)
    if not whole.found:
        raise nothing_of(name, asked=asked)
    place = queries.package_rank(asked.store, name, snapshot=asked.snapshot)
    grown = queries.growth(asked.store, name, snapshot=asked.snapshot)
    change = grown.change.growth if grown.change else None
    rows: list[tuple[str, Cell]] = [
        ("last day", found.last_day),
        ("last week", found.last_week),
        ("last month", found.last_month),
        (f"since {whole.first}", whole.downloads),
        ("change of 28 days, %", None if change is None else 100 * change),
        (f"rank among {place.of}", place.rank),
    ]
    data = {
        "package": name,
        "last_day": found.last_day,
        "last_week": found.last_week,
        "last_month": found.last_month,
        "total": whole.downloads,
        "first_day": whole.first.isoformat() if whole.first else None,
        "change": change,
        "momentum": grown.change.momentum if grown.change else None,
        "rank": place.rank,
        "of": place.of,
        "percentile": place.percentile,
        **about(found),
    }
    notes = data_notes(found, found.windows.get("month"), now=asked.now)
    return Listing(f"{name}, downloads without mirrors", ("what", "downloads"), rows, data, notes)


def _add_series(parser: argparse.ArgumentParser) -> None:
    add_package(parser)
    parser.add_argument(
        "--by",
        choices=DIMENSIONS,
        default="overall",
        help="dimension to break down by (%(default)s)",
    )
    parser.add_argument(
        "--bucket", choices=("day", "week", "month"), default="day", help="step (%(default)s)"
    )
    add_range(parser)
    add_format(parser)


def series(asked: StatsOptions) -> Listing:
    """Downloads by time and category; with ``--by overall`` those without mirrors."""
    name = one(asked.arguments)
    start, end = range_of(asked)
    by = asked.arguments.by
    found = queries.download_series(
        asked.store,
        name,
        by,
        categories=[WITHOUT_MIRRORS] if by == "overall" else None,
        start=start,
        end=end,
        size=asked.arguments.bucket,
        snapshot=asked.snapshot,
    )
    if not found.points:
        raise nothing_of(name, asked=asked, by=by, start=start, end=end)
    rows: list[tuple[Cell, ...]] = [
        (bucket.start, category, value)
        for category in found.categories
        for bucket, value in zip(found.buckets, found.values(category), strict=True)
    ]
    data = {
        "package": name,
        "dimension": by,
        "bucket": found.size,
        "data": [_point(*row) for row in rows],
        **range_data(found.window),
        **about(found),
    }
    notes = [*data_notes(found, found.window, now=asked.now), *_cut_notes(found)]
    columns = ("date", "category", "downloads")
    return Listing(f"{name} by {by}", columns, rows, data, notes, _sparks(found))


def _cut_notes(found: DownloadSeries) -> list[str]:
    """Weeks and months that reach beyond the days asked for, or have unknown ones."""
    cut = [
        f"{bucket.start} ({bucket.known} of {bucket.days} days)"
        for bucket in found.buckets
        if not bucket.complete
    ]
    return [f"not whole: {', '.join(cut)}"] if cut and found.size != "day" else []


def _point(start: Cell, category: Cell, downloads: Cell) -> dict[str, Cell]:
    return {"date": str(start), "category": category, "downloads": downloads}


def _sparks(found: DownloadSeries) -> list[str]:
    return [
        f"{category:>16}  {text_sparkline(found.values(category), SPARK)}"
        for category in found.categories
    ]


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("packages", nargs="+", type=package, metavar="NAME", help="packages")
    add_range(parser)
    add_format(parser)


def compare(asked: StatsOptions) -> Listing:
    """Compare packages over the same days"""
    names = list(dict.fromkeys(asked.arguments.packages))
    if len(names) < 2:
        raise UsageError("name two packages or more to compare them")
    start, end = range_of(asked)
    found = queries.compare_packages(
        asked.store, names, start=start, end=end, snapshot=asked.snapshot
    )
    known = [each.package for each in found.series if each.points]
    if not known:
        raise nothing_of(*names, asked=asked, start=start, end=end)
    totals = {name: found.total(name) for name in known}
    most = max(totals.values()) or 1
    rows: list[tuple[Cell, ...]] = [
        (name, totals[name], _average(found.values(name)), 100 * totals[name] / most)
        for name in sorted(known, key=lambda name: (-totals[name], name))
    ]
    notes = data_notes(found, found.window, now=asked.now)
    notes += [f"the store has no downloads of {name!r}" for name in names if name not in known]
    data = {
        "packages": [
            {
                "package": name,
                "downloads": totals.get(name),
                "data": [
                    {"date": bucket.start.isoformat(), "downloads": value}
                    for bucket, value in zip(found.buckets, found.values(name), strict=True)
                ]
                if name in totals
                else [],
            }
            for name in names
        ],
        **range_data(found.window),
        **about(found),
    }
    width = max(map(len, known))
    chart = [
        f"{row[0]:>{width}}  {text_sparkline(found.values(str(row[0])), SPARK)}" for row in rows
    ]
    columns = ("package", "downloads", "a day", "% of the first")
    partly = len(known) < len(names)
    return Listing("downloads without mirrors", columns, rows, data, notes, chart, partly)


def _average(values: tuple[int | None, ...]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


_periods = ", ".join(f"{name} {days}" for name, days in PERIOD_DAYS.items())

VERBS = (
    Subcommand(
        "recent",
        f"Downloads of the last day, week and month (days: {_periods}), in total, and the rank.",
        _add_recent,
        answering(recent),
    ),
    Subcommand("series", "Downloads over time, by category", _add_series, answering(series)),
    Subcommand("compare", "Compare packages over the same days", _add_compare, answering(compare)),
)

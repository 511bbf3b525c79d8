"""``pyfa stats forecast|anomalies|release-impact``: how a package's downloads run."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from ....errors import NotFound, ServiceUnreachable, UsageError
from ....http import Fetcher, FetchPolicy
from ....registries.pypi import PyPI
from ....registries.results import (
    AbsentProject,
    EmptyProject,
    FoundProject,
    NoUsableAnswer,
    QuarantinedProject,
)
from ....settings import Settings, mask_credentials
from ....store import queries
from ...common.listing import Cell, Listing, about, add_format, data_notes
from ...common.package_options import add_package, one
from ...common.stats_options import (
    StatsOptions,
    add_range,
    answering,
    day,
    nothing_of,
    range_of,
    whole,
)
from ...common.subcommands import Subcommand

MOST_AHEAD = 180
_LACKS = {
    AbsentProject: "has no project {name!r}",
    EmptyProject: "has no release of {name!r}",
    QuarantinedProject: "hides {name!r} while it is examined",
}
_OTHERWISE = (
    "name releases with --release VERSION=DAY, or set PYPI_URL to an index that has the project"
)


def _add_forecast(parser: argparse.ArgumentParser) -> None:
    add_package(parser)
    parser.add_argument(
        "--days", type=whole, default=30, metavar="N", help="days to come (%(default)s)"
    )
    add_format(parser)


def forecast(asked: StatsOptions) -> Listing:
    """The days to come, with the interval that they lie in 95 times of 100."""
    if asked.arguments.days > MOST_AHEAD:
        raise UsageError(f"a forecast reaches {MOST_AHEAD} days at the most")
    name = one(asked.arguments)
    if not queries.total_downloads(asked.store, name, snapshot=asked.snapshot).found:
        raise nothing_of(name, asked=asked)
    found = queries.forecast(asked.store, name, asked.arguments.days, snapshot=asked.snapshot)
    rows: list[tuple[Cell, ...]] = [
        (each.day, round(each.downloads), round(each.lower), round(each.upper))
        for each in found.days
    ]
    data = {
        "package": name,
        "level": found.level,
        "total": found.total,
        "data": [{**each._asdict(), "day": each.day.isoformat()} for each in found.days],
        **about(found),
    }
    title = f"{name}: {found.total:,.0f} downloads expected in {len(rows)} days"
    columns = ("date", "downloads", "lower", "upper")
    return Listing(title, columns, rows, data, data_notes(found, found.window, now=asked.now))


def _add_anomalies(parser: argparse.ArgumentParser) -> None:
    add_package(parser)
    add_range(parser, default=90)
    add_format(parser)


def anomalies(asked: StatsOptions) -> Listing:
    """Days that are far from what the four weeks before them let expect."""
    name = one(asked.arguments)
    start, end = range_of(asked)
    found = queries.anomalies(asked.store, name, start=start, end=end, snapshot=asked.snapshot)
    if not queries.total_downloads(asked.store, name, snapshot=asked.snapshot).found:
        raise nothing_of(name, asked=asked)
    rows: list[tuple[Cell, ...]] = [
        (each.day, each.downloads, round(each.expected), each.score) for each in found.days
    ]
    notes = data_notes(found, found.window, now=asked.now)
    notes.append(f"{found.judged} days could be judged, {len(rows)} of them are unusual")
    data = {
        "package": name,
        "judged": found.judged,
        "data": [{**each._asdict(), "day": each.day.isoformat()} for each in found.days],
        **about(found),
    }
    columns = ("date", "downloads", "expected", "score")
    return Listing(f"{name}: unusual days", columns, rows, data, notes)


def _add_impact(parser: argparse.ArgumentParser) -> None:
    add_package(parser)
    parser.add_argument(
        "--release",
        action="append",
        type=_release,
        metavar="VERSION=DAY",
        help="a release to judge (repeatable; default: the latest that PyPI names)",
    )
    parser.add_argument(
        "-n", "--count", type=whole, default=10, metavar="N", help="latest releases (%(default)s)"
    )
    add_format(parser)


def impact(asked: StatsOptions) -> Listing:
    """Downloads a day in the two weeks before and after releases, weekdays weighing the same."""
    name = one(asked.arguments)
    if not queries.total_downloads(asked.store, name, snapshot=asked.snapshot).found:
        raise nothing_of(name, asked=asked)
    for version, when in asked.arguments.release or ():
        if when > asked.now.date():
            raise UsageError(f"--release {version}={when} is in the future")
    releases = asked.arguments.release or _latest_releases(
        asked.settings, name, asked.arguments.count
    )
    found = queries.release_impact(asked.store, name, releases, snapshot=asked.snapshot)
    rows: list[tuple[Cell, ...]] = [
        (
            each.release.version,
            each.release.day,
            each.before,
            each.after,
            None if each.change is None else 100 * each.change,
            f"{each.known_before}+{each.known_after}",
        )
        for each in found.impacts
    ]
    data = {
        "package": name,
        "releases": [
            {
                "version": each.release.version,
                "day": each.release.day.isoformat(),
                "before": each.before,
                "after": each.after,
                "change": each.change,
                "days_before": each.known_before,
                "days_after": each.known_after,
            }
            for each in found.impacts
        ],
        **about(found),
    }
    columns = ("version", "date", "a day before", "a day after", "change, %", "days known")
    notes = [*data_notes(found, now=asked.now), *_impact_notes(asked, found)]
    return Listing(f"{name}: two weeks before and after", columns, rows, data, notes)


def _impact_notes(asked: StatsOptions, found: queries.ReleaseImpact) -> list[str]:
    untold = [each.release.version for each in found.impacts if each.change is None]
    if not untold:
        return []
    days = (
        f"the store has the days from {min(asked.snapshot.days)} to {asked.snapshot.data_through}"
    )
    if len(untold) == len(found.impacts):
        return [f"{days}: too few of them lie before and after each of these releases"]
    return [f"{days}: too few of them lie before and after {', '.join(untold)}"]


def _release(text: str) -> tuple[str, date]:
    version, separator, when = text.rpartition("=")
    if not separator or not version.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is not VERSION=DAY, such as 2.0=2026-07-01")
    return version.strip(), day(when)


def _latest_releases(settings: Settings, name: str, count: int) -> list[tuple[str, date]]:
    """The latest releases that the registry has, the oldest of them first."""
    found = asyncio.run(_ask(settings, name))
    registry = f"the index {mask_credentials(settings.pypi_url)}"
    if isinstance(found, NoUsableAnswer):
        raise ServiceUnreachable(registry, found.reason)
    if not isinstance(found, FoundProject):
        lacks = _LACKS.get(type(found), "has no answer for {name!r}").format(name=name)
        raise NotFound(f"{registry} {lacks}; {_OTHERWISE}")
    days = [(version, _first_upload(files)) for version, files in found.releases.items()]
    known = [(version, when) for version, when in days if when is not None]
    if not known:
        raise NotFound(f"{registry} has no file with a date of {name!r}; {_OTHERWISE}")
    return sorted(known, key=lambda pair: pair[1])[-count:]


async def _ask(settings: Settings, name: str) -> Any:
    policy = FetchPolicy.for_pypi(settings)
    async with Fetcher(settings.pypi_url, policy, contact=settings.pyf_contact) as fetcher:
        return await PyPI(fetcher).project(name)


def _first_upload(files: Sequence[Mapping[str, Any]]) -> date | None:
    texts = (file.get("upload_time_iso_8601") or file.get("upload_time") for file in files)
    days = []
    for text in texts:
        try:
            days.append(datetime.fromisoformat(str(text)).date())
        except ValueError:
            continue
    return min(days, default=None)


VERBS = (
    Subcommand(
        "forecast", "The days to come, with an interval.", _add_forecast, answering(forecast)
    ),
    Subcommand("anomalies", "Unusual days of a package", _add_anomalies, answering(anomalies)),
    Subcommand(
        "release-impact",
        "Downloads before and after releases of a package",
        _add_impact,
        answering(impact),
    ),
)

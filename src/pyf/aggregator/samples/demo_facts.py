"""Sample facts about the demo's projects: downloads day by day, and a few advisories.

They follow from the projects' names, so that they are the same in every run, and look as real ones
do: few projects have most downloads, weekends are quiet, newer Pythons grow.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ..documents.versions import parse
from ..store import Store, advisories
from ..store.advisories import Load, Record
from ..store.loads import history
from ..store.loads.history import Event, new_id
from ..store.loads.rows import ALL, numbered
from .pypi.osv import advisory
from .pypi.rng import drawing

DAYS = 180
VULNERABLE_EVERY = 12
"""One of so many projects has an advisory."""
SURGING = 0.08
"""The share of projects of which everybody talks at the end: downloads grow to three times."""
WEEKEND = 0.55
MIRRORED = 0.08
"""What mirrors fetch beside, as a share of all other downloads."""
MINORS = (("3.9", 8, -6), ("3.10", 14, -6), ("3.11", 24, -6), ("3.12", 34, 2), ("3.13", 14, 16))
"""Python versions: parts of a hundred at the beginning, and what they gain until the end."""
MAJORS = (("3", 94), ("2", 1), ("null", 5))
SYSTEMS = (("Linux", 72), ("Darwin", 13), ("Windows", 11), ("other", 1), ("null", 3))
INSTALLERS = (("pip", 58), ("uv", 33), ("poetry", 7), ("null", 2))
COUNTRIES = (("US", 38), ("DE", 17), ("IN", 11), ("FR", 9), ("BR", 8), ("JP", 7), ("null", 10))
RELEASES = (70, 20, 10)
"""Parts of the newest releases, from the newest on."""

Counted = tuple[str, str, str, int]
Parts = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Releases:
    """A project by its PEP 503 name, its releases with their day, oldest first."""

    name: str
    versions: tuple[tuple[dt.date, str], ...]

    def until(self, day: dt.date) -> Parts:
        """The releases that people take on a day, with their parts of a hundred."""
        out = [version for released, version in self.versions if released <= day]
        stable = [version for version in out if is_stable(version)]
        newest = list(reversed(stable or out))[: len(RELEASES)] or [self.versions[0][1]]
        return list(zip(newest, RELEASES, strict=False))


def is_stable(version: str) -> bool:
    """Whether installers take a release by themselves."""
    parsed = parse(version)
    return parsed is not None and not parsed.is_prerelease


def put_downloads(
    store: Store, projects: Sequence[Releases], last: dt.date, report: Callable[[int, int], None]
) -> None:
    """Publish the downloads of the days until ``last``; ``report`` hears of each that is made up.

    All days come as one insert: the store is new, so that nobody reads half of it, and there is
    nothing to check them against. Then this takes seconds, not a minute.
    """
    made, events = [], []
    for done, back in enumerate(reversed(range(DAYS)), 1):
        day, now = last - dt.timedelta(back), history.utc_now()
        rows = numbered(_table(projects, day, 1 - back / DAYS), number := new_id(now), _scalar(day))
        made.append(rows)
        events.append(_event(number, day, rows, now))
        report(done, DAYS)
    store.insert_arrow("downloads", pa.concat_tables(made))
    history.record(store, events)


def _event(number: int, day: dt.date, rows: pa.Table, now: dt.datetime) -> Event:
    downloads = pc.sum(rows["downloads"]).as_py()
    return Event(
        number, day, "sample", "full", "published", "", rows.num_rows, downloads, now,
        history.utc_now(), accepted=True,
    )  # fmt: skip


def _table(projects: Sequence[Releases], day: dt.date, passed: float) -> pa.Table:
    """The counts of a day, with those of everything together."""
    rows = [row for project in projects for row in _rows(project, day, passed)]
    sums: Counter[tuple[str, str]] = Counter()
    for dimension, _, category, count in rows:
        if dimension != "version":
            sums[dimension, category] += count
    rows += [(dimension, ALL, category, count) for (dimension, category), count in sums.items()]
    names = ("dimension", "package", "category", "downloads")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    return table.set_column(3, "downloads", table["downloads"].cast(pa.uint64()))


def _scalar(day: dt.date) -> pa.Scalar:
    return pa.scalar(day, pa.date32())


def _rows(project: Releases, day: dt.date, passed: float) -> Iterator[Counted]:
    total = downloads(project.name, day, passed)
    minors = [(minor, part + gain * passed) for minor, part, gain in MINORS]
    cuts: dict[str, Parts] = {
        "python_minor": [*minors, ("2.7", 1.0), ("null", 5.0)],
        "python_major": MAJORS,
        "system": SYSTEMS,
        "installer": INSTALLERS,
        "country": COUNTRIES,
        "version": project.until(day),
    }
    habits, today = _drawing(f"habits of {project.name}"), _drawing(f"parts {project.name} {day}")
    yield "overall", project.name, "without_mirrors", total
    yield "overall", project.name, "with_mirrors", total + round(total * MIRRORED) + 1
    for dimension, parts in cuts.items():
        for category, count in split(total, _varied(_varied(parts, habits, 0.5), today, 0.08)):
            if count:
                yield dimension, project.name, category, count


def _varied(parts: Parts, rng: Random, by: float) -> Parts:
    """The parts, each up to so much larger or smaller."""
    return [(name, part * (1 - by + 2 * by * rng.random())) for name, part in parts]


def downloads(name: str, day: dt.date, passed: float) -> int:
    """The downloads of a day without mirrors; ``passed`` is the part of the time that went by."""
    rng = _drawing(name)
    usual = math.exp(2.3 + 9.2 * rng.random() ** 1.5)
    growth = math.exp((rng.random() - 0.35) * 1.2 * passed)
    if rng.random() < SURGING:
        growth *= 1 + 2 * max(0.0, passed - 0.85) / 0.15
    rhythm = WEEKEND if day.weekday() >= 5 else 1.0
    noise = 0.9 + 0.2 * _drawing(f"{name} {day}").random()
    return max(1, round(usual * growth * rhythm * noise))


def split(total: int, parts: Parts) -> Iterator[tuple[str, int]]:
    """Divide a number in proportion; the pieces add up to it."""
    whole, reached, given = sum(part for _, part in parts), 0.0, 0
    for name, part in parts:
        reached += part
        upto = round(total * reached / whole)
        yield name, upto - given
        given = upto


def put_advisories(store: Store, projects: Sequence[Releases], now: dt.datetime) -> None:
    """Write advisories about some of the projects, some of them without a fix."""
    chosen = sorted(project.name for project in projects)[::VULNERABLE_EVERY]
    newest = {project.name: project.versions[-1][1] for project in projects}
    records = [_record(number, name, newest[name], now) for number, name in enumerate(chosen, 1)]
    advisories.put(store, records, int(now.timestamp() * 1000))
    advisories.note(store, Load(now, "sample", whole=True, newest=now, records=len(records)))


def _record(number: int, name: str, newest: str, now: dt.datetime) -> Record:
    id_, modified = f"PYSEC-{now.year}-{90_000 + number}", now.strftime("%Y-%m-%dT%H:%M:%SZ")
    # The newest release of every second one is safe.
    end: Mapping[str, str] = {"fixed": newest} if number % 2 else {"last_affected": newest}
    body = advisory(id_, name, modified, end, number)
    return Record(id_, modified, (name,), withdrawn=False, body=orjson.dumps(body))


def _drawing(text: str) -> Random:
    return drawing(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()))

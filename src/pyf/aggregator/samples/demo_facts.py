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

from ..documents.versions import parse_version
from ..store import Store, advisories
from ..store.advisories import AdvisoryLoad, AdvisoryRecord
from ..store.download_rows import ALL, with_store_columns
from ..store.loads import history
from ..store.loads.history import LoadEvent, new_load_id
from .pypi.osv import advisory
from .pypi.rng import seeded_random

DAYS = 180
VULNERABLE_EVERY = 12
"""One of so many projects has an advisory."""
SURGING_SHARE = 0.08
"""The share of projects of which everybody talks at the end: downloads grow to three times."""
WEEKEND_FACTOR = 0.55
MIRROR_SHARE = 0.08
"""What mirrors fetch beside, as a share of all other downloads."""
PYTHON_MINORS = (
    ("3.9", 8, -6),
    ("3.10", 14, -6),
    ("3.11", 24, -6),
    ("3.12", 34, 2),
    ("3.13", 14, 16),
)
"""Python versions: parts of a hundred at the beginning, and what they gain until the end."""
PYTHON_MAJORS = (("3", 94), ("2", 1), ("null", 5))
SYSTEMS = (("Linux", 72), ("Darwin", 13), ("Windows", 11), ("other", 1), ("null", 3))
INSTALLERS = (("pip", 58), ("uv", 33), ("poetry", 7), ("null", 2))
COUNTRIES = (("US", 38), ("DE", 17), ("IN", 11), ("FR", 9), ("BR", 8), ("JP", 7), ("null", 10))
RELEASE_SHARES = (70, 20, 10)
"""Parts of the newest releases, from the newest on."""

DownloadCount = tuple[str, str, str, int]
Shares = Sequence[tuple[str, float]]


@dataclass(frozen=True)
class ProjectReleases:
    """A project by its PEP 503 name, its releases with their day, oldest first."""

    name: str
    versions: tuple[tuple[dt.date, str], ...]

    def release_shares(self, day: dt.date) -> Shares:
        """The releases that people take on a day, with their parts of a hundred."""
        out = [version for released, version in self.versions if released <= day]
        stable = [version for version in out if is_stable(version)]
        newest = list(reversed(stable or out))[: len(RELEASE_SHARES)] or [self.versions[0][1]]
        return list(zip(newest, RELEASE_SHARES, strict=False))


def is_stable(version: str) -> bool:
    """Whether installers take a release by themselves."""
    parsed = parse_version(version)
    return parsed is not None and not parsed.is_prerelease


def load_downloads(
    store: Store,
    projects: Sequence[ProjectReleases],
    last: dt.date,
    report: Callable[[int, int], None],
) -> None:
    """Publish the downloads of the days until ``last``; ``report`` hears of each that is made up.

    All days come as one insert: the store is new, so that nobody reads half of it, and there is
    nothing to check them against. Then this takes seconds, not a minute.
    """
    made, events = [], []
    for done, back in enumerate(reversed(range(DAYS)), 1):
        day, now = last - dt.timedelta(back), history.utc_now()
        rows = with_store_columns(
            _table(projects, day, 1 - back / DAYS), number := new_load_id(now), _scalar(day)
        )
        made.append(rows)
        events.append(_event(number, day, rows, now))
        report(done, DAYS)
    store.insert_arrow("downloads", pa.concat_tables(made))
    history.record_events(store, events)


def _event(number: int, day: dt.date, rows: pa.Table, now: dt.datetime) -> LoadEvent:
    downloads = pc.sum(rows["downloads"]).as_py()
    return LoadEvent(
        number, day, "sample", "full", "published", "", rows.num_rows, downloads, now,
        history.utc_now(), accepted=True,
    )  # fmt: skip


def _table(projects: Sequence[ProjectReleases], day: dt.date, passed: float) -> pa.Table:
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


def _rows(project: ProjectReleases, day: dt.date, passed: float) -> Iterator[DownloadCount]:
    total = downloads_on(project.name, day, passed)
    minors = [(minor, part + gain * passed) for minor, part, gain in PYTHON_MINORS]
    cuts: dict[str, Shares] = {
        "python_minor": [*minors, ("2.7", 1.0), ("null", 5.0)],
        "python_major": PYTHON_MAJORS,
        "system": SYSTEMS,
        "installer": INSTALLERS,
        "country": COUNTRIES,
        "version": project.release_shares(day),
    }
    habits, today = (
        _seeded_random(f"habits of {project.name}"),
        _seeded_random(f"parts {project.name} {day}"),
    )
    yield "overall", project.name, "without_mirrors", total
    yield "overall", project.name, "with_mirrors", total + round(total * MIRROR_SHARE) + 1
    for dimension, parts in cuts.items():
        for category, count in split_by_shares(
            total, _vary_shares(_vary_shares(parts, habits, 0.5), today, 0.08)
        ):
            if count:
                yield dimension, project.name, category, count


def _vary_shares(parts: Shares, rng: Random, by: float) -> Shares:
    """The parts, each up to so much larger or smaller."""
    return [(name, part * (1 - by + 2 * by * rng.random())) for name, part in parts]


def downloads_on(name: str, day: dt.date, passed: float) -> int:
    """The downloads of a day without mirrors; ``passed`` is the part of the time that went by."""
    rng = _seeded_random(name)
    usual = math.exp(2.3 + 9.2 * rng.random() ** 1.5)
    growth = math.exp((rng.random() - 0.35) * 1.2 * passed)
    if rng.random() < SURGING_SHARE:
        growth *= 1 + 2 * max(0.0, passed - 0.85) / 0.15
    rhythm = WEEKEND_FACTOR if day.weekday() >= 5 else 1.0
    noise = 0.9 + 0.2 * _seeded_random(f"{name} {day}").random()
    return max(1, round(usual * growth * rhythm * noise))


def split_by_shares(total: int, parts: Shares) -> Iterator[tuple[str, int]]:
    """Divide a number in proportion; the pieces add up to it."""
    whole, reached, given = sum(part for _, part in parts), 0.0, 0
    for name, part in parts:
        reached += part
        upto = round(total * reached / whole)
        yield name, upto - given
        given = upto


def load_advisories(store: Store, projects: Sequence[ProjectReleases], now: dt.datetime) -> None:
    """Write advisories about some of the projects, some of them without a fix."""
    chosen = sorted(project.name for project in projects)[::VULNERABLE_EVERY]
    newest = {project.name: project.versions[-1][1] for project in projects}
    records = [
        _advisory_record(number, name, newest[name], now) for number, name in enumerate(chosen, 1)
    ]
    advisories.put_records(store, records, int(now.timestamp() * 1000))
    advisories.record_load(
        store, AdvisoryLoad(now, "sample", whole=True, newest=now, records=len(records))
    )


def _advisory_record(number: int, name: str, newest: str, now: dt.datetime) -> AdvisoryRecord:
    id_, modified = f"PYSEC-{now.year}-{90_000 + number}", now.strftime("%Y-%m-%dT%H:%M:%SZ")
    # The newest release of every second one is safe.
    end: Mapping[str, str] = {"fixed": newest} if number % 2 else {"last_affected": newest}
    body = advisory(id_, name, modified, end, number)
    return AdvisoryRecord(id_, modified, (name,), withdrawn=False, body=orjson.dumps(body))


def _seeded_random(text: str) -> Random:
    return seeded_random(int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()))

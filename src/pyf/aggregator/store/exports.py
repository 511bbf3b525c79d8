"""A package's downloads as files: daily counts, what they are made of, a summary.

The figures come from the store or from an API; the files are the same. Names and keys of the files
are those of the usual tracking scripts, so that what reads theirs reads these:
``downloads_YYYY-MM-DD.json`` and ``.csv``, ``download_summary.json``.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..errors import UsageError
from .client import Store
from .queries import WITHOUT_MIRRORS, CategoryShare, Dimension, download_series
from .queries.base import UNKNOWN
from .queries.windows import each_day, trailing_window
from .snapshot import Snapshot

EXPORTED_DIMENSIONS: tuple[Dimension, ...] = ("overall", "python_minor", "system")
"""The dimensions that every source has and an export shows."""
TOP_VERSIONS, TOP_SYSTEMS = 10, 5
MONTH_DAYS = 30


class DownloadRow(NamedTuple):
    """Downloads of a dimension's category on one day."""

    dimension: str
    category: str
    day: date
    downloads: int


@dataclass(frozen=True)
class PackageDownloads:
    """A package's downloads over the days from ``start`` to ``end``, both included.

    ``known`` are the days of which there are figures; one of them without a row had no downloads.
    ``source`` says where they are from.
    """

    package: str
    source: str
    start: date
    end: date
    known: frozenset[date]
    rows: tuple[DownloadRow, ...]

    @cached_property
    def days(self) -> tuple[date, ...]:
        """Every day of the range."""
        return tuple(each_day(self.start, self.end))

    @cached_property
    def daily(self) -> tuple[int | None, ...]:
        """Downloads without mirrors of every day: 0 is none, None is unknown."""
        found = {row.day: row.downloads for row in self.rows if _is_counted(row)}
        return tuple(found.get(day, 0) if day in self.known else None for day in self.days)

    @property
    def missing(self) -> tuple[date, ...]:
        """The days of the range that are unknown."""
        return tuple(day for day in self.days if day not in self.known)

    @property
    def total(self) -> int:
        """All downloads of the known days, without mirrors."""
        return sum(value or 0 for value in self.daily)

    @property
    def average(self) -> float:
        """Downloads of a known day."""
        known = len(self.days) - len(self.missing)
        return self.total / known if known else 0.0

    def sums(self, dimension: str, last: int | None = None) -> list[tuple[str, int]]:
        """Downloads by category, the most first; of the ``last`` days only where that is given."""
        first = (
            self.start
            if last is None
            else max(self.start, trailing_window(self.end, last, ()).start)
        )
        found: Counter[str] = Counter()
        for row in self.rows:
            if row.dimension == dimension and row.day >= first:
                found[row.category] += row.downloads
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def shares(self, dimension: str, most: int) -> list[CategoryShare]:
        """The largest categories that are known, with their part in all downloads."""
        sums = self.sums(dimension)
        whole = sum(downloads for _, downloads in sums)
        named = [(category, count) for category, count in sums if category != UNKNOWN]
        return [CategoryShare(c, n, n / whole if whole else 0.0) for c, n in named[:most]]


def from_rows(
    package: str, source: str, rows: Iterable[DownloadRow], known: Iterable[date], days: int
) -> PackageDownloads | None:
    """The figures of the last so many days; ``None`` where there is no row of the package."""
    found = tuple(rows)
    days_known = {*known, *(row.day for row in found)}
    if not found:
        return None
    window = trailing_window(max(days_known), days, days_known)
    return PackageDownloads(
        package,
        source,
        window.start,
        window.end,
        frozenset(day for day in days_known if window.start <= day <= window.end),
        tuple(row for row in found if window.start <= row.day <= window.end),
    )


def from_store(
    store: Store, package: str, days: int, snapshot: Snapshot
) -> PackageDownloads | None:
    """The figures of the last so many days stored; ``None`` where the store has none of it."""
    if snapshot.data_through is None:
        return None
    start = trailing_window(snapshot.data_through, days, ()).start
    found = [
        download_series(store, package, kind, start=start, snapshot=snapshot)
        for kind in EXPORTED_DIMENSIONS
    ]
    rows = [
        DownloadRow(each.dimension, point.category, point.start, point.downloads)
        for each in found
        for point in each.points
    ]
    if not rows:
        return None
    known = frozenset(bucket.start for bucket in found[0].buckets if bucket.known)
    return PackageDownloads(
        found[0].package, "store", start, snapshot.data_through, known, tuple(rows)
    )


def summary(figures: PackageDownloads, moment: datetime) -> dict[str, Any]:
    """What ``download_summary.json`` holds. All of it is of the range, without mirrors."""
    return {
        "package": figures.package,
        "timestamp": moment.isoformat(timespec="seconds"),
        "total_downloads": figures.total,
        "average_daily": round(figures.average, 2),
        "top_versions": [
            {"version": share.category, "downloads": share.downloads}
            for share in figures.shares("python_minor", TOP_VERSIONS)
        ],
        "top_systems": [
            {"system": share.category, "downloads": share.downloads}
            for share in figures.shares("system", TOP_SYSTEMS)
        ],
        **_range(figures),
    }


def statistics(figures: PackageDownloads, moment: datetime) -> dict[str, Any]:
    """What ``downloads_YYYY-MM-DD.json`` holds; unknown days are listed, not counted as 0."""
    daily = zip(figures.days, figures.daily, strict=True)
    return {
        "package": figures.package,
        "timestamp": moment.isoformat(timespec="seconds"),
        "overall_month": _by_category(figures.sums("overall", MONTH_DAYS)),
        "recent": {
            "data": [
                {"date": day.isoformat(), "downloads": value}
                for day, value in daily
                if value is not None
            ]
        },
        "python_versions": _by_category(figures.sums("python_minor")),
        "systems": _by_category(figures.sums("system")),
        **_range(figures),
    }


def csv_text(figures: PackageDownloads) -> str:
    """The daily series as CSV: a row for every day, an empty cell where it is unknown."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("date", "downloads"))
    for day, value in zip(figures.days, figures.daily, strict=True):
        writer.writerow((day.isoformat(), "" if value is None else value))
    return text.getvalue()


def write_files(
    folder: Path, figures: PackageDownloads, moment: datetime, *, parquet: bool = False
) -> list[Path]:
    """Write the files of a package; return them. Those of the same day are replaced, each at once.

    Raises ``UsageError`` where the folder cannot be written.
    """
    name = f"downloads_{moment.date().isoformat()}"
    texts: Mapping[str, bytes] = {
        f"{name}.json": _json(statistics(figures, moment)),
        f"{name}.csv": csv_text(figures).encode(),
        "download_summary.json": _json(summary(figures, moment)),
        **({f"{name}.parquet": _parquet(figures)} if parquet else {}),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_replace(folder / file, content) for file, content in texts.items()]
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None


def _is_counted(row: DownloadRow) -> bool:
    return row.dimension == "overall" and row.category == WITHOUT_MIRRORS


def _by_category(sums: Iterable[tuple[str, int]]) -> dict[str, Any]:
    return {"data": [{"category": name, "downloads": downloads} for name, downloads in sums]}


def _range(figures: PackageDownloads) -> dict[str, Any]:
    """What the scripts do not tell: which days the figures are of, and from where."""
    return {
        "start": figures.start.isoformat(),
        "end": figures.end.isoformat(),
        "missing_days": [day.isoformat() for day in figures.missing],
        "source": figures.source,
    }


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"


def _parquet(figures: PackageDownloads) -> bytes:
    """Every row there is: package, dimension, category, date, downloads."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = sorted(figures.rows)
    table = pa.table(
        {
            "package": [figures.package] * len(rows),
            "dimension": [row.dimension for row in rows],
            "category": [row.category for row in rows],
            "date": pa.array([row.day for row in rows], pa.date32()),
            "downloads": pa.array([row.downloads for row in rows], pa.int64()),
        }
    )
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return bytes(sink.getvalue())


def _replace(path: Path, content: bytes) -> Path:
    """Write beside and move over, so that nobody reads half a file."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    return beside.replace(path)

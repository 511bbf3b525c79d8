"""Days of a few packages, as files and as what they should become."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pyf.aggregator.store import Store
from pyf.aggregator.store.loads.day_load import LoadResult, load_day
from pyf.aggregator.store.sources import CostEstimate
from pyf.aggregator.store.sources.base import Scope
from pyf.aggregator.store.sources.file import FileSource

DAY = dt.date(2026, 7, 1)
COLUMNS = ("dimension", "package", "category", "downloads")
Row = tuple[str, str, str, int]
"""Dimension, package, category, downloads."""


class Rows:
    """A source with rows in memory."""

    name = "file"
    grouped = False
    remainders: tuple[str, ...] = ()

    def __init__(self, *rows: Row, scope: Scope = "full") -> None:
        self.rows = rows
        self.scope: Scope = scope

    def estimate(self, day: dt.date) -> CostEstimate:
        """Nothing."""
        return CostEstimate(0, "")

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """One row at a time, as a source in many pieces would."""
        for row in self.rows:
            yield pa.table({name: [value] for name, value in zip(COLUMNS, row, strict=True)})


def overall(package: str, downloads: int, mirrored: int | None = None) -> tuple[Row, Row]:
    """The two rows of a package without other dimensions."""
    return (
        ("overall", package, "with_mirrors", mirrored or downloads),
        ("overall", package, "without_mirrors", downloads),
    )


def write(folder: Path, day: dt.date = DAY, packages: int = 300) -> Path:
    """A made-up day as Parquet."""
    path = folder / f"{day}.parquet"
    rows = [row for number in range(packages) for row in _made_up(number)]
    columns = dict(zip(COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    pq.write_table(pa.table({"day": [day] * len(rows), **columns}), path)
    return path


def _made_up(number: int) -> list[Row]:
    name, count = f"p-{number}", number % 17 + 3
    return [
        *overall(name, count, count + 4),
        ("python_major", name, "3", count),
        ("python_minor", name, "3.12", count - 2),
        ("python_minor", name, "null", 2),
        ("system", name, "Linux", count),
        ("version", name, f"1.{number % 3}", count),
    ]


def load(store: Store, path: Path, day: dt.date = DAY, *, accept: bool = False) -> LoadResult:
    """Load a day's file."""
    return load_day(store, FileSource(str(path)), day, accept=accept)


def shown(store: Store, day: dt.date = DAY) -> dict[tuple[str, str, str], int]:
    """What readers see of a day, ``__all__`` included."""
    rows = store.query(
        "SELECT dimension, package, category, sum(downloads) FROM published_downloads "
        "WHERE day = {day:Date} GROUP BY ALL",
        {"day": day},
    )
    return {row[:3]: row[3] for row in rows}


def expected(path: Path) -> dict[tuple[str, str, str], int]:
    """What readers should see of a file, counted by plain Python."""
    sums: dict[tuple[str, str, str], int] = {}
    for row in pq.read_table(path).to_pylist():
        for package in (row["package"], "__all__"):
            if package == "__all__" and row["dimension"] == "version":
                continue
            key = (row["dimension"], package, row["category"])
            sums[key] = sums.get(key, 0) + row["downloads"]
    return sums


def leftovers(store: Store) -> set[str]:
    """Tables that loads made and did not remove."""
    return {table for table in store.tables() if table.startswith("staging_")}

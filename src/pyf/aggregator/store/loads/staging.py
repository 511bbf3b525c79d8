"""A day's rows in a table of their own, until they are believed.

Rows are sent by several connections at once: the store sorts and packs them, which is most of the
work, with one thread for each.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pyarrow as pa

from .. import schema
from ..client import Store
from ..download_rows import ALL, UNKNOWN, RowFault, tidy_rows, with_store_columns
from ..migrations.m001_downloads import DOWNLOADS
from ..migrations.m006_daily import DAILY_VIEW
from .checks import LoadFigures, LoadMeasurement

PREFIX, SUMMED = "staging_", "_summed"
UNKNOWN_SQL = """
SELECT {id:UInt64}, {day:Date}, {dimension:String}, package, {unknown:String},
  toUInt64(known - named)
FROM (
  SELECT package,
    sumIf(downloads, dimension = 'overall' AND category = 'without_mirrors') AS known,
    sumIf(downloads, dimension = {dimension:String}) AS named
  FROM $table WHERE dimension IN ('overall', {dimension:String}) GROUP BY package
)
WHERE known > named
"""
TOTALS_SQL = """
SELECT {id:UInt64}, {day:Date}, dimension, {all:String}, category, sum(downloads)
FROM $table WHERE dimension != 'version' GROUP BY dimension, category
"""
OTHERS_SQL = """
SELECT {id:UInt64}, day, dimension, package, category, downloads FROM downloads
WHERE day = {day:Date} AND load_id = {other:UInt64}
  AND package GLOBAL NOT IN (SELECT package FROM $table)
"""
MEASURE_SQL = """
SELECT toString(dimension), count(),
  sumIf(downloads, package != {all:String} AND category != 'without_mirrors'),
  sumIf(downloads, package != {all:String}), uniqExactIf(package, package != {all:String}),
  countIf(dimension = 'overall' AND category NOT IN ('with_mirrors', 'without_mirrors'))
FROM $table GROUP BY dimension
"""
UNMERGED = {"max_bytes_to_merge_at_max_space_in_pool": 1}
"""The parts of a table that is read once are not merged; they are where they end up."""
BATCH = 250_000
"""Rows of one insert."""
SENDER_THREADS = max(2, min(4, os.cpu_count() or 2))
RowProgress = Callable[[int], None]
"""Told how many rows were read so far."""


@dataclass(frozen=True)
class SentRows:
    """What was sent, and how many rows were left out or had their names changed.

    ``wrong`` were left out for other reasons than their names: how many for each, and an example.
    """

    rows: int = 0
    skipped: int = 0
    renamed: int = 0
    wrong: Mapping[str, RowFault] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """What is wrong with rows that were left out, a phrase each."""
        return [
            f"{fault.rows:,} {'row has' if fault.rows == 1 else 'rows have'} {what} "
            f"({fault.example})"
            for what, fault in self.wrong.items()
        ]


class StagingTable:
    """The table of one load; it is there from ``create`` to ``drop``."""

    def __init__(self, store: Store, load_id: int, day: dt.date) -> None:
        self._store = store
        self._id = load_id
        self._day = day
        self.table = f"{PREFIX}{load_id}"

    def create(self) -> None:
        """Make the table."""
        self._store.create(replace(DOWNLOADS, name=self.table, settings=UNMERGED))

    def drop(self) -> None:
        """Remove what the load left beside the store's tables."""
        for name in (f"{PREFIX}{self._id}", f"{PREFIX}{self._id}{SUMMED}"):
            self._store.drop(name)

    def fill(self, tables: Iterable[pa.Table], report: RowProgress) -> SentRows:
        """Send all rows; raises what reading or sending them raised first."""
        day = pa.scalar(self._day, pa.date32())
        counter = _RowTidier()
        free = threading.Semaphore(SENDER_THREADS)
        pending: list[Future[None]] = []

        def send(rows: pa.Table) -> None:
            try:
                self._store.insert_arrow(self.table, with_store_columns(rows, self._id, day))
            finally:
                free.release()

        with ThreadPoolExecutor(SENDER_THREADS) as senders:
            for rows in _batches(counter.tidy_tables(tables, report)):
                free.acquire()
                pending = _pending_futures(pending)
                pending.append(senders.submit(send, rows))
        _pending_futures(pending)
        return counter.sent

    def merge(self) -> None:
        """Add up rows of the same package and category, which several pieces may have had."""
        summed = f"{PREFIX}{self._id}{SUMMED}"
        self._store.create(replace(DOWNLOADS, name=summed, engine="SummingMergeTree(downloads)"))
        attach_rows(self._store, self.table, summed, self._day)
        parts = schema.quote_identifier(self._store.parts_table(summed)) + schema.on_cluster(
            self._store.cluster
        )
        self._store.command(f"OPTIMIZE TABLE {parts} FINAL")
        self._store.drop(self.table)
        self.table = summed

    def add_unknown(self, dimension: str) -> None:
        """Count as unknown what a dimension's categories leave of the downloads without mirrors."""
        self._insert(UNKNOWN_SQL, dimension=dimension)

    def add_totals(self) -> None:
        """Add the rows of ``__all__``; versions of different packages have no sum."""
        self._insert(TOTALS_SQL)

    def copy_missing(self, load_id: int) -> None:
        """Copy from another load of the day what this one has not: packages it is not about."""
        self._insert(OTHERS_SQL, other=load_id)

    def measure(self) -> LoadMeasurement:
        """What the load is judged by."""
        found = self._store.query(self._fill_statement(MEASURE_SQL), {"all": ALL})
        # `overall` holds two counts of the same downloads; the larger one is with mirrors.
        sums = {name: mirrored or every for name, _, mirrored, every, *_ in found}
        rows = sum(count for _, count, *_ in found)
        packages = max((packages for *_, packages, _ in found), default=0)
        strange = sum(strange for *_, strange in found)
        return LoadMeasurement(LoadFigures(rows, sums.get("overall", 0)), sums, packages, strange)

    def attach(self) -> None:
        """Bring the rows among those of all days, where nobody sees them before they count."""
        if not self._store.cluster:
            # Parts that are linked pass the feed by; in a cluster rows are inserted.
            self._store.command(DAILY_VIEW.backfill(self.table))
        attach_rows(self._store, self.table, DOWNLOADS.name, self._day)

    def _insert(self, select: str, **more: str | int) -> None:
        values = {"id": self._id, "day": self._day, "all": ALL, "unknown": UNKNOWN, **more}
        used = {name: value for name, value in values.items() if f"{{{name}:" in select}
        self._store.command(f"INSERT INTO {self.table} {self._fill_statement(select)}", used)

    def _fill_statement(self, sql: str) -> str:
        return sql.replace("$table", self.table)


def attach_rows(store: Store, source: str, target: str, day: dt.date) -> None:
    """Have the rows of one table in another, too: by links to the same files where it can be."""
    if store.cluster:
        # Which server holds which part is the cluster's business.
        store.command(f"INSERT INTO {target} SELECT * FROM {source}")  # noqa: S608 - own names
        return
    [(parts,)] = store.query(f"SELECT count() FROM {source}")  # noqa: S608 - own name
    if parts:
        store.command(f"ALTER TABLE {target} ATTACH PARTITION {month_of(day)} FROM {source}")


def month_of(day: dt.date) -> int:
    """The partition of a day."""
    return day.year * 100 + day.month


class _RowTidier:
    """Rows as they pass by, made tidy, and how many there were."""

    def __init__(self) -> None:
        self.sent = SentRows()

    def tidy_tables(self, tables: Iterable[pa.Table], report: RowProgress) -> Iterator[pa.Table]:
        for table in tables:
            tidied = tidy_rows(table)
            self.sent = SentRows(
                self.sent.rows + tidied.rows.num_rows,
                self.sent.skipped + tidied.skipped,
                self.sent.renamed + tidied.renamed,
                _merge_faults(self.sent.wrong, tidied.wrong),
            )
            report(self.sent.rows)
            yield tidied.rows


def _merge_faults(
    first: Mapping[str, RowFault], more: Mapping[str, RowFault]
) -> Mapping[str, RowFault]:
    """The faults of two pieces, with the examples of the first."""
    if not more:
        return first
    return {
        what: RowFault(
            sum(faults[what].rows for faults in (first, more) if what in faults),
            (first.get(what) or more[what]).example,
        )
        for what in {**first, **more}
    }


def _batches(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables put together to at least :data:`BATCH` rows, the last one less."""
    held: list[pa.Table] = []
    for table in tables:
        held.append(table)
        if sum(each.num_rows for each in held) >= BATCH:
            yield pa.concat_tables(held)
            held = []
    if any(each.num_rows for each in held):
        yield pa.concat_tables(held)


def _pending_futures(pending: list[Future[None]]) -> list[Future[None]]:
    """Those that are not done; raises what one of the others raised."""
    for future in pending:
        if future.done():
            future.result()
    return [future for future in pending if not future.done()]

"""What a store holds: tables with their sizes, days, the last load."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from .client import Store
from .schema import LOCAL_SUFFIX

TABLES = """
SELECT table, sum(rows), sum(bytes_on_disk) FROM {parts}
WHERE active AND database = currentDatabase() GROUP BY table
"""
NAMES = """
SELECT name FROM system.tables
WHERE database = currentDatabase() AND (engine LIKE '%MergeTree' OR engine = 'Distributed')
"""
LAST = """
SELECT id, day, source, status, reason, rows, started, finished FROM loads
ORDER BY finished DESC, id DESC LIMIT 1
"""


@dataclass(frozen=True)
class TableSize:
    """A table: rows with those that are hidden or to be replaced, and bytes on disk."""

    name: str
    rows: int
    bytes: int


@dataclass(frozen=True)
class LastLoad:
    """The youngest event of a load, whatever became of it. Times are UTC."""

    id: int
    day: date
    source: str
    status: str
    reason: str
    rows: int
    started: datetime
    finished: datetime


@dataclass(frozen=True)
class Overview:
    """A store at one moment; ``first`` and ``last`` are the ends of the ``days`` loaded."""

    tables: tuple[TableSize, ...]
    days: int
    first: date | None
    last: date | None
    last_load: LastLoad | None


def table_names(store: Store) -> tuple[str, ...]:
    """The tables that hold rows, in order; not those in which a load is staged."""
    names = {name for (name,) in store.query(NAMES)}
    parts = {name + LOCAL_SUFFIX for name in names}
    return tuple(sorted(n for n in names - parts if not n.startswith("staging_")))


def overview(store: Store) -> Overview:
    """Ask a store what it holds."""
    parts = "system.parts"
    if store.cluster:
        # A replica has the rows of its shard; every replica counts here, as it takes its bytes.
        parts = f"clusterAllReplicas('{store.cluster}', system.parts)"
    sizes = {
        name.removesuffix(LOCAL_SUFFIX): TableSize(
            name.removesuffix(LOCAL_SUFFIX), int(rows), int(size)
        )
        for name, rows, size in store.query(TABLES.replace("{parts}", parts))
    }
    tables = tuple(sizes.get(name, TableSize(name, 0, 0)) for name in table_names(store))
    snapshot, last = store.snapshot(), store.query(LAST)
    return Overview(
        tables,
        len(snapshot.days),
        min(snapshot.days, default=None),
        snapshot.data_through,
        LastLoad(*last[0]) if last else None,
    )

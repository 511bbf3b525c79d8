"""Removes what no reader can see: what ended loads left, and days that were loaded again.

Nothing is taken from under a reader. Rows stay for :data:`GRACE` after they stopped counting, as a
page that began before goes on with what it saw. A load that neither ended nor can be
published any more is taken for dead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from .. import schema
from ..client import Store
from ..migrations.m001_downloads import DOWNLOADS
from ..migrations.m006_daily import DAILY
from ..snapshot import Snapshot
from . import history
from .day_load import MAX_LOAD_TIME
from .history import LoadEvent
from .staging import PREFIX, SUMMED, month_of

GRACE = dt.timedelta(hours=1)
DEAD_LOAD_AGE = 2 * MAX_LOAD_TIME
FINAL_STATUSES = ("published", "failed", "refused")
"""How loads end that may have left rows."""
MAX_EVENTS = 100_000
TABLES_BY_LOAD = (DAILY.name, DOWNLOADS.name)
"""Tables whose rows carry the number of their load."""


@dataclass(frozen=True)
class CleanupResult:
    """How many dead loads were cleared away, and how many loads lost rows that no longer count."""

    dead: int = 0
    replaced: int = 0


def clean_up(
    store: Store,
    now: dt.datetime,
    *,
    grace: dt.timedelta = GRACE,
    dead_after: dt.timedelta = DEAD_LOAD_AGE,
) -> CleanupResult:
    """Remove leftovers; may be ended at any moment and run twice at once."""
    dead = _dead_loads(store, now - dead_after)
    for load_id, day in dead.items():
        _remove_dead_load(store, load_id, day, now)
    replaced = _replaced_loads(store, store.snapshot(), now - grace)
    _remove(store, {event.id: event.day for event in replaced})
    history.record_events(
        store, [replace(event, status="removed", reason="", finished=now) for event in replaced]
    )
    return CleanupResult(len(dead), len(replaced))


def _dead_loads(store: Store, before: dt.datetime) -> dict[int, dt.date | None]:
    """Staged loads that began too long ago, with the day they were about."""
    found: dict[int, dt.date | None] = {}
    for table in sorted(store.tables()):
        number = table.removeprefix(PREFIX).removesuffix(schema.LOCAL_SUFFIX).removesuffix(SUMMED)
        if table.startswith(PREFIX) and number.isdecimal():
            if history.load_start(int(number)) >= before:
                continue
            rows = [] if table.endswith(schema.LOCAL_SUFFIX) else _days(store, table)
            found[int(number)] = rows[0] if rows else found.get(int(number))
    return found


def _days(store: Store, table: str) -> list[dt.date]:
    rows = store.query(f"SELECT day FROM {schema.quote_identifier(table)} LIMIT 1")  # noqa: S608 - own name
    return [day for (day,) in rows]


def _remove_dead_load(store: Store, load_id: int, day: dt.date | None, now: dt.datetime) -> None:
    """Remove a dead load: its rows, if it came to attach them, then its tables."""
    known = store.query("SELECT count() FROM loads WHERE id = {id:UInt64}", {"id": load_id})
    if day is not None and known == [(0,)]:
        _remove(store, {load_id: day})
        started = history.load_start(load_id)
        event = LoadEvent(
            load_id, day, "unknown", "part", "failed", "it was ended before it was done", 0, 0,
            started, now, False,
        )  # fmt: skip
        history.record_events(store, [event])
    for suffix in ("", SUMMED):
        store.drop(f"{PREFIX}{load_id}{suffix}")


def _replaced_loads(store: Store, snapshot: Snapshot, before: dt.datetime) -> list[LoadEvent]:
    """Loads that ended before a moment and do not show, of which rows may still be there."""
    shown = history.published_events(store, snapshot)
    # The youngest events come first, so the last one of each load is what stays.
    ends = {event.id: event for event in reversed(history.load_events(store, limit=MAX_EVENTS))}
    return [event for event in ends.values() if _is_over(event, shown.get(event.day), before)]


def _is_over(event: LoadEvent, shown: LoadEvent | None, before: dt.datetime) -> bool:
    if event.status not in FINAL_STATUSES or (shown is not None and shown.id == event.id):
        return False
    if shown is None:
        # A day of which no load shows was retired; its partition goes as a whole.
        return event.status != "published" and event.finished < before
    return max(event.finished, shown.finished) < before


def _remove(store: Store, loads: Mapping[int, dt.date]) -> None:
    for month in sorted({month_of(day) for day in loads.values()}):
        ids = [load_id for load_id, day in loads.items() if month_of(day) == month]
        delete_loads(store, month, ids)


def delete_loads(store: Store, month: int, ids: Iterable[int]) -> None:
    """Delete the rows of loads in a month; the space comes free with the next merge."""
    chosen = ", ".join(str(int(load_id)) for load_id in ids)
    for name in TABLES_BY_LOAD:
        table = schema.quote_identifier(store.parts_table(name)) + schema.on_cluster(store.cluster)
        store.command(f"DELETE FROM {table} IN PARTITION {month} WHERE load_id IN ({chosen})")  # noqa: S608

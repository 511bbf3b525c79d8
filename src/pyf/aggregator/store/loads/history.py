"""What was loaded when: events of loads, one row each, and the days that are missing.

A load's last event tells how it ended: ``published``, ``refused`` (checked and not believed),
``unchanged`` (the same as what is there), ``failed``; later perhaps ``retired`` (only the month's
sums are left) or ``removed`` (another load took its place, its rows are gone).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from ..client import Store
from ..snapshot import Snapshot
from .checks import WEEKS, LoadFigures

_RANDOM_BITS = 20
SETTLING_TIME = dt.timedelta(days=1, hours=3)
"""After the beginning of a day: what is loaded earlier may lack rows that arrive late."""


@dataclass(frozen=True)
class LoadEvent:
    """One row of ``loads``; moments are UTC."""

    id: int
    day: dt.date
    source: str
    scope: str
    status: str
    reason: str
    rows: int
    downloads_total: int
    started: dt.datetime
    finished: dt.datetime
    accepted: bool


COLUMNS = tuple(field.name for field in fields(LoadEvent))
_NAMES = ", ".join(COLUMNS)


def utc_now() -> dt.datetime:
    """This moment, with zone."""
    return dt.datetime.now(dt.UTC)


def new_load_id(now: dt.datetime) -> int:
    """A number for a load that no other has; later loads have higher ones."""
    return int(now.timestamp() * 1000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)


def load_start(load_id: int) -> dt.datetime:
    """When the load of this number began."""
    return dt.datetime.fromtimestamp((load_id >> _RANDOM_BITS) / 1000, dt.UTC)


def record_events(store: Store, events: Sequence[LoadEvent]) -> None:
    """Write events, all at once or none."""
    store.insert("loads", [astuple(event) for event in events], COLUMNS)


def load_events(
    store: Store, first: dt.date | None = None, last: dt.date | None = None, limit: int = 1000
) -> list[LoadEvent]:
    """The events of loads of a range of days, the youngest first."""
    rows = store.query(
        f"SELECT {_NAMES} FROM loads WHERE day BETWEEN {{first:Date}} AND {{last:Date}} "  # noqa: S608
        "ORDER BY finished DESC, id DESC LIMIT {limit:UInt32}",
        {
            "first": first or dt.date(1970, 1, 1),
            "last": last or dt.date(2149, 1, 1),
            "limit": limit,
        },
    )
    return [_event(row) for row in rows]


def published_events(store: Store, snapshot: Snapshot) -> dict[dt.date, LoadEvent]:
    """The event that published each day of a snapshot."""
    if not snapshot.days:
        return {}
    rows = store.query(
        f"SELECT {_NAMES} FROM loads WHERE status = 'published' "  # noqa: S608
        "AND id IN {ids:Array(UInt64)}",
        {"ids": list(snapshot.days.values())},
    )
    return {event.day: event for event in map(_event, rows)}


def recent_figures(store: Store, snapshot: Snapshot, day: dt.date) -> dict[dt.date, LoadFigures]:
    """What a load of a day is judged by: the figures of whole days in the weeks before."""
    first = day - dt.timedelta(weeks=WEEKS)
    near = {
        each: load
        for each, load in snapshot.days.items()
        if first <= each < day and each not in snapshot.partial
    }
    return {
        each: LoadFigures(event.rows, event.downloads_total)
        for each, event in published_events(store, replace(snapshot, days=near)).items()
    }


def days_to_load(
    snapshot: Snapshot,
    known: dict[dt.date, LoadEvent],
    first: dt.date,
    last: dt.date,
    *,
    scope: str = "full",
) -> tuple[list[dt.date], list[dt.date]]:
    """Days of a range that are missing, and days that were loaded too early to be complete.

    A day that is known for some packages only is missing for a source of all of them.
    """
    days = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
    held = set(snapshot.days) - (snapshot.partial if scope == "full" else set())
    missing = [day for day in days if day not in held]
    again = [day for day in days if day in held and day in known and _too_early(known[day], scope)]
    return missing, again


def _too_early(event: LoadEvent, scope: str) -> bool:
    midnight = dt.datetime.combine(event.day, dt.time(), dt.UTC)
    return event.scope == scope and event.started < midnight + SETTLING_TIME


def _event(row: Sequence[Any]) -> LoadEvent:
    event = LoadEvent(*row)
    started, finished = _with_zone(event.started), _with_zone(event.finished)
    return replace(event, started=started, finished=finished, accepted=bool(event.accepted))


def _with_zone(moment: dt.datetime) -> dt.datetime:
    """The driver gives moments in UTC without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

"""Advisories in the store, the loads that brought them, and the flags of projects.

Names of packages are in PEP 503 form. Raises what ``Store`` raises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .catalog import NEVER
from .client import Store

BATCH_SIZE = 5_000
"""Names that go into one statement."""
_COLUMNS = ("id", "modified", "packages", "withdrawn", "gone", "record", "version")
_LOAD = ("finished", "source", "whole", "etag", "newest", "records")
# In a query of its own, since the new values hide the columns that the conditions are about.
_MARK_GONE_SQL = (
    "INSERT INTO advisories SELECT * REPLACE (true AS gone, {version:UInt64} AS version) "
    "FROM (SELECT * FROM advisories FINAL WHERE NOT gone "
)
_FLAGS = ("name", "flags", "resembles", "reason", "version")


@dataclass(frozen=True)
class AdvisoryRecord:
    """An OSV record: ``body`` is its JSON, the rest what it is looked up by."""

    id: str
    modified: str
    packages: tuple[str, ...]
    withdrawn: bool
    body: bytes


@dataclass(frozen=True)
class AdvisoryLoad:
    """When advisories came, and from where.

    ``whole`` is the bulk download with that ``etag``, else single records. ``newest`` (UTC) is the
    change up to which the source was read; ``records`` came.
    """

    finished: dt.datetime
    source: str
    whole: bool
    etag: str = ""
    newest: dt.datetime = NEVER
    records: int = 0


@dataclass(frozen=True)
class ProjectFlags:
    """What a project has to be warned of: ``malicious``, ``quarantined``, ``suspected-typosquat``.

    ``resembles`` is the project that a suspected typosquat resembles; ``reason`` is for people.
    """

    flags: tuple[str, ...]
    resembles: str = ""
    reason: str = ""


def put_records(store: Store, records: Sequence[AdvisoryRecord], version: int) -> None:
    """Write records as a load of that version (Unix milliseconds) brought them."""
    rows = [
        (r.id, r.modified, list(r.packages), r.withdrawn, False, r.body, version) for r in records
    ]
    store.insert("advisories", rows, _COLUMNS)


def count_older(store: Store, version: int, keep: Iterable[str] = ()) -> tuple[int, int]:
    """How many records no load since ``version`` brought, without ``keep``; and how many are."""
    [(old, total)] = store.query(
        "SELECT countIf(version < {version:UInt64} AND id NOT IN {keep:Array(String)}), count() "
        "FROM advisories FINAL WHERE NOT gone",
        {"version": version, "keep": list(keep)},
    )
    return old, total


def drop_older(store: Store, version: int, keep: Iterable[str] = ()) -> None:
    """Mark as gone what ``older`` counts."""
    store.command(
        _MARK_GONE_SQL + "AND version < {version:UInt64} AND id NOT IN {keep:Array(String)})",
        {"version": version, "keep": list(keep)},
    )


def drop_records(store: Store, ids: Iterable[str], version: int) -> None:
    """Mark single records as gone."""
    store.command(
        _MARK_GONE_SQL + "AND id IN {ids:Array(String)})", {"version": version, "ids": list(ids)}
    )


def advisory_bodies(store: Store, names: Iterable[str]) -> list[bytes]:
    """The records in force that speak of any of these projects, as JSON, by id."""
    found: dict[str, bytes] = {}
    for part in _batches(names):
        rows = store.query(
            "SELECT id, record FROM advisories FINAL WHERE NOT gone AND NOT withdrawn "
            "AND hasAny(packages, {names:Array(String)})",
            {"names": part},
        )
        found.update((id_, record.encode()) for id_, record in rows)
    return [found[id_] for id_ in sorted(found)]


def malware_bodies(store: Store) -> list[bytes]:
    """The records in force that call something malicious, as JSON, by id."""
    rows = store.query(
        "SELECT record FROM advisories FINAL WHERE NOT gone AND NOT withdrawn "
        "AND startsWith(id, 'MAL-') ORDER BY id"
    )
    return [record.encode() for (record,) in rows]


def record_load(store: Store, load: AdvisoryLoad) -> None:
    """Add the account of a load."""
    store.insert("advisory_loads", [tuple(getattr(load, name) for name in _LOAD)], _LOAD)


def last_load(store: Store, *, whole: bool) -> AdvisoryLoad | None:
    """The last load, or the last one of everything; ``None`` before the first."""
    rows = store.query(
        f"SELECT {', '.join(_LOAD)} FROM advisory_loads "  # noqa: S608 - names of columns
        "WHERE whole >= {least:Bool} ORDER BY finished DESC LIMIT 1",
        {"least": whole},
    )
    if not rows:
        return None
    finished, source, is_whole, etag, newest, records = rows[0]
    return AdvisoryLoad(_utc(finished), source, bool(is_whole), etag, _utc(newest), records)


def flagged_projects(store: Store) -> dict[str, ProjectFlags]:
    """Every project that has to be warned of, by name."""
    rows = store.query("SELECT name, flags, resembles, reason FROM flagged_projects")
    return {name: ProjectFlags(tuple(flags), like, why) for name, flags, like, why in rows}


def put_flags(store: Store, flags: Mapping[str, ProjectFlags], version: int) -> None:
    """Write the flags of projects; one without any is not flagged from then on."""
    rows = [
        (name, list(each.flags), each.resembles, each.reason, version)
        for name, each in sorted(flags.items())
    ]
    store.insert("flags", rows, _FLAGS)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(set(names))
    for start in range(0, len(ordered), BATCH_SIZE):
        yield ordered[start : start + BATCH_SIZE]


def _utc(moment: dt.datetime) -> dt.datetime:
    """The driver gives moments in UTC without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

"""What a sync of the catalog has to look at, on disk: the registry's list against the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..names import normalize_name
from ..registries.results import IndexEntry
from ..store.catalog import CatalogEntry
from .scratch import ScratchDatabase

SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE listed (name TEXT PRIMARY KEY, serial INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE held (name TEXT PRIMARY KEY, serial INTEGER NOT NULL, etag TEXT NOT NULL,
                   checked REAL NOT NULL, hidden INTEGER NOT NULL, gone INTEGER NOT NULL)
                   WITHOUT ROWID;
CREATE TABLE todo (name TEXT PRIMARY KEY, serial INTEGER NOT NULL, etag TEXT NOT NULL,
                   round INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '')
                   WITHOUT ROWID;
CREATE TABLE lost (name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
SELECT_CHANGED = """
SELECT name, listed.serial, '' FROM listed LEFT JOIN held USING (name)
WHERE held.name IS NULL OR listed.serial > held.serial OR (held.hidden AND held.checked < ?)
"""
SELECT_MISSING = """
SELECT name, 0, '' FROM held
WHERE name NOT IN (SELECT name FROM listed) AND NOT gone AND (NOT hidden OR checked < ?)
"""
SELECT_OLD = """
SELECT name, listed.serial, etag FROM listed JOIN held USING (name)
WHERE NOT hidden AND checked < ?
"""
SELECT_SWEEP = """
SELECT name, listed.serial, etag FROM listed JOIN held USING (name)
WHERE NOT hidden AND checked < ? AND name NOT IN (SELECT name FROM todo) ORDER BY checked LIMIT ?
"""


@dataclass(frozen=True)
class CrawlTask:
    """A project to look at: the serial one comes for, 0 if not known.

    With an ``etag`` its page is asked first, since nothing says that it changed. ``known`` tells
    that the catalog has a row of it.
    """

    name: str
    serial: int
    etag: str
    known: bool


@dataclass(frozen=True)
class RecheckPolicy:
    """Which projects are looked at although nothing says that they changed; Unix seconds.

    Hidden ones (gone, quarantined) looked at before ``hidden_before``; all others looked at before
    ``all_before``; and of the rest looked at before ``hidden_before`` the ``sweep`` oldest.
    """

    hidden_before: float
    all_before: float
    sweep: int


class CatalogWorklist(ScratchDatabase):
    """The list of one sync; use as a context manager. Names are normalized (PEP 503)."""

    def __init__(self) -> None:
        super().__init__("pyf-catalog", SCHEMA)

    def load_registry_index(self, entries: Iterable[IndexEntry]) -> int:
        """Take the registry's list of all projects; return how many there are."""
        rows = ((normalize_name(entry.name), entry.serial) for entry in entries)
        self._execute_many("INSERT OR REPLACE INTO listed VALUES (?, ?)", rows)
        return self._count("SELECT count(*) FROM listed")

    def load_catalog(self, entries: Iterable[CatalogEntry]) -> int:
        """Take what the catalog holds; return how many of them are not gone."""
        rows = ((h.name, h.serial, h.etag, h.checked, h.hidden, h.gone) for h in entries)
        self._execute_many("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?)", rows)
        return self._count("SELECT count(*) FROM held WHERE NOT gone")

    def missing(self) -> int:
        """How many projects the list lacks that the catalog shows as there."""
        return self._count(
            "SELECT count(*) FROM held WHERE NOT hidden AND name NOT IN (SELECT name FROM listed)"
        )

    def plan(self, ages: RecheckPolicy) -> int:
        """Put on the list of work what has to be looked at; return how many."""
        for statement, values in (
            (SELECT_CHANGED, (ages.hidden_before,)),
            (SELECT_MISSING, (ages.hidden_before,)),
            (SELECT_OLD, (ages.all_before,)),
            (SELECT_SWEEP, (ages.hidden_before, ages.sweep)),
        ):
            self._db.execute("INSERT OR IGNORE INTO todo (name, serial, etag) " + statement, values)
        return len(self)

    def truncate(self, limit: int) -> int:
        """Shorten the list of work; return how many are left."""
        self._db.execute(
            "DELETE FROM todo WHERE name NOT IN (SELECT name FROM todo ORDER BY name LIMIT ?)",
            (limit,),
        )
        return len(self)

    def tasks(self, round_: int) -> Iterator[CrawlTask]:
        """Yield the work of a round, in the order of the names."""
        last = ""
        while rows := self._db.execute(
            "SELECT name, todo.serial, todo.etag, held.name IS NOT NULL FROM todo "
            "LEFT JOIN held USING (name) WHERE round = ? AND name > ? ORDER BY name LIMIT 500",
            (round_, last),
        ).fetchall():
            yield from (
                CrawlTask(name, serial, etag, bool(known)) for name, serial, etag, known in rows
            )
            last = rows[-1][0]

    def retry_later(self, look: CrawlTask, round_: int, reason: str) -> None:
        """Put a project into a later round, with why it failed."""
        self._db.execute(
            "UPDATE todo SET round = ?, reason = ? WHERE name = ?", (round_, reason, look.name)
        )

    def failures(self, round_: int) -> dict[str, str]:
        """The projects of a round with why they are in it."""
        rows = self._db.execute(
            "SELECT name, reason FROM todo WHERE round = ? ORDER BY name", (round_,)
        )
        return dict(rows.fetchall())

    def mark_absent(self, name: str) -> None:
        """Note a project that the registry has no more."""
        self._db.execute("INSERT OR IGNORE INTO lost VALUES (?)", (name,))

    def absent_names(self) -> list[str]:
        """The projects that the registry has no more."""
        return [name for (name,) in self._db.execute("SELECT name FROM lost ORDER BY name")]

    def __len__(self) -> int:
        return self._count("SELECT count(*) FROM todo")

    def _count(self, statement: str) -> int:
        return int(self._db.execute(statement).fetchone()[0])

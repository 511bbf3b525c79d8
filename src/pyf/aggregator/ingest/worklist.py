"""What a run has to do and what the index holds, on disk.

A run over all of PyPI must not hold its list in memory. The list lives for one run only: progress
is read from the index itself, so a run that was killed loses nothing but time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..documents.build import carried_facts
from ..documents.fields import FIELDS
from ..names import normalize_name
from .scratch import ScratchDatabase

SCHEMA = """
PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
CREATE TABLE todo (name TEXT PRIMARY KEY, serial INTEGER NOT NULL, round INTEGER NOT NULL,
                   reason TEXT);
CREATE TABLE known (id TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL,
                    digest TEXT NOT NULL, serial INTEGER NOT NULL, latest INTEGER NOT NULL,
                    facts BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX known_by_name ON known (name);
CREATE TABLE removal (id TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
"""

PROJECT_FIELDS = ("id", "name", "version", "files_digest", "serial", "is_latest")
FACT_FIELDS = tuple(item.name for item in FIELDS if item.is_carried)
KNOWN_FIELDS = (*PROJECT_FIELDS, *FACT_FIELDS)
"""The fields of an indexed document that a run needs to know."""


@dataclass(frozen=True)
class WorkItem:
    """A project to look at; ``serial`` is the change one comes for, 0 if not known."""

    name: str
    serial: int


@dataclass(frozen=True)
class KnownRelease:
    """What the index holds of one release."""

    id: str
    version: str
    digest: str
    serial: int
    latest: bool
    facts: dict[str, Any] = field(default_factory=dict)


def known_release(document: dict[str, Any]) -> KnownRelease:
    """Return what a document with ``KNOWN_FIELDS`` tells of its release."""
    return KnownRelease(
        document["id"],
        document.get("version", ""),
        document.get("files_digest", ""),
        document.get("serial", 0),
        bool(document.get("is_latest")),
        carried_facts(document),
    )


class Worklist(ScratchDatabase):
    """The list of one run; use as a context manager. Names are normalized (PEP 503)."""

    def __init__(self) -> None:
        super().__init__("pyf-run", SCHEMA)

    def add(self, tasks: Iterable[WorkItem]) -> None:
        """Add projects to look at; of one that is there already the higher serial counts."""
        self._execute_many(
            "INSERT INTO todo VALUES (?, ?, 0, NULL) ON CONFLICT (name) DO UPDATE "
            "SET serial = max(serial, excluded.serial)",
            ((normalize_name(task.name), task.serial) for task in tasks),
        )

    def note_serials(self, entries: Iterable[WorkItem]) -> None:
        """Set the serial of those projects that are on the list; leave the others out."""
        self._execute_many(
            "UPDATE todo SET serial = max(serial, ?) WHERE name = ?",
            ((entry.serial, normalize_name(entry.name)) for entry in entries),
        )

    def note_index(self, entries: Iterable[WorkItem], since: int) -> None:
        """Add the projects of the whole index that moved after ``since``, or left it."""
        self._db.execute("CREATE TEMP TABLE listed (name TEXT PRIMARY KEY, serial INTEGER)")
        self._execute_many(
            "INSERT OR REPLACE INTO listed VALUES (?, ?)",
            ((normalize_name(entry.name), entry.serial) for entry in entries),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO todo SELECT name, serial, 0, NULL FROM listed WHERE serial > ?",
            (since,),
        )
        self._db.execute(
            "INSERT OR IGNORE INTO todo SELECT DISTINCT name, 0, 0, NULL FROM known "
            "WHERE name NOT IN (SELECT name FROM listed)"
        )
        self._db.execute("DROP TABLE listed")

    def keep_only(self, name_part: str = "", limit: int | None = None, after: str = "") -> None:
        """Shorten the list to names beyond ``after`` with ``name_part``, ``limit`` of them."""
        self._db.execute("DELETE FROM todo WHERE name <= ?", (after,))
        if name_part:
            self._db.execute("DELETE FROM todo WHERE instr(name, ?) = 0", (name_part,))
        if limit is not None:
            self._db.execute(
                "DELETE FROM todo WHERE name NOT IN (SELECT name FROM todo ORDER BY name LIMIT ?)",
                (limit,),
            )

    def retain(self, names: Iterable[str]) -> None:
        """Shorten the list to the projects named here and those that the index holds."""
        self._db.execute("CREATE TEMP TABLE wanted (name TEXT PRIMARY KEY)")
        self._execute_many("INSERT OR IGNORE INTO wanted VALUES (?)", ((name,) for name in names))
        self._db.execute(
            "DELETE FROM todo WHERE name NOT IN (SELECT name FROM wanted) "
            "AND name NOT IN (SELECT name FROM known)"
        )
        self._db.execute("DROP TABLE wanted")

    def tasks(self, round_: int) -> Iterator[WorkItem]:
        """Yield the projects of a round, in the order of their names."""
        last = ""
        while rows := self._db.execute(
            "SELECT name, serial FROM todo WHERE round = ? AND name > ? ORDER BY name LIMIT 500",
            (round_, last),
        ).fetchall():
            yield from (WorkItem(name, serial) for name, serial in rows)
            last = rows[-1][0]

    def retry_later(self, task: WorkItem, round_: int, reason: str) -> None:
        """Put a project into a later round, with why it failed."""
        self._db.execute(
            "UPDATE todo SET round = ?, reason = ? WHERE name = ?", (round_, reason, task.name)
        )

    def failures(self, round_: int) -> list[tuple[WorkItem, str]]:
        """Return the projects of a round with why they are in it."""
        rows = self._db.execute(
            "SELECT name, serial, reason FROM todo WHERE round = ? ORDER BY name", (round_,)
        )
        return [(WorkItem(name, serial), reason or "") for name, serial, reason in rows]

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM todo").fetchone()[0])

    def load_known(self, documents: Iterable[dict[str, Any]]) -> int:
        """Note what the index holds (documents with ``KNOWN_FIELDS``); return how many."""
        self._execute_many(
            "INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", map(_row, documents)
        )
        return int(self._db.execute("SELECT count(*) FROM known").fetchone()[0])

    def add_known(self) -> None:
        """Put every project that the index holds on the list, with no serial to wait for."""
        self._db.execute("INSERT OR IGNORE INTO todo SELECT DISTINCT name, 0, 0, NULL FROM known")

    def known_releases(self, name: str) -> list[KnownRelease]:
        """Return what the index holds of a project."""
        rows = self._db.execute(
            "SELECT id, version, digest, serial, latest, facts FROM known WHERE name = ?", (name,)
        )
        return [
            KnownRelease(id_, version, digest, serial, bool(latest), orjson.loads(facts))
            for id_, version, digest, serial, latest, facts in rows
        ]

    def drop_current(self) -> int:
        """Drop the projects that the index shows as of their serial; return how many.

        The document of the latest release is written last, so it vouches for the others.
        """
        return self._db.execute(
            "DELETE FROM todo WHERE serial > 0 AND name IN (SELECT known.name FROM known "
            "WHERE known.name = todo.name AND known.latest = 1 AND known.serial >= todo.serial)"
        ).rowcount

    def drop_tasks(self, unneeded: Callable[[WorkItem], bool]) -> int:
        """Drop the projects for which ``unneeded`` holds and of which the index has nothing."""
        names = [(task.name,) for task in self.tasks(0) if unneeded(task)]
        before = len(self)
        self._execute_many(
            "DELETE FROM todo WHERE name = ? AND name NOT IN (SELECT name FROM known)", names
        )
        return before - len(self)

    def serial_of(self, name: str) -> int:
        """Return the serial one comes for, 0 if the project is not on the list."""
        row = self._db.execute("SELECT serial FROM todo WHERE name = ?", (name,)).fetchone()
        return int(row[0]) if row else 0

    def remove(self, ids: Iterable[str], reason: str) -> None:
        """Note documents that are to be removed at the end of the run."""
        self._execute_many(
            "INSERT OR IGNORE INTO removal VALUES (?, ?)", ((id_, reason) for id_ in ids)
        )

    def removals(self) -> list[str]:
        """Return the ids of all documents to be removed."""
        return [id_ for (id_,) in self._db.execute("SELECT id FROM removal ORDER BY id")]


def _row(document: dict[str, Any]) -> tuple[Any, ...]:
    return (
        document["id"],
        normalize_name(document.get("name", "")),
        document.get("version", ""),
        document.get("files_digest", ""),
        document.get("serial", 0),
        int(bool(document.get("is_latest"))),
        orjson.dumps(carried_facts(document)),
    )

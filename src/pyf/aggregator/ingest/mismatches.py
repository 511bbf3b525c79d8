"""Projects that discovery names but that do not belong, remembered by serial.

``browse`` names a project for as long as any release of its history carries a classifier. Whether
the latest does is known only after a fetch; this memory spares that fetch until something changes.
It is a cache: losing it costs requests, nothing else.
"""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

from ..profile import Profile
from .worklist import WorkItem


class Mismatches:
    """The memory of one profile at one upstream, in a SQLite file of the data directory."""

    def __init__(self, path: Path, profile: Profile, upstream: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._scope = _fingerprint(profile, upstream)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10, check_same_thread=False)
        # A cache: losing its last moments in a power cut costs requests, waiting costs every run.
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS mismatch (scope TEXT, name TEXT, serial INTEGER, "
            "PRIMARY KEY (scope, name)) WITHOUT ROWID"
        )

    def contains(self, task: WorkItem) -> bool:
        """Say whether the project was found not to belong, as of this serial or a later one."""
        row = self._db.execute(
            "SELECT serial FROM mismatch WHERE scope = ? AND name = ?", (self._scope, task.name)
        ).fetchone()
        return bool(task.serial and row and row[0] >= task.serial)

    def note(self, task: WorkItem, serial: int) -> None:
        """Remember that the project does not belong as of ``serial``."""
        if serial:
            self._db.execute(
                "INSERT OR REPLACE INTO mismatch VALUES (?, ?, ?)", (self._scope, task.name, serial)
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _fingerprint(profile: Profile, upstream: str) -> str:
    """Another profile definition or upstream must not see the answers of this one."""
    parts = [upstream, profile.match, *sorted(profile.classifiers), "+", *sorted(profile.include)]
    return hashlib.sha256("\n".join([*parts, "-", *sorted(profile.exclude)]).encode()).hexdigest()

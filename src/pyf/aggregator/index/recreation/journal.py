"""The journal of a recreation: what was copied, how far it went, and that only one is under way."""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ...errors import ServiceRefused, UsageError
from .digests import Digest, pack, unpack

SCHEMA = """
CREATE TABLE IF NOT EXISTS begun (old TEXT, new TEXT, mark TEXT, switched INTEGER);
CREATE TABLE IF NOT EXISTS copied (id TEXT PRIMARY KEY, line BLOB, digest BLOB, pass INTEGER);
CREATE INDEX IF NOT EXISTS by_pass ON copied (pass);
"""


@dataclass(frozen=True)
class RecreationProgress:
    """From which collection to which, and whether the alias has led to the new one.

    ``old`` is empty where there was none; ``mark`` stands in the metadata of the new one.
    """

    old: str
    new: str
    mark: str
    switched: bool


@dataclass(frozen=True)
class CopiedDocument:
    """A document as it was copied: a checksum of its exported line, and of each of its fields."""

    line: bytes
    fields: Digest


class RecreationJournal:
    """One alias's journal in a folder; use as a context manager. A second one is refused."""

    def __init__(self, folder: Path, server: str, alias: str) -> None:
        self._folder = folder
        self._alias = alias
        # Two aliases may be alike in all that a file name can show, so the digest tells them apart.
        digest = hashlib.sha256(f"{server}\n{alias}".encode()).hexdigest()[:16]
        name = "".join(c if c.isalnum() else "_" for c in alias) + f"-{digest}"
        self._lock_path = folder / f"{name}.lock"
        self._path = folder / f"{name}.sqlite"
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = self._lock_path.open("a+")
            self._acquire_lock(self._lock)
            self._open()
        except BaseException as error:
            if self._lock:
                self._lock.close()
            if isinstance(error, OSError | sqlite3.Error):
                raise UsageError(f"the journal {self._path} cannot be used: {error}") from None
            raise
        return self

    def _acquire_lock(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ServiceRefused(
                f"{self._alias} is being recreated already by another process"
            ) from None

    def _open(self) -> None:
        # Kept across a crash of this process; a power cut may cost the last moments, which
        # only makes the next run copy more again.
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        is_done = self.progress is None
        self._db.close()
        if is_done:
            # Rows that were deleted leave their room in the file: gigabytes after millions.
            for ending in ("", "-wal", "-shm"):
                Path(f"{self._path}{ending}").unlink(missing_ok=True)
        if self._lock:
            self._lock.close()

    @property
    def progress(self) -> RecreationProgress | None:
        """What an interrupted recreation left, ``None`` when there is nothing to carry on."""
        row = self._db.execute("SELECT old, new, mark, switched FROM begun").fetchone()
        if row is None:
            return None
        old, new, mark, switched = row
        return RecreationProgress(old, new, mark, bool(switched))

    def begin(self, old: str, new: str, mark: str) -> None:
        """Start anew."""
        self.clear()
        self._db.execute("INSERT INTO begun VALUES (?, ?, ?, 0)", (old, new, mark))

    def record_switch(self) -> None:
        """Note that the alias has led to the new version."""
        self._db.execute("UPDATE begun SET switched = 1")

    def clear(self) -> None:
        """Forget everything: it is done or given up."""
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM begun")
        self._db.execute("DELETE FROM copied")
        self._db.execute("COMMIT")

    def look_up(self, ids: Iterable[str]) -> dict[str, CopiedDocument]:
        """Return those of the documents that were copied."""
        wanted = list(ids)
        marks = ",".join("?" * len(wanted))
        rows = self._db.execute(
            f"SELECT id, line, digest FROM copied WHERE id IN ({marks})",  # noqa: S608 - marks only
            wanted,
        )
        return {id_: CopiedDocument(line, unpack(value)) for id_, line, value in rows}

    def record_copies(self, copied: Mapping[str, CopiedDocument], pass_: int) -> None:
        """Note documents as copied."""
        rows = [(id_, one.line, pack(one.fields), pass_) for id_, one in copied.items()]
        self._many("INSERT OR REPLACE INTO copied VALUES (?, ?, ?, ?)", rows)

    def mark_seen(self, ids: Iterable[str], pass_: int) -> None:
        """Note that documents are still there and as they were."""
        self._many("UPDATE copied SET pass = ? WHERE id = ?", [(pass_, id_) for id_ in ids])

    def unseen_ids(self, pass_: int) -> Iterator[list[str]]:
        """Yield, in batches, the ids of documents that a pass did not meet."""
        while rows := self._db.execute(
            "SELECT id FROM copied WHERE pass <> ? LIMIT 500", (pass_,)
        ).fetchall():
            yield [id_ for (id_,) in rows]

    def remove(self, ids: Iterable[str]) -> None:
        """Note that documents are gone."""
        self._many("DELETE FROM copied WHERE id = ?", [(id_,) for id_ in ids])

    def last_pass(self) -> int:
        """Return the number of the last pass that noted anything, 0 for none."""
        row = self._db.execute("SELECT max(pass) FROM copied").fetchone()
        return int(row[0] or 0)

    def __len__(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM copied").fetchone()[0])

    def _many(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._db.execute("BEGIN")
        self._db.executemany(statement, rows)
        self._db.execute("COMMIT")

"""The SQLite file behind the server: one writer at a time, one reading connection per thread."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from ...errors import AggregatorError

FILE_NAME = "search.db"
LOCK_NAME = "search.lock"
BUSY_TIMEOUT_MS = 10_000
WRITER_CACHE_KIB = 32 * 1024
READER_CACHE_KIB = 8 * 1024
MAX_WAL_BYTES = 64 * 1024 * 1024
WAL_PAGES_BEFORE_CHECKPOINT = 4_000

TABLES = """
CREATE TABLE IF NOT EXISTS collections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    schema BLOB NOT NULL,
    next_seq INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS aliases (name TEXT PRIMARY KEY, collection_name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    value TEXT NOT NULL UNIQUE,
    body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT NOT NULL,
    scope INTEGER NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (kind, scope, name)
) WITHOUT ROWID;
"""

# An id leads to a sequence number through a table of its own: Typesense hands out the sequence
# number as the id of a document that comes without one, even where that id is taken, and then
# the older document stays in the collection but is no longer reached by its id.
COLLECTION_TABLES = """
CREATE TABLE doc_{id} (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE key_{id} (id TEXT PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
"""


class DataFolderError(AggregatorError):
    """The data folder cannot be used, or another server uses it."""


class Storage:
    """Opens the file, hands out connections, and wraps work into transactions."""

    def __init__(self, data_dir: Path) -> None:
        self._lock_file = _lock_folder(data_dir)
        self.path = data_dir / FILE_NAME
        _make_private(self.path)
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        self._writer = self._connect(flags, WRITER_CACHE_KIB)
        self._writer_lock = threading.RLock()
        self._readers = threading.local()
        self._all_readers: list[apsw.Connection] = []
        self._registering = threading.Lock()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.execute("PRAGMA synchronous = NORMAL")
        self._writer.execute(f"PRAGMA journal_size_limit = {MAX_WAL_BYTES}")
        self._writer.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_BEFORE_CHECKPOINT}")
        self._writer.execute(TABLES)

    def _connect(self, flags: int, cache_kib: int) -> apsw.Connection:
        connection = apsw.Connection(str(self.path), flags=flags)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.execute(f"PRAGMA cache_size = -{cache_kib}")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep all other writers out, also around several transactions and what lies between."""
        with self._writer_lock:
            yield

    @contextlib.contextmanager
    def write(self) -> Iterator[apsw.Connection]:
        """One write transaction: all of it is in the file afterwards, or none of it."""
        with self._writer_lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")

    @contextlib.contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """One state of the file for the whole block, undisturbed by writers."""
        connection = self._reader()
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            connection.execute("ROLLBACK")

    def _reader(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._readers, "connection", None)
        if connection is None:
            connection = self._connect(apsw.SQLITE_OPEN_READONLY, READER_CACHE_KIB)
            self._readers.connection = connection
            with self._registering:
                self._all_readers.append(connection)
        return connection

    def copy_to(self, target: Path) -> None:
        """Write a whole, consistent copy of the file."""
        _make_private(target)
        with self._writer_lock:
            self._writer.execute("VACUUM INTO ?", (str(target),))

    def close(self) -> None:
        """Close everything; the last connection folds the write-ahead log into the file."""
        with self._registering:
            for connection in self._all_readers:
                connection.close(True)
            self._all_readers.clear()
        with self._writer_lock:
            self._writer.close(True)
        os.close(self._lock_file)


def _lock_folder(data_dir: Path) -> int:
    """Keep the folder to this process, which holds much of the file in memory, until it ends."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise DataFolderError(f"cannot use the folder {data_dir}: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise DataFolderError(f"another search server uses the folder {data_dir}") from None
    return lock


def _make_private(path: Path) -> None:
    """The file holds the values of API keys; what SQLite puts beside it gets the same rights."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    os.fchmod(descriptor, 0o600)
    os.close(descriptor)


def create_collection_tables(db: apsw.Connection, collection_id: int) -> None:
    db.execute(COLLECTION_TABLES.format(id=collection_id))


def drop_collection_tables(db: apsw.Connection, collection_id: int) -> None:
    db.execute(f"DROP TABLE doc_{collection_id}; DROP TABLE key_{collection_id}")


def seq_of(db: apsw.Connection, collection_id: int, document_id: str) -> int | None:
    """The sequence number a document is found under, None where there is no such document."""
    found: Any = db.execute(
        f"SELECT seq FROM key_{collection_id} WHERE id = ?",  # noqa: S608
        (document_id,),
    ).get
    return None if found is None else int(found)


def body_of(db: apsw.Connection, collection_id: int, seq: int) -> bytes | None:
    """A stored document as JSON."""
    body: Any = db.execute(
        f"SELECT body FROM doc_{collection_id} WHERE seq = ?",  # noqa: S608
        (seq,),
    ).get
    return None if body is None else bytes(body)


def bodies_from(
    db: apsw.Connection, collection_id: int, after: int = -1, limit: int = -1
) -> Iterator[tuple[int, bytes]]:
    """Documents in the order they came, ``limit`` of them (-1: all) past a sequence number."""
    rows: Any = db.execute(
        f"SELECT seq, body FROM doc_{collection_id} WHERE seq > ? ORDER BY seq LIMIT ?",  # noqa: S608
        (after, limit),
    )
    yield from rows


def put_document(
    db: apsw.Connection, collection_id: int, seq: int, document_id: str, body: bytes
) -> None:
    db.execute(
        f"INSERT INTO doc_{collection_id} (seq, id, body) VALUES (?1, ?2, ?3)"  # noqa: S608
        " ON CONFLICT (seq) DO UPDATE SET id = ?2, body = ?3",
        (seq, document_id, body),
    )
    db.execute(
        f"INSERT INTO key_{collection_id} (id, seq) VALUES (?1, ?2)"  # noqa: S608
        " ON CONFLICT (id) DO UPDATE SET seq = ?2 WHERE seq <> ?2",
        (document_id, seq),
    )


def remove_document(db: apsw.Connection, collection_id: int, seq: int, document_id: str) -> None:
    db.execute(
        f"DELETE FROM doc_{collection_id} WHERE seq = ?",  # noqa: S608
        (seq,),
    )
    db.execute(
        f"DELETE FROM key_{collection_id} WHERE id = ?",  # noqa: S608
        (document_id,),
    )

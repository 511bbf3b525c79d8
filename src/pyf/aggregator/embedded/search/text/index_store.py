"""The index on disk: tables of one collection in the server's SQLite file.

Written documents gather in ``pending``, one row per batch; from time to time a batch of them is
sorted by term into an immutable *segment*, and small or hollow segments are merged. All of it
happens in the caller's transaction, so a rollback or a killed process leaves no trace.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import apsw
import numpy as np

from .postings import Int64Array, UInt32Array, UInt64Array, dids_of, pack_occurrences

CHUNK = 8192  # occurrences in one row of ``data``: 64 KiB
_CHUNK_BITS = 24

_SCHEMA = """
CREATE TABLE {p}docs (did INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
CREATE UNIQUE INDEX {p}docs_seq ON {p}docs (seq);
CREATE TABLE {p}dead (n INTEGER PRIMARY KEY, did INTEGER NOT NULL);
CREATE TABLE {p}terms (id INTEGER PRIMARY KEY, term TEXT NOT NULL);
CREATE TABLE {p}pending (
    bid INTEGER PRIMARY KEY, first_did INTEGER NOT NULL, counts BLOB NOT NULL,
    fields BLOB NOT NULL, terms BLOB NOT NULL, lows BLOB NOT NULL, points BLOB NOT NULL);
CREATE TABLE {p}segments (
    sid INTEGER PRIMARY KEY, first_did INTEGER NOT NULL, last_did INTEGER NOT NULL,
    docs INTEGER NOT NULL, live INTEGER NOT NULL);
CREATE TABLE {p}directory (
    sid INTEGER PRIMARY KEY, keys BLOB NOT NULL, starts BLOB NOT NULL, counts BLOB NOT NULL,
    points BLOB NOT NULL);
CREATE TABLE {p}data (id INTEGER PRIMARY KEY, occurrences BLOB NOT NULL);
CREATE TABLE {p}next (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_TABLES = ("docs", "dead", "terms", "pending", "segments", "directory", "data", "next")


@dataclass(frozen=True)
class PostingsBatch:
    """Tokenized documents, occurrence by occurrence; document ``i`` has ``first_did + i``.

    ``counts`` and ``points`` run along the documents: how many occurrences each has, and what the
    collection's default sorting field gives it.
    """

    first_did: int
    counts: UInt32Array
    points: Int64Array
    fields: np.ndarray[tuple[int], np.dtype[np.uint16]]
    terms: UInt32Array
    lows: UInt32Array

    def dids(self) -> Int64Array:
        return np.repeat(self.first_did + np.arange(len(self.counts)), self.counts)

    def occurrence_points(self) -> Int64Array:
        return np.repeat(self.points, self.counts)

    def keys(self) -> UInt64Array:
        return (self.fields.astype(np.uint64) << np.uint64(32)) | self.terms

    def occurrences(self) -> UInt64Array:
        return pack_occurrences(self.dids(), self.lows)


@dataclass(frozen=True)
class SegmentInfo:
    sid: int
    first_did: int
    last_did: int
    docs: int
    live: int


@dataclass(frozen=True, order=True)
class IndexState:
    """``epoch`` is drawn at random when tables are made or emptied, the rest only grows."""

    epoch: int
    segment: int
    batch: int
    dead: int
    terms: int


@dataclass(frozen=True)
class SegmentDirectory:
    """Where a segment keeps each field and term: ``starts[i]:starts[i+1]`` of its occurrences.

    ``counts`` are the documents, ``points`` the most points among them (empty: none has any).
    """

    keys: UInt64Array
    starts: UInt32Array
    counts: UInt32Array
    points: Int64Array

    def span(self, key: int) -> tuple[int, int]:
        at = int(self.keys.searchsorted(np.uint64(key)))
        if at == len(self.keys) or int(self.keys[at]) != key:
            return (0, 0)
        return int(self.starts[at]), int(self.starts[at + 1])


@dataclass(frozen=True)
class SegmentContent:
    """What goes into a segment: parallel arrays, in the order of ``keys``."""

    keys: UInt64Array
    occurrences: UInt64Array
    points: Int64Array

    @classmethod
    def from_unsorted(
        cls, keys: UInt64Array, occurrences: UInt64Array, points: Int64Array
    ) -> SegmentContent:
        order = np.argsort(keys, kind="stable")
        return cls(keys[order], occurrences[order], points[order])

    def directory(self) -> SegmentDirectory:
        if not len(self.keys):
            empty = np.empty(0, np.uint32)
            return SegmentDirectory(self.keys, np.zeros(1, np.uint32), empty, self.points)
        new_key = np.append(True, self.keys[1:] != self.keys[:-1])
        firsts = np.flatnonzero(new_key)
        dids = dids_of(self.occurrences)
        new_document = new_key | np.append(True, dids[1:] != dids[:-1])
        return SegmentDirectory(
            self.keys[firsts],
            np.append(firsts, len(self.keys)).astype(np.uint32),
            np.add.reduceat(new_document, firsts, dtype=np.uint32),
            np.maximum.reduceat(self.points, firsts) if self.points.any() else self.points[:0],
        )


class IndexStore:
    """Reads and writes the tables of one collection through the connection given."""

    def __init__(self, collection_id: int) -> None:
        self.prefix = f"text{int(collection_id)}_"

    def _sql(self, statement: str) -> str:
        return statement.replace("{p}", self.prefix)

    def create(self, db: apsw.Connection) -> None:
        db.execute(self._sql(_SCHEMA))
        self._begin_epoch(db)

    def clear(self, db: apsw.Connection) -> None:
        for table in _TABLES:
            db.execute(self._sql("DELETE FROM {p}" + table))  # noqa: S608 - names of our own
        self._begin_epoch(db)

    def _begin_epoch(self, db: apsw.Connection) -> None:
        db.execute(self._sql("INSERT INTO {p}next VALUES ('epoch', ?)"), (secrets.randbits(62),))

    def drop(self, db: apsw.Connection) -> None:
        for table in _TABLES:
            db.execute(self._sql("DROP TABLE IF EXISTS {p}" + table))

    def reserve_numbers(self, db: apsw.Connection, name: str, count: int = 1) -> int:
        """``count`` numbers never given out before; the first of them."""
        statement = self._sql(
            "INSERT INTO {p}next VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value"
        )
        return int(db.execute(statement, (name, count)).get) - count + 1

    # Documents

    def did_of(self, db: apsw.Connection, seq: int) -> int | None:
        found: int | None = db.execute(
            self._sql("SELECT did FROM {p}docs WHERE seq = ?"), (seq,)
        ).get
        return found

    def dids_between(self, db: apsw.Connection, first: int, last: int) -> Iterator[int]:
        statement = self._sql("SELECT did FROM {p}docs WHERE did BETWEEN ? AND ?")
        return (row[0] for row in db.execute(statement, (first, last)))

    def pending_docs(self, db: apsw.Connection) -> int:
        """About how many documents wait for a segment (deleted ones count)."""
        statement = self._sql("SELECT min(first_did) FROM {p}pending")
        first: int | None = db.execute(statement).get
        last: int = db.execute(self._sql("SELECT coalesce(max(did), 0) FROM {p}docs")).get
        return 0 if first is None else last - first + 1

    def add_batch(self, db: apsw.Connection, seqs: Sequence[int], batch: PostingsBatch) -> None:
        rows = ((batch.first_did + i, seq) for i, seq in enumerate(seqs))
        db.executemany(self._sql("INSERT INTO {p}docs VALUES (?, ?)"), rows)
        db.execute(
            self._sql("INSERT INTO {p}pending VALUES (?, ?, ?, ?, ?, ?, ?)"),
            (
                self.reserve_numbers(db, "batch"),
                batch.first_did,
                batch.counts.tobytes(),
                batch.fields.tobytes(),
                batch.terms.tobytes(),
                batch.lows.tobytes(),
                batch.points.tobytes(),
            ),
        )

    def mark_deleted(self, db: apsw.Connection, did: int) -> None:
        """Forget a document; its occurrences stay until their segment is merged."""
        db.execute(self._sql("DELETE FROM {p}docs WHERE did = ?"), (did,))
        number = self.reserve_numbers(db, "dead")
        db.execute(self._sql("INSERT INTO {p}dead VALUES (?, ?)"), (number, did))
        db.execute(
            self._sql(
                "UPDATE {p}segments SET live = live - 1 WHERE ? BETWEEN first_did AND last_did"
            ),
            (did,),
        )

    def trim_deletions(self, db: apsw.Connection, keep: int) -> None:
        """Keep only the newest deletions listed: readers farther behind load everything anew."""
        db.execute(
            self._sql("DELETE FROM {p}dead WHERE n <= (SELECT max(n) FROM {p}dead) - ?"), (keep,)
        )

    # Pending batches

    def batches(self, db: apsw.Connection, after: int = 0) -> list[tuple[int, PostingsBatch]]:
        statement = self._sql(
            "SELECT bid, first_did, counts, points, fields, terms, lows FROM {p}pending "
            "WHERE bid > ? ORDER BY bid"
        )
        return [
            (
                bid,
                PostingsBatch(
                    first_did,
                    np.frombuffer(counts, np.uint32),
                    np.frombuffer(points, np.int64),
                    np.frombuffer(fields, np.uint16),
                    np.frombuffer(terms, np.uint32),
                    np.frombuffer(lows, np.uint32),
                ),
            )
            for bid, first_did, counts, points, fields, terms, lows in db.execute(
                statement, (after,)
            )
        ]

    def clear_pending(self, db: apsw.Connection) -> None:
        db.execute(self._sql("DELETE FROM {p}pending"))

    # Segments

    def segments(self, db: apsw.Connection) -> list[SegmentInfo]:
        statement = self._sql(
            "SELECT sid, first_did, last_did, docs, live FROM {p}segments ORDER BY first_did"
        )
        return [SegmentInfo(*row) for row in db.execute(statement)]

    def directory(self, db: apsw.Connection, sid: int) -> SegmentDirectory:
        statement = self._sql("SELECT keys, starts, counts, points FROM {p}directory WHERE sid = ?")
        keys, starts, counts, points = next(db.execute(statement, (sid,)))
        return SegmentDirectory(
            np.frombuffer(keys, np.uint64),
            np.frombuffer(starts, np.uint32),
            np.frombuffer(counts, np.uint32),
            np.frombuffer(points, np.int64),
        )

    def occurrences(self, db: apsw.Connection, sid: int, start: int, end: int) -> UInt64Array:
        """A stretch of a segment's occurrences."""
        first, last = start // CHUNK, (end - 1) // CHUNK
        base = sid << _CHUNK_BITS
        rows = db.execute(
            self._sql("SELECT occurrences FROM {p}data WHERE id BETWEEN ? AND ? ORDER BY id"),
            (base + first, base + last),
        )
        raw = b"".join(row[0] for row in rows)
        return np.frombuffer(raw, np.uint64)[start - first * CHUNK : end - first * CHUNK]

    def write_segment(
        self, db: apsw.Connection, first_did: int, last_did: int, docs: int, content: SegmentContent
    ) -> None:
        sid = self.reserve_numbers(db, "segment")
        db.execute(
            self._sql("INSERT INTO {p}segments VALUES (?, ?, ?, ?, ?)"),
            (sid, first_did, last_did, docs, docs),
        )
        directory = content.directory()
        db.execute(
            self._sql("INSERT INTO {p}directory VALUES (?, ?, ?, ?, ?)"),
            (
                sid,
                directory.keys.tobytes(),
                directory.starts.tobytes(),
                directory.counts.tobytes(),
                directory.points.tobytes(),
            ),
        )
        insert = self._sql("INSERT INTO {p}data VALUES (?, ?)")
        db.executemany(insert, _chunks(sid, content.occurrences))

    def remove_segment(self, db: apsw.Connection, sid: int) -> None:
        base = sid << _CHUNK_BITS
        db.execute(self._sql("DELETE FROM {p}segments WHERE sid = ?"), (sid,))
        db.execute(self._sql("DELETE FROM {p}directory WHERE sid = ?"), (sid,))
        db.execute(
            self._sql("DELETE FROM {p}data WHERE id BETWEEN ? AND ?"),
            (base, base + (1 << _CHUNK_BITS) - 1),
        )

    # Terms

    def term_count(self, db: apsw.Connection) -> int:
        """Terms are numbered from 0 without gaps."""
        highest: int | None = db.execute(self._sql("SELECT max(id) FROM {p}terms")).get
        return 0 if highest is None else highest + 1

    def terms(self, db: apsw.Connection, first: int) -> list[str]:
        rows = db.execute(
            self._sql("SELECT term FROM {p}terms WHERE id >= ? ORDER BY id"), (first,)
        )
        return [row[0] for row in rows]

    def add_terms(self, db: apsw.Connection, first: int, terms: Sequence[str]) -> None:
        db.executemany(self._sql("INSERT INTO {p}terms VALUES (?, ?)"), enumerate(terms, first))

    # What a snapshot is made of

    def state(self, db: apsw.Connection) -> IndexState:
        """A name for what the tables hold, never used for anything else again."""
        rows = db.execute(self._sql("SELECT name, value FROM {p}next"))
        last = {str(name): int(value) for name, value in rows}
        return IndexState(
            last.get("epoch", 0),
            last.get("segment", 0),
            last.get("batch", 0),
            last.get("dead", 0),
            self.term_count(db),
        )

    def next_did(self, db: apsw.Connection) -> int:
        """The did the next document gets; all that were given out are below it."""
        value = db.execute(self._sql("SELECT value FROM {p}next WHERE name = 'did'")).get
        return 0 if value is None else int(value) + 1

    def docs(self, db: apsw.Connection, after: int) -> Int64Array:
        """Rows of did and seq, ascending, of the documents numbered above ``after``."""
        statement = self._sql("SELECT did, seq FROM {p}docs WHERE did > ? ORDER BY did")
        return np.array(db.execute(statement, (after,)).fetchall(), np.int64).reshape(-1, 2)

    def deleted_dids(self, db: apsw.Connection, after: int) -> list[int]:
        """The dids deleted since, as far as they are still listed."""
        statement = self._sql("SELECT did FROM {p}dead WHERE n > ? ORDER BY n")
        return [row[0] for row in db.execute(statement, (after,))]


def _chunks(sid: int, occurrences: UInt64Array) -> Iterator[tuple[int, bytes]]:
    base = sid << _CHUNK_BITS
    for number, start in enumerate(range(0, len(occurrences), CHUNK)):
        yield base + number, occurrences[start : start + CHUNK].tobytes()

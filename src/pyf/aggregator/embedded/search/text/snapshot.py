"""One committed state of the index, held in memory where that is small, shared by searches."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import apsw
import numpy as np

from .candidates import TermTree
from .index_store import IndexState, IndexStore, PostingsBatch, SegmentContent, SegmentDirectory
from .postings import EMPTY, BoolArray, Int64Array, UInt64Array
from .vocabulary import SortedTerms, Vocabulary

_MAX_SNAPSHOTS = 3
CACHED_BYTES = 64 << 20


@dataclass(frozen=True)
class PendingDocuments:
    """All pending documents, sorted on first use as a segment of them would be."""

    batches: tuple[tuple[int, PostingsBatch], ...]

    @cached_property
    def content(self) -> SegmentContent:
        batches = [batch for _, batch in self.batches]
        if not batches:
            return SegmentContent(EMPTY, EMPTY, np.empty(0, np.int64))
        return SegmentContent.from_unsorted(
            np.concatenate([batch.keys() for batch in batches]),
            np.concatenate([batch.occurrences() for batch in batches]),
            np.concatenate([batch.occurrence_points() for batch in batches]),
        )

    @cached_property
    def directory(self) -> SegmentDirectory:
        return self.content.directory()


def _count(directory: SegmentDirectory, field: int, tally: tuple[Int64Array, Int64Array]) -> None:
    """Add a directory's documents, and note its points, per term number."""
    counts, points = tally
    low, high = np.uint64(field << 32), np.uint64((field + 1) << 32)
    start, end = np.searchsorted(directory.keys, [low, high])
    terms = (directory.keys[start:end] - low).view(np.int64)
    counts[terms] += directory.counts[start:end]
    if len(directory.points):
        points[terms] = np.maximum(points[terms], directory.points[start:end])


class SegmentCache:
    """The stretches of segments read last: those never change while their epoch lasts."""

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._size = 0
        self._kept: OrderedDict[tuple[int, int, int], UInt64Array] = OrderedDict()

    def read(self, db: apsw.Connection, epoch: int, sid: int, start: int, end: int) -> UInt64Array:
        key = (epoch, sid, start)
        with self._lock:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        read = self._store.occurrences(db, sid, start, end)
        if _is_settled(db):
            self._keep(key, read.copy())
        return read

    def _keep(self, key: tuple[int, int, int], read: UInt64Array) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = read
                self._size += read.nbytes
            while self._size > CACHED_BYTES:
                self._size -= self._kept.popitem(last=False)[1].nbytes


def _is_settled(db: apsw.Connection) -> bool:
    """What a writer sees may yet be rolled back, and its numbers used again."""
    return db.txn_state() != apsw.SQLITE_TXN_WRITE


@dataclass(frozen=True)
class _Terms:
    """All terms by number, an earlier state of them sorted, and what ranks them."""

    source: list[str]
    older: SortedTerms | None
    by_points: bool
    segment_tallies: dict[int, tuple[Int64Array, Int64Array]]  # by field, shared while they hold


class IndexSnapshot:
    """Immutable but for what is computed on first use."""

    def __init__(
        self,
        cache: SegmentCache,
        state: IndexState,
        seq_of: Int64Array,
        directories: dict[int, SegmentDirectory],
        pending: PendingDocuments,
        terms: _Terms,
    ) -> None:
        self.state = state
        self.seq_of = seq_of  # did -> seq, -1 where the document is gone
        self.directories = directories
        self.pending = pending
        self._cache = cache
        self._source = terms.source
        self._older_terms = terms.older
        self._by_points = terms.by_points
        self._lock = threading.Lock()
        self._sorted: SortedTerms | None = None
        self._counts: dict[int, tuple[Int64Array, Int64Array]] = {}
        self._trees: dict[int, TermTree] = {}
        self.segment_tallies = terms.segment_tallies

    @property
    def has_deleted(self) -> bool:
        return self.state.dead > 0

    @cached_property
    def live(self) -> BoolArray:
        return self.seq_of >= 0

    def terms(self) -> SortedTerms:
        with self._lock:
            if self._sorted is None:
                count = self.state.terms
                self._sorted = SortedTerms.build(self._source, count, self._older_terms)
                self._older_terms = None
            return self._sorted

    def latest_terms(self) -> SortedTerms | None:
        """Sorted terms of this or an older state, whichever are there."""
        with self._lock:
            return self._sorted or self._older_terms

    def counts(self, field: int) -> Int64Array:
        """Documents per term number in one field; deleted ones count until they are merged."""
        return self._tallies(field)[0]

    def points(self, field: int) -> Int64Array:
        """Most points per term number among a field's documents."""
        return self._tallies(field)[1]

    def _tallies(self, field: int) -> tuple[Int64Array, Int64Array]:
        with self._lock:
            if field not in self._counts:
                self._counts[field] = self._tally(field)
            return self._counts[field]

    def _tally(self, field: int) -> tuple[Int64Array, Int64Array]:
        if field not in self.segment_tallies:
            size = self.state.terms
            tally = np.zeros(size, np.int64), np.zeros(size, np.int64)
            for directory in self.directories.values():
                _count(directory, field, tally)
            self.segment_tallies[field] = tally
        more = self.state.terms - len(self.segment_tallies[field][0])
        counts, points = (np.pad(array, (0, more)) for array in self.segment_tallies[field])
        _count(self.pending.directory, field, (counts, points))
        return counts, points

    def tree(self, field: int, prefix: str) -> TermTree:
        """The terms of a field that begin with ``prefix``; the whole field's tree is kept."""
        if prefix:
            return self._tree(field, prefix)
        known = self._trees.get(field)
        if known is None:
            known = self._trees[field] = self._tree(field, prefix)
        return known

    def _tree(self, field: int, prefix: str) -> TermTree:
        terms = self.terms()
        start, end = terms.prefix_range(prefix)
        numbers = terms.numbers[start:end]
        there = self.counts(field)[numbers] > 0
        ranks = (self.points if self._by_points else self.counts)(field)[numbers[there]]
        return TermTree(list(compress(terms.terms[start:end], there)), ranks, self._by_points)

    def postings(self, db: apsw.Connection, field: int, term: int) -> UInt64Array:
        """Every occurrence of a term in a field, sorted, those of deleted documents too."""
        key = (field << 32) | term
        parts: list[UInt64Array] = []
        for sid, directory in self.directories.items():
            start, end = directory.span(key)
            if end > start:
                parts.append(self._cache.read(db, self.state.epoch, sid, start, end))
        start, end = self.pending.directory.span(key)
        if end > start:
            parts.append(self.pending.content.occurrences[start:end])
        return np.concatenate(parts) if parts else EMPTY


class SnapshotCache:
    """Gives the snapshot that belongs to what a connection sees, building on an earlier one."""

    def __init__(self, store: IndexStore, vocabulary: Vocabulary, by_points: bool) -> None:
        self._store = store
        self._by_points = by_points
        self._vocabulary = vocabulary
        self._cache = SegmentCache(store)
        self._lock = threading.Lock()
        self._kept: OrderedDict[IndexState, IndexSnapshot] = OrderedDict()

    def current(self, db: apsw.Connection) -> IndexSnapshot:
        """Call it inside a transaction, so that what follows sees the same state."""
        state = self._store.state(db)
        with self._lock:
            found = self._kept.get(state)
            base = next(reversed(self._kept.values()), None)
        if found is not None:
            return found
        snapshot = self._build(db, state, base)
        if _is_settled(db):
            self._keep(snapshot)
        return snapshot

    def _keep(self, snapshot: IndexSnapshot) -> None:
        with self._lock:
            newest = next(reversed(self._kept), None)
            self._kept[snapshot.state] = snapshot
            if (
                newest is not None
                and newest.epoch == snapshot.state.epoch
                and (snapshot.state < newest)
            ):
                self._kept.move_to_end(newest)
            while len(self._kept) > _MAX_SNAPSHOTS:
                self._kept.popitem(last=False)

    def _build(
        self, db: apsw.Connection, state: IndexState, base: IndexSnapshot | None
    ) -> IndexSnapshot:
        if base is not None and not (base.state.epoch == state.epoch and base.state <= state):
            base = None
        source = self._vocabulary.terms_up_to(db, state.epoch, state.terms)
        return IndexSnapshot(
            self._cache,
            state,
            self._seq_of(db, base, state),
            self._directories(db, base),
            self._pending(db, base, state),
            _Terms(
                source,
                base.latest_terms() if base else None,
                self._by_points,
                base.segment_tallies if base and base.state.segment == state.segment else {},
            ),
        )

    def _seq_of(
        self, db: apsw.Connection, base: IndexSnapshot | None, state: IndexState
    ) -> Int64Array:
        dead = self._store.deleted_dids(db, base.state.dead) if base else []
        if base is None or len(dead) != state.dead - base.state.dead:
            known = np.empty(0, np.int64)
        else:
            known = base.seq_of
        new = self._store.docs(db, len(known) - 1)
        size = max(len(known), self._store.next_did(db))
        seq_of = np.full(size, -1, np.int64)
        seq_of[: len(known)] = known
        seq_of[new[:, 0]] = new[:, 1]
        seq_of[[did for did in dead if did < len(known)]] = -1
        return seq_of

    def _directories(
        self, db: apsw.Connection, base: IndexSnapshot | None
    ) -> dict[int, SegmentDirectory]:
        known = base.directories if base else {}
        return {
            segment.sid: known.get(segment.sid) or self._store.directory(db, segment.sid)
            for segment in self._store.segments(db)
        }

    def _pending(
        self, db: apsw.Connection, base: IndexSnapshot | None, state: IndexState
    ) -> PendingDocuments:
        if base is None or base.state.segment != state.segment:
            return PendingDocuments(tuple(self._store.batches(db)))
        older = base.pending.batches
        newer = self._store.batches(db, older[-1][0] if older else 0)
        return PendingDocuments((*older, *newer))

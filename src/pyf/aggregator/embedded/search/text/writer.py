"""Turning documents into occurrences, and pending documents into segments."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import apsw
import numpy as np

from .index_store import IndexStore, PostingsBatch, SegmentContent, SegmentInfo
from .postings import EMPTY, dids_of, low_halves
from .tokenizer import Tokenizer
from .types import TextField

FLUSH_DOCS = 1000
SEGMENT_DOCS = 8192  # a merge stops growing a segment here
_SMALL = SEGMENT_DOCS // 2
_MERGE_COUNT = 8
_MAX_LISTED_DELETIONS = 100_000

Values = Mapping[str, Sequence[str]]


class BatchBuilder:
    """Collects the tokens of documents, then hands them over as one ``Batch``."""

    def __init__(
        self,
        fields: Sequence[TextField],
        tokenizers: Mapping[str, Tokenizer],
        number: Callable[[str], int],
    ) -> None:
        self._fields = [(i, field.name, tokenizers[field.name]) for i, field in enumerate(fields)]
        self._number = number
        self._terms = array("I")
        self._runs: list[tuple[int, int, int]] = []  # field, element, tokens
        self._counts: list[int] = []
        self._points: list[int] = []

    def add(self, values: Values, points: int) -> None:
        before = len(self._terms)
        for index, name, tokenizer in self._fields:
            for element, value in enumerate(values.get(name, ())):
                tokens = tokenizer.split(value)
                if tokens:
                    self._terms.extend(map(self._number, tokens))
                    self._runs.append((index, element, len(tokens)))
        self._counts.append(len(self._terms) - before)
        self._points.append(points)

    def batch(self, first_did: int) -> PostingsBatch:
        fields, elements, counts = np.array(self._runs, np.int64).reshape(-1, 3).T
        return PostingsBatch(
            first_did,
            np.array(self._counts, np.uint32),
            np.array(self._points, np.int64),
            np.repeat(fields.astype(np.uint16), counts),
            np.frombuffer(self._terms, np.uint32),
            low_halves(elements, counts),
        )


def flush_pending(db: apsw.Connection, store: IndexStore) -> None:
    """Make a segment of everything pending, then merge what has become too much."""
    batches = [batch for _, batch in store.batches(db)]
    if not batches:
        return
    store.reserve_numbers(db, "segment")  # even if none comes of it, this is another state
    first, last = batches[0].first_did, batches[-1].first_did + len(batches[-1].counts) - 1
    parts = [SegmentContent(b.keys(), b.occurrences(), b.occurrence_points()) for b in batches]
    _write_segment(db, store, first, last, parts)
    store.clear_pending(db)
    for run in _runs_to_merge(store.segments(db)):
        _merge_segments(db, store, run)
    store.trim_deletions(db, _MAX_LISTED_DELETIONS)


def _write_segment(
    db: apsw.Connection, store: IndexStore, first: int, last: int, parts: Sequence[SegmentContent]
) -> None:
    """Make a segment of what is still alive in ``parts``; they cover ``first`` to ``last``."""
    live = np.zeros(last - first + 1, np.bool_)
    for did in store.dids_between(db, first, last):
        live[did - first] = True
    if not live.any():
        return
    kept = [live[dids_of(part.occurrences) - first] for part in parts]
    content = SegmentContent.from_unsorted(
        np.concatenate([part.keys[k] for part, k in zip(parts, kept, strict=True)]),
        np.concatenate([part.occurrences[k] for part, k in zip(parts, kept, strict=True)]),
        np.concatenate([part.points[k] for part, k in zip(parts, kept, strict=True)]),
    )
    store.write_segment(db, first, last, int(live.sum()), content)


def _runs_to_merge(segments: Sequence[SegmentInfo]) -> Iterator[Sequence[SegmentInfo]]:
    """Neighbours that are small together, and segments that are mostly deleted documents."""
    run: list[SegmentInfo] = []
    for segment in segments:
        if segment.live > _SMALL or _total(run) >= SEGMENT_DOCS:
            yield from _worth_merging(run)
            run = []
        if segment.live <= _SMALL:
            run.append(segment)
    yield from _worth_merging(run)


def _worth_merging(run: Sequence[SegmentInfo]) -> Iterator[Sequence[SegmentInfo]]:
    if len(run) >= _MERGE_COUNT or _total(run) >= SEGMENT_DOCS:
        yield run
        return
    for hollow, group in groupby(run, key=lambda segment: 2 * segment.live < segment.docs):
        if hollow:
            yield list(group)


def _total(run: Sequence[SegmentInfo]) -> int:
    return sum(segment.live for segment in run)


def _merge_segments(db: apsw.Connection, store: IndexStore, run: Sequence[SegmentInfo]) -> None:
    parts: list[SegmentContent] = []
    for segment in run:
        directory = store.directory(db, segment.sid)
        lengths = np.diff(directory.starts).astype(np.int64)
        end = int(directory.starts[-1])
        parts.append(
            SegmentContent(
                np.repeat(directory.keys, lengths),
                store.occurrences(db, segment.sid, 0, end) if end else EMPTY,
                np.repeat(directory.points, lengths)
                if len(directory.points)
                else np.zeros(end, np.int64),
            )
        )
        store.remove_segment(db, segment.sid)
    _write_segment(db, store, run[0].first_did, run[-1].last_did, parts)

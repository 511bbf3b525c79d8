"""The text index of one collection: what the search server talks to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext

import apsw
import numpy as np

from .index_store import IndexStore
from .postings import EMPTY, BoolArray, Int64Array, match_phrase
from .postings_reader import PostingsReader, QueryScope
from .query import ParsedQuery, WeightedField, parse_query, synonym_variants, weighted_fields
from .query_engine import QueryEngine
from .snapshot import IndexSnapshot, SnapshotCache
from .tokenizer import MAX_TOKEN_CHARS, Tokenizer
from .types import TextField, TextMatches, TextQuery
from .vocabulary import Vocabulary
from .writer import FLUSH_DOCS, BatchBuilder, Values, flush_pending

_PHRASE_SCORE = 100_000
_PREFIX_TERMS = 10_000


class TextIndex:
    """Tokens of a collection's string fields. One object per collection, shared by all threads.

    Fields are stored by their place: a later object over the same tables may have more fields at
    the end, any other change needs ``drop``, ``create`` and the documents again.

    A word that is the beginning of many terms, or a misspelling of them, stands for the best few.
    These are the ones in most documents, or with ``by_points`` (a collection with a default
    sorting field) the ones whose best document has most points.

    What writes (``create`` to ``drop``) runs inside the caller's write transaction, one writer
    at a time; what reads may run on any connection at any time.
    """

    def __init__(
        self, collection_id: int, fields: Sequence[TextField], *, by_points: bool = False
    ) -> None:
        self._fields = {field.name: field for field in fields}
        self._places = {field.name: place for place, field in enumerate(fields)}
        self._tokenizers = {
            field.name: Tokenizer(field.token_separators, field.symbols_to_index)
            for field in fields
        }
        self._store = IndexStore(collection_id)
        self._vocabulary = Vocabulary(self._store)
        self._snapshots = SnapshotCache(self._store, self._vocabulary, by_points)

    @property
    def fields(self) -> Sequence[TextField]:
        return tuple(self._fields.values())

    def tokenizer(self, field: str) -> Tokenizer:
        return self._tokenizers[field]

    # Writing

    def create(self, db: apsw.Connection) -> None:
        self._store.create(db)

    def drop(self, db: apsw.Connection) -> None:
        self._store.drop(db)

    def clear(self, db: apsw.Connection) -> None:
        """Remove all documents."""
        self._store.clear(db)

    def add(self, db: apsw.Connection, seq: int, values: Values, points: int = 0) -> None:
        """Index one document, in place of the one that had ``seq`` before, if any.

        ``points`` is the value of the default sorting field, if that is a number.
        """
        self.add_many(db, [(seq, values, points)])

    def add_many(self, db: apsw.Connection, documents: Iterable[tuple[int, Values, int]]) -> None:
        """Index documents (seq, values, points); much cheaper than one by one.

        Of several with the same seq the last one counts.
        """
        latest = {seq: (values, points) for seq, values, points in documents}
        if not latest:
            return
        numbers, known = self._vocabulary.numbers(db)
        builder = BatchBuilder(self.fields, self._tokenizers, numbers.__getitem__)
        for seq, (values, points) in latest.items():
            self.remove(db, seq)
            builder.add(values, points)
        first_did = self._store.reserve_numbers(db, "did", len(latest))
        self._vocabulary.save(db, numbers, known)
        self._store.add_batch(db, list(latest), builder.batch(first_did))
        if self._store.pending_docs(db) >= FLUSH_DOCS:
            flush_pending(db, self._store)

    def remove(self, db: apsw.Connection, seq: int) -> None:
        """Forget a document; nothing happens if there is none."""
        did = self._store.did_of(db, seq)
        if did is not None:
            self._store.mark_deleted(db, did)

    # Reading

    def search(
        self, db: apsw.Connection, query: TextQuery, allowed: Int64Array | None
    ) -> TextMatches:
        """The documents (among the sorted seqs ``allowed``) that match, with their scores."""
        with _read_transaction(db):
            snapshot = self._snapshots.current(db)
            return self._search(db, snapshot, query, _allowed_mask(snapshot, allowed))

    def filter(
        self, db: apsw.Connection, field: str, value: str, *, exact: bool, prefix: bool
    ) -> Int64Array:
        """The sorted seqs whose field matches a filter's value.

        The value's tokens must follow each other in one element; ``prefix`` leaves the last one
        open; ``exact`` wants the element to begin there and (but for ``prefix``) to end there.
        """
        tokens = [token[:MAX_TOKEN_CHARS] for token in self._tokenizers[field].split(value)]
        if not tokens:
            return np.empty(0, np.int64)
        with _read_transaction(db):
            snapshot = self._snapshots.current(db)
            reader = PostingsReader(db, snapshot, snapshot.live)
            found = _filter_dids(reader, self._places[field], tokens, exact, prefix)
            return np.unique(snapshot.seq_of[found])

    def _search(
        self, db: apsw.Connection, snapshot: IndexSnapshot, query: TextQuery, allowed: BoolArray
    ) -> TextMatches:
        fields = weighted_fields(query)
        parsed = {
            field.name: parse_query(
                query.q,
                self._tokenizers[field.name],
                segmented=query.pre_segmented,
                stopwords=query.stopwords,
            )
            for field in fields
        }
        words = parsed[fields[0].name].words
        allowed = self._without_exclusions(db, snapshot, fields, parsed, allowed)
        phrases = any(one.phrases for one in parsed.values())
        if phrases:
            by_phrase = self._phrases(db, snapshot, fields, parsed, allowed)
            allowed = by_phrase > 0
        if not words:
            scores = by_phrase if phrases else np.zeros(len(allowed), np.int64)
            return _matches(snapshot, allowed, scores, query, words, not phrases)
        arrays = {name: field.array for name, field in self._fields.items()}
        reader = PostingsReader(db, snapshot, allowed)
        engine = QueryEngine(QueryScope(reader, query, fields, self._places, arrays))
        tokenizer = self._tokenizers[fields[0].name]
        engine.run(words, synonym_variants(words, query.synonyms, tokenizer))
        found = _matches(snapshot, engine.scores > 0, engine.scores, query, words, False)
        return TextMatches(**{**vars(found), "hits": engine.hits})

    def _without_exclusions(
        self,
        db: apsw.Connection,
        snapshot: IndexSnapshot,
        fields: Sequence[WeightedField],
        parsed: dict[str, ParsedQuery],
        allowed: BoolArray,
    ) -> BoolArray:
        if not any(one.exclusions for one in parsed.values()):
            return allowed
        reader = PostingsReader(db, snapshot, allowed)
        allowed = allowed.copy()
        for field in fields:
            for tokens in parsed[field.name].exclusions:
                allowed[reader.phrase(self._places[field.name], tokens)] = False
        return allowed

    def _phrases(
        self,
        db: apsw.Connection,
        snapshot: IndexSnapshot,
        fields: Sequence[WeightedField],
        parsed: dict[str, ParsedQuery],
        allowed: BoolArray,
    ) -> Int64Array:
        """By did: the score of documents with all phrases in one field, 0 for others."""
        reader = PostingsReader(db, snapshot, allowed)
        scores = np.zeros(len(allowed), np.int64)
        for field in fields:
            together: BoolArray | None = None
            for tokens in parsed[field.name].phrases:
                mask = np.zeros(len(allowed), np.bool_)
                mask[reader.phrase(self._places[field.name], tokens)] = True
                together = mask if together is None else together & mask
            if together is not None:
                scores = np.maximum(scores, together * (_PHRASE_SCORE + field.weight))
        return scores


def _read_transaction(db: apsw.Connection) -> AbstractContextManager[object]:
    """One state of the database for everything inside."""
    return nullcontext() if db.in_transaction else db


def _allowed_mask(snapshot: IndexSnapshot, allowed: Int64Array | None) -> BoolArray:
    """By did: alive and among the seqs ``allowed``."""
    live = snapshot.live
    if allowed is None:
        return live
    highest = int(snapshot.seq_of.max(initial=-1))
    by_seq = np.zeros(highest + 2, np.bool_)  # the last one is for dead documents, seq -1
    by_seq[allowed[allowed <= highest]] = True
    permitted: BoolArray = by_seq[snapshot.seq_of]
    return permitted & live


def _matches(
    snapshot: IndexSnapshot,
    mask: BoolArray,
    scores: Int64Array,
    query: TextQuery,
    words: tuple[str, ...],
    wildcard: bool,
) -> TextMatches:
    dids = np.flatnonzero(mask)
    seqs = snapshot.seq_of[dids]
    order = np.argsort(seqs, kind="stable")
    return TextMatches(
        seqs[order],
        scores[dids][order],
        wildcard=wildcard,
        query_by=query.query_by,
        words=words,
        match_type=query.text_match_type,
    )


def _filter_dids(
    reader: PostingsReader, place: int, tokens: Sequence[str], exact: bool, prefix: bool
) -> Int64Array:
    """The dids with a place that matches."""
    occurrences = [reader.occurrences(place, token) for token in tokens[:-1]]
    if prefix:
        terms = reader.snapshot.tree(place, tokens[-1]).terms[:_PREFIX_TERMS]
        ends = [reader.occurrences(place, term) for term in terms]
        occurrences.append(np.sort(np.concatenate(ends)) if ends else EMPTY)
    else:
        occurrences.append(reader.occurrences(place, tokens[-1]))
    if not all(map(len, occurrences)):
        return np.empty(0, np.int64)
    rows = match_phrase(occurrences)
    if not exact:
        return rows.dids
    return rows.dids[rows.at_start if prefix else rows.at_start & rows.at_end]

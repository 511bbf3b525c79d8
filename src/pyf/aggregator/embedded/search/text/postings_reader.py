"""What one query reads: postings of the documents that may be found, and the fields searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apsw
import numpy as np

from .candidates import TermTree
from .postings import (
    EMPTY,
    BoolArray,
    Int64Array,
    UInt64Array,
    dids_of,
    distinct_sorted,
    match_phrase,
)
from .query import WeightedField
from .snapshot import IndexSnapshot
from .types import DEFAULT_CANDIDATES, EXHAUSTIVE_CANDIDATES, TextQuery


class PostingsReader:
    """Postings of one snapshot, only of the documents that may be found, each read once."""

    def __init__(self, db: apsw.Connection, snapshot: IndexSnapshot, allowed: BoolArray) -> None:
        self._db = db
        self.snapshot = snapshot
        self.allowed = allowed  # by did
        self.everything = not snapshot.has_deleted and bool(allowed.all())
        self._occurrences: dict[tuple[int, str], UInt64Array] = {}
        self._dids: dict[tuple[int, str], Int64Array] = {}
        self._masks: dict[tuple[int, str], BoolArray] = {}

    def occurrences(self, field: int, term: str) -> UInt64Array:
        key = (field, term)
        if key not in self._occurrences:
            self._occurrences[key] = self._read(field, term)
        return self._occurrences[key]

    def _read(self, field: int, term: str) -> UInt64Array:
        number = self.snapshot.terms().find(term)
        if number is None:
            return EMPTY
        found = self.snapshot.postings(self._db, field, number)
        return found if self.everything else found[self.allowed[dids_of(found)]]

    def dids(self, field: int, term: str) -> Int64Array:
        """The documents, each once, ascending."""
        key = (field, term)
        if key not in self._dids:
            self._dids[key] = distinct_sorted(dids_of(self.occurrences(field, term)))
        return self._dids[key]

    def mask(self, field: int, term: str) -> BoolArray:
        """By did: whether the document has the term in the field."""
        key = (field, term)
        if key not in self._masks:
            mask = np.zeros(len(self.allowed), np.bool_)
            mask[self.dids(field, term)] = True
            self._masks[key] = mask
        return self._masks[key]

    def count(self, field: int, term: str) -> int:
        """In how many documents of the whole index the field has the term."""
        number = self.snapshot.terms().find(term)
        return 0 if number is None else int(self.snapshot.counts(field)[number])

    def phrase(self, field: int, tokens: Sequence[str]) -> Int64Array:
        """The dids whose field has the tokens in a row."""
        occurrences = [self.occurrences(field, token) for token in tokens]
        if not all(map(len, occurrences)):
            return np.empty(0, np.int64)
        return distinct_sorted(match_phrase(occurrences).dids)


class QueryScope:
    """A query with its fields, heaviest first, over one reader."""

    def __init__(
        self,
        reader: PostingsReader,
        query: TextQuery,
        fields: Sequence[WeightedField],
        places: Mapping[str, int],
        arrays: Mapping[str, bool],
    ) -> None:
        self.reader = reader
        self.query = query
        self.fields = fields
        self.numbers = [places[field.name] for field in fields]
        self.arrays = [arrays[field.name] for field in fields]
        self._trees: dict[tuple[int, str], TermTree] = {}

    @property
    def max_candidates(self) -> int:
        if self.query.max_candidates is not None:
            return self.query.max_candidates
        return EXHAUSTIVE_CANDIDATES if self.query.exhaustive_search else DEFAULT_CANDIDATES

    def tree(self, number: int, prefix: str) -> TermTree:
        """The terms of a field that begin with ``prefix``."""
        key = (number, prefix)
        if key not in self._trees:
            self._trees[key] = self.reader.snapshot.tree(number, prefix)
        return self._trees[key]

    def any_field_mask(self, term: str) -> BoolArray:
        """By did: whether any searched field has the term."""
        masks = [self.reader.mask(number, term) for number in self.numbers]
        anywhere = masks[0]
        for mask in masks[1:]:
            anywhere = anywhere | mask
        return anywhere

"""The terms of a collection: their numbers for writing, their order for prefixes and typos."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence

import apsw
import numpy as np
import numpy.typing as npt

from .candidates import HIGHEST
from .index_store import IndexStore
from .tokenizer import MAX_TOKEN_CHARS


class TermNumbers(dict[str, int]):
    """Term to number; an unknown term gets the next one and is appended to ``terms``."""

    def __init__(self, terms: list[str]) -> None:
        super().__init__((term, number) for number, term in enumerate(terms))
        self.terms = terms

    def __missing__(self, term: str) -> int:
        if len(term) > MAX_TOKEN_CHARS:
            return self[term[:MAX_TOKEN_CHARS]]
        number = self[term] = len(self.terms)
        self.terms.append(term)
        return number


class Vocabulary:
    """All terms by number, kept in step with the table ``terms``; one per index, shared.

    One writer at a time appends (in its transaction); readers only look at the numbers their
    snapshot knows. After a rollback the list is longer than the table: the next writer cuts it.
    """

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._terms: list[str] = []
        self._numbers: TermNumbers | None = None
        self._epoch = 0

    def terms_up_to(self, db: apsw.Connection, epoch: int, count: int) -> list[str]:
        """The list of terms, holding at least the ``count`` first ones."""
        with self._lock:
            self._load(db, epoch, count)
            return self._terms

    def numbers(self, db: apsw.Connection) -> tuple[TermNumbers, int]:
        """For a writer: what numbers terms, and how many there were before."""
        with self._lock:
            state = self._store.state(db)
            self._load(db, state.epoch, state.terms)
            if self._numbers is None or len(self._terms) > state.terms:
                self._terms = self._terms[: state.terms]
                self._numbers = TermNumbers(self._terms)
            return self._numbers, state.terms

    def save(self, db: apsw.Connection, numbers: TermNumbers, known: int) -> None:
        """Write the terms numbered since there were ``known``."""
        if len(numbers.terms) > known:
            self._store.add_terms(db, known, numbers.terms[known:])

    def _load(self, db: apsw.Connection, epoch: int, count: int) -> None:
        if epoch != self._epoch:
            self._terms, self._numbers, self._epoch = [], None, epoch
        if len(self._terms) < count:
            self._terms.extend(self._store.terms(db, len(self._terms)))
            self._numbers = None


class SortedTerms:
    """The terms a snapshot knows, sorted; ``numbers[i]`` is the number of ``terms[i]``."""

    def __init__(self, terms: list[str], numbers: npt.NDArray[np.int64]) -> None:
        self.terms = terms
        self.numbers = numbers

    @classmethod
    def build(cls, source: Sequence[str], count: int, older: SortedTerms | None) -> SortedTerms:
        """The first ``count`` terms of ``source``, given an older state that had fewer or all."""
        known = len(older.terms) if older is not None else 0
        if older is not None and known == count:
            return older
        order = sorted(range(known, count), key=source.__getitem__)
        new = cls([source[number] for number in order], np.array(order, np.int64))
        return older._merge(new) if older is not None else new

    def _merge(self, new: SortedTerms) -> SortedTerms:
        """Both together. New terms are few, so whole stretches of the old ones are copied."""
        places = [bisect_left(self.terms, term) for term in new.terms]
        terms: list[str] = []
        last = 0
        for place, term in zip(places, new.terms, strict=True):
            terms += self.terms[last:place]
            terms.append(term)
            last = place
        terms += self.terms[last:]
        return SortedTerms(terms, np.insert(self.numbers, places, new.numbers))

    def prefix_range(self, prefix: str) -> tuple[int, int]:
        """The stretch of ``terms`` that begins with ``prefix``."""
        start = bisect_left(self.terms, prefix)
        return start, bisect_left(self.terms, prefix + HIGHEST, start)

    def find(self, term: str) -> int | None:
        """The number of a term."""
        at = bisect_left(self.terms, term)
        if at < len(self.terms) and self.terms[at] == term:
            return int(self.numbers[at])
        return None

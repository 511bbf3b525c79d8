"""The terms of a collection: their numbers for writing, their order for prefixes and typos."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property

import apsw
import numpy as np
import numpy.typing as npt

from pyf.aggregator.local.search.text.candidates import HIGHEST
from pyf.aggregator.local.search.text.store import Store
from pyf.aggregator.local.search.text.tokens import MAX_TOKEN_CHARS


class _Numbers(dict[str, int]):
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

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._terms: list[str] = []
        self._numbers: _Numbers | None = None
        self._epoch = 0

    def upto(self, db: apsw.Connection, epoch: int, count: int) -> list[str]:
        """The list of terms, holding at least the ``count`` first ones."""
        with self._lock:
            self._load(db, epoch, count)
            return self._terms

    def numbers(self, db: apsw.Connection) -> tuple[Callable[[str], int], int]:
        """For a writer: what numbers terms, and how many there were before."""
        with self._lock:
            state = self._store.state(db)
            self._load(db, state.epoch, state.terms)
            if self._numbers is None or len(self._terms) > state.terms:
                self._terms = self._terms[: state.terms]
                self._numbers = _Numbers(self._terms)
            return self._numbers.__getitem__, state.terms

    def save(self, db: apsw.Connection, known: int) -> None:
        """Write the terms numbered since ``numbers`` said ``known``."""
        if len(self._terms) > known:
            self._store.add_terms(db, known, self._terms[known:])

    def _load(self, db: apsw.Connection, epoch: int, count: int) -> None:
        if epoch != self._epoch:
            self._terms, self._numbers, self._epoch = [], None, epoch
        if len(self._terms) < count:
            self._terms.extend(self._store.terms(db, len(self._terms)))
            self._numbers = None


class SortedTerms:
    """The terms a snapshot knows, sorted; ``numbers[i]`` is the number of ``terms[i]``."""

    def __init__(self, terms: list[str], numbers: list[int], count: int) -> None:
        self.terms = terms
        self.numbers = numbers
        self.count = count

    @classmethod
    def build(cls, source: Sequence[str], count: int, older: SortedTerms | None) -> SortedTerms:
        """Sorted from scratch, or by merging what came since an older state."""
        known = older.count if older is not None and older.count <= count else 0
        numbers = list(older.numbers) if older is not None and known else []
        numbers += sorted(range(known, count), key=source.__getitem__)
        numbers.sort(key=source.__getitem__)  # two sorted runs: one merge
        return cls([source[number] for number in numbers], numbers, count)

    @cached_property
    def numbers_array(self) -> npt.NDArray[np.int64]:
        return np.array(self.numbers, np.int64)

    def prefixed(self, prefix: str) -> tuple[int, int]:
        """The stretch of ``terms`` that begins with ``prefix``."""
        start = bisect_left(self.terms, prefix)
        return start, bisect_left(self.terms, prefix + HIGHEST, start)

    def find(self, term: str) -> int | None:
        """The number of a term."""
        at = bisect_left(self.terms, term)
        if at < len(self.terms) and self.terms[at] == term:
            return self.numbers[at]
        return None

"""Values of fields in memory, one row per document, for filters, facets, groups and sorting.

A row is a position in all columns, in the order of the documents' sequence numbers. Only a writer
changes columns, one at a time; a reader may at worst see one document half changed.
"""

from __future__ import annotations

import bisect
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .schema import SchemaField
from .text.tokenizer import Tokenizer

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]

PLAIN = Tokenizer()
FIRST_CAPACITY = 1024
MAX_UNUSED_ITEMS = 4096
SORT_KEY_CHARACTERS = 2000
MAX_SINGLE_INSERTS = 2000


def grow_array(array: npt.NDArray[Any], needed: int) -> npt.NDArray[Any]:
    """The array, or a larger copy of it where ``needed`` positions do not fit."""
    if needed <= len(array):
        return array
    larger = np.zeros(max(needed, FIRST_CAPACITY, len(array) * 3 // 2), dtype=array.dtype)
    larger[: len(array)] = array
    return larger


class FieldColumn(Protocol):
    """What all columns have in common: values are put in by row, None for a missing one."""

    def extend(self, first: int, values: Sequence[Any]) -> None: ...

    def put(self, row: int, value: Any) -> None: ...


class NumberColumn:
    """One number per row; booleans are 0 and 1, floats are rounded as Typesense keeps them."""

    def __init__(self, field: SchemaField) -> None:
        self.is_float = field.base_type == "float"
        self.is_bool = field.base_type == "bool"
        self.values: npt.NDArray[Any] = np.zeros(0, dtype=_dtype(self.is_float))
        self.present: Mask = np.zeros(0, dtype=np.bool_)

    def extend(self, first: int, values: Sequence[Any]) -> None:
        end = first + len(values)
        present = np.fromiter((v is not None for v in values), np.bool_, len(values))
        numbers = _numbers([0 if v is None else v for v in values], self.is_float)
        self.values = grow_array(self.values, end)
        self.present = grow_array(self.present, end)
        self.values[first:end] = numbers
        self.present[first:end] = present

    def put(self, row: int, value: Any) -> None:
        self.values[row] = 0 if value is None else _numbers([value], self.is_float)[0]
        self.present[row] = value is not None


class ListColumn:
    """Any number of items per row, flat: item ``i`` belongs to row ``owners[i]`` (-1: to none)."""

    def __init__(self, dtype: type[Any]) -> None:
        self.items: npt.NDArray[Any] = np.zeros(0, dtype=dtype)
        self.owners: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)
        self.size = 0
        self.unowned = 0
        self.starts: npt.NDArray[np.int64] = np.zeros(0, dtype=np.int64)
        self.lengths: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    def extend(self, first: int, items: npt.NDArray[Any], lengths: npt.NDArray[np.int32]) -> None:
        end = first + len(lengths)
        self.starts = grow_array(self.starts, end)
        self.lengths = grow_array(self.lengths, end)
        offsets = np.cumsum(lengths, dtype=np.int64) - lengths
        rows = np.repeat(np.arange(first, end, dtype=np.int32), lengths)
        begin = self._append(items, rows)
        self.starts[first:end] = begin + offsets
        self.lengths[first:end] = lengths

    def put(self, row: int, items: npt.NDArray[Any]) -> None:
        start, length = int(self.starts[row]), int(self.lengths[row])
        self.lengths[row] = 0
        self.owners[start : start + length] = -1
        self.unowned += length
        owners = np.full(len(items), row, dtype=np.int32)
        self.starts[row] = self._append(items, owners)
        self.lengths[row] = len(items)

    def _append(self, items: npt.NDArray[Any], owners: npt.NDArray[np.int32]) -> int:
        begin, end = self.size, self.size + len(items)
        self.items = grow_array(self.items, end)
        self.owners = grow_array(self.owners, end)
        self.items[begin:end] = items
        self.owners[begin:end] = owners
        self.size = end
        return begin

    def of(self, row: int) -> npt.NDArray[Any]:
        start = int(self.starts[row])
        return self.items[start : start + int(self.lengths[row])]

    def of_rows(self, rows: Rows, row_count: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """All items of the rows, and beside each its row."""
        if len(rows) * 4 > row_count:
            return self._items_of_rows(rows, row_count)
        lengths = self.lengths[rows]
        total = int(lengths.sum())
        owners = np.repeat(rows, lengths)
        before = np.cumsum(lengths, dtype=np.int64) - lengths
        positions = np.arange(total) + np.repeat(self.starts[rows] - before, lengths)
        return self.items[positions], owners

    def _items_of_rows(
        self, rows: Rows, row_count: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        size = self.size
        wanted = np.zeros(row_count + 1, dtype=np.bool_)
        wanted[rows] = True
        owners = self.owners[:size]
        # A row that came after this search began counts as owned by no one: the last position.
        chosen = wanted[np.minimum(owners, row_count)]
        return self.items[:size][chosen], owners[chosen]

    def rows_where(self, chosen: Mask, row_count: int) -> Mask:
        """Which rows have an item among the chosen ones (``chosen`` is as long as the items)."""
        mask = np.zeros(row_count + 1, dtype=np.bool_)
        mask[np.minimum(self.owners[: len(chosen)][chosen], row_count)] = True
        return mask[:row_count]


class NumberListColumn(ListColumn):
    """Numbers, any number of them per row."""

    def __init__(self, field: SchemaField) -> None:
        self.is_float = field.base_type == "float"
        self.is_bool = field.base_type == "bool"
        super().__init__(_dtype(self.is_float))

    def extend(self, first: int, values: Sequence[Any]) -> None:  # type: ignore[override]
        flat = [one for value in values for one in value or ()]
        lengths = np.fromiter((len(value or ()) for value in values), np.int32, len(values))
        super().extend(first, _numbers(flat, self.is_float), lengths)

    def put(self, row: int, value: Any) -> None:
        super().put(row, _numbers(value or [], self.is_float))


class StringDictionary:
    """The distinct strings of a column: ``texts[code]``, and the order they sort in."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.codes: dict[str, int] = {}
        self._sorted_keys: list[bytes] = []
        self._sorted_ranks: list[float] = []
        self._ranks: npt.NDArray[np.float64] = np.zeros(0, dtype=np.float64)
        self._ranked = 0
        self._ranking = threading.Lock()  # readers rank, several at once

    def code(self, text: str) -> int:
        found = self.codes.get(text)
        if found is None:
            found = self.codes[text] = len(self.texts)
            self.texts.append(text)
        return found

    def ranks(self) -> npt.NDArray[np.float64]:
        """Per code a number that orders the strings; NaN for those that sort as missing."""
        with self._ranking:
            known = len(self.texts)
            added = known - self._ranked
            if added > MAX_SINGLE_INSERTS or (added and not self._insert(known)):
                self._rank_all(known)
            return self._ranks[:known]

    def _rank_all(self, known: int) -> None:
        keys = [sort_key(text) for text in self.texts[:known]]
        distinct = sorted(set(keys) - {b""})
        rank = {key: float(position) for position, key in enumerate(distinct)}
        self._sorted_keys = distinct
        self._sorted_ranks = [float(position) for position in range(len(distinct))]
        self._ranks = np.array([rank.get(key, np.nan) for key in keys], dtype=np.float64)
        self._ranked = known

    def _insert(self, known: int) -> bool:
        """Give new strings ranks between their neighbours'; False where no number is left."""
        ranks = grow_array(self._ranks, known).copy()
        for code in range(self._ranked, known):
            rank = self._rank_between(sort_key(self.texts[code]))
            if rank is None:
                return False
            ranks[code] = rank
        self._ranks, self._ranked = ranks, known
        return True

    def _rank_between(self, key: bytes) -> float | None:
        if not key:
            return float("nan")
        at = bisect.bisect_left(self._sorted_keys, key)
        if at < len(self._sorted_keys) and self._sorted_keys[at] == key:
            return self._sorted_ranks[at]
        below = self._sorted_ranks[at - 1] if at else None
        above = self._sorted_ranks[at] if at < len(self._sorted_ranks) else None
        rank = _between(below, above)
        if rank in (below, above):
            return None
        self._sorted_keys.insert(at, key)
        self._sorted_ranks.insert(at, rank)
        return rank


class StringColumn:
    """One string per row as a code into :class:`Words`; -1 where there is none."""

    def __init__(self) -> None:
        self.words = StringDictionary()
        self.codes: npt.NDArray[np.int32] = np.zeros(0, dtype=np.int32)

    def extend(self, first: int, values: Sequence[Any]) -> None:
        end = first + len(values)
        self.codes = grow_array(self.codes, end)
        self.codes[first:end] = [-1 if v is None else self.words.code(v) for v in values]

    def put(self, row: int, value: Any) -> None:
        self.codes[row] = -1 if value is None else self.words.code(value)


class StringListColumn(ListColumn):
    """Strings, any number of them per row, each counted once per row."""

    def __init__(self) -> None:
        self.words = StringDictionary()
        super().__init__(np.int32)

    def extend(self, first: int, values: Sequence[Any]) -> None:  # type: ignore[override]
        code = self.words.code
        coded = [[code(text) for text in dict.fromkeys(value or ())] for value in values]
        lengths = np.fromiter(map(len, coded), np.int32, len(coded))
        flat = np.fromiter((one for codes in coded for one in codes), np.int32, int(lengths.sum()))
        super().extend(first, flat, lengths)

    def put(self, row: int, value: Any) -> None:
        codes = [self.words.code(text) for text in dict.fromkeys(value or ())]
        super().put(row, np.array(codes, dtype=np.int32))


AnyColumn = NumberColumn | NumberListColumn | StringColumn | StringListColumn


class Columns:
    """All columns of a collection, the sequence number of each row, and which rows are in use."""

    def __init__(self, fields: Sequence[SchemaField]) -> None:
        self.by_name: dict[str, AnyColumn] = {one.name: _column(one) for one in fields}
        self.seqs: Rows = np.zeros(0, dtype=np.int64)
        self.alive: Mask = np.zeros(0, dtype=np.bool_)
        self.row_count = 0
        self.live_count = 0
        self.version = 0
        self._live: tuple[int, Rows] = (-1, self.seqs)

    def add_field(self, field: SchemaField) -> None:
        """A column for a field that no document has a value for yet."""
        if field.name not in self.by_name:
            column = _column(field)
            column.extend(0, [None] * self.row_count)
            self.by_name[field.name] = column

    def apply(self, changes: Mapping[int, Mapping[str, Any] | None]) -> None:
        """Bring in what a write did: sequence number -> values by field, None for removed."""
        last = int(self.seqs[self.row_count - 1]) if self.row_count else -1
        new: list[int] = []
        for seq, values in changes.items():
            if values is not None and seq > last:
                new.append(seq)
            else:
                self._change(seq, values)
        self._append(sorted(new), changes)
        self.version += 1

    def _change(self, seq: int, values: Mapping[str, Any] | None) -> None:
        row = self._row(seq)
        if row is None:
            return
        if values is None:
            self.live_count -= bool(self.alive[row])
            self.alive[row] = False
            return
        for name, column in self.by_name.items():
            column.put(row, values.get(name))

    def _append(self, seqs: Sequence[int], changes: Mapping[int, Mapping[str, Any] | None]) -> None:
        if not seqs:
            return
        first, end = self.row_count, self.row_count + len(seqs)
        documents = [changes[seq] or {} for seq in seqs]
        for name, column in self.by_name.items():
            column.extend(first, [values.get(name) for values in documents])
        self.seqs = grow_array(self.seqs, end)
        self.alive = grow_array(self.alive, end)
        self.seqs[first:end] = seqs
        self.alive[first:end] = True
        self.live_count += len(seqs)
        self.row_count = end

    def _row(self, seq: int) -> int | None:
        row = int(np.searchsorted(self.seqs[: self.row_count], seq))
        if row < self.row_count and self.seqs[row] == seq:
            return row
        return None

    def live_rows(self) -> Rows:
        """All rows in use, ascending."""
        version, rows = self._live
        if version != self.version:
            version = self.version
            rows = np.flatnonzero(self.alive[: self.row_count])
            self._live = (version, rows)
        return rows

    def rows_of(self, seqs: Rows, row_count: int) -> tuple[Rows, Mask]:
        """Rows of ascending sequence numbers, and which of those were found and are in use."""
        if not row_count or not len(seqs):
            return np.zeros(0, dtype=np.int64), np.zeros(len(seqs), dtype=np.bool_)
        rows = np.searchsorted(self.seqs[:row_count], seqs)
        inside = np.minimum(rows, row_count - 1)
        found = (self.seqs[inside] == seqs) & (rows < row_count) & self.alive[inside]
        return rows[found], found

    @property
    def is_wasteful(self) -> bool:
        """True where most of what is held belongs to documents that are gone or have changed."""
        if self.row_count > MAX_UNUSED_ITEMS and self.live_count * 2 < self.row_count:
            return True
        return any(self._is_column_wasteful(column) for column in self.by_name.values())

    def _is_column_wasteful(self, column: AnyColumn) -> bool:
        used = self.live_count
        if isinstance(column, ListColumn):
            used = column.size - column.unowned
            if column.unowned > used + MAX_UNUSED_ITEMS:
                return True
        if isinstance(column, StringColumn | StringListColumn):
            return len(column.words.texts) > 2 * used + MAX_UNUSED_ITEMS
        return False


def sort_key(text: str) -> bytes:
    """What strings are compared by: ASCII letters and digits in lower case and spaces, no signs.

    Typesense compares signed bytes, so what lies outside ASCII comes first, even before the end
    of a string; flipping the highest bit and marking the end keeps that order for ``bytes``.
    """
    normalized = _normalize(text)
    if not normalized:
        return b""
    data = normalized.encode()[:SORT_KEY_CHARACTERS]
    return data.translate(INVERTED_BYTES) + b"\x80"


INVERTED_BYTES = bytes(byte ^ 0x80 for byte in range(256))


def _normalize(text: str) -> str:
    return " ".join(PLAIN.split(text.split("\n", 1)[0]))


def _between(below: float | None, above: float | None) -> float:
    if below is None:
        return 0.0 if above is None else above - 1.0
    return below + 1.0 if above is None else (below + above) / 2


def _dtype(is_float: bool) -> type[Any]:
    return np.float64 if is_float else np.int64


def _numbers(values: Sequence[Any], is_float: bool) -> npt.NDArray[Any]:
    if is_float:
        with np.errstate(over="ignore"):
            return np.array(values, dtype=np.float64).astype(np.float32).astype(np.float64)
    return np.array(values, dtype=np.int64)


def _column(field: SchemaField) -> AnyColumn:
    if field.is_string:
        return StringListColumn() if field.is_array else StringColumn()
    return NumberListColumn(field) if field.is_array else NumberColumn(field)

"""Occurrences: one 64-bit number says where a term stands, sorted they are a postings list.

    | document, 32 bits | element of the field, 11 | position in the element, 20 | last, 1 |

``document`` is the index's own number (``did``): it grows with every write, so the postings of
newer segments follow those of older ones. ``last`` marks the last token of an element, which is
all that exactness needs. Elements and positions beyond their bits share the highest number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", bound=np.generic)
UInt64Array = npt.NDArray[np.uint64]
UInt32Array = npt.NDArray[np.uint32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_DID_SHIFT = np.uint64(32)
_UNIT_SHIFT = np.uint64(21)
_POSITION_MASK = np.uint64((1 << 20) - 1)
_ONE = np.uint64(1)
MAX_ELEMENT = (1 << 11) - 1
MAX_POSITION = (1 << 20) - 1
EMPTY = np.empty(0, np.uint64)


def low_halves(elements: Int64Array, counts: Int64Array) -> UInt32Array:
    """The low halves of the tokens of elements that follow each other, ``counts`` of each."""
    ends = np.cumsum(counts)
    positions = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    halves = np.repeat(np.minimum(elements, MAX_ELEMENT) << 21, counts)
    halves |= np.minimum(positions, MAX_POSITION) << 1
    halves[ends - 1] |= 1
    return halves.astype(np.uint32)


def pack_occurrences(dids: npt.NDArray[np.integer], lows: UInt32Array) -> UInt64Array:
    return (dids.astype(np.uint64) << _DID_SHIFT) | lows.astype(np.uint64)


def dids_of(occurrences: UInt64Array) -> Int64Array:
    return (occurrences >> _DID_SHIFT).view(np.int64)


def units_of(occurrences: UInt64Array) -> UInt64Array:
    """Document and element together: the stretch of text that positions count in."""
    return occurrences >> _UNIT_SHIFT


def positions_of(occurrences: UInt64Array) -> Int64Array:
    return ((occurrences >> _ONE) & _POSITION_MASK).view(np.int64)


def is_last_of(occurrences: UInt64Array) -> BoolArray:
    lasts: BoolArray = (occurrences & _ONE) == _ONE
    return lasts


def unit_dids(units: UInt64Array) -> Int64Array:
    return (units >> np.uint64(11)).view(np.int64)


def distinct_sorted(ordered: npt.NDArray[Number]) -> npt.NDArray[Number]:
    """The different values of a sorted array, without sorting it again."""
    if not len(ordered):
        return ordered
    keep = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    kept: npt.NDArray[Number] = ordered[keep]
    return kept


@dataclass(frozen=True)
class PhraseMatches:
    """Places where the tokens of a phrase stand one after the other; one entry per place."""

    dids: Int64Array
    at_start: BoolArray  # the place begins its element
    at_end: BoolArray  # the place ends its element


def match_phrase(tokens: Sequence[UInt64Array]) -> PhraseMatches:
    """Where the tokens, each given by its sorted occurrences, follow each other."""
    rarest = min(range(len(tokens)), key=lambda place: len(tokens[place]))
    # Without the mark and moved back by its place in the phrase, every token names its start.
    found = tokens[rarest][positions_of(tokens[rarest]) >= rarest]
    starts = (found >> _ONE) - np.uint64(rarest)
    for offset, occurrences in enumerate(tokens):
        if offset != rarest:
            starts = starts[_at(occurrences, starts, offset)[1]]
    ends = tokens[-1][_at(tokens[-1], starts, len(tokens) - 1)[0]]
    opens: BoolArray = (starts & _POSITION_MASK) == 0
    return PhraseMatches(dids_of(starts << _ONE), opens, is_last_of(ends))


def _at(occurrences: UInt64Array, starts: UInt64Array, offset: int) -> tuple[Int64Array, BoolArray]:
    """Where in ``occurrences`` the token ``offset`` after each start is, and whether it is."""
    wanted = (starts + np.uint64(offset)) << _ONE
    at = np.searchsorted(occurrences, wanted)
    at[at == len(occurrences)] = 0
    there = (occurrences[at] | _ONE) == (wanted | _ONE) if len(occurrences) else at > 0
    return at, there

"""Occurrences: one 64-bit number says where a term stands, sorted they are a postings list.

    | document, 32 bits | element of the field, 11 | position in the element, 20 | last, 1 |

``document`` is the index's own number (``did``): it grows with every write, so the postings of
newer segments follow those of older ones. ``last`` marks the last token of an element, which is
all that exactness needs. Elements and positions beyond their bits share the highest number.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UInt64Array = npt.NDArray[np.uint64]
UInt32Array = npt.NDArray[np.uint32]
Int64Array = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

_DID_SHIFT = np.uint64(32)
_UNIT_SHIFT = np.uint64(21)
_POSITION_MASK = np.uint64((1 << 20) - 1)
_ONE = np.uint64(1)
_LOW_MASK = np.uint64(0xFFFFFFFF)
MAX_ELEMENT = (1 << 11) - 1
MAX_POSITION = (1 << 20) - 1
EMPTY = np.empty(0, np.uint64)


def element_lows(element: int, count: int) -> UInt32Array:
    """The low halves of the ``count`` tokens of one element."""
    lows = np.minimum(np.arange(count, dtype=np.uint32), MAX_POSITION) << np.uint32(1)
    lows |= np.uint32(min(element, MAX_ELEMENT) << 21)
    lows[-1] |= np.uint32(1)
    return lows


def join(dids: npt.NDArray[np.integer], lows: UInt32Array) -> UInt64Array:
    return (dids.astype(np.uint64) << _DID_SHIFT) | lows.astype(np.uint64)


def dids_of(occurrences: UInt64Array) -> Int64Array:
    return (occurrences >> _DID_SHIFT).astype(np.int64)


def units_of(occurrences: UInt64Array) -> UInt64Array:
    """Document and element together: the stretch of text that positions count in."""
    return occurrences >> _UNIT_SHIFT


def positions_of(occurrences: UInt64Array) -> Int64Array:
    return ((occurrences >> _ONE) & _POSITION_MASK).astype(np.int64)


def lasts_of(occurrences: UInt64Array) -> BoolArray:
    return (occurrences & _ONE).astype(np.bool_)


def unit_dids(units: UInt64Array) -> Int64Array:
    return (units >> np.uint64(11)).astype(np.int64)


def distinct(ordered: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """The different values of a sorted array, without sorting it again."""
    if not len(ordered):
        return ordered
    keep = np.empty(len(ordered), np.bool_)
    keep[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    return ordered[keep]


def phrase_units(token_occurrences: list[UInt64Array]) -> list[UInt64Array]:
    """Per token of a phrase, its occurrences that belong to a place where all stand in a row."""
    starts: UInt64Array | None = None
    for offset, occurrences in enumerate(token_occurrences):
        # Without the mark and moved back by its place in the phrase, a token gives the start.
        places = (occurrences >> _ONE)[positions_of(occurrences) >= offset] - np.uint64(offset)
        starts = places if starts is None else np.intersect1d(starts, places, assume_unique=True)
    assert starts is not None
    return [
        occurrences[np.isin(occurrences >> _ONE, starts + np.uint64(offset))]
        for offset, occurrences in enumerate(token_occurrences)
    ]


def anchored(occurrences: UInt64Array) -> UInt64Array:
    """Those that open their element."""
    return occurrences[positions_of(occurrences) == 0]


def closing(occurrences: UInt64Array) -> UInt64Array:
    """Those that end their element."""
    return occurrences[lasts_of(occurrences)]

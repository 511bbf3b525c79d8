"""The numbers behind ``_text_match``.

How well one field of a document matches, from the highest byte down: tokens of the query within
reach of each other, tokens in the field at all, 255 minus typos and prefixes, 100 minus distance,
whether the whole value matches, how early it does. The best field, its weight, the number of
fields and the number of tokens then make the score of the document, laid out as Typesense does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .postings import (
    BoolArray,
    Int64Array,
    UInt64Array,
    distinct_sorted,
    is_last_of,
    positions_of,
    units_of,
)

WINDOW = 10
_FAR = np.int64(1) << np.int64(40)
MAX_TOKENS = 15
MAX_FIELDS = 7
_FIELD_SCORE_BITS = 48


def field_score(
    unique: Any, within: Any, distance: Any, *, cost: int, exact: Any, offset: Any
) -> Any:
    """One field's score, of numbers or of arrays of one length.

    ``unique`` takes the highest byte where tokens are counted apart from their nearness.
    """
    return (
        (unique << 40)
        | (within << 32)
        | ((255 - cost) << 24)
        | ((100 - distance) << 16)
        | (exact << 8)
        | offset
    )


def total_score(
    match_type: str, tokens: Int64Array, score: Int64Array, weight: Int64Array, fields: Int64Array
) -> Int64Array:
    tokens = np.minimum(tokens, MAX_TOKENS)
    fields = np.minimum(fields, MAX_FIELDS)
    score = np.minimum(score, (1 << _FIELD_SCORE_BITS) - 1)
    if match_type == "max_weight":
        return (tokens << 59) | (weight << 51) | (score << 3) | fields
    return (tokens << 59) | (score << 11) | (weight << 3) | fields


def text_match_info(score: int, match_type: str, total_tokens: int) -> dict[str, Any]:
    """The ``text_match_info`` a score stands for."""
    if match_type == "max_weight":
        best, weight = (score >> 3) & ((1 << 48) - 1), (score >> 51) & 0xFF
    else:
        best, weight = (score >> 11) & ((1 << 48) - 1), (score >> 3) & 0xFF
    matched = (score >> 59) & 0xF
    return {
        "best_field_score": str(best),
        "best_field_weight": weight,
        "fields_matched": score & 7,
        "num_tokens_dropped": max(0, total_tokens - matched),
        "score": str(score),
        "tokens_matched": matched,
        "typo_prefix_score": 255 - ((best >> 24) & 0xFF),
    }


@dataclass(frozen=True)
class Proximity:
    """Per unit of text: how the tokens stand in it."""

    units: UInt64Array
    within: Int64Array
    present: Int64Array
    distance: Int64Array
    max_offset: Int64Array
    exact: Int64Array


def proximity(tokens: Sequence[UInt64Array], exactness: bool) -> Proximity:
    """How the tokens (sorted occurrences each) stand to each other in every unit they share."""
    units = distinct_sorted(np.sort(np.concatenate([units_of(token) for token in tokens])))
    counts = _counts(tokens, units)
    present = (counts > 0).sum(axis=0)
    measure = _pair if len(tokens) == 2 else _windows
    within, distance, max_offset = measure(tokens[:WINDOW], units)
    exact = np.zeros(len(units), np.int64)
    if exactness:
        exact = _exact(tokens, units, counts, distance)
    return Proximity(units, within, present, distance, max_offset, exact)


def _counts(tokens: Sequence[UInt64Array], units: UInt64Array) -> Int64Array:
    """Per token and unit, how often it occurs there."""
    counts = np.zeros((len(tokens), len(units)), np.int64)
    for row, token in zip(counts, tokens, strict=True):
        of_token = units_of(token)
        firsts = np.flatnonzero(np.append(True, of_token[1:] != of_token[:-1]))[: len(token)]
        at = np.searchsorted(units, of_token[firsts])
        row[at] = np.diff(np.append(firsts, len(token)))
    return counts


def _exact(
    tokens: Sequence[UInt64Array], units: UInt64Array, counts: Int64Array, distance: Int64Array
) -> Int64Array:
    """1 where the tokens, each once and in a row, are all there is."""
    size, total = (counts > 0).sum(axis=0), counts.sum(axis=0)
    closed = np.full(len(units), -1)  # where a token ends the unit
    for token in tokens:
        ends = token[is_last_of(token)]
        closed[np.searchsorted(units, units_of(ends))] = positions_of(ends)
    crowded = (total > size) & (distance == size - 1)
    exact: Int64Array = ((closed == size - 1) & (distance < size) & ~crowded).astype(np.int64)
    return exact


Measures = tuple[Int64Array, Int64Array, Int64Array]


def _pair(tokens: Sequence[UInt64Array], units: UInt64Array) -> Measures:
    """Within, distance and offset of two tokens: the nearest two stand next to each other."""
    merged = np.concatenate(tokens)
    order = np.argsort(merged, kind="stable")
    merged, of_first = merged[order], (order < len(tokens[0]))
    unit, position = units_of(merged), positions_of(merged)
    meet = (of_first[1:] != of_first[:-1]) & (unit[1:] == unit[:-1])
    at = np.searchsorted(units, unit[1:][meet])
    gap, later = (position[1:] - position[:-1])[meet], position[1:][meet]
    distance, offset = np.full(len(units), _FAR), np.zeros(len(units), np.int64)
    np.minimum.at(distance, at, gap)
    nearest = np.flatnonzero(gap == distance[at])[::-1]
    offset[at[nearest]] = np.minimum(later[nearest], 255)
    within = np.where(distance <= WINDOW, 2, 1)
    return within, np.where(within == 2, distance, 0), offset


def _windows(tokens: Sequence[UInt64Array], units: UInt64Array) -> Measures:
    """Within, distance and offset of the best window in each unit."""
    windows = _WindowScan(tokens, units)
    windows.run()
    windows.distance[windows.distance == _FAR] = 0
    return windows.within, windows.distance, windows.max_offset


class _WindowScan:
    """Moves one window over all units at once: the token farthest left steps on each time."""

    def __init__(self, tokens: Sequence[UInt64Array], units: UInt64Array) -> None:
        keys = [units_of(token) for token in tokens]
        self.positions = [np.append(positions_of(token), _FAR) for token in tokens]
        self.starts = np.array([np.searchsorted(key, units, "left") for key in keys])
        self.ends = np.array([np.searchsorted(key, units, "right") for key in keys])
        count = len(units)
        self.within = np.ones(count, np.int64)
        self.distance = np.full(count, _FAR)
        self.max_offset = np.zeros(count, np.int64)

    def run(self) -> None:
        alive = self.ends > self.starts
        sizes = alive.sum(axis=0)
        todo = np.flatnonzero(sizes > 1)
        pointers, alive, sizes = self.starts[:, todo], alive[:, todo], sizes[todo]
        ends = self.ends[:, todo]
        while len(todo):
            current = self._current(pointers, alive)
            self._better(todo, current)
            left = np.argmin(current, axis=0)
            column = np.arange(len(todo))
            best = self._is_best(todo, sizes, alive)
            pointers[left, column] += 1
            alive[left, column] = pointers[left, column] < ends[left, column]
            go_on = (alive.sum(axis=0) > 1) & ~best
            todo, pointers, alive = todo[go_on], pointers[:, go_on], alive[:, go_on]
            sizes, ends = sizes[go_on], ends[:, go_on]

    def _is_best(self, todo: Int64Array, sizes: Int64Array, alive: BoolArray) -> BoolArray:
        """Whether all tokens stand in a row; it cannot get better."""
        nearest = self.distance[todo] == alive.sum(axis=0) - 1
        best: BoolArray = (self.within[todo] == sizes) & nearest
        return best

    def _current(self, pointers: npt.NDArray[np.int64], alive: BoolArray) -> Int64Array:
        rows = [
            np.where(up, position[np.minimum(pointer, len(position) - 1)], _FAR)
            for position, pointer, up in zip(self.positions, pointers, alive, strict=True)
        ]
        return np.array(rows)

    def _better(self, todo: Int64Array, current: Int64Array) -> None:
        """Remember the windows that are better than the best so far."""
        first = current.min(axis=0)
        inside = current - first <= WINDOW
        count = inside.sum(axis=0)
        distance = np.where(inside, current, -1).max(axis=0) - first
        known, best = self.within[todo], self.distance[todo]
        better = (count > known) | ((count == known) & (distance < best))
        at = todo[better]
        self.within[at] = count[better]
        self.distance[at] = distance[better]
        outermost = np.where(current < _FAR, current, -1).max(axis=0)
        self.max_offset[at] = np.minimum(outermost[better], 255)

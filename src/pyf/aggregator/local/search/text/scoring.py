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

from pyf.aggregator.local.search.text.postings import (
    BoolArray,
    Int64Array,
    UInt64Array,
    distinct,
    lasts_of,
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


def explain(score: int, match_type: str, total_tokens: int) -> dict[str, Any]:
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


class _Windows:
    """Moves one window over all units at once: the token farthest left steps on each time."""

    def __init__(self, tokens: Sequence[UInt64Array], units: UInt64Array) -> None:
        keys = [units_of(token) for token in tokens]
        self.positions = [np.append(positions_of(token), _FAR) for token in tokens]
        self.lasts = [lasts_of(token) for token in tokens]
        self.starts = np.array([np.searchsorted(key, units, "left") for key in keys])
        self.ends = np.array([np.searchsorted(key, units, "right") for key in keys])
        self.present = self.ends > self.starts
        count = len(units)
        self.within = np.ones(count, np.int64)
        self.distance = np.full(count, _FAR)
        self.max_offset = np.zeros(count, np.int64)

    def run(self) -> None:
        pointers = self.starts.copy()
        alive = self.present.copy()
        sizes = alive.sum(axis=0)
        todo = np.flatnonzero(sizes > 1)
        pointers, alive, sizes = pointers[:, todo], alive[:, todo], sizes[todo]
        ends = self.ends[:, todo]
        while len(todo):
            current = self._current(pointers, alive)
            self._better(todo, current)
            left = np.argmin(current, axis=0)
            column = np.arange(len(todo))
            pointers[left, column] += 1
            alive[left, column] = pointers[left, column] < ends[left, column]
            window = alive.sum(axis=0)
            best = (self.within[todo] == sizes) & (self.distance[todo] == sizes - 1)
            go_on = (window > 1) & ~best
            todo, pointers, alive = todo[go_on], pointers[:, go_on], alive[:, go_on]
            sizes, ends = sizes[go_on], ends[:, go_on]

    def _current(self, pointers: npt.NDArray[np.int64], alive: BoolArray) -> Int64Array:
        rows = [
            np.where(up, position[np.minimum(pointer, len(position) - 1)], _FAR)
            for position, pointer, up in zip(self.positions, pointers, alive, strict=True)
        ]
        return np.array(rows)

    def _better(self, todo: Int64Array, current: Int64Array) -> None:
        inside = current - current.min(axis=0) <= WINDOW
        count = inside.sum(axis=0)
        furthest = np.where(inside, current, -1).max(axis=0)
        distance = furthest - current.min(axis=0)
        known, best = self.within[todo], self.distance[todo]
        better = (count > known) | ((count == known) & (distance < best))
        at = todo[better]
        self.within[at] = count[better]
        self.distance[at] = distance[better]
        outermost = np.where(current < _FAR, current, -1).max(axis=0)
        self.max_offset[at] = np.minimum(outermost[better], 255)

    def exact(self) -> Int64Array:
        """1 where the tokens, each once and in a row, are all there is."""
        size = self.present.sum(axis=0)
        total = (self.ends - self.starts).sum(axis=0)
        last = np.full(self.starts.shape[1], -1)
        for position, flag, start, end in zip(
            self.positions, self.lasts, self.starts, self.ends, strict=True
        ):
            there = np.flatnonzero(end > start)
            final = end[there] - 1
            closes = flag[final]
            last[there[closes]] = position[final[closes]]
        fits = (last == size - 1) & (self.distance <= size - 1)
        crowded = (total > size) & (self.distance == size - 1)
        return (fits & ~crowded).astype(np.int64)


def proximity(tokens: Sequence[UInt64Array], units: UInt64Array, exactness: bool) -> Proximity:
    """How the tokens (sorted occurrences each) stand to each other in every one of ``units``."""
    windows = _Windows(tokens[:WINDOW], units)
    windows.run()
    windows.distance[windows.distance == _FAR] = 0
    return Proximity(
        units,
        windows.within,
        windows.present.sum(axis=0),
        windows.distance,
        windows.max_offset,
        windows.exact() if exactness else np.zeros(len(units), np.int64),
    )


def all_units(tokens: Sequence[UInt64Array]) -> UInt64Array:
    units: UInt64Array = distinct(np.sort(np.concatenate([units_of(token) for token in tokens])))
    return units

"""The stretch of one text that holds the query's tokens best: what a snippet is built around.

The same search as ``scoring.proximity``, for one text, and it remembers where the tokens stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .scoring import WINDOW, field_score

_SNIPPET_COST = 1


@dataclass(frozen=True)
class TokenPositions:
    """Where a token stands in a text, ascending; ``closes``: its last place ends the text."""

    positions: tuple[int, ...]
    at_end: bool


@dataclass(frozen=True)
class SnippetWindow:
    """The best stretch: its tokens' positions, ascending, and how good it is."""

    offsets: tuple[int, ...]
    within: int
    distance: int
    max_offset: int
    exact: int
    tokens: int

    @property
    def score(self) -> int:
        score: int = field_score(
            self.tokens,
            self.within,
            self.distance,
            cost=_SNIPPET_COST,
            exact=self.exact,
            offset=255 - self.max_offset,
        )
        return score


def best_window(tokens: Sequence[TokenPositions]) -> SnippetWindow:
    """``tokens`` are those of the query that stand in the text at all, at least one."""
    considered = tokens[:WINDOW]
    offsets = [token.positions[0] for token in considered]
    within, distance, max_offset = 1, -1, 0
    current = dict.fromkeys(range(len(considered)), 0)
    while len(current) > 1:
        places = {at: considered[at].positions[step] for at, step in current.items()}
        first = min(places.values())
        near = [place for place in places.values() if place - first <= WINDOW]
        reach = max(near) - first
        if len(near) > within or (len(near) == within and not 0 <= distance <= reach):
            within, distance, offsets = len(near), reach, near
            max_offset = min(max(places.values()), 255)
        if within == len(considered) and distance == len(current) - 1:
            break
        at = min(places, key=places.__getitem__)
        current[at] += 1
        if current[at] == len(considered[at].positions):
            del current[at]
    distance = max(distance, 0)
    exact = _exact(tokens, distance)
    return SnippetWindow(tuple(sorted(offsets)), within, distance, max_offset, exact, len(tokens))


def _exact(tokens: Sequence[TokenPositions], distance: int) -> int:
    """1 where the tokens, each once and in a row, are all there is."""
    reach = len(tokens) - 1
    total = sum(len(token.positions) for token in tokens)
    if distance > reach or (total > len(tokens) and distance == reach):
        return 0
    return int(any(token.at_end and token.positions[-1] == reach for token in tokens))

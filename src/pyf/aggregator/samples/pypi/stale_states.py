"""Outdated answers: what a cache that is purged softly still hands out after a change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .sample_index import SampleIndex

SHARED = ""
"""Key of the addresses that every change touches: the root and the two feeds."""


@dataclass(slots=True)
class _StaleState:
    index: SampleIndex
    left: int
    served: Counter[str] = field(default_factory=Counter)


class StaleStates:
    """Keeps the state before a change until each address has been asked often enough.

    ``used`` is called each time the past is served.
    """

    def __init__(self, used: Callable[[], None]) -> None:
        self._used = used
        self._past: dict[str, _StaleState] = {}

    def keep(self, index: SampleIndex, name: str, requests: int) -> None:
        """Remember the state ahead of a change to a project, for so many requests."""
        if requests > 0:
            past = index.snapshot()
            self._past[name] = _StaleState(past, requests)
            self._past[SHARED] = _StaleState(past, requests)

    def index_for(self, key: str, address: str) -> SampleIndex | None:
        """Return the outdated state to answer from, None when the present one serves.

        ``key`` is the project's name or ``SHARED``; ``address`` is counted.
        """
        past = self._past.get(key) if self._past else None
        if past is None or past.served[address] >= past.left:
            return None
        past.served[address] += 1
        self._used()
        return past.index

    def clear(self) -> None:
        """Drop all that is kept."""
        self._past.clear()

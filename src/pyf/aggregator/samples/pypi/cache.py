"""Rendered answers that are still true."""

from __future__ import annotations

from collections import OrderedDict

from .http_messages import SampleResponse


class RenderedCache:
    """Holds answers with the revision they show, up to a number of bytes of bodies."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = 0
        self._held: OrderedDict[str, tuple[int, SampleResponse]] = OrderedDict()

    def get(self, key: str, revision: int) -> SampleResponse | None:
        """Return the answer kept for a revision, None without one."""
        held = self._held.get(key)
        if held is None or held[0] != revision:
            return None
        self._held.move_to_end(key)
        return held[1]

    def put(self, key: str, revision: int, answer: SampleResponse) -> SampleResponse:
        """Keep an answer, letting those go that were not asked for the longest."""
        if (old := self._held.pop(key, None)) is not None:
            self._bytes -= len(old[1].body)
        self._held[key] = (revision, answer)
        self._bytes += len(answer.body)
        while self._bytes > self._limit and len(self._held) > 1:
            self._bytes -= len(self._held.popitem(last=False)[1][1].body)
        return answer

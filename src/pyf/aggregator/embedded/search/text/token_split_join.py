"""Words written together that belong apart, and the other way round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .postings_reader import PostingsReader

_SPLIT_TOKENS = 5


class TokenSplitJoin:
    """Finds the words again that were written together, or apart, in one field."""

    def __init__(self, reader: PostingsReader, number: int) -> None:
        self._reader = reader
        self._number = number

    def resolve(self, words: tuple[str, ...]) -> tuple[str, ...] | None:
        joined = "".join(words)
        if len(words) > 1 and self._has(joined):
            return (joined,)
        few = min(_SPLIT_TOKENS, len(words))
        for at in range(few - 1 if few > 2 else 0):
            option = (*words[:at], words[at] + words[at + 1], *words[at + 2 :])
            if self._join_all(option):
                return option
        for at in range(few):
            parts = self._split(words[at])
            if parts:
                option = (*words[:at], *parts, *words[at + 1 :])
                if self._join_all(option):
                    return option
        return None

    def _has(self, word: str) -> bool:
        return self._reader.count(self._number, word) > 0

    def _join_all(self, words: Sequence[str]) -> bool:
        if not all(self._has(word) for word in words):
            return False
        masks = [self._reader.mask(self._number, word) for word in words]
        return bool(np.logical_and.reduce(masks).any())

    def _split(self, word: str) -> tuple[str, str] | None:
        for cut in range(len(word) - 1, 0, -1):
            parts = (word[:cut], word[cut:])
            both = self._has(parts[0]) and self._has(parts[1])
            if both and len(self._reader.phrase(self._number, parts)):
                return parts
        return None

"""Finding the documents of one query: corrections, splits, synonyms, dropped words."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import numpy as np

from .combination_scoring import CombinationScorer
from .corrections import Corrections, QueryToken, TokenCandidates
from .postings import Int64Array
from .postings_reader import QueryScope
from .query import per_field
from .token_split_join import TokenSplitJoin
from .types import TokenHit

_MAX_COST = 2
_COMBINATIONS = 10
_EXHAUSTIVE_COMBINATIONS = 10_000
_MAX_COMBINED_TOKENS = 30
_MAX_CORRECTED_TOKENS = 15
_INFIX_SCORE = 100


class QueryEngine:
    """Runs one query; ``scores`` grows by did, 0 where nothing matched (yet)."""

    def __init__(self, scope: QueryScope) -> None:
        self.scope = scope
        self.query = scope.query
        self.scores = np.zeros(len(scope.reader.allowed), np.int64)
        self.hits: dict[str, TokenHit] = {}
        self._tried: set[tuple[str, ...]] = set()
        self._end = time.monotonic() + scope.query.cutoff_ms / 1000

    @property
    def match_count(self) -> int:
        return int(np.count_nonzero(self.scores))

    # The stages of a search

    def run(self, words: Sequence[str], variants: Sequence[tuple[str, ...]]) -> None:
        longest = max((len(v) for v in variants), default=0)
        length = max(longest, len(words)) if variants else None
        typos, prefixes = self.query.num_typos, self.query.prefix
        self.fuzzy_search(self.tokens(words), (), typos, prefixes, length)
        mode = self.query.split_join_tokens
        if mode == "always" or (mode == "fallback" and not self.match_count):
            resolved = self._split_or_join(words)
            if resolved:
                self.fuzzy_search(self.tokens(resolved), (), typos, prefixes, length)
        for variant in variants:
            self._tried.clear()
            self.fuzzy_search(self.tokens(variant), (), (0,), prefixes, length)
        for asked in [words, *variants]:
            self._drop_tokens(self.tokens(asked))
        self._infix(words)

    @staticmethod
    def tokens(words: Sequence[str]) -> list[QueryToken]:
        return [QueryToken(word, i == len(words) - 1) for i, word in enumerate(words)]

    def _drop_tokens(self, tokens: list[QueryToken]) -> None:
        query = self.query
        from_right, both = query.drop_tokens_mode != "left_to_right", False
        if query.drop_tokens_mode.startswith("both_sides"):
            limit = query.drop_tokens_mode.partition(":")[2]
            both = len(tokens) <= int(limit or 0)
        for right in (from_right, not from_right):
            for dropped in range(1, len(tokens)):
                enough = self.match_count >= query.drop_tokens_threshold
                if enough and not both and not query.exhaustive_search:
                    return
                cut = len(tokens) - dropped
                kept, gone = (
                    (tokens[:cut], tokens[cut:]) if right else (tokens[dropped:], tokens[:dropped])
                )
                self.fuzzy_search(kept, gone, query.num_typos, query.prefix, None)

    # Corrections

    def fuzzy_search(
        self,
        tokens: Sequence[QueryToken],
        dropped: Sequence[QueryToken],
        num_typos: Sequence[int],
        prefixes: Sequence[bool],
        synonym_length: int | None,
    ) -> None:
        """Search with ever more edits until there are enough documents."""
        step = Corrections(self.scope, tokens, dropped, num_typos, prefixes)
        corrected = len(tokens) <= _MAX_CORRECTED_TOKENS
        costs = [
            list(range(self._most_typos(token.value) + 1)) if corrected else [0] for token in tokens
        ]
        number = 0
        limit = _EXHAUSTIVE_COMBINATIONS if self.query.exhaustive_search else _COMBINATIONS
        while number < min(limit, _combinations(costs)) and time.monotonic() < self._end:
            meanings, failed = step.candidates_at(_choose(costs, number))
            if failed is not None:
                place, cost = failed
                if cost in costs[place]:
                    costs[place].remove(cost)
                if not costs[place]:
                    return
                number = -1
            elif len(meanings) == len(tokens):
                self._all_combinations(meanings, dropped, prefixes, synonym_length)
            if not self.query.exhaustive_search and (
                self.match_count >= self.query.typo_tokens_threshold
            ):
                return
            number += 1

    def _most_typos(self, token: str) -> int:
        query = self.query
        if token.isdigit() and not query.enable_typos_for_numerical_tokens:
            return 0
        mixed = any(c.isdigit() for c in token) and any(c.isalpha() for c in token)
        if mixed and not query.enable_typos_for_alpha_numerical_tokens:
            return 0
        length = len(token.encode())
        if length < query.min_len_1typo:
            return 0
        return 1 if length < query.min_len_2typo else _MAX_COST

    def _all_combinations(
        self,
        meanings: Sequence[TokenCandidates],
        dropped: Sequence[QueryToken],
        prefixes: Sequence[bool],
        synonym_length: int | None,
    ) -> None:
        total = math.prod(len(meaning.terms) for meaning in meanings)
        limit = max(_COMBINATIONS, self.scope.max_candidates)
        if len(self.scope.fields) == 1 and prefixes[0]:
            limit = self.scope.max_candidates
        for number in range(min(total, limit)):
            chosen: list[tuple[TokenCandidates, str]] = []
            for meaning in meanings:
                number, at = divmod(number, len(meaning.terms))  # noqa: PLW2901
                chosen.append((meaning, meaning.terms[at]))
            terms = tuple(term for _, term in chosen)
            if terms not in self._tried:
                self._tried.add(terms)
                self._combine(chosen, dropped, synonym_length)

    # One combination of terms

    def _combine(
        self,
        chosen: Sequence[tuple[TokenCandidates, str]],
        dropped: Sequence[QueryToken],
        synonym_length: int | None,
    ) -> None:
        cost = 0
        hits: dict[str, TokenHit] = {}
        for meaning, term in chosen:
            size = len(meaning.token.value)
            prefixed = meaning.token.prefix and len(term) > size + meaning.cost
            cost += 2 * meaning.cost + prefixed
            hits.setdefault(term, TokenHit(size, meaning.cost, prefixed))
        terms = [term for _, term in chosen]
        dids = self._intersection(terms)
        if not len(dids):
            return
        self.hits = {**hits, **self.hits}
        new = CombinationScorer(self.scope, terms, cost, synonym_length, dids).scores(
            [token.value for token in dropped]
        )
        self.scores[dids] = np.maximum(self.scores[dids], new)

    def _intersection(self, terms: Sequence[str]) -> Int64Array:
        everywhere = self.scope.any_field_mask(terms[0])
        for term in terms[1:]:
            if not everywhere.any():
                break
            everywhere = everywhere & self.scope.any_field_mask(term)
        return np.flatnonzero(everywhere)

    # Blanks put in or left out

    def _split_or_join(self, words: Sequence[str]) -> tuple[str, ...] | None:
        for number in self.scope.numbers:
            resolved = TokenSplitJoin(self.scope.reader, number).resolve(tuple(words))
            if resolved:
                return resolved
        return None

    def _infix(self, words: Sequence[str]) -> None:
        for field, number in zip(self.scope.fields, self.scope.numbers, strict=True):
            mode = per_field(self.query.infix, field.place)
            if mode == "always" or (mode == "fallback" and not self.match_count):
                for term in self.scope.tree(number, "").terms:
                    if words[0] in term:
                        dids = self.scope.reader.dids(number, term)
                        self.scores[dids] = np.maximum(self.scores[dids], _INFIX_SCORE)


def _combinations(costs: Sequence[Sequence[int]]) -> int:
    return 1 if len(costs) > _MAX_COMBINED_TOKENS else math.prod(len(c) for c in costs)


def _choose(costs: Sequence[Sequence[int]], number: int) -> list[int]:
    """The ``number``-th way to spread edits: the last word is corrected first."""
    chosen: list[int] = []
    for options in reversed(costs):
        number, at = divmod(number, len(options))
        chosen.append(options[at])
    return chosen[::-1]

"""Scoring the documents that have all of some terms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import scoring
from .postings import Int64Array, dids_of, distinct_sorted, is_last_of, positions_of, unit_dids
from .postings_reader import QueryScope


class CombinationScorer:
    """Scores the documents that have all of some terms."""

    def __init__(
        self,
        scope: QueryScope,
        terms: Sequence[str],
        cost: int,
        synonym_length: int | None,
        dids: Int64Array,
    ) -> None:
        self._scope = scope
        self._terms = terms
        self._cost = cost
        self._synonym_length = synonym_length
        self._dids = dids

    def scores(self, dropped: Sequence[str]) -> Int64Array:
        scope, query = self._scope, self._scope.query
        size = len(self._dids)
        best, weight, fields = (np.zeros(size, np.int64) for _ in range(3))
        for at, field in enumerate(scope.fields):
            score = self._field(at)
            matched = score > 0
            if query.text_match_type == "sum_score":
                best += score * field.weight
                weight = np.maximum(weight, np.where(matched, field.weight, 0))
            else:
                heavier = matched & (field.weight > weight)
                better = heavier if query.text_match_type == "max_weight" else score > best
                best[better], weight[better] = score[better], field.weight
            fields += matched
        tokens = np.full(size, len(self._terms), np.int64)
        for word in dropped:
            tokens += scope.any_field_mask(word)[self._dids]
        if self._synonym_length is not None:
            tokens[:] = self._synonym_length
        if not query.prioritize_num_matching_fields:
            fields[:] = 0
        return scoring.total_score(query.text_match_type, tokens, best, weight, fields)

    def _field(self, at: int) -> Int64Array:
        """The score of one field for each document; 0 where it has none of the terms."""
        reader, number = self._scope.reader, self._scope.numbers[at]
        present = np.array([reader.mask(number, term)[self._dids] for term in self._terms])
        count = present.sum(axis=0)
        score = np.zeros(len(self._dids), np.int64)
        alone = count == 1
        if alone.any():
            score[alone] = self._single_term_scores(number)[self._dids[alone]]
        together = count > 1
        if together.any():
            score[together] = self._multi_term_scores(at, self._dids[together])
        return score

    def _single_term_scores(self, number: int) -> Int64Array:
        """By did: the score where the field has just one of the terms."""
        query, reader = self._scope.query, self._scope.reader
        single = len(self._terms) == 1
        words = self._synonym_length or 1 if single else 1
        plain = scoring.field_score(words, words, words - 1, cost=self._cost, exact=0, offset=0)
        by_did = np.full(len(reader.allowed), plain, np.int64)
        for term in self._terms:
            found = reader.occurrences(number, term)
            if single and self._cost == 0 and query.prioritize_exact_match:
                verbatim = found[is_last_of(found) & (positions_of(found) == 0)]
                by_did[dids_of(verbatim)] |= 1 << 8
            if query.prioritize_token_position and len(found):
                dids = dids_of(found)
                first = np.append(True, dids[1:] != dids[:-1])
                by_did[dids[first]] |= 255 - np.minimum(positions_of(found[first]), 255)
        return by_did

    def _multi_term_scores(self, at: int, dids: Int64Array) -> Int64Array:
        """The scores of the documents whose field has more than one of the terms."""
        query, reader = self._scope.query, self._scope.reader
        number, is_array = self._scope.numbers[at], self._scope.arrays[at]
        wanted = np.zeros(len(reader.allowed), np.bool_)
        wanted[dids] = True
        tokens = [reader.occurrences(number, term) for term in self._terms]
        tokens = [token[wanted[dids_of(token)]] for token in tokens]
        near = scoring.proximity(tokens, query.prioritize_exact_match)
        unit_did = unit_dids(near.units)
        present = np.zeros(len(reader.allowed), np.int64)
        for token in tokens:
            present[distinct_sorted(dids_of(token))] += 1
        unique = near.within if is_array else present[unit_did]
        within, distance = near.within, near.distance
        if self._synonym_length is not None:
            full = present[unit_did] == len(self._terms)
            within = np.where(full, self._synonym_length, within)
            unique = np.where(full, self._synonym_length, unique)
            distance = np.where(full, self._synonym_length - 1, distance)
        offset = 255 - near.max_offset if query.prioritize_token_position else 0
        score = scoring.field_score(
            within, unique, distance, cost=self._cost, exact=near.exact, offset=offset
        )
        by_did = np.zeros(len(reader.allowed), np.int64)
        np.maximum.at(by_did, unit_did, score)
        result: Int64Array = by_did[dids]
        return result

"""Finding the documents of one query: corrections, splits, synonyms, dropped words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import apsw
import numpy as np

from pyf.aggregator.local.search.text import scoring
from pyf.aggregator.local.search.text.candidates import Tree, find
from pyf.aggregator.local.search.text.postings import (
    EMPTY,
    BoolArray,
    Int64Array,
    UInt64Array,
    dids_of,
    distinct,
    in_a_row,
    lasts_of,
    positions_of,
    unit_dids,
)
from pyf.aggregator.local.search.text.query import WeightedField, per_field
from pyf.aggregator.local.search.text.snapshot import Snapshot
from pyf.aggregator.local.search.text.types import (
    DEFAULT_CANDIDATES,
    EXHAUSTIVE_CANDIDATES,
    TextQuery,
    TokenHit,
)

_MAX_COST = 2
_COMBINATIONS = 10
_EXHAUSTIVE_COMBINATIONS = 10_000
_MAX_COMBINED_TOKENS = 30
_SPLIT_TOKENS = 5


@dataclass(frozen=True)
class Token:
    """A word of the query; ``prefix``: it may be the beginning of a longer one."""

    value: str
    prefix: bool


@dataclass(frozen=True)
class Meaning:
    """A word together with the indexed terms it may stand for at ``cost`` edits."""

    token: Token
    cost: int
    terms: tuple[str, ...]


class Reader:
    """Postings of one snapshot, only of the documents that may be found, each read once."""

    def __init__(self, db: apsw.Connection, snapshot: Snapshot, allowed: BoolArray) -> None:
        self._db = db
        self.snapshot = snapshot
        self.allowed = allowed  # by did
        self.everything = not snapshot.has_dead and bool(allowed.all())
        self._occurrences: dict[tuple[int, str], UInt64Array] = {}
        self._dids: dict[tuple[int, str], Int64Array] = {}
        self._masks: dict[tuple[int, str], BoolArray] = {}

    def occurrences(self, field: int, term: str) -> UInt64Array:
        key = (field, term)
        if key not in self._occurrences:
            self._occurrences[key] = self._read(field, term)
        return self._occurrences[key]

    def _read(self, field: int, term: str) -> UInt64Array:
        number = self.snapshot.terms().find(term)
        if number is None:
            return EMPTY
        found = self.snapshot.postings(self._db, field, number)
        return found if self.everything else found[self.allowed[dids_of(found)]]

    def dids(self, field: int, term: str) -> Int64Array:
        """The documents, each once, ascending."""
        key = (field, term)
        if key not in self._dids:
            self._dids[key] = distinct(dids_of(self.occurrences(field, term)))
        return self._dids[key]

    def mask(self, field: int, term: str) -> BoolArray:
        """By did: whether the document has the term in the field."""
        key = (field, term)
        if key not in self._masks:
            mask = np.zeros(len(self.allowed), np.bool_)
            mask[self.dids(field, term)] = True
            self._masks[key] = mask
        return self._masks[key]

    def count(self, field: int, term: str) -> int:
        """In how many documents of the whole index the field has the term."""
        number = self.snapshot.terms().find(term)
        return 0 if number is None else int(self.snapshot.counts(field)[number])

    def phrase(self, field: int, tokens: Sequence[str]) -> Int64Array:
        """The dids whose field has the tokens in a row."""
        occurrences = [self.occurrences(field, token) for token in tokens]
        if not all(map(len, occurrences)):
            return np.empty(0, np.int64)
        return distinct(in_a_row(occurrences).dids)


class Engine:
    """Runs one query; ``scores`` grows by did, 0 where nothing matched (yet)."""

    def __init__(
        self,
        reader: Reader,
        query: TextQuery,
        fields: Sequence[WeightedField],
        places: Mapping[str, int],
        arrays: Mapping[str, bool],
    ) -> None:
        self.reader = reader
        self.query = query
        self.fields = fields
        self.numbers = [places[field.name] for field in fields]
        self.arrays = [arrays[field.name] for field in fields]
        self.scores = np.zeros(len(reader.allowed), np.int64)
        self.hits: dict[str, TokenHit] = {}
        self._trees: dict[tuple[int, str], Tree] = {}
        self._tried: set[tuple[str, ...]] = set()

    @property
    def found(self) -> int:
        return int(np.count_nonzero(self.scores))

    @property
    def max_candidates(self) -> int:
        if self.query.max_candidates is not None:
            return self.query.max_candidates
        return EXHAUSTIVE_CANDIDATES if self.query.exhaustive_search else DEFAULT_CANDIDATES

    # The stages of a search

    def run(self, words: Sequence[str], variants: Sequence[tuple[str, ...]]) -> None:
        longest = max((len(v) for v in variants), default=0)
        length = max(longest, len(words)) if variants else None
        typos, prefixes = self.query.num_typos, self.query.prefix
        self.fuzzy(self.tokens(words), (), typos, prefixes, length)
        mode = self.query.split_join_tokens
        if mode == "always" or (mode == "fallback" and not self.found):
            resolved = self._split_or_join(words)
            if resolved:
                self.fuzzy(self.tokens(resolved), (), typos, prefixes, length)
        for variant in variants:
            self._tried.clear()
            self.fuzzy(self.tokens(variant), (), (0,), prefixes, length)
        for asked in [words, *variants]:
            self._drop_tokens(self.tokens(asked))
        self._infix(words)

    @staticmethod
    def tokens(words: Sequence[str]) -> list[Token]:
        return [Token(word, i == len(words) - 1) for i, word in enumerate(words)]

    def _drop_tokens(self, tokens: list[Token]) -> None:
        query = self.query
        from_right, both = query.drop_tokens_mode != "left_to_right", False
        if query.drop_tokens_mode.startswith("both_sides"):
            limit = query.drop_tokens_mode.partition(":")[2]
            both = len(tokens) <= int(limit or 0)
        for right in (from_right, not from_right):
            for dropped in range(1, len(tokens)):
                enough = self.found >= query.drop_tokens_threshold
                if enough and not both and not query.exhaustive_search:
                    return
                cut = len(tokens) - dropped
                kept, gone = (
                    (tokens[:cut], tokens[cut:]) if right else (tokens[dropped:], tokens[:dropped])
                )
                self.fuzzy(kept, gone, query.num_typos, query.prefix, None)

    # Corrections

    def fuzzy(
        self,
        tokens: Sequence[Token],
        dropped: Sequence[Token],
        num_typos: Sequence[int],
        prefixes: Sequence[bool],
        synonym_length: int | None,
    ) -> None:
        """Search with ever more edits until there are enough documents."""
        step = _Corrections(self, tokens, dropped, num_typos, prefixes)
        costs = [list(range(self._most_typos(token.value) + 1)) for token in tokens]
        number = 0
        limit = _EXHAUSTIVE_COMBINATIONS if self.query.exhaustive_search else _COMBINATIONS
        while number < min(limit, _combinations(costs)):
            meanings, failed = step.meanings(_choose(costs, number))
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
                self.found >= self.query.typo_tokens_threshold
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

    def tree(self, number: int, prefix: str) -> Tree:
        key = (number, prefix)
        if key not in self._trees:
            self._trees[key] = self.reader.snapshot.tree(number, prefix)
        return self._trees[key]

    def _all_combinations(
        self,
        meanings: Sequence[Meaning],
        dropped: Sequence[Token],
        prefixes: Sequence[bool],
        synonym_length: int | None,
    ) -> None:
        total = math.prod(len(meaning.terms) for meaning in meanings)
        limit = max(_COMBINATIONS, self.max_candidates)
        if len(self.fields) == 1 and prefixes[0]:
            limit = self.max_candidates
        for number in range(min(total, limit)):
            chosen: list[tuple[Meaning, str]] = []
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
        chosen: Sequence[tuple[Meaning, str]],
        dropped: Sequence[Token],
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
        new = _Combination(self, terms, cost, synonym_length, dids).scores(
            [token.value for token in dropped]
        )
        self.scores[dids] = np.maximum(self.scores[dids], new)

    def _intersection(self, terms: Sequence[str]) -> Int64Array:
        everywhere = self.anywhere(terms[0])
        for term in terms[1:]:
            everywhere = everywhere & self.anywhere(term)
        return np.flatnonzero(everywhere)

    def anywhere(self, term: str) -> BoolArray:
        """By did: whether any searched field has the term."""
        masks = [self.reader.mask(number, term) for number in self.numbers]
        anywhere = masks[0]
        for mask in masks[1:]:
            anywhere = anywhere | mask
        return anywhere

    # Blanks put in or left out

    def _split_or_join(self, words: Sequence[str]) -> tuple[str, ...] | None:
        for number in self.numbers:
            resolved = _Blanks(self.reader, number).resolve(tuple(words))
            if resolved:
                return resolved
        return None

    def _infix(self, words: Sequence[str]) -> None:
        for field, number in zip(self.fields, self.numbers, strict=True):
            mode = per_field(self.query.infix, field.place)
            if mode == "always" or (mode == "fallback" and not self.found):
                for term in self.tree(number, "").terms:
                    if words[0] in term:
                        dids = self.reader.dids(number, term)
                        self.scores[dids] = np.maximum(self.scores[dids], 100)


def _combinations(costs: Sequence[Sequence[int]]) -> int:
    return 1 if len(costs) > _MAX_COMBINED_TOKENS else math.prod(len(c) for c in costs)


def _choose(costs: Sequence[Sequence[int]], number: int) -> list[int]:
    """The ``number``-th way to spread edits: the last word is corrected first."""
    chosen: list[int] = []
    for options in reversed(costs):
        number, at = divmod(number, len(options))
        chosen.append(options[at])
    return chosen[::-1]


class _Corrections:
    """What each word of one search may stand for, remembered over the rounds."""

    def __init__(
        self,
        engine: Engine,
        tokens: Sequence[Token],
        dropped: Sequence[Token],
        num_typos: Sequence[int],
        prefixes: Sequence[bool],
    ) -> None:
        self._engine = engine
        self._tokens = tokens
        self._dropped = dropped
        self._num_typos = num_typos
        self._prefixes = prefixes
        self._known: dict[tuple[str, int], list[str]] = {}

    def meanings(self, costs: Sequence[int]) -> tuple[list[Meaning], tuple[int, int] | None]:
        """The words' meanings at these costs, and which word has none at its cost."""
        meanings: list[Meaning] = []
        taken: set[str] = set()
        for place, (token, cost) in enumerate(zip(self._tokens, costs, strict=True)):
            before = meanings[-1].terms[0] if meanings else None
            is_last = len(self._tokens) > 1 and not self._dropped
            continues = before if is_last and place == len(self._tokens) - 1 else None
            terms = self._known.get((token.value, cost))
            if terms is None:
                terms = self._terms(token, cost, continues, taken)
            if not terms:
                return meanings, (place, cost)
            meanings.append(Meaning(token, cost, tuple(terms)))
        return meanings, None

    def _terms(self, token: Token, cost: int, before: str | None, taken: set[str]) -> list[str]:
        """Terms from field after field; the word after another one prefers its company."""
        terms: list[str] = []
        order = range(len(self._engine.fields))
        if before is not None:
            popular = self._popular(before)
            if self._collect(terms, token, cost, popular, before, taken):
                return terms
        self._collect(terms, token, cost, order, None, taken)
        return terms

    def _popular(self, term: str) -> list[int]:
        counts = [self._engine.reader.count(number, term) for number in self._engine.numbers]
        order = sorted(range(len(counts)), key=lambda at: -counts[at])
        return [at for at in order if counts[at]]

    def _collect(
        self,
        terms: list[str],
        token: Token,
        cost: int,
        order: Sequence[int],
        before: str | None,
        taken: set[str],
    ) -> bool:
        """Whether there are enough terms now."""
        engine = self._engine
        for at in order:
            place = engine.fields[at].place
            if cost > per_field(self._num_typos, place):
                continue
            prefix = token.prefix and per_field(self._prefixes, place)
            found = self._find(engine.numbers[at], token.value, cost, prefix, before, taken)
            if found:
                terms.extend(found)
                self._known.setdefault((token.value, cost), list(terms))
                if len(terms) >= engine.max_candidates:
                    return True
        return False

    def _find(
        self,
        number: int,
        token: str,
        cost: int,
        prefix: bool,
        before: str | None,
        taken: set[str],
    ) -> list[str]:
        engine = self._engine
        if cost == 0 and not prefix:
            if token in taken or not engine.reader.count(number, token):
                return []
            taken.add(token)
            return [token]
        tree = engine.tree(number, token if cost == 0 else "")
        accept = self._acceptance(number, tree, before)
        return find(tree, token, cost, prefix, engine.max_candidates, taken, accept)

    def _acceptance(self, number: int, tree: Tree, before: str | None) -> Callable[[int], bool]:
        reader = self._engine.reader
        if before is not None and reader.count(number, before):
            company = reader.mask(number, before)
            return lambda leaf: bool(company[reader.dids(number, tree.terms[leaf])].any())
        if reader.everything:
            return lambda leaf: True
        return lambda leaf: len(reader.occurrences(number, tree.terms[leaf])) > 0


class _Combination:
    """Scores the documents that have all of some terms."""

    def __init__(
        self,
        engine: Engine,
        terms: Sequence[str],
        cost: int,
        synonym_length: int | None,
        dids: Int64Array,
    ) -> None:
        self._engine = engine
        self._terms = terms
        self._cost = cost
        self._synonym_length = synonym_length
        self._dids = dids

    def scores(self, dropped: Sequence[str]) -> Int64Array:
        engine, query = self._engine, self._engine.query
        size = len(self._dids)
        best, weight, fields = (np.zeros(size, np.int64) for _ in range(3))
        for at, field in enumerate(engine.fields):
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
            tokens += engine.anywhere(word)[self._dids]
        if self._synonym_length is not None:
            tokens[:] = self._synonym_length
        if not query.prioritize_num_matching_fields:
            fields[:] = 0
        return scoring.total_score(query.text_match_type, tokens, best, weight, fields)

    def _field(self, at: int) -> Int64Array:
        """The score of one field for each document; 0 where it has none of the terms."""
        reader, number = self._engine.reader, self._engine.numbers[at]
        present = np.array([reader.mask(number, term)[self._dids] for term in self._terms])
        count = present.sum(axis=0)
        score = np.zeros(len(self._dids), np.int64)
        alone = count == 1
        if alone.any():
            score[alone] = self._alone(number)[self._dids[alone]]
        together = count > 1
        if together.any():
            score[together] = self._together(at, self._dids[together])
        return score

    def _alone(self, number: int) -> Int64Array:
        """By did: the score where the field has just one of the terms."""
        query, reader = self._engine.query, self._engine.reader
        single = len(self._terms) == 1
        words = self._synonym_length or 1 if single else 1
        plain = scoring.field_score(words, words, words - 1, cost=self._cost, exact=0, offset=0)
        by_did = np.full(len(reader.allowed), plain, np.int64)
        for term in self._terms:
            found = reader.occurrences(number, term)
            if single and self._cost == 0 and query.prioritize_exact_match:
                verbatim = found[lasts_of(found) & (positions_of(found) == 0)]
                by_did[dids_of(verbatim)] |= 1 << 8
            if query.prioritize_token_position and len(found):
                dids = dids_of(found)
                first = np.append(True, dids[1:] != dids[:-1])
                by_did[dids[first]] |= 255 - np.minimum(positions_of(found[first]), 255)
        return by_did

    def _together(self, at: int, dids: Int64Array) -> Int64Array:
        """The scores of the documents whose field has more than one of the terms."""
        query, reader = self._engine.query, self._engine.reader
        number, is_array = self._engine.numbers[at], self._engine.arrays[at]
        wanted = np.zeros(len(reader.allowed), np.bool_)
        wanted[dids] = True
        tokens = [reader.occurrences(number, term) for term in self._terms]
        tokens = [token[wanted[dids_of(token)]] for token in tokens]
        near = scoring.proximity(tokens, query.prioritize_exact_match)
        unit_did = unit_dids(near.units)
        present = np.zeros(len(reader.allowed), np.int64)
        for token in tokens:
            present[distinct(dids_of(token))] += 1
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


class _Blanks:
    """Finds the words again that were written together, or apart, in one field."""

    def __init__(self, reader: Reader, number: int) -> None:
        self._reader = reader
        self._number = number

    def resolve(self, words: tuple[str, ...]) -> tuple[str, ...] | None:
        joined = "".join(words)
        if len(words) > 1 and self._has(joined):
            return (joined,)
        few = min(_SPLIT_TOKENS, len(words))
        for at in range(few - 1 if few > 2 else 0):
            option = (*words[:at], words[at] + words[at + 1], *words[at + 2 :])
            if self._all_together(option):
                return option
        for at in range(few):
            parts = self._split(words[at])
            if parts:
                option = (*words[:at], *parts, *words[at + 1 :])
                if self._all_together(option):
                    return option
        return None

    def _has(self, word: str) -> bool:
        return self._reader.count(self._number, word) > 0

    def _all_together(self, words: Sequence[str]) -> bool:
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

"""The terms a query's words may stand for: beginnings and misspellings, field after field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .candidates import TermTree, find_candidates
from .postings_reader import QueryScope
from .query import per_field


@dataclass(frozen=True)
class QueryToken:
    """A word of the query; ``prefix``: it may be the beginning of a longer one."""

    value: str
    prefix: bool


@dataclass(frozen=True)
class TokenCandidates:
    """A word together with the indexed terms it may stand for at ``cost`` edits."""

    token: QueryToken
    cost: int
    terms: tuple[str, ...]


class Corrections:
    """What each word of one search may stand for, remembered over the rounds."""

    def __init__(
        self,
        scope: QueryScope,
        tokens: Sequence[QueryToken],
        dropped: Sequence[QueryToken],
        num_typos: Sequence[int],
        prefixes: Sequence[bool],
    ) -> None:
        self._scope = scope
        self._tokens = tokens
        self._dropped = dropped
        self._num_typos = num_typos
        self._prefixes = prefixes
        self._known: dict[tuple[str, int], list[str]] = {}

    def candidates_at(
        self, costs: Sequence[int]
    ) -> tuple[list[TokenCandidates], tuple[int, int] | None]:
        """The words' meanings at these costs, and which word has none at its cost."""
        meanings: list[TokenCandidates] = []
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
            meanings.append(TokenCandidates(token, cost, tuple(terms)))
        return meanings, None

    def _terms(
        self, token: QueryToken, cost: int, before: str | None, taken: set[str]
    ) -> list[str]:
        """Terms from field after field; the word after another one prefers its company."""
        terms: list[str] = []
        order = range(len(self._scope.fields))
        if before is not None:
            popular = self._popular(before)
            if self._collect(terms, token, cost, popular, before, taken):
                return terms
        self._collect(terms, token, cost, order, None, taken)
        return terms

    def _popular(self, term: str) -> list[int]:
        counts = [self._scope.reader.count(number, term) for number in self._scope.numbers]
        order = sorted(range(len(counts)), key=lambda at: -counts[at])
        return [at for at in order if counts[at]]

    def _collect(
        self,
        terms: list[str],
        token: QueryToken,
        cost: int,
        order: Sequence[int],
        before: str | None,
        taken: set[str],
    ) -> bool:
        """Whether there are enough terms now."""
        scope = self._scope
        for at in order:
            place = scope.fields[at].place
            if cost > per_field(self._num_typos, place):
                continue
            prefix = token.prefix and per_field(self._prefixes, place)
            found = self._find(scope.numbers[at], token.value, cost, prefix, before, taken)
            if found:
                terms.extend(found)
                self._known.setdefault((token.value, cost), list(terms))
                if len(terms) >= scope.max_candidates:
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
        scope = self._scope
        if cost == 0 and not prefix:
            if token in taken or not scope.reader.count(number, token):
                return []
            taken.add(token)
            return [token]
        tree = scope.tree(number, token if cost == 0 else "")
        accept = self._acceptance(number, tree, before)
        return find_candidates(tree, token, cost, prefix, scope.max_candidates, taken, accept)

    def _acceptance(self, number: int, tree: TermTree, before: str | None) -> Callable[[int], bool]:
        reader = self._scope.reader
        if before is not None and reader.count(number, before):
            company = reader.mask(number, before)
            return lambda leaf: bool(company[reader.dids(number, tree.terms[leaf])].any())
        if reader.everything:
            return lambda leaf: True
        return lambda leaf: len(reader.occurrences(number, tree.terms[leaf])) > 0

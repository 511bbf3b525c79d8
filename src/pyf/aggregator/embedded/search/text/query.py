"""What the user typed, taken apart: words, phrases, exclusions; and fields with their weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

from .tokenizer import MAX_TOKEN_CHARS, Tokenizer
from .types import Synonym, TextQuery

T = TypeVar("T")

MAX_WEIGHT = 15
MAX_WORDS = 40  # of one query; what comes after them is not looked for


@dataclass(frozen=True)
class ParsedQuery:
    """``words`` is empty where everything matches (``*``, nothing typed, only exclusions)."""

    words: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    exclusions: tuple[tuple[str, ...], ...] = ()


@dataclass
class _QueryParser:
    """Reads tokens left to right; quotes and a leading minus change what the next ones mean."""

    words: list[str] = field(default_factory=list)
    phrases: list[tuple[str, ...]] = field(default_factory=list)
    exclusions: list[tuple[str, ...]] = field(default_factory=list)
    _phrase: list[str] = field(default_factory=list)
    _quoted: bool = False
    _excluding: bool = False

    def read(self, raw: str, tokenizer: Tokenizer) -> None:
        if "-" not in tokenizer.symbols:
            if raw == "-":
                return
            if raw.startswith("-"):
                self._excluding, raw = True, raw[1:]
        if len(raw) > 1 and raw.startswith('"'):
            self._quoted, raw = True, raw[1:]
        ends = False
        if raw.endswith('"'):
            if self._quoted:
                ends, raw = True, raw[:-1]
            elif raw == '"':
                self._quoted = True
        for token in tokenizer.split(raw):
            self._take(token[:MAX_TOKEN_CHARS])
        if ends:
            self.close()

    def _take(self, token: str) -> None:
        if self._quoted:
            self._phrase.append(token)
        elif self._excluding:
            self.exclusions.append((token,))
            self._excluding = False
        else:
            self.words.append(token)

    def close(self) -> None:
        if self._phrase:
            (self.exclusions if self._excluding else self.phrases).append(tuple(self._phrase))
        self._phrase, self._quoted, self._excluding = [], False, False


def parse_query(
    q: str, tokenizer: Tokenizer, *, segmented: bool, stopwords: frozenset[str]
) -> ParsedQuery:
    """Take ``q`` apart by the rules of one field."""
    if q.strip() == "*":
        return ParsedQuery()
    marks = Tokenizer(tokenizer.separators, tokenizer.symbols | {"-", '"'})
    pieces = q.split(" ") if segmented else marks.split(q)
    parser = _QueryParser()
    for piece in pieces:
        if piece:
            parser.read(piece, tokenizer)
    parser.close()
    words = [word for word in parser.words if word not in stopwords]
    return ParsedQuery(tuple(words[:MAX_WORDS]), tuple(parser.phrases), tuple(parser.exclusions))


@dataclass(frozen=True)
class WeightedField:
    """A field of ``query_by``: its place there, its weight of 0 to 15."""

    name: str
    weight: int
    place: int


def weighted_fields(query: TextQuery) -> list[WeightedField]:
    """The fields searched, heaviest first; weights given out of order or range are squeezed."""
    names, weights = query.query_by, query.weights
    if not weights:
        return [WeightedField(n, max(0, MAX_WEIGHT - i), i) for i, n in enumerate(names)]
    in_order = all(a >= b for a, b in pairwise(weights))
    if in_order and max(weights) <= MAX_WEIGHT:
        return [WeightedField(n, weights[i], i) for i, n in enumerate(names)]
    places = sorted(range(len(names)), key=lambda place: -weights[place])
    result: list[WeightedField] = []
    for rank, place in enumerate(places):
        weight = MAX_WEIGHT
        if rank:
            same = weights[place] == weights[places[rank - 1]]
            weight = result[-1].weight - (0 if same else 1)
        result.append(WeightedField(names[place], max(0, weight), place))
    return result


def per_field(values: Sequence[T], place: int) -> T:
    """A parameter given once for all fields or once per field."""
    return values[place] if place < len(values) else values[0]


def synonym_variants(
    words: Sequence[str], synonyms: Sequence[Synonym], tokenizer: Tokenizer
) -> list[tuple[str, ...]]:
    """The other ways to say ``words``, every replaceable stretch replaced."""
    table: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for synonym in synonyms:
        said = [tuple(tokenizer.split(text)) for text in synonym.synonyms]
        heads = [tuple(tokenizer.split(synonym.root))] if synonym.root else said
        for head in heads:
            table.setdefault(head, []).extend(said)
    results: list[tuple[str, ...]] = []
    if table:
        _replace(tuple(words), len(words), 0, set(), table, results)
    return results


def _replace(
    words: tuple[str, ...],
    window: int,
    first: int,
    done: set[tuple[str, ...]],
    table: dict[tuple[str, ...], list[tuple[str, ...]]],
    results: list[tuple[str, ...]],
) -> None:
    replaced = False
    for length in range(window, 0, -1):
        for start in range(first, len(words) - length + 1):
            head = words[start : start + length]
            if head in done:
                continue
            for said in table.get(head, ()):
                if said == head:
                    continue
                done |= {head, said, *((w,) for w in head), *((w,) for w in said)}
                replaced = True
                variant = (*words[:start], *said, *words[start + length :])
                _replace(variant, length, start, done, table, results)
        first = 0
    if not replaced and done:
        results.append(words)

"""How one project name may be taken for another: what differs between them, and how telling it is.

The ways are those that PyPI itself looks for (characters doubled, left out, swapped, added,
replaced by neighbours on a keyboard or by look-alikes, words in another order, separators) and the
endings and beginnings that imitators put around a name. Names are PEP 503.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from rapidfuzz.distance import OSA

from ..names import NormalizedName

__all__ = [
    "ConfusionKind",
    "NameConfusion",
    "find_confusion",
    "lookalike_key",
    "without_affixes",
    "without_separators",
    "words_key",
]


class ConfusionKind(Enum):
    """A way in which a name is mistaken for another; the value says it to people."""

    SEPARATORS = "the same but for separators"
    LOOKALIKE = "characters that look alike"
    DOUBLED = "a character doubled"
    OMITTED = "a character left out"
    SWAPPED = "two characters swapped"
    NEIGHBOUR = "a character replaced by its neighbour on a keyboard, or by one like it"
    INSERTED = "a character added"
    REPLACED = "a character replaced"
    FIRST = "the first character differs"
    NUMBER = "a number added, changed or left out"
    AFFIX = "a word around it"
    WORDS = "the same words in another order"
    TWO_EDITS = "two characters differ"


@dataclass(frozen=True, slots=True)
class NameConfusion:
    """What differs. ``length`` counts the characters of the part of the imitated name that differs:
    in ``pytest-csv`` and ``pytest-cov`` that is 3.
    """

    way: ConfusionKind
    length: int


_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_VOWELS = frozenset("aeiouy")
_ALIKE = str.maketrans({"l": "1", "i": "1", "o": "0", "s": "5", "z": "2"})
_ALIKE_PAIRS = (("rn", "m"), ("vv", "w"))
_BEFORE = ("python3", "python", "py3", "py", "pip", "lib")
_BEHIND = ("python3", "python", "py3", "py", "dev", "lib", "libs", "pro", "plus", "new", "official")
_NUMBER = re.compile(r"v?\d{1,4}$")
_MOST_WORDS = 8


def without_separators(name: str) -> str:
    """Return a name without separators."""
    return name.replace("-", "")


def lookalike_key(name: str) -> str:
    """Return what names have in common whose characters look alike."""
    key = without_separators(name)
    for pair, single in _ALIKE_PAIRS:
        key = key.replace(pair, single)
    return key.translate(_ALIKE)


def words_key(name: str) -> str:
    """Return what names of the same words have in common; "" for one word, and for very many."""
    words = name.split("-")
    return "-".join(sorted(words)) if 1 < len(words) <= _MOST_WORDS else ""


def without_affixes(name: str) -> Iterator[str]:
    """Name what is left, squashed, without a word or a number that imitators put around a name."""
    text, separated = without_separators(name), "-" in name
    for word in _BEFORE:
        if text.startswith(word) and (separated or word in ("python", "py")):
            yield text.removeprefix(word)
    for word in _BEHIND:
        if text.endswith(word):
            yield text.removesuffix(word)
    if number := _NUMBER.search(text):
        yield text[: number.start()]


def find_confusion(name: NormalizedName, target: NormalizedName) -> NameConfusion | None:
    """Tell how ``name`` may be taken for ``target``, by the most telling way; None where it is not.

    A name is not confused with itself.
    """
    if name == target:
        return None
    text, wanted = without_separators(name), without_separators(target)
    if text == wanted:
        return NameConfusion(ConfusionKind.SEPARATORS, len(wanted))
    distance = OSA.distance(text, wanted, score_cutoff=2)
    if distance == 1 or lookalike_key(name) == lookalike_key(target):
        way = _one_edit(text, wanted) if distance == 1 else ConfusionKind.LOOKALIKE
        return NameConfusion(way, _differing(name, target))
    if words_key(name) and words_key(name) == words_key(target):
        return NameConfusion(ConfusionKind.WORDS, len(wanted))
    if wanted in without_affixes(name):
        return NameConfusion(ConfusionKind.AFFIX, len(wanted))
    return (
        NameConfusion(ConfusionKind.TWO_EDITS, _differing(name, target)) if distance == 2 else None
    )


def _differing(name: str, target: str) -> int:
    """Count the characters of the one word that differs, or of all where several do."""
    ours, theirs = name.split("-"), target.split("-")
    different = [word for mine, word in zip(ours, theirs, strict=False) if mine != word]
    alone = len(ours) == len(theirs) and len(different) == 1
    return len(different[0]) if alone else len(without_separators(target))


def _one_edit(text: str, wanted: str) -> ConfusionKind:
    """Name the edit that leads from the imitated text to the other."""
    at = _first_difference(text, wanted)
    if len(text) > len(wanted):
        return _insertion(text, at)
    if len(text) < len(wanted):
        return ConfusionKind.NUMBER if wanted[at].isdigit() else ConfusionKind.OMITTED
    if text[at + 1 :] != wanted[at + 1 :]:
        return ConfusionKind.SWAPPED
    return _replacement(text[at], wanted[at], at)


def _insertion(text: str, at: int) -> ConfusionKind:
    # Behind equal characters the first difference is the last of them.
    if at and text[at] == text[at - 1]:
        return ConfusionKind.DOUBLED
    if text[at].isdigit() and at == len(text) - 1:
        return ConfusionKind.NUMBER
    return ConfusionKind.INSERTED if at else ConfusionKind.FIRST


def _replacement(written: str, meant: str, at: int) -> ConfusionKind:
    if written.isdigit() and meant.isdigit():
        return ConfusionKind.NUMBER
    if written.translate(_ALIKE) == meant.translate(_ALIKE):
        return ConfusionKind.LOOKALIKE
    if not at:
        return ConfusionKind.FIRST
    both_vowels = written in _VOWELS and meant in _VOWELS
    return (
        ConfusionKind.NEIGHBOUR
        if both_vowels or _are_neighbours(written, meant)
        else ConfusionKind.REPLACED
    )


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    shorter = min(len(one), len(other))
    return next((at for at, (left, right) in enumerate(pairs) if left != right), shorter)


def _are_neighbours(one: str, other: str) -> bool:
    """Tell whether two keys touch on a keyboard whose rows are shifted by half a key each."""
    places = [(row, keys.find(key)) for key in (one, other) for row, keys in enumerate(_ROWS)]
    found = [(row, column) for row, column in places if column >= 0]
    if len(found) < 2:
        return False
    (upper, first), (lower, second) = sorted(found)
    if upper == lower:
        return abs(first - second) == 1
    # A key touches, in the row below, the one before its own column and the one in it.
    return lower - upper == 1 and second in (first - 1, first)

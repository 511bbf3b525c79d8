"""Typosquats: is a project's name meant to be taken for that of a far more popular one?

An answer is a hint, never a verdict. A name is suspected when it differs from a popular one in a
known way (``confusions``), and the popular one is popular enough for that way, for the length of
what differs, and beside the project itself. The numbers stand in ``RULES``; docs/security.md says
why they are what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from ..names import NormalizedName
from .name_confusion import (
    ConfusionKind,
    NameConfusion,
    find_confusion,
    lookalike_key,
    without_affixes,
    without_separators,
    words_key,
)

__all__ = [
    "RULES",
    "PopularProjects",
    "ProjectPopularity",
    "TyposquatRule",
    "TyposquatSuspicion",
    "detect_typosquat",
]


@dataclass(frozen=True, slots=True)
class ProjectPopularity:
    """What is known of a project: a PEP 503 name, downloads of 30 days, author, days since its
    first upload, summary. What is not known is None or "".
    """

    name: NormalizedName
    downloads: int | None = None
    author: str = ""
    age_days: int | None = None
    summary: str = ""


@dataclass(frozen=True, slots=True)
class TyposquatRule:
    """When a way of confusion counts: how popular the imitated project has to be for names that
    differ in a part of at least so many characters, longest first, and how many times as popular
    as the one judged.
    """

    popular: tuple[tuple[int, float], ...]
    ratio: float


@dataclass(frozen=True, slots=True)
class TyposquatSuspicion:
    """A project that looks like an imitation: of what, and by which way."""

    name: NormalizedName
    resembles: NormalizedName
    way: ConfusionKind
    downloads: int

    @property
    def why(self) -> str:
        """The reason in words."""
        return f"{self.way.value}; {self.resembles} has {self.downloads:,} downloads a month"


_SLIP = TyposquatRule(((8, 1e5), (6, 5e5), (5, 5e6), (4, 5e7)), 1_000)
_GUESS = TyposquatRule(((8, 1e6), (6, 1e7), (5, 1e8)), 5_000)
RULES: dict[ConfusionKind, TyposquatRule] = {
    ConfusionKind.LOOKALIKE: _SLIP,
    ConfusionKind.DOUBLED: TyposquatRule(((8, 1e5), (6, 5e5), (4, 3e6)), 1_000),
    ConfusionKind.SWAPPED: _SLIP,
    ConfusionKind.NEIGHBOUR: TyposquatRule(_SLIP.popular, 2_000),
    ConfusionKind.OMITTED: TyposquatRule(((8, 1e6), (6, 1e7), (5, 1e8)), 2_000),
    ConfusionKind.SEPARATORS: TyposquatRule(((8, 1e7),), 2_000),
    ConfusionKind.WORDS: TyposquatRule(((8, 1e6),), 2_000),
    ConfusionKind.INSERTED: _GUESS,
    ConfusionKind.REPLACED: _GUESS,
    ConfusionKind.NUMBER: TyposquatRule(((5, 1e8),), 5_000),
    ConfusionKind.FIRST: TyposquatRule(((8, 1e8), (6, 5e8)), 10_000),
    ConfusionKind.AFFIX: TyposquatRule(((6, 1e8), (5, 4e8)), 10_000),
    ConfusionKind.TWO_EDITS: TyposquatRule(((9, 5e7), (8, 2e8)), 10_000),
}
"""From the most telling way to the least."""

_ORDER = {way: place for place, way in enumerate(RULES)}
_FEWEST_FOR_TWO_EDITS = min(least for _, least in RULES[ConfusionKind.TWO_EDITS].popular)
_SHORTEST_FOR_TWO_EDITS = min(length for length, _ in RULES[ConfusionKind.TWO_EDITS].popular)

_MOST_ADDED = 16
"""Characters that an imitation has more than its model at the most."""
_YOUNG_DAYS, _OLD_DAYS = 90, 730
_WORD = re.compile(r"\w+")


class PopularProjects:
    """Popular projects, laid out so that those near a name are found without looking at all."""

    def __init__(self, popular: Iterable[ProjectPopularity]) -> None:
        self._projects = {each.name: each for each in popular if each.downloads}
        self._near: dict[str, list[NormalizedName]] = {}
        self._keys: dict[str, list[NormalizedName]] = {}
        self._far: dict[int, dict[NormalizedName, str]] = {}
        for name, project in self._projects.items():
            text = without_separators(name)
            for part in (text, *_without_one(text)):
                self._near.setdefault(part, []).append(name)
            for key in (f"alike {lookalike_key(name)}", f"words {words_key(name)}"):
                self._keys.setdefault(key, []).append(name)
            if (project.downloads or 0) >= _FEWEST_FOR_TWO_EDITS:
                for length in range(len(text) - 2, len(text) + 3):
                    self._far.setdefault(length, {})[name] = text
        self._keys.pop("words ", None)
        self._longest = max(map(len, self._near), default=0)

    def get(self, name: NormalizedName) -> ProjectPopularity | None:
        """The popular project of that name."""
        return self._projects.get(name)

    def similar_projects(self, name: NormalizedName) -> Iterator[ProjectPopularity]:
        """The popular projects that a name could be confused with, and some that it could not."""
        text = without_separators(name)
        if len(text) > self._longest + _MOST_ADDED:
            return iter(())  # looking it up would take long for nothing
        parts = {text, *_without_one(text), *without_affixes(name)}
        found = {other for part in parts for other in self._near.get(part, ())}
        for key in (f"alike {lookalike_key(name)}", f"words {words_key(name)}"):
            found.update(self._keys.get(key, ()))
        found.update(self._two_edits_from(text))
        found.discard(name)
        return (self._projects[other] for other in sorted(found))

    def _two_edits_from(self, text: str) -> list[NormalizedName]:
        """The most popular projects at most two edits away; few enough to look at all."""
        if len(text) < _SHORTEST_FOR_TWO_EDITS - 2:
            return []
        choices = self._far.get(len(text), {})
        hits = process.extract(text, choices, scorer=OSA.distance, score_cutoff=2, limit=None)
        return [name for _, _, name in hits]


def detect_typosquat(
    candidate: ProjectPopularity, corpus: PopularProjects
) -> TyposquatSuspicion | None:
    """Tell what a project imitates, or None.

    Without a number of downloads that of the corpus counts, else none. Projects of one author do
    not imitate each other. The most telling way wins, then the most popular project.
    """
    known = corpus.get(candidate.name)
    downloads = candidate.downloads
    if downloads is None:
        downloads = (known.downloads if known else None) or 0
    suspected = [
        (_ORDER[found.way], -(popular.downloads or 0), popular, found)
        for popular in corpus.similar_projects(candidate.name)
        if (found := find_confusion(candidate.name, popular.name))
        and _counts(found, candidate, downloads, popular)
    ]
    if not suspected:
        return None
    _, _, popular, found = min(suspected, key=lambda each: each[:2])
    return TyposquatSuspicion(candidate.name, popular.name, found.way, popular.downloads or 0)


def _counts(
    found: NameConfusion, candidate: ProjectPopularity, downloads: int, popular: ProjectPopularity
) -> bool:
    if _same_author(candidate.author, popular.author):
        return False
    rule, most = RULES[found.way], popular.downloads or 0
    least = next((count for length, count in rule.popular if found.length >= length), None)
    doubt = _ratio_factor(candidate, popular)
    return least is not None and most >= least * doubt and most >= downloads * rule.ratio * doubt


def _same_author(one: str, other: str) -> bool:
    return bool(one.strip()) and one.strip().casefold() == other.strip().casefold()


def _ratio_factor(candidate: ProjectPopularity, popular: ProjectPopularity) -> float:
    """How many times as popular the other has to be: more for what speaks against an imitation.

    Imitations are found and removed while they are young, and most copy what they imitate.
    """
    doubt = 1.0
    if candidate.age_days is not None:
        doubt *= 0.5 if candidate.age_days < _YOUNG_DAYS else 1.0
        doubt *= 10.0 if candidate.age_days > _OLD_DAYS else 1.0
    ours, theirs = _words(candidate.summary), _words(popular.summary)
    if len(ours) > 2 and len(theirs) > 2:
        alike = fuzz.token_sort_ratio(" ".join(ours), " ".join(theirs))
        doubt *= 0.2 if alike > 80 else 1.0
        doubt *= 3.0 if alike < 40 else 1.0
    return doubt


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _without_one(text: str) -> Iterator[str]:
    return (text[:at] + text[at + 1 :] for at in range(len(text)))

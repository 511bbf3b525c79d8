"""What a profile is: a selection of projects by classifier and name. Pure; no files are read."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from trove_classifiers import deprecated_classifiers, sorted_classifiers

from .errors import ProfileError
from .names import NormalizedName, normalize_name

Match = Literal["latest", "any"]

# An index of one's own may use these; PyPI refuses every upload that carries one.
PRIVATE_PREFIX = "Private :: "


@dataclass(frozen=True)
class SynonymGroup:
    """Words that searches take for one another; with ``root`` only those for the root."""

    words: tuple[str, ...]
    root: str = ""

    def as_item(self) -> dict[str, object]:
        """The form in which a search server takes them; the id follows from the words."""
        slug = "-".join(
            "".join(c for c in word if c.isalnum()) for word in (self.root, *self.words)
        )
        item: dict[str, object] = {"id": f"profile-{slug.strip('-')}", "synonyms": list(self.words)}
        return {**item, "root": self.root} if self.root else item


@dataclass(frozen=True)
class Profile:
    """A selection of projects.

    ``match`` says which releases speak for a project: the one that PyPI calls latest, or any.
    ``matches_all`` takes every project, whatever its classifiers. ``synonyms`` are given to each
    new version of its collection before that is searched.
    """

    key: str
    name: str
    classifiers: tuple[str, ...]
    collection: str
    include: tuple[NormalizedName, ...] = ()
    exclude: tuple[NormalizedName, ...] = ()
    match: Match = "latest"
    description: str = ""
    matches_all: bool = False
    synonyms: tuple[SynonymGroup, ...] = ()

    @cached_property
    def _classifier_set(self) -> frozenset[str]:
        return frozenset(self.classifiers)

    @cached_property
    def _included_names(self) -> frozenset[NormalizedName]:
        return frozenset(self.include)

    @cached_property
    def _excluded_names(self) -> frozenset[NormalizedName]:
        return frozenset(self.exclude)

    def matches(
        self,
        latest_classifiers: Iterable[str],
        name: str,
        any_release_classifiers: Iterable[str] | None = None,
    ) -> bool:
        """Tell whether a project belongs here; ``exclude`` goes before everything else.

        ``latest_classifiers`` are those of the release that PyPI calls latest,
        ``any_release_classifiers`` those of all releases; they count with ``match: any`` only.
        """
        normalized = normalize_name(name)
        if normalized in self._excluded_names:
            return False
        if self.matches_all or normalized in self._included_names:
            return True
        if not self._classifier_set.isdisjoint(latest_classifiers):
            return True
        older = any_release_classifiers or ()
        return self.match == "any" and not self._classifier_set.isdisjoint(older)


@dataclass(frozen=True)
class Profiles:
    """All profiles of this installation, by key, in the order of the files."""

    by_key: Mapping[str, Profile]

    def get(self, name: str) -> Profile:
        """Return the profile with that key; ProfileError names the nearest and all others."""
        profile = self.by_key.get(name)
        if profile is None:
            known = ", ".join(self.by_key)
            raise ProfileError(
                f"there is no profile {name!r}{did_you_mean(name, self.by_key)}; known: {known}"
            )
        return profile

    def __iter__(self) -> Iterator[Profile]:
        return iter(self.by_key.values())

    def __len__(self) -> int:
        return len(self.by_key)

    def __contains__(self, name: object) -> bool:
        return name in self.by_key


def profile_from_classifiers(classifiers: Sequence[str], collection: str) -> Profile:
    """A profile of classifiers given one by one; ProfileError where one does not exist."""
    wanted = tuple(dict.fromkeys(classifiers))
    if not wanted:
        raise ProfileError("no classifier is given")
    check_classifiers(wanted)
    return Profile(key=collection, name=collection, classifiers=wanted, collection=collection)


def all_projects_profile(collection: str) -> Profile:
    """A profile that every project of the registry belongs to."""
    return Profile(
        key=collection, name="Everything", classifiers=(), collection=collection, matches_all=True
    )


def check_classifiers(classifiers: Iterable[str], also_known: Iterable[str] = ()) -> None:
    """Raise ProfileError at the first classifier that does not exist, with the nearest one."""
    known = known_classifiers().union(also_known)
    for classifier in classifiers:
        if classifier not in known and not classifier.startswith(PRIVATE_PREFIX):
            hint = did_you_mean(classifier, known)
            raise ProfileError(f"there is no classifier {classifier!r}{hint}")


def classifier_family(root: str) -> tuple[str, ...]:
    """The classifier and all below it that the installed ``trove-classifiers`` knows.

    Deprecated ones are left out; empty where there is none.
    """
    return tuple(c for c in sorted_classifiers if c == root or c.startswith(f"{root} :: "))


@cache
def known_classifiers() -> frozenset[str]:
    """Every classifier there is, deprecated ones included: old releases carry them still."""
    return frozenset(sorted_classifiers).union(deprecated_classifiers)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a question that names the nearest of the known words, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    nearest = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return f" (did you mean {by_lower[nearest[0]]!r}?)" if nearest else ""

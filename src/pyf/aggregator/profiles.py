"""Profiles: which projects make up an ecosystem, and which collection they go to.

The built-in ones stand in ``profiles.yaml``; a file of the user's own (``PYF_PROFILES``) adds
profiles or replaces whole ones. Every mistake in a file is named with the place it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml
from trove_classifiers import sorted_classifiers

from .errors import ProfileError
from .names import NormalizedName, normalize_name
from .profile import (
    Match,
    Profile,
    Profiles,
    SynonymGroup,
    all_projects_profile,
    check_classifiers,
    classifier_family,
    did_you_mean,
    profile_from_classifiers,
)
from .settings import Settings

__all__ = [
    "Profile",
    "Profiles",
    "all_projects_profile",
    "load_profiles",
    "parse_profiles",
    "profile_from_classifiers",
]

BUILTIN = "profiles.yaml"
KEYS = (
    "name",
    "description",
    "classifiers",
    "families",
    "include",
    "exclude",
    "match",
    "collection",
    "synonyms",
)
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PROJECT_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


class DefinitionPlace(NamedTuple):
    """Where a definition stands, for the sentence that refuses it."""

    file: str
    key: str

    def error(self, what: str) -> ProfileError:
        return ProfileError(f"{self.file}, profile {self.key!r}: {what}")


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, where plain YAML would keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key!r} stands here twice", key_node.start_mark
                )
            if isinstance(key, Hashable):
                seen.add(key)
        return super().construct_mapping(node, deep)


def load_profiles(settings: Settings) -> Profiles:
    """The built-in profiles, with those of the user's file added or in their place."""
    found = dict(_builtin())
    if settings.pyf_profiles is not None:
        path = settings.pyf_profiles
        found.update(parse_profiles(_read_text(path), str(path), _all_classifiers(found.values())))
    _check_collections(found.values())
    return Profiles(MappingProxyType(found))


def parse_profiles(
    text: str, file: str, also_known: Collection[str] | None = None
) -> dict[str, Profile]:
    """Return the profiles of a file's text by key; ProfileError says what is wrong with it.

    ``also_known`` are classifiers that exist beside those of ``trove-classifiers``. ``None``
    leaves classifiers unchecked, and a family that ``trove-classifiers`` lacks is its root alone.
    """
    profiles = {}
    for key, definition in _definitions(text, file).items():
        place = DefinitionPlace(file, str(key))
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise place.error("a key has letters, digits, '-', '_' and '.' only")
        profiles[key] = _profile(place, definition, also_known)
    return profiles


@cache
def _builtin() -> Mapping[str, Profile]:
    # Unchecked: an older trove-classifiers may lack the newest of them.
    text = resources.files(__package__).joinpath(BUILTIN).read_text(encoding="utf-8")
    return MappingProxyType(parse_profiles(text, BUILTIN))


def _all_classifiers(profiles: Iterable[Profile]) -> frozenset[str]:
    return frozenset(c for profile in profiles for c in profile.classifiers)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path} (PYF_PROFILES) is not UTF-8 text") from error
    except OSError as error:
        raise ProfileError(f"{path} (PYF_PROFILES) cannot be read: {error.strerror}") from error


def _definitions(text: str, file: str) -> dict[object, object]:
    content = _yaml(text, file)
    if not isinstance(content, dict) or "profiles" not in content:
        raise ProfileError(f"{file}: there is no mapping with the key 'profiles' at the top")
    for key in content:
        if key != "profiles":
            hint = did_you_mean(str(key), ["profiles"])
            raise ProfileError(f"{file}: unknown key {key!r} at the top{hint}")
    profiles = content["profiles"]
    if not isinstance(profiles, dict) or not profiles:
        raise ProfileError(f"{file}: 'profiles' is not a mapping from keys to profiles")
    return profiles


def _yaml(text: str, file: str) -> object:
    try:
        # The loader is a SafeLoader: it makes plain values only.
        return yaml.load(text, _Loader)  # noqa: S506
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ProfileError(f"{file}{line}: {error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise ProfileError(f"{file}: not readable as YAML: {reason}") from error


def _profile(
    place: DefinitionPlace, definition: object, also_known: Collection[str] | None
) -> Profile:
    if not isinstance(definition, dict):
        raise place.error("it is not a mapping")
    for key in definition:
        if key not in KEYS:
            hint = did_you_mean(str(key), KEYS)
            raise place.error(f"unknown key {key!r}{hint}; allowed: {', '.join(KEYS)}")
    include = _names(place, definition, "include")
    exclude = _names(place, definition, "exclude")
    if both := sorted(set(include) & set(exclude)):
        raise place.error(f"{both[0]!r} is included and excluded")
    classifiers = _classifiers(place, definition, also_known)
    if not classifiers and not include:
        raise place.error("it selects nothing: 'classifiers', 'families' and 'include' are empty")
    return Profile(
        key=place.key,
        name=_text(place, definition, "name", place.key),
        classifiers=classifiers,
        collection=_collection(place, definition),
        include=include,
        exclude=exclude,
        match=_match(place, definition),
        description=_text(place, definition, "description", ""),
        synonyms=_synonyms(place, definition),
    )


def _classifiers(
    place: DefinitionPlace, definition: Mapping[str, object], also_known: Collection[str] | None
) -> tuple[str, ...]:
    """The classifiers that are listed, then the rest of the families."""
    listed = _texts(place, definition, "classifiers")
    roots = _texts(place, definition, "families")
    try:
        if also_known is not None:
            check_classifiers(listed, also_known)
        members = [c for root in roots for c in _family(root, also_known)]
    except ProfileError as error:
        raise place.error(str(error)) from error
    return tuple(dict.fromkeys((*listed, *members)))


def _family(root: str, also_known: Collection[str] | None) -> tuple[str, ...]:
    members = classifier_family(root)
    if members:
        return members
    if also_known is None or root in also_known:
        return (root,)
    known = {*sorted_classifiers, *also_known}
    raise ProfileError(f"there is no family of classifiers {root!r}{did_you_mean(root, known)}")


def _names(
    place: DefinitionPlace, definition: Mapping[str, object], key: str
) -> tuple[NormalizedName, ...]:
    names = _texts(place, definition, key)
    for name in names:
        if not _PROJECT_NAME.fullmatch(name):
            raise place.error(f"{key}: {name!r} cannot be the name of a project")
    return tuple(dict.fromkeys(normalize_name(name) for name in names))


def _texts(place: DefinitionPlace, definition: Mapping[str, object], key: str) -> tuple[str, ...]:
    values = definition.get(key)
    if values is None:
        return ()
    if not isinstance(values, list):
        raise place.error(f"{key!r} is not a list")
    for value in values:
        if not isinstance(value, str) or not value.strip():
            raise place.error(f"{key}: {value!r} is not a text (quote it)")
    return tuple(value.strip() for value in values)


def _text(place: DefinitionPlace, definition: Mapping[str, object], key: str, default: str) -> str:
    value = definition.get(key, default)
    if not isinstance(value, str):
        raise place.error(f"{key}: {value!r} is not a text (quote it)")
    return value.strip()


def _collection(place: DefinitionPlace, definition: Mapping[str, object]) -> str:
    collection = _text(place, definition, "collection", place.key)
    if not _KEY.fullmatch(collection):
        raise place.error("a collection has letters, digits, '-', '_' and '.' only")
    return collection


def _synonyms(place: DefinitionPlace, definition: Mapping[str, object]) -> tuple[SynonymGroup, ...]:
    """Lists of words that mean the same, or mappings of ``root`` and ``words`` for one way only."""
    groups = definition.get("synonyms") or []
    if not isinstance(groups, list):
        raise place.error("'synonyms' is not a list")
    return tuple(_synonym_group(place, group) for group in groups)


def _synonym_group(place: DefinitionPlace, group: object) -> SynonymGroup:
    mapping = group if isinstance(group, dict) else {"words": group}
    words = _texts(place, mapping, "words")
    root = _text(place, mapping, "root", "")
    if mapping.keys() - {"root", "words"} or len(words) < (1 if root else 2):
        raise place.error(
            "synonyms: a list of two or more words, or a mapping of 'root' and 'words'"
        )
    return SynonymGroup(words, root)


def _match(place: DefinitionPlace, definition: Mapping[str, object]) -> Match:
    match definition.get("match", "latest"):
        case "latest":
            return "latest"
        case "any":
            return "any"
        case other:
            raise place.error(f"match: {other!r} is neither 'latest' nor 'any'")


def _check_collections(profiles: Iterable[Profile]) -> None:
    """Refuse two profiles in one collection: each would remove what the other wrote.

    ``name-1``, ``name-2``, ... are the versions of the collection ``name``.
    """
    owner: dict[str, Profile] = {}
    for profile in profiles:
        other = owner.setdefault(profile.collection, profile)
        if other is not profile:
            raise ProfileError(
                f"the profiles {other.key!r} and {profile.key!r} "
                f"have the same collection {profile.collection!r}"
            )
    for collection, profile in owner.items():
        versioned = re.fullmatch(r"(.+)-\d+", collection)
        if versioned and versioned[1] in owner:
            raise ProfileError(
                f"the collection {collection!r} of the profile {profile.key!r} "
                f"would be a version of the collection {versioned[1]!r}"
            )

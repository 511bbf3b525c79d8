"""What the sample index knows of a project: plain values that never change in place.

A change makes a new ``Project``, so an older one can still be served where an outdated
answer is wanted. Metadata and files are callables because most requests need neither:
a browse over all projects reads classifiers only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from packaging.version import InvalidVersion, Version

Info = dict[str, Any]
"""The ``info`` object of the JSON API, of one release."""

FileObject = dict[str, Any]
"""One file as the JSON API shows it; whether it is yanked is the release's to say."""

VALID_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
"""What the index allows as a project's name; nothing in it needs escaping anywhere."""

Status = Literal["active", "archived", "quarantined"]


class ChangelogRow(NamedTuple):
    """One row of the changelog: version is None where the action is about the project."""

    name: str
    version: str | None
    timestamp: int
    action: str
    serial: int


_NOT_YANKED = {"yanked": False, "yanked_reason": None}


@dataclass(frozen=True, slots=True)
class SampleRelease:
    """One release; ``created`` in seconds since 1970, ``yanked`` is the reason or None."""

    version: str
    created: float
    classifiers: tuple[str, ...]
    describe: Callable[[], Info]
    files: Callable[[], tuple[FileObject, ...]]
    yanked: str | None = None
    quarantined: bool = False

    def visible_files(self) -> list[FileObject]:
        """Return the files a client may see, each with the yank state of the release."""
        if self.quarantined:
            return []
        if self.yanked is None:
            return [
                file if file.get("yanked") is False else {**file, **_NOT_YANKED}
                for file in self.files()
            ]
        state = {"yanked": True, "yanked_reason": self.yanked or None}
        return [{**file, **state} for file in self.files()]


@dataclass(frozen=True, slots=True)
class SampleProject:
    """A project with its releases in order of creation; ``name`` as its owner writes it."""

    name: str
    normalized: str
    serial: int
    releases: tuple[SampleRelease, ...]
    owners: tuple[str, ...]
    created: float
    status: Status = "active"
    organization: str | None = None
    recorded: Mapping[str, bytes] | None = None
    """Bodies to serve as they were recorded, for as long as nothing has changed: under
    ``json``, ``simple`` and ``json/<version>``."""

    def find_release(self, version: str) -> SampleRelease | None:
        """Return the release of a version: 1.0 finds 1.0.0, odd ones only as spelled."""
        exact = next((each for each in self.releases if each.version == version), None)
        wanted = parse_version(version)
        if exact is not None or wanted is None:
            return exact
        return next((each for each in self.releases if parse_version(each.version) == wanted), None)

    def visible_releases(self) -> list[SampleRelease]:
        """Return the releases that are not in quarantine."""
        return [each for each in self.releases if not each.quarantined]

    def latest_release(self) -> SampleRelease | None:
        """Return the release the index calls latest, None without any."""
        return max(self.visible_releases(), key=latest_sort_key, default=None)

    def with_release(self, release: SampleRelease) -> SampleProject:
        """Return the project with a release replaced, or added at the end."""
        kept = [release if each.version == release.version else each for each in self.releases]
        if release not in kept:
            kept.append(release)
        return replace(self, releases=tuple(kept), recorded=None)


_LOWEST = Version("0.dev0")
_EPOCH = date(1970, 1, 1)


@lru_cache(maxsize=65_536)
def parse_version(version: str) -> Version | None:
    """Return the version as PEP 440 reads it, None where it does not."""
    try:
        return Version(version)
    except InvalidVersion:
        return None


def latest_sort_key(release: SampleRelease) -> tuple[bool, int, Version]:
    """Return the sort key of "latest": not yanked, then final, then the higher version."""
    version = parse_version(release.version)
    if version is None:
        return (release.yanked is None, 0, _LOWEST)
    return (release.yanked is None, 1 if version.is_prerelease else 2, version)


def in_version_order(versions: Iterable[str]) -> list[str]:
    """Return versions ascending, those that PEP 440 does not know first."""
    return sorted(versions, key=lambda each: (parse_version(each) or _LOWEST, each))


_DAY = 86_400


def iso_time(seconds: float) -> str:
    """Return a time as file objects write it: microseconds and ``Z``."""
    whole = int(seconds)
    minutes, second = divmod(whole % _DAY, 60)
    hour, minute = divmod(minutes, 60)
    fraction = int((seconds - whole) * 1_000_000)
    return f"{_date(whole // _DAY)}T{hour:02d}:{minute:02d}:{second:02d}.{fraction:06d}Z"


@lru_cache(maxsize=8192)
def _date(day: int) -> str:
    return (_EPOCH + timedelta(days=day)).isoformat()

"""The answers a registry can give about a project; each is a type of its own.

Only ``AbsentProject`` and ``Empty`` are a registry's definite word that releases are gone, so only
they may remove documents. ``NoUsableAnswer`` and ``Stale`` change nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FileInfo = Mapping[str, Any]


@dataclass(frozen=True)
class FoundProject:
    """A project with releases.

    ``info`` is the metadata of the release that the registry calls latest, ``releases`` maps each
    version string to its files (possibly none), ``serial`` is the registry's change number of the
    project as of this answer, 0 where the index gives none.
    """

    name: str
    info: Mapping[str, Any]
    releases: Mapping[str, Sequence[FileInfo]]
    serial: int

    @property
    def latest(self) -> str:
        """The version string of the release that the registry itself calls latest."""
        return str(self.info.get("version") or "")


@dataclass(frozen=True)
class AbsentProject:
    """The registry says that there is no such project, on both of its interfaces."""


@dataclass(frozen=True)
class EmptyProject:
    """The project exists, but has no release any more (or none yet)."""


@dataclass(frozen=True)
class QuarantinedProject:
    """The registry hides the project while it is examined; it may come back."""


@dataclass(frozen=True)
class NoUsableAnswer:
    """No usable answer; nothing follows from it. ``reason`` is one phrase.

    ``away`` tells that there was no answer at all, as when the upstream is down.
    """

    reason: str
    unavailable: bool = False


@dataclass(frozen=True)
class StaleAnswer:
    """Only an answer older than the change one came for, after all tries."""

    serial: int
    wanted: int

    @property
    def reason(self) -> str:
        """One phrase for a report."""
        return f"the answer is of serial {self.serial}, older than {self.wanted}"


ProjectResult = (
    FoundProject | AbsentProject | EmptyProject | QuarantinedProject | NoUsableAnswer | StaleAnswer
)


@dataclass(frozen=True)
class ProjectRelease:
    """The metadata of one release and its files."""

    info: Mapping[str, Any]
    files: Sequence[FileInfo]


@dataclass(frozen=True)
class ChangelogEntry:
    """One line of a registry's journal. ``version`` is ``None`` for changes of a whole project."""

    name: str
    version: str | None
    timestamp: int
    action: str
    serial: int


@dataclass(frozen=True)
class FeedItem:
    """One entry of an RSS feed. ``version`` is ``None`` in the feed of new projects."""

    name: str
    version: str | None
    published: int
    """Unix seconds, 0 where the feed has none."""


@dataclass(frozen=True)
class IndexEntry:
    """One project of the list of all projects, spelled as the registry spells it."""

    name: str
    serial: int

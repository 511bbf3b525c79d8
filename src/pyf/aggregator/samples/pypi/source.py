"""What a catalogue has to offer, whether generated or recorded, before anything changes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from .model import ChangelogRow, SampleProject


class CatalogueSource(Protocol):
    """An unchanging catalogue. Names are normalised ones unless said otherwise."""

    @property
    def last_serial(self) -> int:
        """The serial of its newest journal row."""

    @property
    def last_time(self) -> float:
        """The time of its newest journal row, in seconds since 1970."""

    def project(self, normalized: str) -> SampleProject | None:
        """Return a project, None when it is not in the catalogue."""

    def listing(self) -> Iterable[tuple[str, str, int]]:
        """Return normalised name, display name and serial of all projects, by the first."""

    def quarantined_projects(self) -> frozenset[str]:
        """Return the names of the projects in quarantine."""

    def candidates(self, classifier: str) -> Iterable[str]:
        """Return a superset of the projects of which a release carries the classifier."""

    def rows_after(self, serial: int) -> Iterator[ChangelogRow]:
        """Yield the journal after a serial, ascending."""

    def newest_releases(self) -> Iterator[tuple[str, str]]:
        """Yield (project, version), the newest first."""

    def feed_items(self, feed: str) -> list[str]:
        """Return the recorded ``<item>`` elements of ``updates`` or ``packages``, if any."""

    def newest_projects(self) -> Iterator[str]:
        """Yield the projects that have a release, the newest first."""

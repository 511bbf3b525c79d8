"""The state of the sample index: an unchanging catalogue and what has changed on top of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from heapq import merge
from itertools import chain
from typing import TypeVar

from .model import ChangelogRow, SampleProject, SampleRelease
from .source import CatalogueSource

_T = TypeVar("_T")


def _unique(values: Iterable[_T]) -> Iterator[_T]:
    seen: set[_T] = set()
    for each in values:
        if each not in seen:
            seen.add(each)
            yield each


class SampleIndex:
    """Answers what the endpoints ask; ``changes.IndexChanges`` is the only one to alter it.

    Names are normalised ones. ``revision`` grows with every change, also with those that
    move no serial.
    """

    def __init__(self, source: CatalogueSource) -> None:
        self.source = source
        self.overrides: dict[str, SampleProject | None] = {}
        self.revisions: dict[str, int] = {}
        self.journal: list[ChangelogRow] = []
        self.released: list[tuple[str, str]] = []
        self.created: list[str] = []
        self.revision = 0
        self._hidden = source.quarantined_projects()
        self._first_serial = source.last_serial

    @property
    def last_serial(self) -> int:
        """The serial of the newest journal row."""
        return self.journal[-1].serial if self.journal else self._first_serial

    def snapshot(self) -> SampleIndex:
        """Return the state as it is now, untouched by later changes."""
        copy = SampleIndex.__new__(SampleIndex)
        copy.__dict__.update(
            {
                name: value.copy() if isinstance(value, dict | list) else value
                for name, value in vars(self).items()
            }
        )
        return copy

    def project(self, name: str) -> SampleProject | None:
        """Return a project, None when the index has none of that name."""
        if name in self.overrides:
            return self.overrides[name]
        return self.source.project(name)

    def listing(self, *, with_quarantined: bool) -> Iterator[tuple[str, str, int]]:
        """Yield normalised name, display name and serial of all projects, by the first."""
        changed = sorted(
            (key, each.name, each.serial)
            for key, each in self.overrides.items()
            if each is not None and (with_quarantined or each.status != "quarantined")
        )
        hidden = set(self.overrides) | (set() if with_quarantined else self._hidden)
        kept: Iterator[tuple[str, str, int]] = iter(self.source.listing())
        if hidden:
            kept = (each for each in kept if each[0] not in hidden)
        return merge(kept, changed) if changed else kept

    def rows_after(self, serial: int) -> Iterator[ChangelogRow]:
        """Yield the journal after a serial, ascending."""
        after = (row for row in self.journal if row.serial > serial)
        return after if serial >= self._first_serial else self._all_rows(serial)

    def _all_rows(self, serial: int) -> Iterator[ChangelogRow]:
        return chain(self.source.rows_after(serial), self.journal)

    def releases_with_classifiers(
        self, classifiers: Collection[str]
    ) -> Iterator[tuple[str, str] | None]:
        """Yield (name, version) of all releases that carry all the classifiers.

        None stands for a project that was read without a match, so that a long search can
        be interrupted.
        """
        wanted = frozenset(classifiers)
        for key in self._candidates(wanted):
            project = self.project(key)
            for release in project.releases if project else ():
                if wanted.issubset(release.classifiers):
                    yield project.name if project else "", release.version
            yield None

    def _candidates(self, classifiers: frozenset[str]) -> Iterator[str]:
        narrowest = max(classifiers, key=lambda each: each.startswith("Framework :: "))
        source = self.source.candidates(narrowest)
        return chain((key for key in source if key not in self.overrides), list(self.overrides))

    def newest_releases(self) -> Iterator[tuple[SampleProject, SampleRelease]]:
        """Yield the releases that can be seen, the newest first."""
        for name, version in _unique(chain(reversed(self.released), self._known_releases())):
            project = self.project(name)
            if project is None or project.status == "quarantined":
                continue
            match = (each for each in project.visible_releases() if each.version == version)
            yield from ((project, release) for release in match)

    def newest_projects(self) -> Iterator[SampleProject]:
        """Yield the projects that have a release, the newest first."""
        for name in _unique(chain(reversed(self.created), self._known_projects())):
            project = self.project(name)
            if project and project.releases and project.status != "quarantined":
                yield project

    def _known_releases(self) -> Iterator[tuple[str, str]]:
        # A recorded feed stands for the catalogue's own releases: they are older or in it.
        recorded = self.source.feed_items("updates")
        return iter(()) if recorded else self.source.newest_releases()

    def _known_projects(self) -> Iterator[str]:
        recorded = self.source.feed_items("packages")
        return iter(()) if recorded else self.source.newest_projects()

"""A catalogue made up from a seed.

Held in memory are a few numbers per release (when, how many files, yanked, which serial);
a project is put together when it is asked for, from its place and the seed alone. So a
hundred thousand projects start in seconds and take some tens of megabytes.

The journal is not stored either: releases in order of time form blocks, a block's number of
rows follows from those numbers, and the rows are written when a client reads that far.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from ...names import normalize_name
from .files import files_of, tags_of
from .model import ChangelogRow, FileObject, Info, SampleProject, SampleRelease, Status
from .naming import names, normalized_names
from .rng import seeded_random
from .texts import Texts
from .traits import ProjectTraits, classifiers_at, metadata, owners_of, requires_python_at
from .versions import versions
from .words import YANK_REASONS

FIRST_SERIAL = 1_000_000
_OLDEST = 1_104_537_600.0
_MOST_RELEASES = 400
_OTHER_FRAMEWORKS = (
    ("Framework :: Django", 0.03),
    ("Framework :: Plone", 0.02),
    ("Framework :: Flask", 0.012),
    ("Framework :: Pytest", 0.012),
    ("Framework :: Jupyter", 0.008),
    ("Framework :: Pyramid", 0.003),
)
_SEED_MULTIPLIER = 0x9E37_79B9_7F4A_7C15
_CREATE_ROWS = 2  # create, add Owner


class GeneratedSource:
    """The catalogue of ``count`` projects that belongs to a seed."""

    def __init__(
        self,
        count: int,
        seed: int,
        framework: str,
        share: float,
        end: float,
        *,
        releases: float = 1.0,
    ) -> None:
        rng = np.random.default_rng([seed, count])
        self._seed = seed
        self._texts = Texts.of(seed)
        self._draw_kinds(rng, count, framework, share, releases)
        self._draw_releases(rng, count, end)
        self._assign_serials()
        self._names = names(rng, self._family == 1, framework)
        keys = normalized_names(self._names)
        self._by_name = np.argsort(keys, kind="stable").astype(np.int32)
        self._keys = keys[self._by_name]
        self._built = lru_cache(maxsize=512)(self._build)
        self._versions = lru_cache(maxsize=2048)(self._make_versions)

    # -- drawing ----------------------------------------------------------------------

    def _draw_kinds(
        self, rng: np.random.Generator, count: int, framework: str, share: float, releases: float
    ) -> None:
        others = [(name, part) for name, part in _OTHER_FRAMEWORKS if name != framework]
        self._frameworks: list[str | None] = [None, framework, *(name for name, _ in others)]
        places = rng.permutation(count)
        inside = places[: round(count * share)]
        bounds = np.cumsum([part for _, part in others])
        draws = np.searchsorted(bounds, rng.random(count)) + 2
        self._family = np.where(draws < len(self._frameworks), draws, 0).astype(np.int8)
        self._family[inside] = 1
        drawn = rng.lognormal(1.25, 0.9, count) * releases
        self._counts = np.minimum(drawn, _MOST_RELEASES).astype(np.int32)
        self._counts += 1
        self._counts[rng.random(count) < 0.003] = 0
        dropping = inside[self._counts[inside] > 1][: len(inside) // 100]
        self._dropped = frozenset(dropping.tolist())
        self._archived = rng.random(count) < 0.03
        away = rng.permutation(count)[: max(count // 500, 1 if count >= 50 else 0)]
        self._quarantined = np.zeros(count, dtype=bool)
        self._quarantined[away] = True

    def _draw_releases(self, rng: np.random.Generator, count: int, end: float) -> None:
        blocks = np.maximum(self._counts, 1)
        self._offset = np.concatenate(([0], np.cumsum(blocks))).astype(np.int64)
        total = int(self._offset[-1])
        self._project = np.repeat(np.arange(count, dtype=np.int32), blocks)
        begun = _OLDEST + (end - _OLDEST) * rng.random(count) ** 0.6
        age = rng.random(total)
        within = np.lexsort((age, self._project))
        span = (end - 600.0 - begun)[self._project]
        self._created = np.round(begun[self._project] + span * age[within], 6)
        kinds = rng.random(total)
        few = np.searchsorted([0.02, 0.36, 0.95], kinds)
        self._files = np.where(few < 3, few, rng.integers(3, 13, total)).astype(np.int8)
        self._yanked = rng.random(total) < 0.012
        empty = self._counts[self._project] == 0
        self._files[empty], self._yanked[empty] = 0, False

    def _assign_serials(self) -> None:
        """Give each block its serials; one number in between stays unused, as on the index."""
        ordinal = np.arange(len(self._project)) - self._offset[self._project]
        last = ordinal == np.maximum(self._counts[self._project], 1) - 1
        rows = np.where(ordinal == 0, _CREATE_ROWS, 0)
        rows += np.where(self._counts[self._project] > 0, 1 + self._files + self._yanked, 0)
        rows += last & self._quarantined[self._project]
        self._order = np.argsort(self._created, kind="stable").astype(np.int32)
        ends = FIRST_SERIAL + np.cumsum(rows[self._order] + 1) - 1
        self._block_end = ends.astype(np.int64)
        by_block = np.empty(len(ends), dtype=np.int64)
        by_block[self._order] = ends
        self._serials = by_block[self._offset[1:] - 1]
        self._block_rows = rows.astype(np.int16)
        self._firsts = np.nonzero((ordinal == 0)[self._order])[0].astype(np.int32)

    # -- what a source offers -----------------------------------------------------------

    @property
    def last_serial(self) -> int:
        """The serial of the newest journal row."""
        return int(self._block_end[-1]) if len(self._block_end) else FIRST_SERIAL

    @property
    def last_time(self) -> float:
        """The time of the newest journal row."""
        return float(self._created[self._order[-1]]) if len(self._order) else _OLDEST

    def project(self, normalized: str) -> SampleProject | None:
        """Return a project, None when there is none of that name."""
        key = normalized.encode()
        place = int(np.searchsorted(self._keys, np.bytes_(key)))
        if place == len(self._keys) or self._keys[place] != key:
            return None
        return self._built(int(self._by_name[place]))

    def listing(self) -> Iterable[tuple[str, str, int]]:
        """Return normalised name, display name and serial of all projects."""
        keys, shown = self._keys.tolist(), self._names[self._by_name].tolist()
        serials = self._serials[self._by_name].tolist()
        for key, name, serial in zip(keys, shown, serials, strict=True):
            yield key.decode(), name.decode(), serial

    def quarantined_projects(self) -> frozenset[str]:
        """Return the names of the projects in quarantine."""
        return frozenset(self._normalized_names(np.nonzero(self._quarantined)[0]))

    def candidates(self, classifier: str) -> Iterable[str]:
        """Return projects of which a release may carry the classifier."""
        if not classifier.startswith("Framework :: "):
            return (key.decode() for key in self._keys)
        kinds = [
            number
            for number, name in enumerate(self._frameworks)
            if name and (classifier == name or classifier.startswith(f"{name} :: "))
        ]
        return self._normalized_names(np.nonzero(np.isin(self._family, kinds))[0])

    def rows_after(self, serial: int) -> Iterator[ChangelogRow]:
        """Yield the journal after a serial, ascending."""
        start = int(np.searchsorted(self._block_end, serial, side="right"))
        for position in range(start, len(self._order)):
            flat = int(self._order[position])
            rows = self._block(flat, int(self._block_end[position]))
            yield from (row for row in rows if row.serial > serial)

    def newest_releases(self) -> Iterator[tuple[str, str]]:
        """Yield (project, version), the newest first."""
        for flat in self._order[::-1]:
            index = int(self._project[flat])
            if self._counts[index]:
                project = self._built(index)
                release = project.releases[int(flat - self._offset[index])]
                yield project.normalized, release.version

    def newest_projects(self) -> Iterator[str]:
        """Yield the projects that have a release, the newest first."""
        for position in self._firsts[::-1]:
            index = int(self._project[self._order[position]])
            if self._counts[index]:
                yield self._built(index).normalized

    def feed_items(self, feed: str) -> list[str]:
        """Return nothing: generated feeds are written from the releases."""
        return []

    # -- putting together ---------------------------------------------------------------

    def _normalized_names(self, indices: NDArray[np.intp]) -> list[str]:
        return [each.decode() for each in normalized_names(self._names[indices]).tolist()]

    def _project_seed(self, index: int) -> int:
        return ((index + 1) * _SEED_MULTIPLIER + self._seed * 7_368_787) & ((1 << 61) - 1)

    def _make_versions(self, index: int) -> list[str]:
        start, stop = int(self._offset[index]), int(self._offset[index + 1])
        return versions(
            seeded_random(self._project_seed(index) + 2), self._created[start:stop].tolist()
        )

    def _build(self, index: int) -> SampleProject:
        name = self._names[index].decode()
        seed = self._project_seed(index)
        traits = ProjectTraits.draw(seed, self._frameworks[self._family[index]])
        start, stop = int(self._offset[index]), int(self._offset[index + 1])
        created = self._created[start:stop].tolist()
        owners, organization = owners_of(seed)
        return SampleProject(
            name=name,
            normalized=normalize_name(name),
            serial=int(self._serials[index]),
            releases=self._releases(index, name, traits, created) if self._counts[index] else (),
            owners=owners,
            created=created[0],
            status=self._status(index),
            organization=organization,
        )

    def _status(self, index: int) -> Status:
        if self._quarantined[index]:
            return "quarantined"
        return "archived" if self._archived[index] else "active"

    def _releases(
        self, index: int, name: str, traits: ProjectTraits, created: list[float]
    ) -> tuple[SampleRelease, ...]:
        start, last = int(self._offset[index]), len(created) - 1
        made = self._versions(index)
        files = self._files[start : start + last + 1].tolist()
        yanked = self._yanked[start : start + last + 1].tolist()
        return tuple(
            SampleRelease(
                version=version,
                created=created[number],
                classifiers=classifiers_at(
                    traits,
                    created[number],
                    number / max(last, 1),
                    number == last and index in self._dropped,
                ),
                describe=partial(self._describe, traits, name, created[number], made, number),
                files=partial(_files, traits, name, version, files[number], created[number]),
                yanked=YANK_REASONS[number % len(YANK_REASONS)] if yanked[number] else None,
            )
            for number, version in enumerate(made)
        )

    def _describe(
        self, traits: ProjectTraits, name: str, created: float, made: list[str], number: int
    ) -> Info:
        older = tuple(made[max(0, number - 7) : number + 1][::-1])
        return metadata(traits, self._texts, name, created, older)

    def _block(self, flat: int, end: int) -> Iterator[ChangelogRow]:
        """Yield the rows of one release without putting its whole project together."""
        name = self._names[index := int(self._project[flat])].decode()
        moment, serial = float(self._created[flat]), end - int(self._block_rows[flat])
        rows: list[tuple[str | None, str]] = []
        ordinal = int(flat - self._offset[index])
        if ordinal == 0:
            rows += [
                (None, "create"),
                (None, f"add Owner {owners_of(self._project_seed(index))[0][0]}"),
            ]
        if self._counts[index]:
            version = self._versions(index)[ordinal]
            tags = tags_of(name, version, int(self._files[flat]), moment)
            rows += [(version, "new release")]
            rows += [(version, f"add {python} file {filename}") for filename, _, python in tags]
            rows += [(version, "yank release")] if self._yanked[flat] else []
        if self._quarantined[index] and flat == self._offset[index + 1] - 1:
            rows += [(None, "project quarantined")]
        for number, (changed, action) in enumerate(rows, serial + 1):
            yield ChangelogRow(name, changed, int(moment), action, number)


def _files(
    traits: ProjectTraits, name: str, version: str, count: int, created: float
) -> tuple[FileObject, ...]:
    return files_of(name, version, count, created, requires_python_at(traits, created))

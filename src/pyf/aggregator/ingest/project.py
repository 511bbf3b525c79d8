"""One project: from what the registry says and what the index holds to what has to be written."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..documents.build import (
    FieldProblem,
    InvalidMetadata,
    ProjectFacts,
    build_document,
    document_id,
    files_digest,
)
from ..documents.readme import README_FIELDS
from ..http import UpstreamError
from ..profile import Profile
from ..registries.pypi import PyPI
from ..registries.pypi.simple import ProjectPage
from ..registries.results import (
    AbsentProject,
    EmptyProject,
    FileInfo,
    FoundProject,
    NoUsableAnswer,
    ProjectRelease,
    ProjectResult,
    QuarantinedProject,
    StaleAnswer,
)
from . import readme_renderer
from .readme_renderer import ReadmeRenderer
from .worklist import KnownRelease, WorkItem

_DESCRIPTION = ("description", "description_content_type")
AT_ONCE = 8
"""Releases of one project that are asked for at a time; so many documents are held."""

RELEASE_FACT_FIELDS = ("vulnerabilities", "is_vulnerable")
MALICIOUS = "malicious"
"""Facts that hold for single releases; all others are the project's."""


@dataclass(frozen=True)
class PutDocument:
    """Write a whole document.

    ``problems`` are the fields that bad metadata cost; ``bare`` says that there was no metadata of
    the release at all, only its files.
    """

    document: dict[str, Any]
    problems: tuple[FieldProblem, ...] = ()
    bare: bool = False


@dataclass(frozen=True)
class PatchDocument:
    """Change fields of a document that is there; ``fields`` has its id."""

    fields: dict[str, Any]


@dataclass(frozen=True)
class RemoveDocuments:
    """Documents that the registry's definite answer leaves nothing to stand for."""

    ids: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class InvalidRelease:
    """A release of which the metadata is too bad for a document."""

    id: str
    reason: str


@dataclass(frozen=True)
class ProjectDone:
    """The last word on a project. ``matched`` tells whether it belongs to the profile.

    ``failure`` is why nothing can be said yet, empty when all went well; ``away`` tells that the
    upstream did not answer at all.
    """

    task: WorkItem
    matched: bool = False
    serial: int = 0
    failure: str = ""
    unavailable: bool = False


IndexChange = PutDocument | PatchDocument | RemoveDocuments | InvalidRelease | ProjectDone


class ProjectSource(Protocol):
    """What one asks a registry for when looking at a project; ``PyPI`` says the same."""

    async def project(self, name: str, *, serial: int = 0) -> ProjectResult:
        """What the registry says of a project, not older than ``serial``."""

    async def release(self, name: str, version: str) -> ProjectRelease | None:
        """One release's metadata, ``None`` where there is no such release."""

    async def page(self, name: str) -> ProjectPage | None:
        """The project's page of the Simple index, ``None`` where there is none."""


@dataclass(frozen=True)
class ProjectInspector:
    """Look at projects for one profile.

    With ``refresh`` a project stays in the index although it matches no longer, and its status is
    asked for as well; with ``rebuild`` no document is taken for unchanged. ``renderer`` renders
    descriptions, by default what the process shares.
    """

    pypi: ProjectSource
    profile: Profile
    refresh: bool = False
    rebuild: bool = False
    renderer: ReadmeRenderer | None = None

    async def changes(
        self, task: WorkItem, known: Sequence[KnownRelease]
    ) -> AsyncIterator[IndexChange]:
        """Yield what has to be written for a project, and ``Done`` at the end.

        The document of the latest release comes last: once it is in, all others are.
        """
        result = await self.pypi.project(task.name, serial=task.serial)
        try:
            if isinstance(result, FoundProject):
                async for change in self._changes_for_found(task, result, known):
                    yield change
            else:
                for change in changes_for_missing(task, result, known):
                    yield change
        except UpstreamError as error:
            yield ProjectDone(task, failure=error.reason, unavailable=True)

    async def _changes_for_found(
        self, task: WorkItem, found: FoundProject, known: Sequence[KnownRelease]
    ) -> AsyncIterator[IndexChange]:
        if not (self.refresh and known) and not await self._belongs(task.name, found):
            yield RemoveDocuments(
                tuple(release.id for release in known), "belongs to the profile no more"
            )
            yield ProjectDone(task, serial=found.serial)
            return
        status = await self._status(task.name, known)
        plan = ReleasePlan.of(found, known, status, rebuild=self.rebuild)
        for patch in plan.patches():
            yield patch
        async for change in self._other_releases(plan):
            yield change
        yield plan.removal()
        latest = plan.build(found.latest, found.info, found.releases[found.latest])
        yield await self._with_readme(latest) if isinstance(latest, PutDocument) else latest
        yield ProjectDone(task, matched=True, serial=found.serial)

    async def _belongs(self, name: str, found: FoundProject) -> bool:
        latest = _classifiers(found.info)
        if self.profile.matches(latest, name):
            return True
        if self.profile.match != "any":
            return False
        for version in found.releases:
            release = await self.pypi.release(name, version)
            if release and self.profile.matches(latest, name, _classifiers(release.info)):
                return True
        return False

    async def _status(self, name: str, known: Sequence[KnownRelease]) -> str | None:
        """The status by the Simple API in a refresh; otherwise what the index knows of it.

        A project with releases is out of quarantine, whatever the index says.
        """
        if self.refresh and (page := await self.pypi.page(name)):
            return page.status
        statuses = {release.facts.get("status") for release in known} - {None}
        if "quarantined" in statuses:
            return "active"
        return str(statuses.pop()) if statuses else None

    async def _with_readme(self, change: PutDocument) -> PutDocument:
        """Render the README of the latest release; older ones are told by their description."""
        text, kind = (change.document.get(name) for name in _DESCRIPTION)
        if not isinstance(text, str) or not text:
            return change
        readme = await (self.renderer or readme_renderer.shared_renderer()).render(text, kind)
        return dataclasses.replace(change, document={**change.document, **readme})

    async def _other_releases(self, plan: ReleasePlan) -> AsyncIterator[IndexChange]:
        """Bring the releases other than the latest that are new or of which the files changed."""
        for versions in _chunks(plan.to_fetch(), AT_ONCE):
            asked = (self.pypi.release(plan.project.name, version) for version in versions)
            for version, release in zip(versions, await asyncio.gather(*asked), strict=True):
                files = plan.project.releases[version]
                if release is not None:
                    yield plan.build(version, release.info, files or release.files)
                elif files:
                    yield plan.build_from_files(version, files)
                # Listed without files and not shown: hidden while it is examined. It stays.


@dataclass(frozen=True)
class ReleasePlan:
    """What to do for a project that was found."""

    project: FoundProject
    known: dict[str, KnownRelease]
    status: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    rebuild: bool = False

    @classmethod
    def of(
        cls,
        found: FoundProject,
        known: Sequence[KnownRelease],
        status: str | None,
        *,
        rebuild: bool = False,
    ) -> ReleasePlan:
        """Plan by what the index holds. Facts stand on every document of a project."""
        newest = next((release for release in known if release.latest), None) or next(
            iter(known), None
        )
        facts = dict(newest.facts) if newest else {}
        facts.pop("status", None)
        return cls(found, {release.id: release for release in known}, status, facts, rebuild)

    def to_fetch(self) -> list[str]:
        """Versions of which the release has to be asked for, all but the latest."""
        return [
            version
            for version, files in self.project.releases.items()
            if version != self.project.latest and not self._is_unchanged(version, files)
        ]

    def patches(self) -> Iterator[PatchDocument]:
        """Mend the documents that need no new metadata: no longer the latest, another status."""
        for version, files in self.project.releases.items():
            release = self.known.get(document_id(self.project.name, version))
            if release is None or version == self.project.latest:
                continue
            fields: dict[str, Any] = {}
            if release.latest:
                # What is rendered stands on the latest release only.
                fields |= {**dict.fromkeys(README_FIELDS), "is_latest": False}
            if self._is_unchanged(version, files) and self.status != release.facts.get("status"):
                fields["status"] = self.status
            if fields:
                yield PatchDocument({"id": release.id, **fields})

    def removal(self) -> RemoveDocuments:
        """The documents of releases that the registry no longer lists."""
        listed = {document_id(self.project.name, version) for version in self.project.releases}
        return RemoveDocuments(tuple(sorted(self.known.keys() - listed)), "the release is gone")

    def build(
        self, version: str, info: Any, files: Sequence[FileInfo]
    ) -> PutDocument | InvalidRelease:
        """Build the document of a release under the version string that the project lists."""
        project = ProjectFacts(
            registry=PyPI.registry,
            serial=self.project.serial,
            latest_version=self.project.latest,
            status=self.status,
        )
        try:
            built = build_document(
                {**info, "name": self.project.name, "version": version},
                files,
                project,
                self._facts_of(document_id(self.project.name, version)),
            )
        except InvalidMetadata as error:
            return InvalidRelease(document_id(self.project.name, version), str(error))
        return PutDocument(built.document, built.problems)

    def build_from_files(
        self, version: str, files: Sequence[FileInfo]
    ) -> PutDocument | InvalidRelease:
        """Build what can be said of a release when the index has no answer for single releases.

        Some mirrors serve projects only. Another release's metadata would be a guess.
        """
        stated = {str(file["requires_python"]) for file in files if file.get("requires_python")}
        info = {"requires_python": stated.pop()} if len(stated) == 1 else {}
        change = self.build(version, info, files)
        return dataclasses.replace(change, bare=True) if isinstance(change, PutDocument) else change

    def _facts_of(self, id_: str) -> dict[str, Any]:
        """The project's facts, with what is true of single releases from the release's own."""
        own = self.known[id_].facts if id_ in self.known else {}
        return release_facts(self.facts, own)

    def _is_unchanged(self, version: str, files: Sequence[FileInfo]) -> bool:
        release = self.known.get(document_id(self.project.name, version))
        return not self.rebuild and release is not None and release.digest == files_digest(files)


def changes_for_missing(
    task: WorkItem, result: ProjectResult, known: Sequence[KnownRelease]
) -> Iterator[IndexChange]:
    """What follows from an answer other than ``Found``."""
    match result:
        case AbsentProject():
            yield RemoveDocuments(tuple(release.id for release in known), "the project is gone")
        case EmptyProject():
            yield RemoveDocuments(
                tuple(release.id for release in known), "the project has no release"
            )
        case QuarantinedProject():
            for release in known:
                if release.facts.get("status") != "quarantined":
                    yield PatchDocument({"id": release.id, "status": "quarantined"})
        case NoUsableAnswer(reason, away):
            yield ProjectDone(task, failure=reason, unavailable=away)
            return
        case StaleAnswer():
            yield ProjectDone(task, failure=result.reason)
            return
    yield ProjectDone(task, serial=task.serial)


def release_facts(project: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Facts for one document: those of the project, and of ``own`` what another must not lend.

    A release nobody has judged yet has no vulnerabilities, not even none of them.
    """
    facts = {name: value for name, value in project.items() if name not in RELEASE_FACT_FIELDS}
    facts.update((name, own[name]) for name in RELEASE_FACT_FIELDS if name in own)
    flags = {flag for flag in project.get("flags") or () if flag != MALICIOUS}
    flags |= {flag for flag in own.get("flags") or () if flag == MALICIOUS}
    facts.pop("flags", None)
    return {**facts, "flags": sorted(flags)} if flags else facts


def _classifiers(info: Any) -> Iterable[str]:
    values = info.get("classifiers") or []
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _chunks(values: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]

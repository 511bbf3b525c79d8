"""One project for several profiles at once: asked for once, written wherever it belongs.

A project that every collection shows as of the change one comes for is neither fetched nor
written again, so that several paths may bring the same change.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.utils import canonicalize_version

from ..documents.build import document_id
from ..errors import ServiceUnreachable, UsageError
from ..http import FetchPolicy
from ..index import BulkWriter, RefusedDocument, SearchServer
from ..index.collections import AliasTarget
from ..names import PROJECT_NAME, NormalizedName, normalize_name
from ..profile import Profile
from ..registries.pypi.simple import ProjectPage
from ..registries.results import (
    AbsentProject,
    EmptyProject,
    FoundProject,
    NoUsableAnswer,
    ProjectRelease,
    ProjectResult,
    StaleAnswer,
)
from .indexed_releases import IndexedReleases, fetch_indexed_releases
from .project import (
    InvalidRelease,
    PatchDocument,
    ProjectDone,
    ProjectInspector,
    ProjectSource,
    PutDocument,
    RemoveDocuments,
)
from .worklist import KnownRelease, WorkItem

ANNOUNCED_TRIES = 3
"""How often an answer is asked for again that lacks the release it was announced with."""


class RegistryUnavailable(ServiceUnreachable):
    """The registry has no usable answer for a project at the moment."""


@dataclass(frozen=True)
class ActiveProfile:
    """A profile and the collection that holds its documents, reached by its alias."""

    profile: Profile
    target: AliasTarget


@dataclass(frozen=True)
class ProjectRequest:
    """What one comes for: a project as of a change, or with a release; without both, as it is."""

    name: NormalizedName
    serial: int = 0
    version: str | None = None

    @classmethod
    def of(cls, name: str, serial: int = 0, version: str | None = None) -> ProjectRequest:
        """Make one from a name as people write it; ``UsageError`` if none is written so."""
        if not PROJECT_NAME.fullmatch(name.strip()):
            raise UsageError(f"{name!r} cannot be the name of a project")
        return cls(normalize_name(name), serial, version)


@dataclass(frozen=True)
class LastInspection:
    """As of which serial a project was last looked at for all profiles, and its latest release."""

    serial: int
    latest: str


@dataclass(frozen=True)
class InspectOptions:
    """How to look.

    ``refresh`` looks at projects that are indexed only, asks for their status too and keeps those
    that match no longer; ``rebuild`` takes nothing for unchanged. Without ``may_remove`` what
    would remove documents is left as it is and told in ``Outcome.postponed``.
    """

    refresh: bool = False
    rebuild: bool = False
    may_remove: bool = True


DEFAULT_OPTIONS = InspectOptions()


@dataclass
class InspectResult:
    """What a look at a project brought.

    ``fetched`` says whether the registry was asked. ``written``, ``updated`` and ``removed`` count
    documents, ``postponed`` by collection those that were not removed. ``new`` says that a
    collection has the project that had nothing of it before. ``seen`` is what to remember of the
    look, ``None`` where the registry gives no serials.
    """

    fetched: bool = False
    matched: int = 0
    written: int = 0
    updated: int = 0
    removed: int = 0
    new: bool = False
    postponed: Counter[str] = field(default_factory=Counter)
    refused: list[RefusedDocument] = field(default_factory=list)
    inspection: LastInspection | None = None

    @property
    def is_wasted(self) -> bool:
        """True when the registry was asked in vain: the project is indexed and nothing was new."""
        changed = self.written or self.updated or self.removed or self.postponed
        return self.fetched and self.matched > 0 and not changed


class CachedProjectSource:
    """A ``Source`` for one project that asks for everything once, however many profiles need it."""

    def __init__(self, source: ProjectSource, wanted: ProjectRequest, pause: float) -> None:
        self._source = source
        self._wanted = wanted
        self._pause = pause
        self._project: ProjectResult | None = None
        self._releases: dict[str, ProjectRelease | None] = {}
        self._page: list[ProjectPage | None] = []

    async def project(self, name: str, *, serial: int = 0) -> ProjectResult:
        """The project; asked for again a few times while an announced release is not in it.

        PyPI's caches may be behind its feeds, and no serial stands there to wait for.
        """
        if self._project is None:
            result = await self._source.project(name, serial=serial)
            for attempt in range(ANNOUNCED_TRIES):
                if not _lacks_release(result, self._wanted.version):
                    break
                await asyncio.sleep(self._pause * 2**attempt)
                result = await self._source.project(name, serial=serial)
            self._project = result
        return self._project

    async def release(self, name: str, version: str) -> ProjectRelease | None:
        """One release of the project."""
        if version not in self._releases:
            self._releases[version] = await self._source.release(name, version)
        return self._releases[version]

    async def page(self, name: str) -> ProjectPage | None:
        """The project's page of the Simple index."""
        if not self._page:
            self._page.append(await self._source.page(name))
        return self._page[0]


def is_current(
    wanted: ProjectRequest,
    stocks: Sequence[ActiveProfile],
    held: IndexedReleases,
    seen: LastInspection | None,
) -> bool:
    """Say whether every collection shows the project as of what one comes for, or a later state.

    The document of the latest release is written last, so it vouches for the others. ``seen``
    speaks for the profiles of which the collections hold nothing.
    """
    return all(
        _is_up_to_date(wanted, held[stock.target.alias], seen)
        for stock in stocks
        if stock.target.alias in held
    )


async def inspect_project(
    source: ProjectSource,
    server: SearchServer,
    stocks: Sequence[ActiveProfile],
    wanted: ProjectRequest,
    *,
    policy: FetchPolicy,
    seen: LastInspection | None = None,
    terms: InspectOptions = DEFAULT_OPTIONS,
) -> InspectResult:
    """Look at one project for all profiles and write what follows.

    Removing what one project no longer stands for needs no leave (``PYF_MAX_DELETE_SHARE`` is
    about runs). It blocks while the search server works, so each look needs an event loop of its
    own. Raises ``RegistryUnavailable``, ``UpstreamError`` and the errors of the search server; what
    was written until then stays, and another look brings the rest.
    """
    held = fetch_indexed_releases(server, [stock.target.alias for stock in stocks], wanted.name)
    stocks = [stock for stock in stocks if stock.target.alias in held]
    if terms.refresh:
        stocks = [stock for stock in stocks if held[stock.target.alias]]
    if not stocks or (not terms.rebuild and is_current(wanted, stocks, held, seen)):
        return InspectResult()
    once = CachedProjectSource(source, wanted, policy.stale_backoff)
    result = await once.project(wanted.name, serial=wanted.serial)
    if isinstance(result, NoUsableAnswer | StaleAnswer):
        raise RegistryUnavailable("the registry", f"{wanted.name}: {result.reason}")
    outcome = InspectResult(fetched=True)
    for stock in stocks:
        await _ProfileUpdate(once, server, stock, terms, outcome).update(
            wanted, result, held[stock.target.alias]
        )
    outcome.inspection = _last_inspection(wanted, result, outcome)
    return outcome


@dataclass(frozen=True)
class _ProfileUpdate:
    """Bring one project into one collection."""

    source: ProjectSource
    server: SearchServer
    active_profile: ActiveProfile
    options: InspectOptions
    outcome: InspectResult

    async def update(
        self, wanted: ProjectRequest, result: ProjectResult, known: Sequence[KnownRelease]
    ) -> None:
        if self._is_there(result, known):
            self.outcome.matched += 1
            return
        alias = self.active_profile.target.alias
        if not self.options.may_remove and (gone := _count_removed_releases(result, known)):
            self.outcome.postponed[alias] += gone
            return
        writer = BulkWriter(self.server, alias)
        await self._write(writer, WorkItem(wanted.name, wanted.serial), known)
        writer.flush()
        refused = {refusal.project for refusal in writer.refused} - {""}
        writer.reset_serial(sorted(refused))
        self.outcome.written += writer.written
        self.outcome.new |= writer.written > 0 and not known
        self.outcome.updated += writer.updated
        self.outcome.refused += writer.refused

    def _is_there(self, result: ProjectResult, known: Sequence[KnownRelease]) -> bool:
        """Nothing changes without a new serial, apart from the status that a refresh asks for."""
        if self.options.rebuild or self.options.refresh or not isinstance(result, FoundProject):
            return False
        return any(release.latest and release.serial >= result.serial > 0 for release in known)

    async def _write(
        self, writer: BulkWriter, task: WorkItem, known: Sequence[KnownRelease]
    ) -> None:
        terms = self.options
        inspector = ProjectInspector(
            self.source, self.active_profile.profile, terms.refresh, terms.rebuild
        )
        async for change in inspector.changes(task, known):
            match change:
                case PutDocument(document):
                    writer.upsert(document)
                case PatchDocument(fields):
                    writer.update(fields)
                case InvalidRelease(id_, reason):
                    self.outcome.refused.append(RefusedDocument(id_, reason))
                case RemoveDocuments(ids) if ids and not terms.may_remove:
                    self.outcome.postponed[self.active_profile.target.alias] += len(ids)
                    return
                case RemoveDocuments(ids) if ids:
                    self.outcome.removed += writer.delete(list(ids))
                case ProjectDone(matched=matched, failure=failure):
                    if failure:
                        raise RegistryUnavailable("the registry", f"{task.name}: {failure}")
                    self.outcome.matched += matched


def _is_up_to_date(
    wanted: ProjectRequest, releases: Sequence[KnownRelease], seen: LastInspection | None
) -> bool:
    if wanted.serial:
        if releases:
            return any(r.latest and r.serial >= wanted.serial for r in releases)
        return seen is not None and seen.serial >= wanted.serial
    if wanted.version is None:
        return False
    if releases:
        return any(release.version == wanted.version for release in releases)
    return seen is not None and seen.latest == wanted.version


def _lacks_release(result: ProjectResult, version: str | None) -> bool:
    if version is None:
        return False
    if isinstance(result, FoundProject):
        wanted = _canonical(version)
        return all(_canonical(listed) != wanted for listed in result.releases)
    return isinstance(result, AbsentProject | EmptyProject)


def _canonical(version: str) -> str:
    try:
        return canonicalize_version(version)
    except ValueError:  # a number of thousands of digits
        return version


def _count_removed_releases(result: ProjectResult, known: Sequence[KnownRelease]) -> int:
    """How many documents stand for releases that the registry does not list any more."""
    if not isinstance(result, FoundProject):
        return 0
    listed = {document_id(result.name, version) for version in result.releases}
    return sum(release.id not in listed for release in known)


def _last_inspection(
    wanted: ProjectRequest, result: ProjectResult, outcome: InspectResult
) -> LastInspection | None:
    """What is not in yet must not be taken for looked at."""
    if outcome.postponed or outcome.refused:
        return None
    if isinstance(result, FoundProject):
        return LastInspection(result.serial, result.latest) if result.serial else None
    return LastInspection(wanted.serial, "") if wanted.serial else None

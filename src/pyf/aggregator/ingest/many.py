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
from ..errors import Unreachable, UsageError
from ..http import Policy
from ..index import BulkWriter, Refusal, SearchServer
from ..index.collections import Target
from ..names import PROJECT, NormalizedName, normalize
from ..profile import Profile
from ..registries.pypi.simple import Page
from ..registries.results import (
    Absent,
    Empty,
    Found,
    ProjectResult,
    Release,
    Stale,
    Unknown,
)
from .holdings import Holdings, holdings
from .project import Done, Inspector, Patch, Put, Remove, Source, Spoiled
from .worklist import KnownRelease, Task

ANNOUNCED_TRIES = 3
"""How often an answer is asked for again that lacks the release it was announced with."""


class NoAnswer(Unreachable):
    """The registry has no usable answer for a project at the moment."""


@dataclass(frozen=True)
class Stock:
    """A profile and the collection that holds its documents, reached by its alias."""

    profile: Profile
    target: Target


@dataclass(frozen=True)
class Wanted:
    """What one comes for: a project as of a change, or with a release; without both, as it is."""

    name: NormalizedName
    serial: int = 0
    version: str | None = None

    @classmethod
    def of(cls, name: str, serial: int = 0, version: str | None = None) -> Wanted:
        """Make one from a name as people write it; ``UsageError`` if none is written so."""
        if not PROJECT.fullmatch(name.strip()):
            raise UsageError(f"{name!r} cannot be the name of a project")
        return cls(normalize(name), serial, version)


@dataclass(frozen=True)
class Seen:
    """As of which serial a project was last looked at for all profiles, and its latest release."""

    serial: int
    latest: str


@dataclass(frozen=True)
class Terms:
    """How to look.

    ``refresh`` looks at projects that are indexed only, asks for their status too and keeps those
    that match no longer; ``rebuild`` takes nothing for unchanged. Without ``may_remove`` what
    would remove documents is left as it is and told in ``Outcome.postponed``.
    """

    refresh: bool = False
    rebuild: bool = False
    may_remove: bool = True


USUAL = Terms()


@dataclass
class Outcome:
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
    refused: list[Refusal] = field(default_factory=list)
    seen: Seen | None = None

    @property
    def wasted(self) -> bool:
        """True when the registry was asked in vain: the project is indexed and nothing was new."""
        changed = self.written or self.updated or self.removed or self.postponed
        return self.fetched and self.matched > 0 and not changed


class OnceAsked:
    """A ``Source`` for one project that asks for everything once, however many profiles need it."""

    def __init__(self, source: Source, wanted: Wanted, pause: float) -> None:
        self._source = source
        self._wanted = wanted
        self._pause = pause
        self._project: ProjectResult | None = None
        self._releases: dict[str, Release | None] = {}
        self._page: list[Page | None] = []

    async def project(self, name: str, *, serial: int = 0) -> ProjectResult:
        """The project; asked for again a few times while an announced release is not in it.

        PyPI's caches may be behind its feeds, and no serial stands there to wait for.
        """
        if self._project is None:
            result = await self._source.project(name, serial=serial)
            for attempt in range(ANNOUNCED_TRIES):
                if not _lacks(result, self._wanted.version):
                    break
                await asyncio.sleep(self._pause * 2**attempt)
                result = await self._source.project(name, serial=serial)
            self._project = result
        return self._project

    async def release(self, name: str, version: str) -> Release | None:
        """One release of the project."""
        if version not in self._releases:
            self._releases[version] = await self._source.release(name, version)
        return self._releases[version]

    async def page(self, name: str) -> Page | None:
        """The project's page of the Simple index."""
        if not self._page:
            self._page.append(await self._source.page(name))
        return self._page[0]


def is_current(wanted: Wanted, stocks: Sequence[Stock], held: Holdings, seen: Seen | None) -> bool:
    """Say whether every collection shows the project as of what one comes for, or a later state.

    The document of the latest release is written last, so it vouches for the others. ``seen``
    speaks for the profiles of which the collections hold nothing.
    """
    return all(
        _shows(wanted, held[stock.target.alias], seen)
        for stock in stocks
        if stock.target.alias in held
    )


async def look(
    source: Source,
    server: SearchServer,
    stocks: Sequence[Stock],
    wanted: Wanted,
    *,
    policy: Policy,
    seen: Seen | None = None,
    terms: Terms = USUAL,
) -> Outcome:
    """Look at one project for all profiles and write what follows.

    Removing what one project no longer stands for needs no leave (``PYF_MAX_DELETE_SHARE`` is
    about runs). It blocks while the search server works, so each look needs an event loop of its
    own. Raises ``NoAnswer``, ``UpstreamError`` and the errors of the search server; what
    was written until then stays, and another look brings the rest.
    """
    held = holdings(server, [stock.target.alias for stock in stocks], wanted.name)
    stocks = [stock for stock in stocks if stock.target.alias in held]
    if terms.refresh:
        stocks = [stock for stock in stocks if held[stock.target.alias]]
    if not stocks or (not terms.rebuild and is_current(wanted, stocks, held, seen)):
        return Outcome()
    once = OnceAsked(source, wanted, policy.stale_backoff)
    result = await once.project(wanted.name, serial=wanted.serial)
    if isinstance(result, Unknown | Stale):
        raise NoAnswer("the registry", f"{wanted.name}: {result.reason}")
    outcome = Outcome(fetched=True)
    for stock in stocks:
        await _Bringing(once, server, stock, terms, outcome).bring(
            wanted, result, held[stock.target.alias]
        )
    outcome.seen = _seen(wanted, result, outcome)
    return outcome


@dataclass(frozen=True)
class _Bringing:
    """Bring one project into one collection."""

    source: Source
    server: SearchServer
    stock: Stock
    terms: Terms
    outcome: Outcome

    async def bring(
        self, wanted: Wanted, result: ProjectResult, known: Sequence[KnownRelease]
    ) -> None:
        if self._is_there(result, known):
            self.outcome.matched += 1
            return
        alias = self.stock.target.alias
        if not self.terms.may_remove and (gone := _gone(result, known)):
            self.outcome.postponed[alias] += gone
            return
        writer = BulkWriter(self.server, alias)
        await self._write(writer, Task(wanted.name, wanted.serial), known)
        writer.flush()
        refused = {refusal.project for refusal in writer.refused} - {""}
        writer.unvouch(sorted(refused))
        self.outcome.written += writer.written
        self.outcome.new |= writer.written > 0 and not known
        self.outcome.updated += writer.updated
        self.outcome.refused += writer.refused

    def _is_there(self, result: ProjectResult, known: Sequence[KnownRelease]) -> bool:
        """Nothing changes without a new serial, apart from the status that a refresh asks for."""
        if self.terms.rebuild or self.terms.refresh or not isinstance(result, Found):
            return False
        return any(release.latest and release.serial >= result.serial > 0 for release in known)

    async def _write(self, writer: BulkWriter, task: Task, known: Sequence[KnownRelease]) -> None:
        terms = self.terms
        inspector = Inspector(self.source, self.stock.profile, terms.refresh, terms.rebuild)
        async for change in inspector.changes(task, known):
            match change:
                case Put(document):
                    writer.upsert(document)
                case Patch(fields):
                    writer.update(fields)
                case Spoiled(id_, reason):
                    self.outcome.refused.append(Refusal(id_, reason))
                case Remove(ids) if ids and not terms.may_remove:
                    self.outcome.postponed[self.stock.target.alias] += len(ids)
                    return
                case Remove(ids) if ids:
                    self.outcome.removed += writer.delete(list(ids))
                case Done(matched=matched, failure=failure):
                    if failure:
                        raise NoAnswer("the registry", f"{task.name}: {failure}")
                    self.outcome.matched += matched


def _shows(wanted: Wanted, releases: Sequence[KnownRelease], seen: Seen | None) -> bool:
    if wanted.serial:
        if releases:
            return any(r.latest and r.serial >= wanted.serial for r in releases)
        return seen is not None and seen.serial >= wanted.serial
    if wanted.version is None:
        return False
    if releases:
        return any(release.version == wanted.version for release in releases)
    return seen is not None and seen.latest == wanted.version


def _lacks(result: ProjectResult, version: str | None) -> bool:
    if version is None:
        return False
    if isinstance(result, Found):
        wanted = _canonical(version)
        return all(_canonical(listed) != wanted for listed in result.releases)
    return isinstance(result, Absent | Empty)


def _canonical(version: str) -> str:
    try:
        return canonicalize_version(version)
    except ValueError:  # a number of thousands of digits
        return version


def _gone(result: ProjectResult, known: Sequence[KnownRelease]) -> int:
    """How many documents stand for releases that the registry does not list any more."""
    if not isinstance(result, Found):
        return 0
    listed = {document_id(result.name, version) for version in result.releases}
    return sum(release.id not in listed for release in known)


def _seen(wanted: Wanted, result: ProjectResult, outcome: Outcome) -> Seen | None:
    """What is not in yet must not be taken for looked at."""
    if outcome.postponed or outcome.refused:
        return None
    if isinstance(result, Found):
        return Seen(result.serial, result.latest) if result.serial else None
    return Seen(wanted.serial, "") if wanted.serial else None

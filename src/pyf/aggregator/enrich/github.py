"""Brings GitHub's facts to the documents of a collection."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from ..documents.fields import FIELDS
from ..errors import NotFound
from ..index import SearchServer, collections
from ..registries.github import Contributor, GitHubClient, LimitReached, RepositoryFacts
from ..settings import Settings
from ..store import Store, repositories
from . import document_updates, github_links
from .github_cache import InMemoryCache, RepositoryCache, RepositoryLookup, StoreRepositoryCache
from .github_links import RepositoryCandidates
from .github_report import ProblemReport, RepositoryProblem

GITHUB_FIELDS = tuple(item.name for item in FIELDS if item.source == "github")
DEFAULT_CONTRIBUTORS = 5
"""Repositories of which contributors are asked for along with facts, where nobody asks for more."""
ProgressCallback = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and how much there is."""


@dataclass(frozen=True)
class GitHubOptions:
    """What to do. ``name`` is one project's PEP 503 name; otherwise ``limit`` projects or all.

    ``contributors`` are the repositories of which contributors are asked for at the most, None
    for all that are due; ``DEFAULT_CONTRIBUTORS`` of those whose facts are fetched where it is not
    given. ``longest_wait`` is what one wait for a limit may last, in seconds. ``seen`` is called
    with each project and its facts, or None where there are none. Once ``stop`` says so nothing
    more is asked of GitHub.
    """

    collection: str
    registry: str = "pypi"
    name: str = ""
    limit: int | None = None
    contributors: int | None = -1
    longest_wait: float = 300.0
    report: ProgressCallback = lambda _what, _done, _total: None
    on_wait: Callable[[float], None] = lambda _seconds: None
    on_project: Callable[[RepositoryCandidates, RepositoryFacts | None], None] = (
        lambda _naming, _facts: None
    )
    stop: Callable[[], bool] = lambda: False


@dataclass
class GitHubResult:
    """The account of a run.

    ``projects`` were looked at, of which ``with_facts`` got some; ``failed`` says for which
    nothing could be learned. ``looked_up`` are repositories asked of GitHub, with ``requests``.
    ``left`` are projects that a limit or ``Order.stop`` left over, ``contributors_left``
    repositories whose contributors are due. ``stopped`` is the limit that ended the run early.
    """

    projects: int = 0
    with_facts: int = 0
    looked_up: int = 0
    requests: int = 0
    waited: float = 0.0
    seconds: float = 0.0
    left: int = 0
    contributors_left: int = 0
    stopped: LimitReached | None = None
    failed: dict[str, str] = field(default_factory=dict)
    problems: Mapping[str, int] = field(default_factory=dict)
    written: document_updates.UpdateResult = field(default_factory=document_updates.UpdateResult)

    @property
    def complete(self) -> bool:
        """True when nothing that can be learned is missing."""
        return not (self.stopped or self.failed or self.left) and self.written.complete

    def as_dict(self) -> dict[str, Any]:
        """The account for machines."""
        return {
            "projects": self.projects,
            "with_facts": self.with_facts,
            "looked_up": self.looked_up,
            "requests": self.requests,
            "waited": round(self.waited, 1),
            "seconds": round(self.seconds, 3),
            "left": self.left,
            "contributors_left": self.contributors_left,
            "limited_until": self.stopped.until.isoformat() if self.stopped else None,
            "failed": self.failed,
            "problems": dict(self.problems),
            "documents_updated": self.written.updated,
            "documents_unchanged": self.written.unchanged,
            "refused": self.written.as_dict()["refused"],
        }


def enrich_github(
    settings: Settings,
    server: SearchServer,
    store: Store | None,
    order: GitHubOptions,
    problems: ProblemReport,
) -> GitHubResult:
    """Find the repositories of a collection's projects, learn their facts and write them.

    Facts in the store that are young enough are not asked for. Without a store everything is
    asked for, and nothing is kept. A limit that lasts too long ends the run: what is known by then
    is written, ``Outcome.stopped`` says so. Raises ``NotFound`` for a collection or a named project
    that there is not, the errors of ``GitHub`` and of both servers.
    """
    begun = time.monotonic()
    target = collections.require(server, order.collection)
    names = [order.name] if order.name else _names(server, target.collection, order)
    namings = github_links.collection_candidates(server, target.collection, order.registry, names)
    if order.name and not namings:
        raise NotFound(f"{order.collection} has no project {order.name!r} of {order.registry}")
    book: RepositoryCache = StoreRepositoryCache(store) if store else InMemoryCache()
    run = _GitHubRun(settings, order, book, problems)
    asyncio.run(run.fetch_facts(namings))
    if store:
        repositories.put_project_repositories(store, run.rows(namings))
    _write(server, target.collection, order, run, store)
    run.outcome.projects = len(namings)
    run.outcome.seconds = time.monotonic() - begun
    run.outcome.problems = problems.counts
    return run.outcome


def _names(server: SearchServer, collection: str, order: GitHubOptions) -> list[str]:
    return document_updates.project_names(
        server, collection, registry=order.registry, limit=order.limit
    )


class _GitHubRun:
    """What is learned in one run, by project: facts, or None for a definite lack of them."""

    def __init__(
        self,
        settings: Settings,
        order: GitHubOptions,
        book: RepositoryCache,
        problems: ProblemReport,
    ) -> None:
        self.outcome = GitHubResult()
        self.facts: dict[str, RepositoryFacts | None] = {}
        self.book = book
        self._settings = settings
        self._order = order
        self._problems = problems
        self._total = 0

    async def fetch_facts(self, namings: Sequence[RepositoryCandidates]) -> None:
        """Learn what can be learned of all projects."""
        self._total = len(namings)
        waiting = [naming for naming in namings if naming.candidates]
        for naming in namings:
            if not naming.candidates:
                self._record_missing(naming)
        async with self._open_lookup() as library:
            try:
                await self._fetch_candidates(library, waiting)
                await self._contributors(library)
            except LimitReached as reached:
                self.outcome.stopped = reached
            learned = {*self.facts, *self.outcome.failed}
            self.outcome.left = sum(naming.project not in learned for naming in waiting)

    @asynccontextmanager
    async def _open_lookup(self) -> AsyncIterator[RepositoryLookup]:
        age = dt.timedelta(days=self._settings.github_refresh_days)
        wait, told = self._order.longest_wait, self._order.on_wait
        async with GitHubClient(self._settings, longest_wait=wait, told=told) as github:
            library = RepositoryLookup(self.book, github, age, self._order.stop)
            try:
                yield library
            finally:
                self.outcome.requests = github.requests
                self.outcome.waited = github.gate.waited
                self.outcome.looked_up = len(library.requested_ids)

    async def _fetch_candidates(
        self, library: RepositoryLookup, waiting: Sequence[RepositoryCandidates]
    ) -> None:
        """Try the first repository of each project; where it is gone, the second, and so on."""
        for number in range(github_links.MAX_CANDIDATES):
            if not waiting:
                return
            by_name = _by_name(waiting, number)
            spellings = [namings[0].candidates[number] for namings in by_name.values()]
            next_ones: list[RepositoryCandidates] = []
            async for looked in library.look_up([one.repository.full_name for one in spellings]):
                for name, facts in looked.found.items():
                    for naming in by_name[name.lower()]:
                        self._record_facts(naming, facts)
                for name in looked.missing:
                    next_ones += self._next_candidates(by_name[name.lower()], number)
                for name, reason in looked.failed.items():
                    projects = [naming.project for naming in by_name[name.lower()]]
                    self.outcome.failed |= dict.fromkeys(projects, f"{name}: {reason}")
                self._report_progress()
            waiting = next_ones

    def _next_candidates(
        self, namings: Iterable[RepositoryCandidates], number: int
    ) -> list[RepositoryCandidates]:
        """Account for projects whose repository is gone; return those that name another one."""
        others = []
        for naming in namings:
            if number + 1 < len(naming.candidates):
                others.append(naming)
            else:
                self._record_missing(naming)
        return others

    def _record_facts(self, naming: RepositoryCandidates, facts: RepositoryFacts) -> None:
        self.facts[naming.project] = facts
        self._order.on_project(naming, facts)

    def _record_missing(self, naming: RepositoryCandidates) -> None:
        self.facts[naming.project] = None
        link = naming.link or (naming.candidates[0].link if naming.candidates else None)
        problem = RepositoryProblem(
            naming.name,
            link.url if link else "",
            link.field if link else "",
            naming.elsewhere.repository.forge if naming.elsewhere else "",
        )
        self._problems.add(naming.reason or "not_found", problem)
        self._order.on_project(naming, None)

    async def _contributors(self, library: RepositoryLookup) -> None:
        facts = {found.id: found for found in self.facts.values() if found}
        most = self._order.contributors
        if most == -1:
            # Along with facts only, so that a run that finds all of them fresh asks for nothing.
            facts = {id_: found for id_, found in facts.items() if id_ in library.requested_ids}
            most = DEFAULT_CONTRIBUTORS
        wanted = len(facts) if most is None else min(most, len(facts))
        done = 0

        def one_more() -> None:
            nonlocal done
            done += 1
            self._order.report("contributors", done, wanted)

        self.outcome.contributors_left = await library.contributors(facts.values(), most, one_more)

    def _report_progress(self) -> None:
        done = len(self.facts) + len(self.outcome.failed)
        self._order.report("projects", min(done, self._total), self._total)

    def rows(self, namings: Iterable[RepositoryCandidates]) -> list[repositories.ProjectRepository]:
        """What the store is to know of which project names which repository."""
        moment = dt.datetime.now(dt.UTC)
        return [
            _row(self._order.registry, naming, self.facts[naming.project], moment)
            for naming in namings
            if naming.project in self.facts
        ]


def _by_name(
    namings: Iterable[RepositoryCandidates], number: int
) -> dict[str, list[RepositoryCandidates]]:
    """Projects by the repository that they name in that place; many may name one."""
    found: dict[str, list[RepositoryCandidates]] = {}
    for naming in namings:
        name = naming.candidates[number].repository.full_name
        found.setdefault(name.lower(), []).append(naming)
    return found


def _row(
    registry: str, naming: RepositoryCandidates, facts: RepositoryFacts | None, moment: dt.datetime
) -> repositories.ProjectRepository:
    chosen = naming.elsewhere or (naming.candidates[0] if naming.candidates else None)
    url = facts.url if facts else chosen.repository.url if chosen else ""
    return repositories.ProjectRepository(
        registry=registry,
        project=naming.project,
        repository_id=facts.id if facts else 0,
        forge=chosen.repository.forge if chosen else "",
        url=url,
        field=chosen.link.field if chosen else "",
        reason="" if facts else naming.reason or "not_found",
        checked=moment,
    )


def _write(
    server: SearchServer,
    collection: str,
    order: GitHubOptions,
    run: _GitHubRun,
    store: Store | None,
) -> None:
    ids = {facts.id for facts in run.facts.values() if facts}
    people = run.book.contributors(ids)
    shared = repositories.project_counts(store, ids) if store else {}
    wanted = {
        project: document_fields(facts, people.get(facts.id, ()), shared.get(facts.id))
        if facts
        else dict.fromkeys(GITHUB_FIELDS)
        for project, facts in run.facts.items()
    }
    run.outcome.with_facts = sum(facts is not None for facts in run.facts.values())
    run.outcome.written = document_updates.update_documents(
        server,
        document_updates.UpdateOptions(
            collection,
            GITHUB_FIELDS,
            registry=order.registry,
            report=lambda done, total: order.report("written", done, total),
        ),
        wanted,
        document_updates.facts_by_name(wanted),
    )


def document_fields(
    facts: RepositoryFacts, contributors: Sequence[Contributor] = (), shared_by: int | None = None
) -> dict[str, Any]:
    """The fields of a document that show a repository.

    ``contributors`` and ``project_counts`` are left as they are where they are not known.
    """
    fields: dict[str, Any] = {
        "github_stars": facts.stars,
        "github_watchers": facts.watchers,
        "github_open_issues": facts.open_issues,
        "github_forks": facts.forks,
        "github_updated": facts.updated or None,
        "github_pushed": facts.pushed or None,
        "github_url": facts.url,
        "github_archived": facts.archived,
        "github_topics": list(facts.topics),
        "github_license": facts.license or None,
    }
    if shared_by is not None:
        fields["github_shared_by"] = shared_by
    if contributors:
        fields["contributors"] = [vars(one) for one in contributors]
    return fields

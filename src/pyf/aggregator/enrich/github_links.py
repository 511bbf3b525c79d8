"""What the projects of a collection say of where their code is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..documents import repositories
from ..documents.repositories import NamedRepositories, Reason, ReleaseLink, RepositoryCandidate
from ..index import SearchServer, collections

LINK_FIELDS = ("home_page", "project_urls", "download_url", "docs_url", "bugtrack_url")
_FIELDS = ("name", "name_normalized", "is_latest", "version_sortable", *LINK_FIELDS)
MAX_CANDIDATES = 5
"""Repositories of GitHub's that are tried for a project whose first ones are gone."""


@dataclass(frozen=True)
class RepositoryCandidates:
    """The repositories that a project names, in the order in which they are tried.

    ``project`` is the PEP 503 name. Without candidates ``reason`` says why, ``link`` by which.
    """

    project: str
    name: str
    candidates: tuple[RepositoryCandidate, ...]
    reason: Reason | None = None
    link: ReleaseLink | None = None
    elsewhere: RepositoryCandidate | None = None


@dataclass
class _ReleaseLinks:
    """The different things that a project's releases say; each with the rank of the newest."""

    name: str = ""
    links: dict[NamedRepositories, tuple[bool, str]] = field(default_factory=dict)
    _read: dict[bytes, NamedRepositories] = field(default_factory=dict)

    def add(self, document: Mapping[str, Any]) -> None:
        # Most releases of a project have the links of the one before.
        links = orjson.dumps([document.get(name) for name in LINK_FIELDS])
        if links not in self._read:
            self._read[links] = repositories.find_named_repositories(document)
        named = self._read[links]
        rank = (bool(document.get("is_latest")), str(document.get("version_sortable") or ""))
        self.name = self.name or str(document.get("name") or "")
        self.links[named] = max(rank, self.links.get(named, (False, "")))

    def naming(self, project: str) -> RepositoryCandidates:
        newest_first = sorted(self.links, key=lambda named: self.links[named], reverse=True)
        return choose_repositories(project, self.name, newest_first)


def choose_repositories(
    project: str, name: str, releases: Iterable[NamedRepositories]
) -> RepositoryCandidates:
    """Order what the releases of a project name, the newest release first.

    The newest release that names a repository decides where the project lives: one that went to
    another forge is not looked for on GitHub.
    """
    releases = list(releases)
    best = next((named.best for named in releases if named.best), None)
    if best is None:
        link = next((named.malformed[0] for named in releases if named.malformed), None)
        reason: Reason = "malformed_identifier" if link else "no_repo_url"
        return RepositoryCandidates(project, name, (), reason, link)
    if best.repository.forge != "github":
        return RepositoryCandidates(project, name, (), "other_forge", best.link, best)
    found: dict[str, RepositoryCandidate] = {}
    for named in releases:
        for candidate in named.candidates:
            if candidate.repository.forge == "github":
                found.setdefault(candidate.repository.key, candidate)
    return RepositoryCandidates(project, name, tuple(found.values())[:MAX_CANDIDATES])


def collection_candidates(
    server: SearchServer, collection: str, registry: str, wanted: Iterable[str]
) -> list[RepositoryCandidates]:
    """What the wanted projects of a collection name, by their PEP 503 names."""
    releases: dict[str, _ReleaseLinks] = {name: _ReleaseLinks() for name in wanted}
    for document in _documents(server, collection, registry, releases):
        releases[document["name_normalized"]].add(document)
    return [said.naming(project) for project, said in releases.items() if said.links]


def _documents(
    server: SearchServer, collection: str, registry: str, wanted: Mapping[str, _ReleaseLinks]
) -> Iterator[Mapping[str, Any]]:
    if len(wanted) == 1:
        [project] = wanted
        found = collections.project_documents(server, collection, project)
        yield from (document for document in found if document["registry"] == registry)
        return
    for document in collections.documents(server, collection, registry, *_FIELDS):
        if document["name_normalized"] in wanted:
            yield document

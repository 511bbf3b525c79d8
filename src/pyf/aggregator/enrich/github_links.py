"""What the projects of a collection say of where their code is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..documents import repositories
from ..documents.repositories import Candidate, Link, Named, Reason
from ..index import SearchServer, collections

LINK_FIELDS = ("home_page", "project_urls", "download_url", "docs_url", "bugtrack_url")
_FIELDS = ("name", "name_normalized", "is_latest", "version_sortable", *LINK_FIELDS)
MOST_TRIED = 5
"""Repositories of GitHub's that are tried for a project whose first ones are gone."""


@dataclass(frozen=True)
class Naming:
    """The repositories that a project names, in the order in which they are tried.

    ``project`` is the PEP 503 name. Without candidates ``reason`` says why, ``link`` by which.
    """

    project: str
    name: str
    candidates: tuple[Candidate, ...]
    reason: Reason | None = None
    link: Link | None = None
    elsewhere: Candidate | None = None


@dataclass
class _Releases:
    """The different things that a project's releases say; each with the rank of the newest."""

    name: str = ""
    said: dict[Named, tuple[bool, str]] = field(default_factory=dict)
    _read: dict[bytes, Named] = field(default_factory=dict)

    def add(self, document: Mapping[str, Any]) -> None:
        # Most releases of a project have the links of the one before.
        links = orjson.dumps([document.get(name) for name in LINK_FIELDS])
        if links not in self._read:
            self._read[links] = repositories.named(document)
        named = self._read[links]
        rank = (bool(document.get("is_latest")), str(document.get("version_sortable") or ""))
        self.name = self.name or str(document.get("name") or "")
        self.said[named] = max(rank, self.said.get(named, (False, "")))

    def naming(self, project: str) -> Naming:
        newest_first = sorted(self.said, key=lambda named: self.said[named], reverse=True)
        return choose(project, self.name, newest_first)


def choose(project: str, name: str, releases: Iterable[Named]) -> Naming:
    """Order what the releases of a project name, the newest release first.

    The newest release that names a repository decides where the project lives: one that went to
    another forge is not looked for on GitHub.
    """
    releases = list(releases)
    best = next((named.best for named in releases if named.best), None)
    if best is None:
        link = next((named.malformed[0] for named in releases if named.malformed), None)
        reason: Reason = "malformed_identifier" if link else "no_repo_url"
        return Naming(project, name, (), reason, link)
    if best.repository.forge != "github":
        return Naming(project, name, (), "other_forge", best.link, best)
    found: dict[str, Candidate] = {}
    for named in releases:
        for candidate in named.candidates:
            if candidate.repository.forge == "github":
                found.setdefault(candidate.repository.key, candidate)
    return Naming(project, name, tuple(found.values())[:MOST_TRIED])


def of_collection(
    server: SearchServer, collection: str, registry: str, wanted: Iterable[str]
) -> list[Naming]:
    """What the wanted projects of a collection name, by their PEP 503 names."""
    releases: dict[str, _Releases] = {name: _Releases() for name in wanted}
    for document in _documents(server, collection, registry, releases):
        releases[document["name_normalized"]].add(document)
    return [said.naming(project) for project, said in releases.items() if said.said]


def _documents(
    server: SearchServer, collection: str, registry: str, wanted: Mapping[str, _Releases]
) -> Iterator[Mapping[str, Any]]:
    if len(wanted) == 1:
        [project] = wanted
        found = collections.of_project(server, collection, project)
        yield from (document for document in found if document["registry"] == registry)
        return
    for document in collections.documents(server, collection, registry, *_FIELDS):
        if document["name_normalized"] in wanted:
            yield document

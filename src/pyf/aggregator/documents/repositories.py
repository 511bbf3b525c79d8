"""Which repository a release names: its links read by priority, nothing guessed.

Only addresses that a release gives are looked at, and only those that lead to a repository: an
owner's page, a sponsor's page, a gist or a placeholder of a template is none. Where several links
lead to different repositories, what the link is for decides (``LinkPurpose``), then how often the
repository is named, then the order of the links.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from . import repository_urls
from .repository_urls import LinkPurpose, RepositoryAddress

__all__ = [
    "LinkPurpose",
    "NamedRepositories",
    "Reason",
    "ReleaseLink",
    "RepositoryAddress",
    "RepositoryCandidate",
    "find_named_repositories",
    "release_links",
]

Reason = Literal["no_repo_url", "malformed_identifier", "other_forge", "not_found"]
"""Why a project has no facts of GitHub's. ``not_found`` is what only GitHub can tell."""

_ALONE: Mapping[str, LinkPurpose] = {
    "home_page": LinkPurpose.HOME,
    "bugtrack_url": LinkPurpose.ISSUES,
    "download_url": LinkPurpose.PAGES,
    "docs_url": LinkPurpose.PAGES,
}


@dataclass(frozen=True, slots=True)
class ReleaseLink:
    """An address of a release: ``field`` is ``home_page``, ``project_urls.Source``, ..."""

    field: str
    url: str
    purpose: LinkPurpose


@dataclass(frozen=True, slots=True)
class RepositoryCandidate:
    """A repository that a release names, and the link that names it."""

    repository: RepositoryAddress
    link: ReleaseLink


@dataclass(frozen=True, slots=True)
class NamedRepositories:
    """What the links of a release name: repositories, the most likely one first, each once.

    ``malformed`` are links that are meant to lead to a repository and cannot.
    """

    candidates: tuple[RepositoryCandidate, ...] = ()
    malformed: tuple[ReleaseLink, ...] = ()

    @property
    def best(self) -> RepositoryCandidate | None:
        """The repository of the release."""
        return self.candidates[0] if self.candidates else None

    @property
    def reason(self) -> Reason | None:
        """Why there can be no facts of GitHub's; None where GitHub can be asked."""
        if self.candidates:
            return None if self.candidates[0].repository.forge == "github" else "other_forge"
        return "malformed_identifier" if self.malformed else "no_repo_url"


def release_links(info: Mapping[str, object]) -> Iterator[ReleaseLink]:
    """Yield the links of a release's metadata or of its document, in the order they stand in."""
    for label, url in _project_urls(info.get("project_urls")):
        purpose = repository_urls.link_purpose(label)
        if purpose is not None:
            yield ReleaseLink(f"project_urls.{label.strip()}", url, purpose)
    for field, purpose in _ALONE.items():
        if isinstance(value := info.get(field), str):
            yield ReleaseLink(field, value, purpose)


def find_named_repositories(info: Mapping[str, object]) -> NamedRepositories:
    """Say which repositories the metadata of a release, or its document, names."""
    project = str(info.get("name") or "")
    found: list[RepositoryCandidate] = []
    malformed = []
    for link in release_links(info):
        read = repository_urls.find_repositories(link.url, link.purpose, project)
        found += [RepositoryCandidate(repository, link) for repository in read.repositories]
        if read.is_malformed:
            malformed.append(link)
    return NamedRepositories(_rank_candidates(found), tuple(malformed))


def _rank_candidates(found: list[RepositoryCandidate]) -> tuple[RepositoryCandidate, ...]:
    times = Counter(candidate.repository.key for candidate in found)
    in_order = sorted(found, key=lambda c: (c.link.purpose, -times[c.repository.key]))
    first: dict[str, RepositoryCandidate] = {}
    for candidate in in_order:
        first.setdefault(candidate.repository.key, candidate)
    return tuple(first.values())


def _project_urls(value: object) -> Iterator[tuple[str, str]]:
    """Labels and addresses; core metadata has lines of ``label, address``."""
    if isinstance(value, Mapping):
        yield from ((str(label), url) for label, url in value.items() if isinstance(url, str))
    elif isinstance(value, list):
        lines = [line.partition(",") for line in value if isinstance(line, str)]
        yield from ((label, url) for label, _, url in lines)

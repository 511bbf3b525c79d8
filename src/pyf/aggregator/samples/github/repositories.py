"""The repositories of the sample: made up from their names, or set."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
"""No made-up moment is later, so that facts stay the same from run to run."""
LICENSES = ("MIT", "BSD-3-Clause", "Apache-2.0", "GPL-2.0", "NOASSERTION", None)
TOPICS = ("python", "plone", "django", "web", "cms", "data", "testing", "search")
PEOPLE = ("anna", "bernd", "chen", "dora", "emeka", "fatima", "goran", "hiro", "ines", "jonas")


@dataclass(frozen=True)
class SampleRepository:
    """One repository. ``contributors`` are logins with their commits, the busiest first."""

    id: int
    full_name: str
    stars: int = 0
    watchers: int = 0
    forks: int = 0
    issues: int = 0
    pulls: int = 0
    archived: bool = False
    topics: tuple[str, ...] = ()
    license: str | None = None
    updated: str = "2026-06-01T00:00:00Z"
    pushed: str | None = "2026-06-01T00:00:00Z"
    contributors: tuple[tuple[str, int], ...] = ()

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://github.com/{self.full_name}"


@dataclass
class SampleRepositories:
    """Every repository there is. ``dead`` and ``renamed`` are shares of those made up."""

    dead: float = 0.03
    renamed: float = 0.03
    seed: int = 1
    _set: dict[str, SampleRepository | None] = field(default_factory=dict)
    _moved: dict[str, str] = field(default_factory=dict)
    _by_id: dict[int, str] = field(default_factory=dict)

    def find(self, name: str) -> SampleRepository | None:
        """The repository that a name leads to, over any number of renames; None for none."""
        key = name.lower()
        for _ in range(10):
            if key not in self._moved:
                break
            key = self._moved[key]
        if key in self._set:
            return self._remember(self._set[key])
        return self._remember(self._generate(key, name))

    def by_id(self, id_: int) -> SampleRepository | None:
        """A repository that was met before, by its number."""
        return self.find(self._by_id[id_]) if id_ in self._by_id else None

    def put(self, name: str, **values: Any) -> SampleRepository:
        """Set what a repository is; what is not given stays, or is made up."""
        there = self._set.get(name.lower()) or _generate_repository(
            _KeyedRandom(self.seed, name.lower()), name
        )
        lists = {key: _freeze(value) for key, value in values.items()}
        self._set[name.lower()] = replace(there, **lists)
        return self._set[name.lower()] or there

    def remove(self, name: str) -> None:
        """Let a name lead nowhere."""
        self._set[name.lower()] = None

    def rename(self, name: str, new: str) -> None:
        """Give a repository another name; its number stays."""
        there = self.find(name)
        if there is not None:
            self._set[new.lower()] = replace(there, full_name=new)
            self._moved[name.lower()] = new.lower()

    def _remember(self, repo: SampleRepository | None) -> SampleRepository | None:
        if repo is not None:
            self._by_id[repo.id] = repo.full_name
        return repo

    def _generate(self, key: str, name: str) -> SampleRepository | None:
        draw = _KeyedRandom(self.seed, key)
        fate = draw(10_000) / 10_000
        if fate < self.dead:
            return None
        if fate < self.dead + self.renamed:
            self.rename_generated(key, f"{name}-ng")
            return self._set[f"{name}-ng".lower()]
        return _generate_repository(draw, name)

    def rename_generated(self, key: str, new: str) -> None:
        """Let a made-up repository have moved to a new name."""
        self._moved[key] = new.lower()
        self._set[new.lower()] = _generate_repository(_KeyedRandom(self.seed, key), new)


class _KeyedRandom:
    """Numbers that follow from a key."""

    def __init__(self, seed: int, key: str) -> None:
        self._key = f"{seed}|{key}"
        self._count = 0

    def __call__(self, below: int) -> int:
        self._count += 1
        data = f"{self._key}|{self._count}".encode()
        return int.from_bytes(hashlib.blake2b(data, digest_size=6).digest()) % below


def _generate_repository(draw: _KeyedRandom, name: str) -> SampleRepository:
    stars = int(10 ** (draw(500) / 100)) - 1
    people = sorted({PEOPLE[draw(len(PEOPLE))] for _ in range(8)})
    commits = sorted((1 + draw(900) for _ in people), reverse=True)
    pushed = NOW - dt.timedelta(hours=draw(24 * 365 * 6))
    return SampleRepository(
        id=1 + draw(2**40),
        full_name=name,
        stars=stars,
        watchers=1 + stars // 20,
        forks=stars // 7,
        issues=draw(1 + stars // 10 + 5),
        pulls=draw(9),
        archived=draw(20) == 0,
        topics=tuple(sorted({TOPICS[draw(len(TOPICS))] for _ in range(draw(4))})),
        license=LICENSES[draw(len(LICENSES))],
        updated=_iso(max(pushed, NOW - dt.timedelta(hours=draw(5000)))),
        pushed=_iso(pushed),
        contributors=tuple(zip(people, commits, strict=True)),
    )


def _iso(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _freeze(value: Any) -> Any:
    return tuple(map(_freeze, value)) if isinstance(value, list) else value


def as_rest(repo: SampleRepository, base: str) -> Mapping[str, Any]:
    """What REST says of a repository."""
    owner, _, name = repo.full_name.partition("/")
    return {
        "id": repo.id,
        "name": name,
        "full_name": repo.full_name,
        "private": False,
        "owner": {"login": owner, "type": "Organization"},
        "html_url": repo.url,
        "url": f"{base}/repos/{repo.full_name}",
        "stargazers_count": repo.stars,
        "watchers": repo.stars,
        "watchers_count": repo.stars,
        "subscribers_count": repo.watchers,
        "forks_count": repo.forks,
        "open_issues_count": repo.issues + repo.pulls,
        "archived": repo.archived,
        "topics": list(repo.topics),
        "license": repo.license and {"key": repo.license.lower(), "spdx_id": repo.license},
        "updated_at": repo.updated,
        "pushed_at": repo.pushed,
    }


def as_graphql(repo: SampleRepository) -> Mapping[str, Any]:
    """What GraphQL says of a repository, all fields that the sample has."""
    return {
        "databaseId": repo.id,
        "nameWithOwner": repo.full_name,
        "url": repo.url,
        "stargazerCount": repo.stars,
        "forkCount": repo.forks,
        "isArchived": repo.archived,
        "pushedAt": repo.pushed,
        "updatedAt": repo.updated,
        "watchers": {"totalCount": repo.watchers},
        "issues": {"totalCount": repo.issues},
        "pullRequests": {"totalCount": repo.pulls},
        "licenseInfo": repo.license and {"spdxId": repo.license},
        "repositoryTopics": {"nodes": [{"topic": {"name": topic}} for topic in repo.topics]},
    }

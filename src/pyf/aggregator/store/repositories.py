"""What the store knows of repositories, and which project names which.

Names of repositories are keys in lower case. Moments are UTC, with zone. Raises what ``Store``
raises.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from ..registries.github.model import Contributor, RepositoryFacts
from .client import Store

BATCH_SIZE = 5_000
"""Keys that go into one statement."""


@dataclass(frozen=True)
class NameResolution:
    """Where a name led when it was last looked at; ``id`` 0: nowhere."""

    id: int
    checked: dt.datetime


@dataclass(frozen=True)
class ProjectRepository:
    """Which repository a project names by which ``field``; ``reason`` where GitHub has none."""

    registry: str
    project: str
    repository_id: int
    forge: str
    url: str
    field: str
    reason: str
    checked: dt.datetime


_FACTS = tuple(item.name for item in fields(RepositoryFacts))
_NAMING = tuple(item.name for item in fields(ProjectRepository))
_CONTRIBUTORS = ("id", "usernames", "avatar_urls", "contributions", "fetched")


def put_facts(store: Store, facts: Iterable[RepositoryFacts]) -> None:
    """Write what was found; it replaces what was known of these repositories."""
    rows = [tuple(getattr(item, name) for name in _FACTS) for item in facts]
    store.insert("repositories", rows, _FACTS)


def put_name_resolutions(store: Store, names: Mapping[str, int], moment: dt.datetime) -> None:
    """Note where names lead; 0: nowhere."""
    rows = [(name.lower(), id_, moment) for name, id_ in names.items()]
    store.insert("repository_names", rows, ("name", "id", "checked"))


def put_contributors(
    store: Store, found: Mapping[int, Sequence[Contributor]], moment: dt.datetime
) -> None:
    """Write the contributors of repositories by their id, the busiest first."""
    rows = [
        (
            id_,
            [one.username for one in people],
            [one.avatar_url for one in people],
            [one.contributions for one in people],
            moment,
        )
        for id_, people in found.items()
    ]
    store.insert("repository_contributors", rows, _CONTRIBUTORS)


def put_project_repositories(store: Store, namings: Iterable[ProjectRepository]) -> None:
    """Note which project names which repository."""
    rows = [tuple(getattr(item, name) for name in _NAMING) for item in namings]
    store.insert("project_repositories", rows, _NAMING)


def name_resolutions(store: Store, wanted: Iterable[str]) -> dict[str, NameResolution]:
    """Where names lead, of those that were ever looked at, by the name in lower case."""
    rows = _rows(
        store,
        "SELECT name, id, checked FROM repository_names FINAL WHERE name IN {keys:Array(String)}",
        sorted({name.lower() for name in wanted}),
    )
    return {name: NameResolution(id_, _utc(checked)) for name, id_, checked in rows}


def repository_facts(store: Store, ids: Collection[int]) -> dict[int, RepositoryFacts]:
    """What is known of repositories, by id."""
    rows = _rows(
        store,
        f"SELECT {', '.join(_FACTS)} FROM repositories FINAL "  # noqa: S608 - names of columns
        "WHERE id IN {keys:Array(UInt64)}",
        sorted(set(ids)),
    )
    return {row[0]: _facts(row) for row in rows}


def contributors(store: Store, ids: Collection[int]) -> dict[int, tuple[Contributor, ...]]:
    """The contributors of repositories by id, of those that were asked for."""
    rows = _rows(
        store,
        f"SELECT {', '.join(_CONTRIBUTORS)} FROM repository_contributors FINAL "  # noqa: S608
        "WHERE id IN {keys:Array(UInt64)}",
        sorted(set(ids)),
    )
    return {
        row[0]: tuple(Contributor(*one) for one in zip(row[1], row[2], row[3], strict=True))
        for row in rows
    }


def contributors_fetched(store: Store, ids: Collection[int]) -> dict[int, dt.datetime]:
    """When the contributors of repositories were asked for, of those that ever were."""
    rows = _rows(
        store,
        "SELECT id, fetched FROM repository_contributors FINAL WHERE id IN {keys:Array(UInt64)}",
        sorted(set(ids)),
    )
    return {id_: _utc(fetched) for id_, fetched in rows}


def project_counts(store: Store, ids: Collection[int]) -> dict[int, int]:
    """How many projects name each of these repositories, over all profiles."""
    rows = _rows(
        store,
        "SELECT repository_id, count() FROM project_repositories FINAL "
        "WHERE repository_id IN {keys:Array(UInt64)} GROUP BY repository_id",
        sorted(set(ids)),
    )
    return dict(rows)


def project_repositories(
    store: Store, registry: str, projects: Iterable[str]
) -> dict[str, ProjectRepository]:
    """What is known of which repository projects name, by PEP 503 name."""
    rows = _rows(
        store,
        f"SELECT {', '.join(_NAMING)} FROM project_repositories FINAL "  # noqa: S608
        "WHERE registry = {registry:String} AND project IN {keys:Array(String)}",
        sorted(set(projects)),
        registry=registry,
    )
    found = (dict(zip(_NAMING, row, strict=True)) for row in rows)
    return {
        values["project"]: ProjectRepository(**{**values, "checked": _utc(values["checked"])})
        for values in found
    }


def facts_of_projects(
    store: Store, registry: str, projects: Iterable[str]
) -> dict[str, RepositoryFacts]:
    """GitHub's facts of projects, by PEP 503 name; those without any are left out."""
    named = project_repositories(store, registry, projects)
    found = repository_facts(store, {naming.repository_id for naming in named.values()} - {0})
    return {
        project: found[naming.repository_id]
        for project, naming in named.items()
        if naming.repository_id in found
    }


def _rows(
    store: Store, sql: str, keys: Sequence[str] | Sequence[int], **more: str
) -> Iterator[tuple[Any, ...]]:
    for start in range(0, len(keys), BATCH_SIZE):
        yield from store.query(sql, {"keys": list(keys[start : start + BATCH_SIZE]), **more})


def _facts(row: Sequence[Any]) -> RepositoryFacts:
    values = dict(zip(_FACTS, row, strict=True))
    values |= {"topics": tuple(values["topics"]), "fetched": _utc(values["fetched"])}
    return RepositoryFacts(**values)


def _utc(moment: dt.datetime) -> dt.datetime:
    """The driver gives moments in UTC without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

"""Facts of repositories: taken from the store while they are fresh, asked of GitHub otherwise.

What GitHub answers is kept part by part, so that a run that ends in the middle loses nothing and
the next one goes on where it ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..registries.github import Contributor, GitHubClient, LookupResult, RepositoryFacts
from ..store import Store, repositories
from ..store.repositories import NameResolution

STALE_AGE_FACTOR = 4
"""Names that lead nowhere, and contributors, are asked for again after so many refresh ages."""


class RepositoryCache(Protocol):
    """Where facts are kept."""

    def names(self, names: Iterable[str]) -> Mapping[str, NameResolution]:
        """Where names lead, by the name in lower case."""

    def facts(self, ids: Collection[int]) -> Mapping[int, RepositoryFacts]:
        """What is known of repositories."""

    def save(self, looked: LookupResult, moment: dt.datetime) -> None:
        """Keep what was learned."""

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""

    def contributors_fetched_at(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for."""

    def save_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""


class StoreRepositoryCache:
    """Facts in the store, shared by all profiles."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self, names: Iterable[str]) -> Mapping[str, NameResolution]:
        """Where names lead, by the name in lower case."""
        return repositories.name_resolutions(self._store, names)

    def facts(self, ids: Collection[int]) -> Mapping[int, RepositoryFacts]:
        """What is known of repositories."""
        return repositories.repository_facts(self._store, ids)

    def save(self, looked: LookupResult, moment: dt.datetime) -> None:
        """Keep what was learned: facts before the names that lead to them."""
        unique = {facts.id: facts for facts in looked.found.values()}
        repositories.put_facts(self._store, unique.values())
        repositories.put_name_resolutions(self._store, _names_of(looked), moment)

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""
        return repositories.contributors(self._store, ids)

    def contributors_fetched_at(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for."""
        return repositories.contributors_fetched(self._store, ids)

    def save_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""
        repositories.put_contributors(self._store, {id_: people}, moment)


@dataclass
class InMemoryCache:
    """Facts for one run alone, where there is no store."""

    _names: dict[str, NameResolution] = field(default_factory=dict)
    _facts: dict[int, RepositoryFacts] = field(default_factory=dict)
    _people: dict[int, tuple[Contributor, ...]] = field(default_factory=dict)

    def names(self, names: Iterable[str]) -> Mapping[str, NameResolution]:
        """Where names lead, by the name in lower case."""
        return {
            name.lower(): self._names[name.lower()] for name in names if name.lower() in self._names
        }

    def facts(self, ids: Collection[int]) -> Mapping[int, RepositoryFacts]:
        """What is known of repositories."""
        return {id_: self._facts[id_] for id_ in ids if id_ in self._facts}

    def save(self, looked: LookupResult, moment: dt.datetime) -> None:
        """Keep what was learned."""
        self._facts |= {facts.id: facts for facts in looked.found.values()}
        self._names |= {
            name: NameResolution(id_, moment) for name, id_ in _names_of(looked).items()
        }

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""
        return {id_: self._people[id_] for id_ in ids if id_ in self._people}

    def contributors_fetched_at(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for: not in this run."""
        return {}

    def save_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""
        self._people[id_] = people


@dataclass
class RepositoryLookup:
    """Answers from ``book`` what is younger than ``age``, and asks ``github`` for the rest.

    ``asked`` are the repositories, by id, that GitHub told of in this run. Once ``stop`` says so
    GitHub is asked nothing more, but for one question each time, so that there is some progress.
    """

    cache: RepositoryCache
    github: GitHubClient
    age: dt.timedelta
    stop: Callable[[], bool]
    requested_ids: set[int] = field(default_factory=set)

    async def look_up(self, names: Collection[str]) -> AsyncIterator[LookupResult]:
        """Yield what is known or learned of repositories by the names given, in parts."""
        known = self.cache.names(names)
        facts = self.cache.facts({entry.id for entry in known.values()} - {0})
        fresh = {name for name in names if self._is_fresh(known.get(name.lower()), facts)}
        yield LookupResult(
            {name: facts[id_] for name in fresh if (id_ := known[name.lower()].id)},
            {name for name in fresh if not known[name.lower()].id},
        )
        rest = [name for name in names if name not in fresh]
        old = {n: facts[k.id] for n in rest if (k := known.get(n.lower())) and k.id in facts}
        async for looked in self.github.look_up(rest, old):
            self.cache.save(looked, dt.datetime.now(dt.UTC))
            self.requested_ids.update(found.id for found in looked.found.values())
            yield looked
            if self.stop():
                return

    async def contributors(
        self,
        facts: Iterable[RepositoryFacts],
        most: int | None,
        done: Callable[[], None],
    ) -> int:
        """Ask for the contributors of those repositories that are due, ``most`` at the most.

        Those never asked for come first, of these the ones with most stars; then the oldest.
        Returns how many are left for later, by ``most`` or because of ``stop``.
        """
        by_id = {found.id: found for found in facts}
        asked = self.cache.contributors_fetched_at(by_id)
        now = dt.datetime.now(dt.UTC)
        due = [
            id_
            for id_ in by_id
            if id_ not in asked or now - asked[id_] > self.age * STALE_AGE_FACTOR
        ]
        never = dt.datetime.fromtimestamp(0, dt.UTC)
        due.sort(key=lambda id_: (asked.get(id_, never), -by_id[id_].stars))
        for number, id_ in enumerate(due[:most]):
            if number and self.stop():
                return len(due) - number
            people = await self.github.contributors(by_id[id_].full_name)
            # Where GitHub does not tell, that is kept too, or it would be asked each time.
            self.cache.save_contributors(id_, people or (), dt.datetime.now(dt.UTC))
            done()
        return len(due) - len(due[:most])

    def _is_fresh(self, known: NameResolution | None, facts: Mapping[int, RepositoryFacts]) -> bool:
        if known is None or (known.id and known.id not in facts):
            return False
        age = self.age if known.id else self.age * STALE_AGE_FACTOR
        return dt.datetime.now(dt.UTC) - known.checked < age


def _names_of(looked: LookupResult) -> dict[str, int]:
    """Where names lead: those asked for, and those that repositories have at present."""
    names = {facts.full_name.lower(): facts.id for facts in looked.found.values()}
    names |= {name.lower(): facts.id for name, facts in looked.found.items()}
    return names | dict.fromkeys(map(str.lower, looked.missing), 0)

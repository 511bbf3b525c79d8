"""Facts of repositories: taken from the store while they are fresh, asked of GitHub otherwise.

What GitHub answers is kept part by part, so that a run that ends in the middle loses nothing and
the next one goes on where it ended.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ..registries.github import Contributor, Facts, GitHub, Looked
from ..store import Store, repositories
from ..store.repositories import Known

RARELY = 4
"""Names that lead nowhere, and contributors, are asked for again after so many refresh ages."""


class Book(Protocol):
    """Where facts are kept."""

    def names(self, names: Iterable[str]) -> Mapping[str, Known]:
        """Where names lead, by the name in lower case."""

    def facts(self, ids: Collection[int]) -> Mapping[int, Facts]:
        """What is known of repositories."""

    def keep(self, looked: Looked, moment: dt.datetime) -> None:
        """Keep what was learned."""

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""

    def contributors_asked(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for."""

    def keep_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""


class StoreBook:
    """Facts in the store, shared by all profiles."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def names(self, names: Iterable[str]) -> Mapping[str, Known]:
        """Where names lead, by the name in lower case."""
        return repositories.names(self._store, names)

    def facts(self, ids: Collection[int]) -> Mapping[int, Facts]:
        """What is known of repositories."""
        return repositories.facts(self._store, ids)

    def keep(self, looked: Looked, moment: dt.datetime) -> None:
        """Keep what was learned: facts before the names that lead to them."""
        unique = {facts.id: facts for facts in looked.found.values()}
        repositories.put(self._store, unique.values())
        repositories.put_names(self._store, _names_of(looked), moment)

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""
        return repositories.contributors(self._store, ids)

    def contributors_asked(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for."""
        return repositories.contributors_asked(self._store, ids)

    def keep_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""
        repositories.put_contributors(self._store, {id_: people}, moment)


@dataclass
class Notes:
    """Facts for one run alone, where there is no store."""

    _names: dict[str, Known] = field(default_factory=dict)
    _facts: dict[int, Facts] = field(default_factory=dict)
    _people: dict[int, tuple[Contributor, ...]] = field(default_factory=dict)

    def names(self, names: Iterable[str]) -> Mapping[str, Known]:
        """Where names lead, by the name in lower case."""
        return {
            name.lower(): self._names[name.lower()] for name in names if name.lower() in self._names
        }

    def facts(self, ids: Collection[int]) -> Mapping[int, Facts]:
        """What is known of repositories."""
        return {id_: self._facts[id_] for id_ in ids if id_ in self._facts}

    def keep(self, looked: Looked, moment: dt.datetime) -> None:
        """Keep what was learned."""
        self._facts |= {facts.id: facts for facts in looked.found.values()}
        self._names |= {name: Known(id_, moment) for name, id_ in _names_of(looked).items()}

    def contributors(self, ids: Collection[int]) -> Mapping[int, tuple[Contributor, ...]]:
        """The contributors of those repositories that were asked for."""
        return {id_: self._people[id_] for id_ in ids if id_ in self._people}

    def contributors_asked(self, ids: Collection[int]) -> Mapping[int, dt.datetime]:
        """When contributors were asked for: not in this run."""
        return {}

    def keep_contributors(
        self, id_: int, people: tuple[Contributor, ...], moment: dt.datetime
    ) -> None:
        """Keep the contributors of a repository."""
        self._people[id_] = people


@dataclass
class Library:
    """Answers from ``book`` what is younger than ``age``, and asks ``github`` for the rest.

    ``asked`` are the repositories, by id, that GitHub told of in this run. Once ``stop`` says so
    GitHub is asked nothing more, but for one question each time, so that there is some progress.
    """

    book: Book
    github: GitHub
    age: dt.timedelta
    stop: Callable[[], bool]
    asked: set[int] = field(default_factory=set)

    async def look_up(self, names: Collection[str]) -> AsyncIterator[Looked]:
        """Yield what is known or learned of repositories by the names given, in parts."""
        known = self.book.names(names)
        facts = self.book.facts({entry.id for entry in known.values()} - {0})
        fresh = {name for name in names if self._is_fresh(known.get(name.lower()), facts)}
        yield Looked(
            {name: facts[id_] for name in fresh if (id_ := known[name.lower()].id)},
            {name for name in fresh if not known[name.lower()].id},
        )
        rest = [name for name in names if name not in fresh]
        old = {n: facts[k.id] for n in rest if (k := known.get(n.lower())) and k.id in facts}
        async for looked in self.github.look_up(rest, old):
            self.book.keep(looked, dt.datetime.now(dt.UTC))
            self.asked.update(found.id for found in looked.found.values())
            yield looked
            if self.stop():
                return

    async def contributors(
        self,
        facts: Iterable[Facts],
        most: int | None,
        done: Callable[[], None],
    ) -> int:
        """Ask for the contributors of those repositories that are due, ``most`` at the most.

        Those never asked for come first, of these the ones with most stars; then the oldest.
        Returns how many are left for later, by ``most`` or because of ``stop``.
        """
        by_id = {found.id: found for found in facts}
        asked = self.book.contributors_asked(by_id)
        now = dt.datetime.now(dt.UTC)
        due = [id_ for id_ in by_id if id_ not in asked or now - asked[id_] > self.age * RARELY]
        never = dt.datetime.fromtimestamp(0, dt.UTC)
        due.sort(key=lambda id_: (asked.get(id_, never), -by_id[id_].stars))
        for number, id_ in enumerate(due[:most]):
            if number and self.stop():
                return len(due) - number
            people = await self.github.contributors(by_id[id_].full_name)
            # Where GitHub does not tell, that is kept too, or it would be asked each time.
            self.book.keep_contributors(id_, people or (), dt.datetime.now(dt.UTC))
            done()
        return len(due) - len(due[:most])

    def _is_fresh(self, known: Known | None, facts: Mapping[int, Facts]) -> bool:
        if known is None or (known.id and known.id not in facts):
            return False
        age = self.age if known.id else self.age * RARELY
        return dt.datetime.now(dt.UTC) - known.checked < age


def _names_of(looked: Looked) -> dict[str, int]:
    """Where names lead: those asked for, and those that repositories have at present."""
    names = {facts.full_name.lower(): facts.id for facts in looked.found.values()}
    names |= {name.lower(): facts.id for name, facts in looked.found.items()}
    return names | dict.fromkeys(map(str.lower, looked.missing), 0)

"""What all routes share: settings, connections, the load that is shown."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson

from ..errors import AggregatorError, ServiceUnreachable
from ..index import SearchServer, collections, search_defaults
from ..index.nodes import nodes_of
from ..profile import Profile
from ..profiles import Profiles, load_profiles
from ..queue.active_profiles import ActiveProfiles
from ..settings import Settings
from ..store import Snapshot, Store, open_store, queries

T = TypeVar("T")
K = TypeVar("K")

SNAPSHOT_AGE = 5.0
"""Seconds for which the load that is shown is not asked for again."""
NAMES_AGE = 300.0
"""Seconds for which the list of a profile's projects is not asked for again."""
PATIENCE = 3.0
"""Seconds that a page waits for the search server; then it is shown without what it knows."""


@dataclass(frozen=True)
class PagePart(Generic[T]):
    """A part of a page: its value, or in one sentence why it is missing."""

    value: T | None = None
    missing: str | None = None

    @property
    def there(self) -> bool:
        """Whether there is something to show."""
        return self.missing is None


class Site:
    """Connections of one web process; safe for threads, made when first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.loads = SnapshotWatcher(self._look)
        self.loads.changed.append(self._prepare)
        self._guard = threading.Lock()
        self._store: Store | None = None
        self._grounding = threading.Lock()
        self._ground: queries.StatsContext | None = None

    def _look(self) -> Snapshot:
        return self.store.snapshot()

    @functools.cached_property
    def profiles(self) -> Profiles:
        """All profiles, as of the start of this process."""
        return load_profiles(self.settings)

    @property
    def store(self) -> Store:
        """The statistics store, for reading only; Unreachable where it is away."""
        with self._guard:
            if self._store is None:
                self._store = open_store(self.settings, readonly=True)
            return self._store

    @functools.cached_property
    def search(self) -> SearchServer:
        """The search server, with no more patience than people have."""
        nodes, key = nodes_of(self.settings)
        return SearchServer(nodes, key, min(self.settings.typesense_timeout, PATIENCE), patience=0)

    @property
    def browser_search_url(self) -> str | None:
        """Where browsers reach the search server; ``None`` where none is configured or runs."""
        if self.settings.web_search_url:
            return self.settings.web_search_url
        try:
            return self.search.nodes[0].url
        except AggregatorError:
            return None

    def active_profiles(self) -> tuple[Profile, ...]:
        """The profiles that have a collection, as of a moment ago."""
        return tuple(stock.profile for stock in self._stocks.current())

    def names(self, profile: Profile) -> tuple[str, ...]:
        """Normalized names of a profile's projects, as of a few minutes ago."""
        return self._names.get(profile.collection)

    def _read_names(self, collection: str) -> tuple[str, ...]:
        target = collections.require(self.search, collection)
        wanted = {"filter_by": search_defaults.LATEST_FILTER, "include_fields": "name_normalized"}
        lines = self.search.export(target.collection, wanted)
        return tuple(orjson.loads(line)["name_normalized"] for line in lines)

    @functools.cached_property
    def _names(self) -> TTLCache[str, tuple[str, ...]]:
        return TTLCache(self._read_names, NAMES_AGE)

    def size(self, profile: Profile) -> int:
        """How many documents, one for each release, a profile's collection has."""
        target = collections.require(self.search, profile.collection)
        return collections.document_count(self.search, target.collection)

    def documents(self, profile: Profile, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The documents that a search of a profile's collection finds, one page of them."""
        name = profile.collection
        answer = self.search.call(lambda client: client.collections[name].documents.search(asked))
        return [hit["document"] for hit in answer["hits"]]

    def similar(self, collection: str, name: str) -> list[str]:
        """Up to three names in a collection that are written like ``name``."""
        return collections.similar_names(self.search, collection, name)

    @functools.cached_property
    def _stocks(self) -> ActiveProfiles:
        return ActiveProfiles(self.search, self.profiles)

    def snapshot(self) -> Snapshot:
        """The loads that are shown, at most a few seconds old; Unreachable without a store."""
        return self.loads.now()

    def stats_context(self) -> queries.StatsContext:
        """What package pages share, of the loads that are shown; read once for each of them."""
        snapshot = self.snapshot()
        with self._grounding:
            if self._ground is None or self._ground.snapshot.id != snapshot.id:
                self._ground = queries.stats_context(self.store, snapshot=snapshot)
            return self._ground

    def _prepare(self, _: Snapshot) -> None:
        self.part(self.stats_context)

    def part(self, ask: Callable[[], T]) -> PagePart[T]:
        """Ask for a part of a page; what is away is told, and the rest of the page is shown."""
        try:
            return PagePart(ask())
        except ServiceUnreachable as error:
            return PagePart(missing=f"{service_of(error)} does not answer at the moment")
        except AggregatorError as error:
            return PagePart(missing=str(error))

    def close(self) -> None:
        """Let go of the connections."""
        self.loads.stop()
        if self._store is not None:
            self._store.close()
            self._store = None


def service_of(error: ServiceUnreachable) -> str:
    """What does not answer, without its address: that is nobody's business on a public page."""
    return error.service.partition(" at ")[0]


class SnapshotWatcher:
    """Asks for the current loads every few seconds in a thread, so that no request waits for it.

    ``changed`` functions are called in that thread when another load is shown.
    """

    def __init__(self, ask: Callable[[], Snapshot]) -> None:
        self.changed: list[Callable[[Snapshot], None]] = []
        self._ask = ask
        self._seen: Snapshot | None = None
        self._error: AggregatorError | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Ask once, and go on in a thread."""
        self.look()
        self._thread = threading.Thread(target=self._run, name="loads", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(5)

    def now(self) -> Snapshot:
        """What was seen last; the error where the last look failed."""
        if self._seen is None and self._error is None:
            self.look()
        if self._error is not None:
            raise self._error
        assert self._seen is not None  # noqa: S101
        return self._seen

    def look(self) -> None:
        """Ask now."""
        try:
            seen = self._ask()
        except AggregatorError as error:
            self._error = error
            return
        is_new = self._seen is None or self._seen.id != seen.id
        self._seen, self._error = seen, None
        if is_new:
            for tell in self.changed:
                tell(seen)

    def _run(self) -> None:
        while not self._ended.wait(SNAPSHOT_AGE):
            self.look()


class TTLCache(Generic[K, T]):
    """Values that are asked for anew when they are older than ``age`` seconds."""

    def __init__(self, ask: Callable[[K], T], age: float) -> None:
        self._ask = ask
        self._age = age
        self._found: dict[K, tuple[float, T]] = {}
        self._guard = threading.Lock()

    def get(self, key: K) -> T:
        """The value of a key."""
        found = self._found.get(key)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        # One asks, those who came meanwhile find what it found.
        with self._guard:
            found = self._found.get(key)
            if found is None or found[0] <= time.monotonic():
                found = (time.monotonic() + self._age, self._ask(key))
                self._found[key] = found
        return found[1]

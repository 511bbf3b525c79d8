"""What there is to watch, for Prometheus: read from Redis and the search server at each scrape."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ..errors import AggregatorError, NotFound
from ..index import SearchServer
from ..index.nodes import nodes_of
from ..profiles import Profiles
from ..settings import Settings
from . import queue_admin
from .active_profiles import ActiveProfiles
from .cursors import PREFIX as CURSOR
from .cursors import RedisCursorStore
from .dead_letters import DeadLetters
from .redis_client import Client
from .stats import TaskStats

SEARCH_TIMEOUT = 2.0
"""Seconds for the search server: Prometheus itself waits ten for the whole scrape."""
PROJECTS = {"projects_fetched": "fetched", "projects_current": "current"}
FEED_ENTRIES = {"feed_entries_queued": "queued", "feed_entries_known": "known"}

Family = CounterMetricFamily | GaugeMetricFamily


class MetricDefinition(NamedTuple):
    """A metric: its name, its labels, and what it means, with the unit."""

    name: str
    labels: tuple[str, ...]
    meaning: str

    def family(self) -> Family:
        """Return it without a value; a name that ends in ``_total`` is a counter."""
        kind = CounterMetricFamily if self.name.endswith("_total") else GaugeMetricFamily
        return kind(self.name, self.meaning, labels=self.labels)


class MetricName(enum.Enum):
    """Every metric there is."""

    UP = MetricDefinition("pyf_up", ("service",), "1 if the service answered this scrape, else 0.")
    DEPTH = MetricDefinition(
        "pyf_queue_depth", ("queue",), "Messages in the queue that no worker has taken."
    )
    OLDEST = MetricDefinition(
        "pyf_queue_oldest_seconds",
        ("queue",),
        "Seconds since the next message of the queue was sent; 0 when nothing waits.",
    )
    UNACKNOWLEDGED = MetricDefinition(
        "pyf_unacknowledged", (), "Messages that workers have taken and not ended."
    )
    TASKS = MetricDefinition(
        "pyf_tasks_total",
        ("task", "outcome"),
        "Tasks by outcome: started, succeeded, retried, failed (for good), refused.",
    )
    TASK_SECONDS = MetricDefinition(
        "pyf_task_seconds_total", ("task",), "Seconds that tasks took together."
    )
    UPSTREAM = MetricDefinition(
        "pyf_upstream_failures_total",
        ("service",),
        "Tries that a service or upstream did not answer.",
    )
    DOCUMENTS = MetricDefinition(
        "pyf_documents_total",
        ("action",),
        "Documents by what was done: written, updated, removed, refused.",
    )
    PROJECTS = MetricDefinition(
        "pyf_projects_total",
        ("result",),
        "Looks at projects: fetched, or current in the index already.",
    )
    WASTED = MetricDefinition(
        "pyf_wasted_total", (), "Projects that were fetched although nothing was new."
    )
    FEED_ENTRIES = MetricDefinition(
        "pyf_feed_entries_total",
        ("result",),
        "Entries of feeds: queued, or known from an earlier reading.",
    )
    DEAD = MetricDefinition(
        "pyf_dead_letters", (), "Tasks on the list of those that failed for good."
    )
    BEAT_AGE = MetricDefinition(
        "pyf_beat_age_seconds", ("task",), "Seconds since a periodic task was last started."
    )
    SERIAL = MetricDefinition(
        "pyf_serial", ("collection",), "Serial of the registry up to which the collection is whole."
    )
    TO_RETRY = MetricDefinition(
        "pyf_projects_to_retry",
        ("collection",),
        "Projects below that serial that the next synchronisation tries again.",
    )
    INDEX_LAG = MetricDefinition(
        "pyf_index_lag_seconds",
        ("collection",),
        "Seconds since the newest release in the collection was uploaded.",
    )


METRICS: tuple[MetricDefinition, ...] = tuple(name.value for name in MetricName)


class QueueCollector(Collector):
    """Asks anew at each scrape. ``settings`` says each time where Redis and the search server are.

    A service that is away costs its own metrics and nothing else; ``pyf_up`` says so.
    """

    def __init__(self, settings: Callable[[], Settings], profiles: Profiles) -> None:
        self._settings = settings
        self._profiles = profiles

    def describe(self) -> Iterable[Metric]:
        """All metrics without values; nothing is asked."""
        return [definition.family() for definition in METRICS]

    def collect(self) -> Iterable[Metric]:
        """All metrics of which something is known."""
        settings, scrape = self._settings(), _Scrape()
        # Side by side: two services that hang must not take longer than Prometheus waits.
        with ThreadPoolExecutor(2) as pool:
            asked = (
                pool.submit(scrape.service, "redis", lambda: _ask_redis(settings, scrape)),
                pool.submit(
                    scrape.service, "search", lambda: _ask_search(settings, self._profiles, scrape)
                ),
            )
        for service in asked:
            service.result()
        return scrape.metrics()


def metrics_registry(settings: Callable[[], Settings], profiles: Profiles) -> CollectorRegistry:
    """Return a registry with these metrics and no others."""
    made = CollectorRegistry()
    made.register(QueueCollector(settings, profiles))
    return made


class _Scrape:
    """What one scrape found."""

    def __init__(self) -> None:
        self.now = time.time()
        self._families = {name: name.value.family() for name in MetricName}

    def add(self, name: MetricName, value: float, *labels: str) -> None:
        self._families[name].add_metric(labels, value)

    def service(self, service: str, ask: Callable[[], None]) -> None:
        try:
            ask()
        except AggregatorError:
            self.add(MetricName.UP, 0, service)
        else:
            self.add(MetricName.UP, 1, service)

    def metrics(self) -> list[Metric]:
        return [family for family in self._families.values() if family.samples]


def _ask_redis(settings: Settings, scrape: _Scrape) -> None:
    with queue_admin.open_redis(settings) as client:
        for one in queue_admin.queue_depths(client, scrape.now):
            scrape.add(MetricName.DEPTH, one.pending, one.queue)
            if one.oldest is not None or not one.pending:
                scrape.add(MetricName.OLDEST, one.oldest or 0, one.queue)
        scrape.add(MetricName.UNACKNOWLEDGED, queue_admin.count_unacknowledged(client))
        scrape.add(MetricName.DEAD, len(DeadLetters(client)))
        stats = TaskStats(client)
        for task, last in stats.beats().items():
            scrape.add(MetricName.BEAT_AGE, max(0.0, scrape.now - last), task)
        _put_cursors(client, scrape)
        for field, value in sorted(stats.total().items()):
            _put_count(field, value, scrape)


def _put_cursors(client: Client, scrape: _Scrape) -> None:
    cursors = RedisCursorStore(client)
    for key in sorted(client.scan_iter(CURSOR + "*")):
        collection = str(key).removeprefix(CURSOR)
        cursor = cursors.read(collection)
        if cursor is not None:
            scrape.add(MetricName.SERIAL, cursor.serial, collection)
            scrape.add(MetricName.TO_RETRY, len(cursor.retry), collection)


def _put_count(field: str, value: float, scrape: _Scrape) -> None:
    """Put a count of ``Stats`` where it belongs."""
    subject, colon, what = field.partition(":")
    if subject == "unreachable":
        scrape.add(MetricName.UPSTREAM, value, what)
    elif colon and what == "seconds":
        scrape.add(MetricName.TASK_SECONDS, value, subject)
    elif colon:
        scrape.add(MetricName.TASKS, value, subject, what)
    elif field == "wasted":
        scrape.add(MetricName.WASTED, value)
    elif field in PROJECTS:
        scrape.add(MetricName.PROJECTS, value, PROJECTS[field])
    elif field in FEED_ENTRIES:
        scrape.add(MetricName.FEED_ENTRIES, value, FEED_ENTRIES[field])
    elif field.startswith("documents_"):
        scrape.add(MetricName.DOCUMENTS, value, field.removeprefix("documents_"))


def _ask_search(settings: Settings, profiles: Profiles, scrape: _Scrape) -> None:
    nodes, key = nodes_of(settings)
    server = SearchServer(nodes, key, SEARCH_TIMEOUT)
    targets = {
        stock.target.alias: stock.target for stock in ActiveProfiles(server, profiles).current()
    }
    for alias, target in sorted(targets.items()):
        newest = _newest_upload(server, target.collection)
        if newest is not None:
            scrape.add(MetricName.INDEX_LAG, max(0.0, scrape.now - newest), alias)


def _newest_upload(server: SearchServer, collection: str) -> int | None:
    """Return when the newest release was uploaded, ``None`` for a collection without releases."""
    parameters = {
        "q": "*",
        "query_by": "name",
        "sort_by": "upload_timestamp:desc",
        "include_fields": "upload_timestamp",
        "per_page": 1,
    }
    try:
        answer = server.call(
            lambda client: client.collections[collection].documents.search(parameters)
        )
    except NotFound:  # a recreation has just replaced it
        return None
    times = [int(hit["document"].get("upload_timestamp", 0)) for hit in answer["hits"]]
    return times[0] if times and times[0] else None

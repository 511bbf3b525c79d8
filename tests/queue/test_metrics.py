"""The metrics, as Prometheus reads them: with everything there, and with a service away."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pyf.aggregator.ingest.cursor import Cursor
from pyf.aggregator.ingest.multi_profile import InspectResult
from pyf.aggregator.profiles import load_profiles
from pyf.aggregator.queue import metrics
from pyf.aggregator.queue.config import PREFIX
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.settings import Settings

from ..stack import CLASSIFIER
from .running import QueueBench, free_port

Samples = Mapping[tuple[str, tuple[str, ...]], float]


def scrape(settings: Settings) -> Samples:
    """Every sample by its name and the values of its labels, in the order they are declared."""
    registry = metrics.metrics_registry(lambda: settings, load_profiles(settings))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    order = {metric.name: metric.labels for metric in metrics.METRICS}
    return {
        (sample.name, tuple(sample.labels[label] for label in order[sample.name])): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_metric_is_on_the_page_with_its_labels() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text("utf-8")
    rows = re.findall(r"^\| `(pyf_\w+)` \|([^|]*)\|", page, re.M)
    told = {name: tuple(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", of))) for name, of in rows}

    assert told == {metric.name: metric.labels for metric in metrics.METRICS}
    used = set(re.findall(r"pyf_\w+", page))
    assert used <= set(told)


def test_no_name_is_used_twice() -> None:
    names = [metric.name.removesuffix("_total") for metric in metrics.METRICS]
    assert len(set(names)) == len(names)


@pytest.mark.integration
def test_everything_that_is_known_is_shown(queue: QueueBench, room: WorkerContext) -> None:
    uploaded = time.time()
    queue.bench.pypi.tell("publish", name="brand.new", version="1.0", classifiers=[CLASSIFIER])
    queue.bench.run()
    room.redis.lpush("celery", '{"headers": {"pyf_sent": %f}}' % (time.time() - 50))
    room.stats.record_start("sync_changes", periodic=True)
    room.stats.record_end("sync_changes", "succeeded", 1.5)
    room.stats.record_inspection(InspectResult(fetched=True, matched=1, written=3))
    room.stats.record_inspection(InspectResult(fetched=True, matched=1))
    room.stats.record_work({"feed_entries_queued": 4, "documents_refused": 2})
    room.stats.record_unreachable("https://pypi.example")
    room.dead.add(f"{PREFIX}inspect_project", "bad", ["bad"], {}, "ValueError: x")
    room.cursors.write(queue.bench.collection, Cursor(42, None, {"six": 41}))

    found = scrape(queue.settings())
    shown = {name for name, _ in found}
    assert shown == {metric.name for metric in metrics.METRICS}
    assert found["pyf_up", ("redis",)] == found["pyf_up", ("search",)] == 1
    assert found["pyf_queue_depth", ("celery",)] == 1
    assert found["pyf_queue_oldest_seconds", ("celery",)] == pytest.approx(50, abs=10)
    assert found["pyf_queue_oldest_seconds", ("long",)] == 0
    assert found["pyf_tasks_total", ("sync_changes", "succeeded")] == 1
    assert found["pyf_task_seconds_total", ("sync_changes",)] == 1.5
    assert found["pyf_documents_total", ("written",)] == 3
    assert found["pyf_documents_total", ("refused",)] == 2
    assert found["pyf_projects_total", ("fetched",)] == 2
    assert found["pyf_wasted_total", ()] == 1
    assert found["pyf_feed_entries_total", ("queued",)] == 4
    assert found["pyf_upstream_failures_total", ("https://pypi.example",)] == 1
    assert found["pyf_dead_letters", ()] == 1
    assert found["pyf_beat_age_seconds", ("sync_changes",)] < 60
    assert found["pyf_serial", (queue.bench.collection,)] == 42
    assert found["pyf_projects_to_retry", (queue.bench.collection,)] == 1
    lag = found["pyf_index_lag_seconds", (queue.bench.collection,)]
    assert lag == pytest.approx(time.time() - uploaded, abs=10)


@pytest.mark.integration
def test_without_redis_the_rest_is_shown(queue: QueueBench, room: WorkerContext) -> None:
    queue.bench.run()
    queue.redis.stop()

    found = scrape(queue.settings())
    assert (found["pyf_up", ("redis",)], found["pyf_up", ("search",)]) == (0, 1)
    assert {name for name, _ in found} == {"pyf_up", "pyf_index_lag_seconds"}


@pytest.mark.integration
def test_without_the_search_server_the_rest_is_shown_soon(
    queue: QueueBench, room: WorkerContext
) -> None:
    away = queue.settings(TYPESENSE_NODES=f"http://127.0.0.1:{free_port()}")
    begun = time.monotonic()

    found = scrape(away)
    assert time.monotonic() - begun < 10
    assert (found["pyf_up", ("redis",)], found["pyf_up", ("search",)]) == (1, 0)
    assert found["pyf_queue_depth", ("celery",)] == 0
    assert "pyf_index_lag_seconds" not in {name for name, _ in found}

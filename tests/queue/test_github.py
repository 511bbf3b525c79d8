"""GitHub's facts by way of the tasks."""

from __future__ import annotations

import time

import pytest

from pyf.aggregator.queue import github, shared, update_github, update_github_all
from pyf.aggregator.queue.shared import Shared
from pyf.aggregator.store import Store

from ..registries.github_sample import SampleGitHub, sample_github
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import QueueBench


def never() -> bool:
    return False


def lead_to(sample: SampleGitHub, monkeypatch: pytest.MonkeyPatch, store_url: str = "") -> None:
    """Let this process's tasks ask the sample, with a store or without."""
    for name, value in sample.environment().items():
        monkeypatch.setenv(name, value)
    if store_url:
        monkeypatch.setenv("CLICKHOUSE_URL", store_url)
    shared.close()


def test_a_project_gets_its_facts_even_without_a_store(
    queue: QueueBench, room: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.bench.run()
    with_links = [
        document["name"]
        for document in queue.bench.documents().values()
        if "github.com" in str(document.get("project_urls"))
    ]
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        update_github(with_links[0])
        update_github({"package_id": "nobody"})

    shown = {
        document["name"]: bool(document.get("github_url"))
        for document in queue.bench.documents().values()
    }
    assert {name for name, has_facts in shown.items() if has_facts} == {with_links[0]}
    assert len(shared.get().dead) == 0


def test_collections_are_done_with_contributors_and_put_off_by_a_limit(
    queue: QueueBench,
    room: Shared,
    store: Store,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue.bench.run()
    with sample_github("--points", "2") as sample:
        lead_to(sample, monkeypatch, url_of(store.location))
        left = github.everything(shared.get(), None, 0.0, never)
        assert left is not None
        put_off = github.everything(shared.get(), left["collections"], left["not_before"], never)
        sample.tell("set_limits", points=5_000)
        sample.tell("reset_stats")
        update_github_all()
        asked = sample.asked("contributors")
        update_github_all()
        again = sample.asked("contributors")

    # Two points are enough for the facts and one repository's contributors.
    assert left["collections"] == [queue.bench.collection]
    assert left["not_before"] > time.time() + 3_000
    assert put_off == left
    assert github.delay(left) == github.LONGEST_DELAY
    assert asked == again > 0
    documents = queue.bench.documents().values()
    assert all(one.get("contributors") for one in documents if one.get("github_url"))
    assert shared.get().stats.day()["update_github_all:succeeded"] == 2


def test_without_a_store_the_weekly_task_does_nothing(
    queue: QueueBench, room: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.bench.run()
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        update_github_all()
        assert sample.asked() == 0

"""GitHub's facts by way of the tasks."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from pyf.aggregator.queue import (
    context,
    full_fetch_all_packages,
    github,
    inspect_project,
    sync_changes,
    update_github,
    update_github_all,
)
from pyf.aggregator.queue.config import PREFIX
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.store import Store

from ..registries.github_sample import SampleGitHub, sample_github
from ..stack import CLASSIFIER
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
    context.close_context()


def test_a_project_gets_its_facts_even_without_a_store(
    queue: QueueBench, room: WorkerContext, monkeypatch: pytest.MonkeyPatch
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
    assert len(context.get_context().dead) == 0


def test_collections_are_done_with_contributors_and_put_off_by_a_limit(
    queue: QueueBench,
    room: WorkerContext,
    store: Store,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue.bench.run()
    with sample_github("--points", "2") as sample:
        lead_to(sample, monkeypatch, url_of(store.location))
        left = github.update_collections(context.get_context(), None, 0.0, never)
        assert left is not None
        put_off = github.update_collections(
            context.get_context(), left["collections"], left["not_before"], never
        )
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
    assert github.resume_delay(left) == github.LONGEST_DELAY
    assert asked == again > 0
    documents = queue.bench.documents().values()
    assert all(one.get("contributors") for one in documents if one.get("github_url"))
    assert context.get_context().stats.day()["update_github_all:succeeded"] == 2


def test_without_a_store_the_weekly_task_does_nothing(
    queue: QueueBench, room: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.bench.run()
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        update_github_all()
        assert sample.asked() == 0


def queued(queue: QueueBench, task: str, name: str = "celery") -> list[Any]:
    """The arguments, positional or by name, of the messages of a task that wait."""
    found = []
    for line in queue.redis.client().lrange(name, 0, -1):
        message = json.loads(line)
        if message["headers"]["task"] == f"{PREFIX}{task}":
            args, kwargs, _ = json.loads(base64.b64decode(message["body"]))
            found.append(kwargs or args)
    return found


def publish(queue: QueueBench, name: str, version: str = "1.0") -> None:
    queue.bench.pypi.tell("publish", name=name, version=version, classifiers=[CLASSIFIER])


def fetched(queue: QueueBench) -> None:
    """Let the queue itself fetch the bench's profile, so that it knows the serial reached."""
    full_fetch_all_packages(profile_name=queue.bench.collection)
    context.get_context().active_profiles.invalidate()


def test_a_project_that_is_new_is_asked_for_once_and_one_that_is_known_is_not(
    queue: QueueBench, room: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched(queue)
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        publish(queue, "New.One")
        inspect_project("new.one")
        publish(queue, "new.one", "1.1")
        inspect_project("new.one")
        publish(queue, "New.Two")
        sync_changes()
        asked = queued(queue, "update_github")

    assert sorted(asked) == [["new-one"], ["new-two"]]


def test_what_came_back_within_the_hour_is_not_asked_for_twice(
    queue: QueueBench, room: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.bench.run()
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        assert github.should_fetch(context.get_context(), "New.One")
        assert not github.should_fetch(context.get_context(), "new-one")


def test_a_full_fetch_is_followed_by_the_facts_of_its_collection(
    queue: QueueBench, room: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue.bench.run()
    with sample_github() as sample:
        lead_to(sample, monkeypatch)
        full_fetch_all_packages()

    where = {"collections": [queue.bench.collection]}
    assert queued(queue, "update_github_all", "long") == [where]


def test_without_a_token_new_projects_wait_for_the_weekly_task(
    queue: QueueBench, room: WorkerContext
) -> None:
    fetched(queue)
    publish(queue, "new.one")
    inspect_project("new.one")
    publish(queue, "new.two")
    sync_changes()
    full_fetch_all_packages()

    assert {"new.one-1.0", "new.two-1.0"} <= queue.bench.documents().keys()
    assert queued(queue, "update_github") == []
    assert queued(queue, "update_github_all", "long") == []

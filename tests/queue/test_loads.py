"""The nightly load as it runs: a real worker, Redis, store, search server and files of days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pyf.aggregator.queue import load_downloads
from pyf.aggregator.queue.context import WorkerContext
from pyf.aggregator.store import Store

from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import QueueBench, wait_for

pytestmark = pytest.mark.integration
LAST = datetime.now(UTC).date() - timedelta(1)


def write(folder: Path, day: date, package: str, downloads: int) -> None:
    """A day's file as it is published for everybody, with one package."""
    lines = [
        f"{day},overall,{package},{category},{downloads}"
        for category in ("with_mirrors", "without_mirrors")
    ]
    text = "\n".join(["day,dimension,package,category,downloads", *lines, ""])
    (folder / f"{day}.csv").write_text(text)


@pytest.fixture
def project(
    queue: QueueBench,
    room: WorkerContext,
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> str:
    """A project of an indexed profile, with a worker that loads days from a folder."""
    queue.bench.run()
    folder = tmp_path / "days"
    folder.mkdir()
    queue.worker(
        CLICKHOUSE_URL=url_of(store.location),
        STATS_SOURCE="file",
        STATS_FILE=str(folder / "{day}.csv"),
        PYPISTATS_URL="http://127.0.0.1:1",
        PYPISTATS_MAX_RETRIES="0",
    )
    return str(next(iter(queue.bench.documents().values()))["name_normalized"])


def shown(queue: QueueBench, name: str) -> set[int | None]:
    """What the documents of a project say of the last day."""
    documents = queue.bench.documents().values()
    return {d.get("download_last_day") for d in documents if d["name_normalized"] == name}


def test_a_night_loads_the_day_before_and_brings_it_to_documents(
    queue: QueueBench,
    room: WorkerContext,
    project: str,
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> None:
    write(tmp_path / "days", LAST, project, 21)

    load_downloads.delay()

    wait_for(lambda: shown(queue, project) == {21}, 60)
    assert set(store.snapshot().days) == {LAST}
    wait_for(lambda: room.stats.day().get("load_downloads:succeeded") == 1)
    assert "load_downloads" in room.stats.beats()


def test_a_range_loads_what_is_there_and_names_the_day_that_is_not(
    queue: QueueBench,
    room: WorkerContext,
    project: str,
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> None:
    for back, downloads in ((0, 30), (2, 28)):
        write(tmp_path / "days", LAST - timedelta(back), project, downloads)

    load_downloads.delay((LAST - timedelta(2)).isoformat(), LAST.isoformat())

    wait_for(lambda: shown(queue, project) == {30}, 60)
    assert set(store.snapshot().days) == {LAST - timedelta(2), LAST}
    wait_for(lambda: room.stats.day().get("load_downloads:failed") == 1)
    (letter,) = wait_for(room.dead.all)
    assert str(LAST - timedelta(1)) in letter.reason

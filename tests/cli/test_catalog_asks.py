"""What ``pyfa catalog sync`` asks before it does what cannot be meant by chance."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pyf.aggregator.cli.commands.catalog import ASKED_FROM
from pyf.aggregator.store import Store, catalog

from ..stack import QUICK, Sample, sample_pypi
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .dialogue import Dialogue, on_a_terminal
from .running import run_pyfa

QUESTION = "Type 'yes' to do so:"


@pytest.fixture(scope="module")
def large() -> Iterator[Sample]:
    """A registry with more projects than a first crawl begins unasked."""
    with sample_pypi(projects=ASKED_FROM + 500, share=0.001) as pypi:
        yield pypi


def where(store: Store, pypi: Sample) -> dict[str, str]:  # noqa: F811
    return {"CLICKHOUSE_URL": url_of(store.location), "PYPI_URL": pypi.url}


def asked(
    store: Store,  # noqa: F811
    pypi: Sample,
    folder: Path,
    *more: str,
) -> AbstractContextManager[Dialogue]:
    """A sync on a terminal."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYF_DATA_DIR": str(folder),
        "TERM": "xterm",
        **QUICK,
        **where(store, pypi),
    }
    return on_a_terminal(folder, environment, "catalog", "sync", *more)


def test_a_first_crawl_of_a_large_registry_is_not_begun_in_a_pipe(
    store: Store,  # noqa: F811
    large: Sample,
    tmp_path: Path,
) -> None:
    large.tell("reset_stats")
    done = run_pyfa(tmp_path, "catalog", "sync", **where(store, large))
    part = run_pyfa(tmp_path, "catalog", "sync", "--limit", "3", "--json", **where(store, large))

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    listed = f'"listed": {int(done.stderr.split(": ")[2].split()[0])}'
    assert listed in part.stdout and "--yes" in done.stderr
    assert (part.returncode, '"fetched": 3' in part.stdout) == (0, True)
    assert large.asked("project_json") == 3


@pytest.mark.parametrize("restart", [False, True])
def test_a_first_crawl_that_is_declined_asks_for_no_project_and_empties_nothing(
    store: Store,  # noqa: F811
    large: Sample,
    tmp_path: Path,
    *,
    restart: bool,
) -> None:
    if restart:
        run_pyfa(tmp_path, "catalog", "sync", "--limit", "3", **where(store, large))
    large.tell("reset_stats")
    with asked(store, large, tmp_path, *(["--restart"] if restart else [])) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.answer("no")
        dialogue.read_until("nothing was asked for")
        assert dialogue.process.wait(60) == 1

    assert large.asked("project_json", "simple_project") == 0
    assert len(list(catalog.catalog_entries(store))) == (3 if restart else 0)


def test_a_first_crawl_begins_with_yes(
    store: Store,  # noqa: F811
    large: Sample,
    tmp_path: Path,
) -> None:
    large.tell("reset_stats")
    large.tell("set_faults", latency=0.05)
    with asked(store, large, tmp_path) as dialogue:
        dialogue.read_until(QUESTION)
        dialogue.answer("yes")
        while not large.asked("project_json"):
            assert dialogue.process.poll() is None
    large.tell("set_faults", latency=0.0)


def test_projects_that_are_listed_no_more_are_asked_about(
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> None:
    with sample_pypi(projects=60, share=0.2) as pypi:
        run_pyfa(tmp_path, "catalog", "sync", **where(store, pypi))
        names = sorted(item.name for item in catalog.catalog_entries(store))[::2]
        for name in names:
            pypi.tell("delete_project", name=name)
        with asked(store, pypi, tmp_path) as dialogue:
            for _ in range(2):  # the list lacks them, and then they are gone indeed
                dialogue.read_until(QUESTION)
                dialogue.said = ""
                dialogue.answer("yes")
            assert dialogue.process.wait(60) == 0

    assert sum(item.gone for item in catalog.catalog_entries(store)) == len(names)

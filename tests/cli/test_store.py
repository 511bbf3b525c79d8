"""``pyfa store`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from pyf.aggregator.store import Location, Store

from ..store.serving import served, url_of
from .running import run_pyfa


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory):
    """A store whose tables are there, and nothing in them."""
    with served(tmp_path_factory.mktemp("store")) as server, Store(server.admin) as opened:
        yield opened


def pyfa(folder, location: Location | None, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYF_DATA_DIR": str(folder)}
    if location is not None:
        environment["CLICKHOUSE_URL"] = url_of(location)
    return subprocess.run(
        [sys.executable, "-m", "pyf.aggregator.cli.main", "store", *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_store_it_says_how_to_start_one(tmp_path):
    done = pyfa(tmp_path, None, "status")

    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.startswith("pyfa: no statistics store is configured and none runs here;")
    assert done.stderr.count("\n") == 1


def test_a_store_that_is_away_is_told_in_one_line(tmp_path):
    done = pyfa(tmp_path, Location("http", "127.0.0.1", 9, "pyf", "hush"), "status")

    assert done.returncode == 5
    assert done.stderr == (
        "pyfa: the store at http://127.0.0.1:9/pyf cannot be reached: Connection refused\n"
    )


@pytest.mark.parametrize("words", [("store", "status"), ("stats", "loads"), ("stats", "top")])
def test_a_store_that_was_never_filled_is_told_in_one_line(tmp_path, store, words):
    nowhere = replace(store.location, database="never")
    folder = {"CLICKHOUSE_URL": f"chdb://{tmp_path / 'new'}"}
    for where in ({"CLICKHOUSE_URL": url_of(nowhere)}, folder):
        done = run_pyfa(tmp_path, *words, **where)

        assert (done.returncode, done.stdout) == (3, "")
        assert "is empty, it has no tables yet; `pyfa stats load`" in done.stderr
        assert done.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_it_tells_what_is_there_and_brings_it_back(tmp_path, store):
    now, where = datetime(2026, 3, 2, 1, 0, tzinfo=UTC), store.location
    columns = ("id", "day", "source", "status", "finished")
    days = (date(2026, 3, 1), date(2026, 3, 3))
    store.insert("loads", [(i, d, "file", "published", now) for i, d in enumerate(days)], columns)

    plain, told = pyfa(tmp_path, where, "status"), pyfa(tmp_path, where, "status", "--json")
    assert "loads\t2\t" in plain.stdout
    assert plain.stdout.splitlines()[-2:] == [
        "2 days loaded, 2026-03-01 to 2026-03-03, 1 between them missing",
        "last load: 2026-03-03 from file, published at 2026-03-02 01:00 UTC",
    ]
    assert json.loads(told.stdout)["days"] == 2

    assert pyfa(tmp_path, where, "backup", "kept").returncode == 0
    again = pyfa(tmp_path, where, "backup", "kept")
    assert (again.returncode, "--force" in again.stderr) == (2, True)
    full = pyfa(tmp_path, where, "restore", "kept")
    assert (full.returncode, "not empty (loads)" in full.stderr) == (2, True)
    forced = pyfa(tmp_path, where, "restore", "kept", "--force", "--json")
    assert json.loads(forced.stdout) == {"folder": "kept", "files": 1, "rows": 2}
    assert where.password not in plain.stdout + told.stdout + forced.stderr


def test_what_is_up_to_date_stays_as_it_is(tmp_path, store):
    done = pyfa(tmp_path, store.location, "migrate", "--json")

    assert json.loads(done.stdout) == {"made": []}
    assert pyfa(tmp_path, store.location, "restore", "nothing").returncode == 3

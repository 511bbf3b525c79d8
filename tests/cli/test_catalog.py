"""``pyfa catalog`` as people and programs use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyf.aggregator.store import Store

from ..stack import sample_pypi
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import run_pyfa


def test_from_sync_to_query(store: Store, tmp_path: Path) -> None:  # noqa: F811
    with sample_pypi(projects=60, share=0.2) as pypi:
        where = {"CLICKHOUSE_URL": url_of(store.location), "PYPI_URL": pypi.url}
        early = run_pyfa(tmp_path, "catalog", "query", "Framework :: Plone", **where)
        assert (early.returncode, early.stdout) == (2, "")
        done = run_pyfa(tmp_path, "catalog", "sync", "--json", **where)
        assert done.returncode == 0, done.stderr
        account = json.loads(done.stdout)
        again = run_pyfa(tmp_path, "catalog", "sync", "--json", **where)
        query = ("catalog", "query", "Framework :: Plone")
        lines = run_pyfa(tmp_path, *query, "--json", **where).stdout.splitlines()
        family = run_pyfa(tmp_path, *query, "--family", **where).stdout.splitlines()
        state = json.loads(run_pyfa(tmp_path, "catalog", "status", "--json", **where).stdout)
        expected = {
            pypi.project(json.loads(line)["name"])["info"]["name"]: json.loads(line)
            for line in lines
        }

    assert account["fetched"] == account["listed"] == state["projects"]
    assert state["last_complete_sync"]["serial"] == account["serial"]
    told = f"the catalog is empty: {account['listed']} projects of {pypi.url} are asked for"
    assert told in done.stderr
    assert "the catalog is empty" not in again.stderr
    assert expected and len(family) >= len(lines)
    for name, row in expected.items():
        assert row["display_name"] == name
        assert "Framework :: Plone" in row["classifiers"]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("query", "Framework :: Plon"), 2, "did you mean 'Framework :: Plone'"),
        (("query",), 2, "name a classifier"),
        (("query", "-p", "nope"), 2, "there is no profile"),
        (("sync", "--older-than", "soon"), 2, "number of days"),
        (("sync", "--moved", "--restart"), 2, "not allowed"),
        (("status",), 5, "pyfa up"),
        ((), 2, "ACTION"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, words: str, tmp_path: Path
) -> None:
    done = run_pyfa(tmp_path, "catalog", *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1

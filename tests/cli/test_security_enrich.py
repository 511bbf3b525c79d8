"""``pyfa security`` for a collection: loaded, brought, told; and what goes wrong in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pyf.aggregator.index import SearchServer
from pyf.aggregator.store import Store

from ..enrich.osv import export, record
from ..index import making
from ..queue.running import free_port
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.serving import url_of
from .running import run_pyfa


def test_a_collection_is_marked_and_told_of(
    search: SearchServer,
    collection: str,
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> None:
    making.make(search, collection, 3)
    with export() as osv:
        osv.put(record("PYSEC-2026-1", "project-1"))
        where = {
            "CLICKHOUSE_URL": url_of(store.location),
            "OSV_EXPORT_URL": osv.url,
            "TYPESENSE_NODES": search.url,
            "TYPESENSE_API_KEY": search.key,
        }
        done = run_pyfa(tmp_path, "security", "-t", collection, "--json", **where)
        again = run_pyfa(tmp_path, "security", "-t", collection, **where)
        osv.records["broken"] = b"?"
        osv.lists_changes = False
        partly = run_pyfa(tmp_path, "security", "load", **where)

    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout)
    assert (account["projects"], account["vulnerable"], account["updated"]) == (3, 1, 3)
    assert account["advisories"]["records"] == 1
    assert "0 documents updated, 3 current" in again.stdout
    assert (partly.returncode, "broken" in partly.stderr) == (4, True)


def test_without_osv_it_goes_on_with_the_advisories_of_before(
    search: SearchServer,
    collection: str,
    store: Store,  # noqa: F811
    tmp_path: Path,
) -> None:
    making.make(search, collection, 3)
    with export() as osv:
        osv.put(record("PYSEC-2026-1", "project-1"))
        where = {
            "CLICKHOUSE_URL": url_of(store.location),
            "OSV_EXPORT_URL": f"http://127.0.0.1:{free_port()}",
            "TYPESENSE_NODES": search.url,
            "TYPESENSE_API_KEY": search.key,
        }
        none = run_pyfa(tmp_path, "security", "-t", collection, **where)
        run_pyfa(tmp_path, "security", "load", **{**where, "OSV_EXPORT_URL": osv.url})
    kept = run_pyfa(tmp_path, "security", "-t", collection, "--json", **where)

    assert (none.returncode, none.stdout, none.stderr.count("\n")) == (5, "", 1)
    account = json.loads(kept.stdout)
    assert (kept.returncode, account["vulnerable"], account["updated"]) == (4, 1, 3)
    assert account["advisories"] is None
    assert "not brought up to date" in kept.stderr
    assert "UTC (today)" in kept.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("security",), 2, "name a profile"),
        (("security", "-l", "0"), 2, "positive integer"),
        (("security", "-t", "packages", "load"), 2, "-t before load"),
        (("security", "load"), 5, "pyfa up"),
    ],
)
def test_what_goes_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], status: int, words: str, tmp_path: Path
) -> None:
    done = run_pyfa(tmp_path, *arguments)

    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1

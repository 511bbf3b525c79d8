"""The catalog follows a registry: what moved is fetched, what is gone is marked, nothing else."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pyf.aggregator.errors import SafetyStop, ServiceUnreachable, UsageError
from pyf.aggregator.http import UpstreamError
from pyf.aggregator.ingest import catalog_crawl
from pyf.aggregator.ingest.catalog import CatalogSyncOptions, CatalogSyncResult, sync
from pyf.aggregator.settings import Settings, load_settings
from pyf.aggregator.store import Location, Store, catalog

from ..stack import QUICK, Sample, sample_pypi
from ..store.serving import url_of
from .mirror import mirror

MONTH = dt.timedelta(days=30)


@pytest.fixture
def pypi() -> Iterator[Sample]:
    """A sample PyPI of 60 projects of one's own."""
    with sample_pypi(projects=60, share=0.2) as sample:
        yield sample


def settings_for(url: str, **more: str) -> Settings:
    return load_settings({"PYPI_URL": url, **QUICK, **more}, dotenv=None)


def run(url: str, store: Store, **order: Any) -> CatalogSyncResult:
    return sync(settings_for(url), store, CatalogSyncOptions(**order))


def everything(store: Store) -> dict[str, catalog.CatalogProject]:
    return catalog.projects(store, [item.name for item in catalog.catalog_entries(store)])


def age(store: Store, *names: str) -> None:
    """Make it a month since these were looked at."""
    rows = catalog.projects(store, names).values()
    store.command(
        "ALTER TABLE projects DELETE WHERE name IN {names:Array(String)} "
        "SETTINGS mutations_sync = 1",
        {"names": list(names)},
    )
    catalog.put_projects(store, [_aged(row) for row in rows])


def _aged(row: catalog.CatalogProject) -> catalog.CatalogProject:
    return catalog.CatalogProject(**{**vars(row), "checked": row.checked - MONTH})


def test_a_first_sync_takes_in_every_project(pypi: Sample, store: Store) -> None:
    account = run(pypi.url, store)
    held = everything(store)

    assert account.complete
    assert len(held) == account.listed == account.fetched
    assert account.serial == pypi.stats()["last_serial"]
    checked = 0
    for row in held.values():
        if not row.releases:
            continue
        said = pypi.project(row.name)
        info, serial = said["info"], said["last_serial"]
        assert (row.display_name, row.latest, row.serial) == (info["name"], info["version"], serial)
        assert list(row.classifiers) == info["classifiers"]
        assert row.summary == " ".join((info["summary"] or "").split())
        uploads = [f["upload_time_iso_8601"] for files in said["releases"].values() for f in files]
        first = dt.datetime.fromisoformat(min(uploads)) if uploads else None
        assert row.first_upload == (int(first.timestamp()) if first else 0)
        checked += 1
    assert checked > 40


def test_nothing_new_costs_one_request(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    account = run(pypi.url, store)

    assert (account.requests, account.fetched, account.gone) == (1, 0, 0)


def test_only_what_moved_is_fetched(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    pypi.tell("publish", name="Fresh.One", version="0.1", classifiers=["Framework :: Plone"])
    old = next(row for row in everything(store).values() if row.releases > 1)
    pypi.tell("publish", name=old.name, version="9999.0")
    account = run(pypi.url, store)

    assert account.fetched == 2
    assert account.requests == 5  # the list; metadata and status of each
    fresh = catalog.projects(store, ["fresh-one"])["fresh-one"]
    assert (fresh.display_name, fresh.latest) == ("Fresh.One", "0.1")
    assert catalog.projects(store, [old.name])[old.name].latest == "9999.0"


def test_gone_quarantined_and_back_are_three_things(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    lost, hidden, emptied = [row for row in everything(store).values() if row.releases][:3]
    pypi.tell("delete_project", name=lost.name)
    pypi.tell("quarantine", name=hidden.name)
    for version in pypi.project(emptied.name)["releases"]:
        pypi.tell("delete_release", name=emptied.name, version=version)
    account = run(pypi.url, store)

    now = everything(store)
    assert (account.gone, account.quarantined) == (1, 1)
    assert now[lost.name].gone and now[lost.name].latest == lost.latest
    assert (now[hidden.name].status, now[hidden.name].gone) == ("quarantined", False)
    assert now[hidden.name].summary == hidden.summary
    assert (now[emptied.name].releases, now[emptied.name].gone) == (0, False)

    pypi.tell("clear_quarantine", name=hidden.name)
    pypi.tell("publish", name=lost.name, version="1.0", classifiers=[])
    run(pypi.url, store)
    now = everything(store)
    assert now[hidden.name].status == "active"
    assert (now[lost.name].gone, now[lost.name].latest) == (False, "1.0")


def test_a_quarantined_project_is_asked_for_once_a_day(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    name = next(row.name for row in everything(store).values() if row.releases)
    pypi.tell("quarantine", name=name)
    run(pypi.url, store)
    assert run(pypi.url, store).requests == 1
    age(store, name)
    pypi.tell("delete_project", name=name)

    assert run(pypi.url, store).gone == 1


def test_a_sweep_finds_what_moves_no_serial(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    active, same = [row.name for row in everything(store).values() if row.status == "active"][:2]
    pypi.tell("archive", name=active)
    assert run(pypi.url, store).fetched == 0
    age(store, active, same)
    account = run(pypi.url, store)

    assert catalog.projects(store, [active])[active].status == "archived"
    assert (account.fetched, account.unchanged) == (1, 1)
    assert run(pypi.url, store).unchanged == 0  # looked at a moment ago


def test_a_list_that_lost_its_half_changes_nothing(pypi: Sample, store: Store) -> None:
    run(pypi.url, store)
    before = everything(store)
    victims = sorted(before)[::2]
    for name in victims:
        pypi.tell("delete_project", name=name)
    pypi.tell("reset_stats")
    with pytest.raises(SafetyStop, match="--yes"):
        run(pypi.url, store)

    assert everything(store) == before
    assert pypi.asked("project_json") == 0
    asked = []
    account = run(pypi.url, store, may_lose=lambda lost, total: not asked.append((lost, total)))
    assert account.gone == len(victims)
    assert asked == [(len(victims), len(before))] * 2


def test_answers_that_fail_change_nothing_and_are_asked_for_again(
    pypi: Sample, store: Store
) -> None:
    run(pypi.url, store)
    name = next(row.name for row in everything(store).values() if row.releases)
    before = catalog.projects(store, [name])
    pypi.tell("publish", name=name, version="9999.0")
    pypi.tell("set_faults", rate_malformed=1.0, prefixes=["/pypi/"])
    account = run(pypi.url, store)
    assert list(account.failed) == [name]
    assert not account.complete
    assert catalog.projects(store, [name]) == before

    pypi.tell("reset_faults")
    assert run(pypi.url, store).fetched == 1
    assert catalog.projects(store, [name])[name].latest == "9999.0"


def test_an_upstream_that_is_away_ends_the_sync(pypi: Sample, store: Store) -> None:
    pypi.tell("set_faults", outage=True, retry_after=0.01, prefixes=["/pypi/"])
    with pytest.raises(UpstreamError):
        run(pypi.url, store)
    assert catalog.last_sync(store, complete=False) is None
    with pytest.raises(ServiceUnreachable):
        run("http://127.0.0.1:9", store)


def test_a_sync_that_is_told_to_end_goes_on_next_time(pypi: Sample, store: Store) -> None:
    calls = iter([False] * 10)
    account = run(pypi.url, store, stop=lambda: next(calls, True))
    assert account.stopped and not account.complete
    assert catalog.last_sync(store, complete=True) is None
    rest = run(pypi.url, store)

    assert account.fetched + rest.fetched == rest.listed
    assert catalog.last_sync(store, complete=True) is not None


def test_another_registry_is_not_mixed_in(pypi: Sample, store: Store) -> None:
    run(pypi.url, store, limit=5)
    other = pypi.url.replace("127.0.0.1", "localhost")
    with pytest.raises(UsageError, match="--restart"):
        run(other, store)
    account = run(other, store, moved=True)
    assert account.fetched == account.listed - 5
    assert run(other, store, restart=True).fetched == account.listed


@pytest.mark.parametrize("html", [False, True])
def test_an_index_without_serials_is_looked_at_by_age(
    pypi: Sample, store: Store, *, html: bool
) -> None:
    with mirror(pypi.url, html=html) as url:
        first = run(url, store)
        assert first.complete and first.serial == 0
        assert "7 days" in first.notes[0]
        name, same = [row.name for row in everything(store).values() if row.releases][:2]
        pypi.tell("publish", name=name, version="9999.0")
        assert run(url, store).fetched == 0  # it cannot know
        age(store, name, same)
        later = run(url, store)

    assert catalog.projects(store, [name])[name].latest == "9999.0"
    assert (later.fetched, later.unchanged) == (1, 1)


def test_an_index_without_metadata_is_given_up(
    pypi: Sample, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_crawl, "MAX_UNUSABLE", 30)
    with mirror(pypi.url, bare=True) as url, pytest.raises(UpstreamError, match="30 projects"):
        run(url, store)


@contextmanager
def command(pypi: Sample, location: Location, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``pyfa catalog sync`` under way."""
    environment = {
        **os.environ,
        **QUICK,
        "PYPI_URL": pypi.url,
        "PYPI_MAX_WORKERS": "4",
        "PYF_DATA_DIR": str(folder),
        "CLICKHOUSE_URL": url_of(location),
    }
    words = [sys.executable, "-m", "pyf.aggregator.cli.main", "catalog", "sync"]
    with subprocess.Popen(words, env=environment, cwd=folder, stderr=subprocess.DEVNULL) as process:
        yield process


def test_an_interrupted_sync_keeps_what_it_did(
    store: Store, store_location: Location, tmp_path: Path
) -> None:
    # Far fewer than are written at a time, so that nothing is there before the interruption.
    with sample_pypi("--latency", "0.05", projects=400, share=0.01) as pypi:
        with command(pypi, store_location, tmp_path) as process:
            while pypi.asked("simple_project") < 20:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 130
        pypi.tell("set_faults", latency=0.0)
        kept = len(everything(store))
        account = run(pypi.url, store)

    assert 10 <= kept < account.listed
    assert account.fetched == account.listed - kept


def test_a_killed_sync_loses_nothing(
    store: Store, store_location: Location, tmp_path: Path
) -> None:
    with sample_pypi("--latency", "0.01", projects=900, share=0.01) as pypi:
        with command(pypi, store_location, tmp_path) as process:
            while not catalog.is_started(store):
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        pypi.tell("set_faults", latency=0.0)
        begun = len(everything(store))
        assert catalog.last_sync(store, complete=False) is None
        account = run(pypi.url, store)

    assert 0 < begun < account.listed
    # The server may have ended a write after the client was gone.
    assert account.fetched <= account.listed - begun
    assert len(everything(store)) == account.listed

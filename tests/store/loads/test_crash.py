"""A load that is killed at any step, or loses its store: no half day is ever seen."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pyf.aggregator.store import Location, Store
from pyf.aggregator.store.loads import cleanup, history
from tests.store.serving import Served

from .days import expected, leftovers, load, shown, write
from .proxy import Trap, proxied

DAY = history.utc_now().date() - dt.timedelta(3)
STEPS = (
    ("CREATE TABLE IF NOT EXISTS `staging_", False),
    ("INSERT INTO `staging_", True),
    ("INSERT INTO `staging_", False),
    ("GROUP BY dimension, category", False),
    ("ATTACH PARTITION", True),
    ("ATTACH PARTITION", False),
    ("INSERT INTO `loads`", True),
    ("INSERT INTO `loads`", False),
    ("DROP TABLE IF EXISTS `staging_", True),
)
"""Statements of a load, and whether it ends before the store gets them or after it did them."""


def environment(location: Location, at: str, folder: Path) -> dict[str, str]:
    who = f"{location.user}:{location.password}"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYF_DATA_DIR": str(folder),
        "CLICKHOUSE_URL": f"http://{who}@{at}/{location.database}",
    }


def command(path: Path, env: dict[str, str]) -> subprocess.Popen[str]:
    arguments = ("stats", "load", "--day", str(DAY), "--source", "file", "--file", str(path))
    return subprocess.Popen(
        [sys.executable, "-m", "pyf.aggregator.cli.main", *arguments],
        env=env,
        cwd=path.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_killed_at_any_step_and_loaded_again(
    store: Store, store_location: Location, store_server: Served, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    fresh = write(new, DAY, packages=320)
    old = write(tmp_path, DAY)
    load(store, old, DAY)
    before, after = expected(old), expected(fresh)

    for text, is_before in STEPS:
        trap = Trap(text, is_before)
        with proxied(store_server.url, trap) as at:
            run = command(fresh, environment(store_location, at, tmp_path))
            # Python needs far longer to start than this line takes.
            trap.spring = run.kill
            _, told = run.communicate(timeout=100)

        assert trap.is_sprung, (text, told)
        assert run.returncode == -9, told
        is_published = text.startswith(("INSERT INTO `loads`", "DROP")) and (
            "DROP" in text or not is_before
        )
        assert shown(store, DAY) == (after if is_published else before), text
        if is_published:
            load(store, old, DAY)

    load(store, fresh, DAY)
    assert shown(store, DAY) == after
    later = history.utc_now() + dt.timedelta(days=2)
    cleanup.clean_up(store, later)
    assert leftovers(store) == set()
    assert store.query("SELECT uniqExact(load_id) FROM downloads") == [(1,)]
    assert shown(store, DAY) == after


def test_one_that_is_told_to_end_clears_up_behind_itself(
    store: Store, store_location: Location, store_server: Served, tmp_path: Path
) -> None:
    path = write(tmp_path, DAY)
    trap = Trap("GROUP BY dimension, category", True)
    with proxied(store_server.url, trap) as at:
        run = command(path, environment(store_location, at, tmp_path))

        def end_it() -> None:
            run.terminate()
            time.sleep(2)  # the statement is not answered before the signal has come

        trap.spring = end_it
        _, told = run.communicate(timeout=100)

    assert (run.returncode, told.count("interrupted")) == (130, 1), told
    assert [event.status for event in history.load_events(store)] == ["failed"]
    assert leftovers(store) == set()
    assert shown(store, DAY) == {}


@pytest.mark.parametrize("text", ["INSERT INTO `staging_", "ATTACH PARTITION"])
def test_a_store_that_goes_away_midway(
    text: str, store: Store, store_location: Location, store_server: Served, tmp_path: Path
) -> None:
    path = write(tmp_path, DAY)
    with proxied(store_server.url, Trap(text, True, is_for_good=True)) as at:
        run = command(path, environment(store_location, at, tmp_path))
        _, told = run.communicate(timeout=100)

    assert run.returncode == 5, told
    assert "cannot be reached" in told
    assert shown(store, DAY) == {}
    load(store, path, DAY)
    assert shown(store, DAY) == expected(path)

"""Counts come from the store for all projects at once, from the API for the others, and stay."""

from __future__ import annotations

import json
import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.enrich.downloads import DownloadsOptions, enrich_downloads
from pyf.aggregator.enrich.downloads_facts import counts_from_rows
from pyf.aggregator.index import BulkWriter
from pyf.aggregator.settings import load_settings

from ..cli.running import run_pyfa
from ..index import making
from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures
from ..store.queries.book import Book, counted, day
from ..store.serving import url_of
from .statistics_api import statistics_api

QUICK = {"PYPISTATS_RATE_LIMIT_DELAY": "0", "PYPISTATS_RETRY_BACKOFF": "0.01"}
NOBODY = "http://127.0.0.1:1"
DAYS = 60


@pytest.fixture
def book(store):  # noqa: F811
    """Sixty days of two packages, of which one has nothing on the last three; day 50 is missing."""
    book = Book(store)
    days = {}
    for number in range(DAYS):
        if number != 50:
            rows = counted("alpha", 100 + number)
            days[day(number)] = rows + (counted("beta", 7) if number < DAYS - 3 else [])
    book.publish_all(days)
    return book


@pytest.fixture
def collection(search, collection):
    """Two releases each of two projects in the store, one that is not, and one of npm."""
    making.make(search, collection)
    writer = BulkWriter(search, collection)
    for name in ("alpha", "beta", "new-one"):
        for version in ("1.0", "2.0"):
            writer.upsert(making.document(name, version))
    writer.upsert({**making.document("alpha", "9.0"), "registry": "npm"})
    writer.flush()
    return collection


def settings(store=None, api=NOBODY, **more):  # noqa: F811
    where = {"CLICKHOUSE_URL": url_of(store.location)} if store else {}
    return load_settings({"PYPISTATS_URL": api, **QUICK, **where, **more}, dotenv=None)


def shown(search, collection):
    fields = ("last_day", "last_week", "last_month", "total", "trend", "rank", "updated")
    return {
        id_: {
            **{field: document.get(f"download_{field}") for field in fields},
            "stale": document.get("stale"),
        }
        for id_, document in making.documents(search, collection).items()
    }


def test_every_release_shows_the_figures_of_its_project(search, collection, store, book):  # noqa: F811
    done = enrich_downloads(settings(store), search, DownloadsOptions(collection, ask_api=False))

    found = shown(search, collection)
    known = [number for number in range(DAYS) if number != 50]
    alpha = {
        "last_day": 159,
        "last_week": sum(100 + n for n in known if n >= 53),
        "last_month": sum(100 + n for n in known if n >= 30),
        "total": sum(100 + n for n in known),
        "rank": 1,
        "stale": False,
    }
    assert found["alpha-1.0"].items() >= alpha.items()
    assert found["alpha-1.0"] == found["alpha-2.0"]
    assert (found["beta-1.0"]["last_day"], found["beta-1.0"]["stale"]) == (0, True)
    assert found["beta-1.0"]["rank"] == 2
    assert set(found["new-one-1.0"].values()) == {None}
    assert set(making.documents(search, collection)) == set(found)
    assert (done.from_store, done.unknown, done.updated, done.complete) == (2, 1, 4, True)
    assert done.notes == ["1 of the 30 days of the last month are unknown"]


def test_npm_is_left_alone(search, collection, store, book):  # noqa: F811
    enrich_downloads(settings(store), search, DownloadsOptions(collection, ask_api=False))

    answer = search.call(
        lambda client: client.collections[collection].documents["alpha-9.0"].retrieve()
    )
    assert [
        name for name in answer if name.startswith("download_") and name != "download_url"
    ] == []


def test_what_is_current_is_written_once_per_load(search, collection, store, book):  # noqa: F811
    wanted = DownloadsOptions(collection, ask_api=False)
    enrich_downloads(settings(store), search, wanted)

    again = enrich_downloads(settings(store), search, wanted)
    book.publish(day(DAYS), counted("alpha", 5))
    newer = enrich_downloads(settings(store), search, wanted)

    assert (again.updated, again.unchanged) == (0, 4)
    assert newer.updated == 4
    assert shown(search, collection)["alpha-1.0"]["last_day"] == 5


def test_only_what_the_store_never_saw_is_asked_for_and_once_a_day(search, collection, store, book):  # noqa: F811
    rows = [("without_mirrors", day(n), n) for n in range(40) if n != 20]
    mirrored = [("with_mirrors", on, n + 1) for _, on, n in rows]
    everyday = [("without_mirrors", day(n), 10**6) for n in range(41)]
    figures = {("new-one", "overall"): mirrored + rows, ("pip", "overall"): everyday}
    with statistics_api(figures, refuse=2) as api:
        done = enrich_downloads(settings(store, api.url), search, DownloadsOptions(collection))
        asked = dict(api.asked)
        again = enrich_downloads(settings(store, api.url), search, DownloadsOptions(collection))

        assert api.asked == asked
    assert set(asked) == {"/api/packages/pip/overall", "/api/packages/new-one/overall"}
    assert (done.from_store, done.from_api, done.unknown, done.complete) == (2, 1, 0, True)
    assert (again.updated, again.from_api) == (0, 1)
    found = shown(search, collection)["new-one-2.0"]
    assert found["last_day"] == 0
    assert found["stale"] is True
    assert found["last_week"] == sum(range(34, 40))
    assert found["total"] == sum(n for _, _, n in rows)
    assert found["rank"] is None


def test_an_api_that_is_away_is_left_after_three_and_named(search, collection):
    making.fill(search, collection, 6)

    done = enrich_downloads(
        settings(PYPISTATS_MAX_RETRIES="0"), search, DownloadsOptions(collection)
    )

    assert len(done.failed) == 3
    assert not done.complete
    assert any("6 more projects were not asked for" in note for note in done.notes)


def test_the_command_says_what_it_did(search, collection, store, book, tmp_path):  # noqa: F811
    where = {
        "TYPESENSE_NODES": search.url,
        "TYPESENSE_API_KEY": search.key,
        "CLICKHOUSE_URL": url_of(store.location),
        "PYPISTATS_URL": NOBODY,
        "PYPISTATS_MAX_RETRIES": "0",
    }
    command = ("downloads", "-t", collection)

    told = run_pyfa(tmp_path, *command, "--no-api", "--json", **where)
    partly = run_pyfa(tmp_path, *command, **where)
    limited = run_pyfa(tmp_path, *command, "-l", "1", **where)
    missing = run_pyfa(tmp_path, "downloads", "-t", "nothing-here", **where)
    wrong = run_pyfa(tmp_path, *command, "-l", "0", **where)

    assert (told.returncode, json.loads(told.stdout)["updated"]) == (0, 4)
    assert partly.returncode == 4
    assert "no answer for new-one" in partly.stderr
    assert (limited.returncode, "1 projects" in limited.stdout) == (0, True)
    assert missing.returncode == 3
    assert (wrong.returncode, wrong.stdout) == (2, "")


@given(
    st.dictionaries(st.integers(0, 90), st.integers(0, 10**6), min_size=1),
    st.sets(st.integers(0, 90)),
)
def test_rows_of_the_api_are_counted_by_the_stores_windows(found, others):
    rows = [("without_mirrors", day(n), count) for n, count in found.items()]
    rows += [("with_mirrors", day(n), count + 5) for n, count in found.items()]

    counts = counts_from_rows(rows, {day(n) for n in others})

    end = max(found.keys() | others)
    assert counts is not None
    assert counts.last_day == found.get(end, 0)
    assert counts.last_week == sum(c for n, c in found.items() if n > end - 7)
    assert counts.last_month == sum(c for n, c in found.items() if n > end - 30)
    assert counts.total == sum(found.values())
    assert counts.stale == (end not in found)
    assert counts.rank is None


def test_the_trend_of_rows_compares_four_weeks_with_the_four_before():
    start = date(2026, 1, 5)
    rows = [("without_mirrors", start + timedelta(n), 100 if n < 28 else 200) for n in range(56)]

    counts = counts_from_rows(rows, ())

    assert counts is not None
    assert counts.trend == pytest.approx(math.log2((5600 + 280) / (2800 + 280)))
    assert counts_from_rows([], [start]) is None

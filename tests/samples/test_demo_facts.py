"""The demo's sample facts: they add up, are the same in every run, and name what there is."""

# ruff: noqa: F811 - fixtures of the store are imported, and named by the tests

from __future__ import annotations

import datetime as dt

import orjson
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.documents.advisories import parse_osv_record, parse_release
from pyf.aggregator.samples import demo_facts
from pyf.aggregator.samples.demo_facts import (
    DAYS,
    ProjectReleases,
    load_advisories,
    load_downloads,
    split_by_shares,
)
from pyf.aggregator.store import Store, advisories
from pyf.aggregator.store.queries import dimension_shares, download_series, recent_downloads

from ..store.conftest import store, store_location, store_server  # noqa: F401 - fixtures

LAST = dt.date(2026, 3, 31)
PROJECTS = [
    ProjectReleases("one", ((dt.date(2020, 1, 1), "1.0"), (dt.date(2026, 1, 1), "2.0"))),
    ProjectReleases("two", ((dt.date(2030, 1, 1), "0.1"),)),
]


@given(
    st.integers(0, 10**9),
    st.lists(st.tuples(st.text(max_size=3), st.floats(0.01, 100)), min_size=1, max_size=8),
)
def test_the_pieces_add_up(total: int, parts: list[tuple[str, float]]) -> None:
    pieces = [count for _, count in split_by_shares(total, parts)]

    assert sum(pieces) == total
    assert min(pieces) >= 0


def test_a_release_is_taken_once_it_is_out() -> None:
    one, two = PROJECTS

    assert [version for version, _ in one.release_shares(dt.date(2025, 12, 31))] == ["1.0"]
    assert [version for version, _ in one.release_shares(dt.date(2026, 1, 1))] == ["2.0", "1.0"]
    assert [version for version, _ in two.release_shares(LAST)] == ["0.1"]


def test_half_a_year_is_in_the_store(store: Store) -> None:
    told: list[tuple[int, int]] = []

    load_downloads(store, PROJECTS, LAST, lambda done, of: told.append((done, of)))

    assert told == [(done, DAYS) for done in range(1, DAYS + 1)]
    snapshot = store.snapshot()
    assert len(snapshot.days) == DAYS
    assert snapshot.data_through == LAST
    found = {name: _without(store, name) for name in ("one", "two", "__all__")}
    assert len(found["one"]) == DAYS
    assert [a + b for a, b in zip(found["one"], found["two"], strict=True)] == found["__all__"]
    assert found["one"][-1] == demo_facts.downloads_on("one", LAST, 1.0)
    month = recent_downloads(store, "one").last_month
    assert month == sum(found["one"][-30:])


def test_each_dimension_has_all_downloads(store: Store) -> None:
    load_downloads(store, PROJECTS, LAST, lambda _done, _of: None)

    whole = sum(_without(store, "one"))
    for cut in ("python_major", "python_minor", "system", "installer", "country", "version"):
        assert dimension_shares(store, "one", cut).total == whole


def test_advisories_can_be_read(store: Store) -> None:
    load_advisories(store, PROJECTS, dt.datetime(2026, 4, 1, tzinfo=dt.UTC))

    (body,) = advisories.advisory_bodies(store, ["one", "two"])
    advisory = parse_osv_record(orjson.loads(body))
    assert advisory.affects("one", parse_release("1.0"))
    assert not advisory.affects("one", parse_release("2.0"))
    assert advisories.last_load(store, whole=True) is not None


def _without(store: Store, name: str) -> list[int]:
    return list(download_series(store, name).values("without_mirrors"))

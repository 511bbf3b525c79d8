"""One look at a project for several profiles: one fetch, every collection right."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from pyf.aggregator.errors import UsageError
from pyf.aggregator.http import Fetcher, FetchPolicy
from pyf.aggregator.index import BulkWriter, collections
from pyf.aggregator.ingest.indexed_releases import fetch_indexed_releases
from pyf.aggregator.ingest.multi_profile import (
    ActiveProfile,
    InspectOptions,
    InspectResult,
    LastInspection,
    ProjectRequest,
    RegistryUnavailable,
    inspect_project,
)
from pyf.aggregator.names import normalize_name
from pyf.aggregator.registries.pypi import PyPI

from ..stack import CLASSIFIER, Bench, profile, remove_collections

pytestmark = pytest.mark.integration

OTHER = "Framework :: Django"
QUICK = FetchPolicy(retries=0, backoff=0.02, stale_backoff=0.02)


class Two:
    """A bench with two profiles, both empty."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.one = ActiveProfile(bench.profile, collections.ensure(bench.server, bench.collection))
        other = f"{bench.collection}_other"
        target = collections.ensure(bench.server, other)
        self.other = ActiveProfile(profile(other, classifiers=(OTHER,)), target)

    def look(
        self, name: str, serial: int = 0, version: str | None = None, **more: Any
    ) -> InspectResult:
        terms, seen = InspectOptions(**more.pop("terms", {})), more.pop("seen", None)
        stocks = more.pop("stocks", (self.one, self.other))
        wanted = ProjectRequest.of(name, serial, version)

        async def run() -> InspectResult:
            async with Fetcher(self.bench.pypi.url, QUICK) as fetcher:
                pypi, server = PyPI(fetcher), self.bench.server
                return await inspect_project(
                    pypi, server, stocks, wanted, policy=QUICK, seen=seen, terms=terms
                )

        return asyncio.run(run())

    def publish(self, version: str, *classifiers: str) -> int:
        told = self.bench.pypi.tell(
            "publish", name="brand.new", version=version, classifiers=list(classifiers)
        )
        self.bench.pypi.tell("reset_stats")
        return int(told["serial"])

    def ids(self, stock: ActiveProfile) -> list[str]:
        return sorted(self.bench.documents(stock.target.alias))


@pytest.fixture
def two(bench: Bench) -> Iterator[Two]:
    given = Two(bench)
    yield given
    remove_collections(bench.server, given.other.target.alias)


def test_what_belongs_to_two_profiles_is_fetched_once(two: Two) -> None:
    two.publish("1.0", CLASSIFIER, OTHER)
    two.publish("2.0", CLASSIFIER, OTHER)
    outcome = two.look("Brand_New")
    assert (outcome.matched, outcome.written) == (2, 4)
    assert two.ids(two.one) == two.ids(two.other) == ["brand.new-1.0", "brand.new-2.0"]
    assert two.bench.pypi.asked("project_json") == 1
    assert two.bench.pypi.asked("release_json") == 1
    one, other = (two.bench.documents(s.target.alias) for s in (two.one, two.other))
    assert one == other


def test_it_leaves_where_it_belongs_no_longer_and_enters_where_it_does(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.look("brand.new")
    two.publish("2.0", OTHER)
    outcome = two.look("brand.new")
    assert two.ids(two.one) == []
    assert two.ids(two.other) == ["brand.new-1.0", "brand.new-2.0"]
    assert (outcome.removed, outcome.written) == (1, 2)


def test_a_release_that_is_gone_goes_and_a_project_that_is_gone_too(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.publish("2.0", CLASSIFIER)
    two.look("brand.new")
    two.bench.pypi.tell("delete_release", name="brand.new", version="1.0")
    assert two.look("brand.new").removed == 1
    assert two.ids(two.one) == ["brand.new-2.0"]
    two.bench.pypi.tell("delete_project", name="brand.new")
    assert two.look("brand.new").removed == 1
    assert two.ids(two.one) == []


def test_what_the_index_shows_is_neither_fetched_nor_written_again(two: Two) -> None:
    serial = two.publish("1.0", CLASSIFIER)
    first = two.look("brand.new", version="1.0")
    assert first.inspection == LastInspection(serial, "1.0")
    two.bench.pypi.tell("reset_stats")
    for wanted in ({"serial": serial}, {"version": "1.0"}):
        again = two.look("brand.new", seen=first.inspection, **wanted)
        assert (again.fetched, again.written, again.is_wasted) == (False, 0, False)
    assert two.bench.pypi.stats()["total"] == 0
    by_hand = two.look("brand.new", seen=first.inspection)
    assert (by_hand.fetched, by_hand.written, by_hand.is_wasted) == (True, 0, True)


def test_a_project_of_nobody_is_looked_at_once_for_a_change(two: Two) -> None:
    serial = two.publish("1.0")
    seen = two.look("brand.new", serial).inspection
    assert two.look("brand.new", serial, seen=seen).fetched is False
    assert two.look("brand.new", version="1.0", seen=seen).fetched is False
    assert two.look("brand.new", two.publish("1.1"), seen=seen).fetched


def test_the_other_profile_is_not_forgotten_when_one_shows_the_change(two: Two) -> None:
    """Such as after a full fetch of one profile alone."""
    serial = two.publish("1.0", CLASSIFIER, OTHER)
    two.look("brand.new", stocks=(two.one,))
    outcome = two.look("brand.new", serial)
    assert (outcome.matched, outcome.written) == (2, 1)
    assert two.ids(two.other) == ["brand.new-1.0"]


def test_an_outage_changes_nothing(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.look("brand.new")
    two.bench.pypi.tell("delete_project", name="brand.new")
    two.bench.pypi.tell("set_faults", outage=True)
    with pytest.raises(RegistryUnavailable, match="brand-new"):
        two.look("brand.new")
    assert two.ids(two.one) == ["brand.new-1.0"]


def test_an_answer_older_than_the_announced_release_is_asked_for_again(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.look("brand.new")
    two.bench.pypi.tell("set_faults", stale=2)
    two.publish("2.0", CLASSIFIER)
    assert two.look("brand.new", version="2.0").written == 1
    assert "brand.new-2.0" in two.ids(two.one)


def test_what_would_be_removed_waits_for_leave_and_nothing_else_is_touched(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.publish("2.0", CLASSIFIER)
    two.look("brand.new")
    before = two.bench.documents()
    two.bench.pypi.tell("delete_release", name="brand.new", version="2.0")
    serial = two.publish("3.0", CLASSIFIER)
    outcome = two.look("brand.new", serial, terms={"may_remove": False})
    assert outcome.postponed == {two.one.target.alias: 1}
    assert outcome.inspection is None
    assert two.bench.documents() == before
    assert two.look("brand.new", serial).removed == 1
    assert two.ids(two.one) == ["brand.new-1.0", "brand.new-3.0"]


def test_a_refresh_keeps_what_matches_no_longer_and_brings_the_status(two: Two) -> None:
    two.publish("1.0", CLASSIFIER)
    two.look("brand.new")
    two.publish("2.0", OTHER)
    two.bench.pypi.tell("archive", name="brand.new")
    two.look("brand.new", terms={"refresh": True, "rebuild": True})
    assert two.ids(two.one) == ["brand.new-1.0", "brand.new-2.0"]
    assert two.ids(two.other) == []
    assert {d["status"] for d in two.bench.documents().values()} == {"archived"}


def test_a_collection_that_is_gone_is_left_out(two: Two) -> None:
    two.publish("1.0", CLASSIFIER, OTHER)
    remove_collections(two.bench.server, two.other.target.alias)
    outcome = two.look("brand.new")
    assert outcome.matched == 1


def test_more_releases_than_a_page_are_all_known(two: Two) -> None:
    two.publish("0", CLASSIFIER)
    two.look("brand.new")
    (document,) = two.bench.documents().values()
    alias, server = two.one.target.alias, two.bench.server
    writer = BulkWriter(server, alias)
    for number in range(1, 600):
        writer.upsert({**document, "id": f"brand.new-{number}", "version": str(number)})
    writer.flush()
    assert writer.refused == []
    found = fetch_indexed_releases(
        server, [alias, two.other.target.alias, "nowhere"], normalize_name("brand.new")
    )
    assert len({release.id for release in found[alias]}) == 600
    assert found[two.other.target.alias] == []
    assert "nowhere" not in found


@pytest.mark.parametrize("name", ["", "-", "a b", "a`b", "../x", "plone."])
def test_what_names_no_project_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        ProjectRequest.of(name)

"""Real answers, recorded: everything becomes documents, and the search server refuses none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyf.aggregator.index import SearchServer, collections
from pyf.aggregator.names import normalize_name
from pyf.aggregator.profile import all_projects_profile

from ..shared import SHARED, needs_shared
from ..stack import Bench, sample_pypi

pytestmark = [pytest.mark.integration, needs_shared]


@pytest.fixture
def recorded(search: SearchServer, collection: str, tmp_path: Path):
    with sample_pypi("--from", str(SHARED / "corpus" / "pypi")) as pypi:
        yield Bench(pypi, search, tmp_path, collection)


@pytest.mark.slow
def test_every_recorded_project_is_indexed_and_none_refused(recorded: Bench) -> None:
    summary = recorded.run(profile=all_projects_profile(recorded.collection))
    assert summary.refused == []
    names = {d["name_normalized"] for d in recorded.documents().values()}
    there = {normalize_name(path.stem) for path in (SHARED / "corpus/pypi/json").glob("*.json")}
    assert there <= names
    # Of some projects only a page or a single release was recorded: that is no answer, not gone.
    assert not there & summary.failed.keys()
    assert all("one interface" in reason for reason in summary.failed.values())
    assert summary.matched == len(names)
    assert sum(d["is_latest"] for d in recorded.documents().values()) == len(names)


def test_a_profile_of_recorded_projects_is_found_by_a_search(recorded: Bench) -> None:
    summary = recorded.run()
    assert summary.complete
    assert summary.matched > 0
    target = collections.require(recorded.server, recorded.collection)
    answer = recorded.server.call(
        lambda client: client.collections[target.collection].documents.search(
            {"q": "plone", "query_by": "name,summary", "filter_by": "is_latest:true"}
        )
    )
    assert answer["found"] > 0
    assert all("Plone" in str(hit["document"]["classifiers"]) for hit in answer["hits"])


def test_a_second_run_over_recorded_answers_changes_nothing(recorded: Bench) -> None:
    first = recorded.run()
    before = recorded.documents()
    second = recorded.run()
    assert second.indexed == 0
    assert second.unchanged == first.matched
    assert recorded.documents() == before

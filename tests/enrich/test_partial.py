"""Facts are written to all documents of a project, only where they differ, one batch a time."""

from __future__ import annotations

import pytest

from pyf.aggregator.enrich.document_updates import (
    ProjectDocuments,
    UpdateOptions,
    facts_by_name,
    project_names,
    update_documents,
)
from pyf.aggregator.index import BulkWriter

from ..index import making

FIELDS = ("download_last_day", "download_trend", "stale")


@pytest.fixture
def collection(search, collection):
    """Three projects with two releases each, and one of another registry."""
    making.make(search, collection)
    writer = BulkWriter(search, collection)
    for name in ("alpha", "beta", "gamma"):
        for version in ("1.0", "2.0"):
            writer.upsert(making.document(name, version))
    writer.upsert({**making.document("beta", "9.0"), "registry": "npm"})
    writer.flush()
    assert writer.refused == []
    return collection


def order(collection, **more):
    return UpdateOptions(collection, FIELDS, stamp="download_updated", **more)


def shown(search, collection, field):
    return {
        id_: document.get(field) for id_, document in making.documents(search, collection).items()
    }


def test_names_are_those_of_one_registry_in_order(search, collection):
    assert project_names(search, collection) == ["alpha", "beta", "gamma"]
    assert project_names(search, collection, after="alpha", limit=1) == ["beta"]
    assert project_names(search, collection, registry="npm") == ["beta"]


def test_facts_stand_on_every_release_and_nowhere_else(search, collection):
    facts = {"beta": {"download_last_day": 5, "stale": False, "download_updated": 100}}

    done = update_documents(search, order(collection), ["alpha", "beta"], facts_by_name(facts))

    assert (done.projects, done.covered, done.updated, done.complete) == (2, 1, 2, True)
    days = shown(search, collection, "download_last_day")
    assert {id_ for id_, value in days.items() if value is not None} == {"beta-1.0", "beta-2.0"}


def test_what_is_current_is_not_written_again_and_a_fresh_stamp_alone_neither(search, collection):
    facts = {"alpha": {"download_last_day": 5, "download_trend": 0.25, "download_updated": 100}}
    update_documents(search, order(collection), ["alpha"], facts_by_name(facts))
    later = {"alpha": {**facts["alpha"], "download_updated": 200}}

    again = update_documents(search, order(collection), ["alpha"], facts_by_name(later))
    newer = update_documents(
        search, order(collection, fresh_from=150), ["alpha"], facts_by_name(later)
    )

    assert (again.updated, again.unchanged) == (0, 2)
    assert newer.updated == 2
    assert shown(search, collection, "download_updated")["alpha-1.0"] == 200


def test_none_takes_a_field_away_and_what_is_not_named_stays(search, collection):
    before = {"alpha": {"download_last_day": 5, "stale": True}}
    update_documents(search, order(collection), ["alpha"], facts_by_name(before))

    update_documents(
        search, order(collection), ["alpha"], facts_by_name({"alpha": {"download_last_day": None}})
    )

    document = making.documents(search, collection)["alpha-1.0"]
    assert "download_last_day" not in document
    assert document["stale"] is True


def test_a_value_of_a_wrong_type_or_an_undeclared_field_is_not_sent(search, collection):
    facts = {"alpha": {"download_last_day": "many", "name": "evil", "stale": True}}

    done = update_documents(search, order(collection), ["alpha"], facts_by_name(facts))

    document = making.documents(search, collection)["alpha-1.0"]
    assert (document["name"], document["stale"], done.refused) == ("alpha", True, [])
    assert "download_last_day" not in document


def test_a_run_that_is_told_to_stop_says_after_which_project(search, collection):
    many = sorted(f"project-{number:04}-{'x' * 40}" for number in range(100))
    seen: list[tuple[int, int]] = []

    done = update_documents(
        search,
        order(collection, stop=lambda: True, report=lambda *at: seen.append(at)),
        many,
        facts_by_name({}),
    )

    assert done.projects < len(many)
    assert done.stopped_after == many[done.projects - 1]
    assert seen == [(done.projects, len(many))]
    assert not done.complete


def test_facts_can_differ_from_release_to_release(search, collection):
    def facts_of(projects: list[ProjectDocuments]):
        return {
            document["id"]: {"stale": document["version"] == "1.0"}
            for project in projects
            for document in project.documents
        }

    update_documents(search, order(collection, reads=("version",)), ["alpha"], facts_of)

    stale = shown(search, collection, "stale")
    assert (stale["alpha-1.0"], stale["alpha-2.0"]) == (True, False)


def test_a_document_that_goes_meanwhile_is_no_failure(search, collection):
    def facts_of(projects: list[ProjectDocuments]):
        BulkWriter(search, collection).delete(["alpha-1.0"])
        return facts_by_name({"alpha": {"stale": True}})(projects)

    done = update_documents(search, order(collection), ["alpha"], facts_of)

    assert (done.updated, done.refused) == (1, [])

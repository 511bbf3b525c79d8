"""The full fetch: complete, economical, exact about what belongs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from pyf.aggregator.documents.build import document_id
from pyf.aggregator.errors import SafetyStop
from pyf.aggregator.index import collections
from pyf.aggregator.ingest.runs import RunScope
from pyf.aggregator.names import normalize_name

from ..stack import CLASSIFIER, Bench, profile, without_serial

pytestmark = pytest.mark.integration


def everything_of(bench: Bench) -> dict[str, dict[str, Any]]:
    """The answers of all projects of which the latest release is of the family."""
    import requests

    index = requests.get(
        f"{bench.pypi.url}/simple/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    ).json()
    answers = {}
    for entry in index["projects"]:
        answer = bench.pypi.project(normalize_name(entry["name"]))
        latest = answer.get("info", {}).get("classifiers") or []
        if any(c == CLASSIFIER or c.startswith(f"{CLASSIFIER} :: ") for c in latest):
            answers[answer["info"]["name"]] = answer
    return answers


def test_every_release_of_every_project_of_the_profile_becomes_a_document(bench: Bench) -> None:
    summary = bench.run()
    answers = everything_of(bench)
    expected = {
        document_id(name, version)
        for name, answer in answers.items()
        for version in answer["releases"]
    }
    assert set(bench.documents()) == expected
    assert len(answers) >= 10
    assert summary.matched == len(answers)
    assert summary.indexed == len(expected)
    assert summary.complete


def test_exactly_one_release_of_a_project_is_the_latest_as_pypi_says(bench: Bench) -> None:
    bench.run()
    latest = Counter(d["name"] for d in bench.documents().values() if d["is_latest"])
    answers = everything_of(bench)
    assert latest == Counter(answers.keys())
    for document in bench.documents().values():
        if document["is_latest"]:
            assert document["version"] == answers[document["name"]]["info"]["version"]


def test_the_first_run_makes_a_versioned_collection_behind_an_alias(bench: Bench) -> None:
    bench.run()
    aliases = collections.aliases(bench.server)
    assert aliases[bench.collection] == f"{bench.collection}-1"


def test_no_more_requests_than_classifiers_and_releases(bench: Bench) -> None:
    summary = bench.run()
    named = len(bench.profile.classifiers) + summary.indexed
    # The serial and the list of all projects; and a project whose latest left the family.
    assert bench.pypi.stats()["total"] <= named * 1.05 + 3
    assert bench.pypi.stats()["total"] == summary.requests


def test_a_second_run_fetches_nothing_again(bench: Bench) -> None:
    first = bench.run()
    before = bench.documents()
    bench.pypi.tell("reset_stats")
    second = bench.run()
    assert bench.pypi.asked("project_json", "release_json", "simple_project") == 0
    assert second.unchanged == first.matched
    assert second.indexed == 0
    assert bench.documents() == before


def test_a_changed_project_alone_is_fetched_again(bench: Bench) -> None:
    bench.run()
    name = sorted(bench.documents().values(), key=lambda d: d["id"])[0]["name"]
    bench.pypi.tell("publish", name=name, version="99.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("reset_stats")
    summary = bench.run()
    assert bench.pypi.asked("project_json") == 1
    assert bench.pypi.asked("release_json") == 0
    assert summary.indexed == 1
    latest = [d for d in bench.documents().values() if d["name"] == name and d["is_latest"]]
    assert [d["version"] for d in latest] == ["99.0"]


def test_include_and_exclude_name_projects(bench: Bench) -> None:
    bench.pypi.tell("publish", name="Plain.Thing", version="1.0", classifiers=[])
    bench.pypi.tell("publish", name="odd-one", version="1.0", classifiers=[CLASSIFIER])
    chosen = profile(
        bench.collection,
        include=(normalize_name("plain_thing"), normalize_name("no-such-thing")),
        exclude=(normalize_name("Odd.One"),),
    )
    summary = bench.run(profile=chosen)
    assert summary.notes == ["no-such-thing is included, but has no releases on the index"]
    names = {d["name"] for d in bench.documents().values()}
    assert "Plain.Thing" in names
    assert "odd-one" not in names


def test_only_the_latest_release_speaks_unless_any_may(bench: Bench) -> None:
    bench.pypi.tell("publish", name="left-the-family", version="1.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("publish", name="left-the-family", version="2.0", classifiers=[])
    bench.run()
    assert "left-the-family" not in {d["name"] for d in bench.documents().values()}
    bench.run(profile=profile(bench.collection, match="any"))
    kept = {d["version"] for d in bench.documents().values() if d["name"] == "left-the-family"}
    assert kept == {"1.0", "2.0"}


def test_a_mismatch_is_remembered_until_it_changes(bench: Bench) -> None:
    bench.pypi.tell("publish", name="left-the-family", version="1.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("publish", name="left-the-family", version="2.0", classifiers=[])
    bench.run()
    bench.pypi.tell("publish", name="left-the-family", version="3.0", classifiers=[CLASSIFIER])
    bench.run()
    kept = {d["version"] for d in bench.documents().values() if d["name"] == "left-the-family"}
    assert kept == {"1.0", "2.0", "3.0"}


def test_limit_and_name_take_a_part_and_leave_the_cursor(bench: Bench) -> None:
    bench.run(scope=RunScope(limit=3))
    assert len({d["name"] for d in bench.documents().values()}) <= 3
    assert not bench.since.path.exists()
    part = sorted(everything_of(bench))[-1]
    bench.run(scope=RunScope(name_part=part))
    assert part in {d["name"] for d in bench.documents().values()}
    assert not bench.since.path.exists()


def test_everything_is_everything(bench: Bench) -> None:
    from pyf.aggregator.profile import all_projects_profile

    summary = bench.run(profile=all_projects_profile(bench.collection))
    assert summary.matched > 300
    assert len({d["name"] for d in bench.documents().values()}) == summary.matched


def test_recreating_gives_the_next_version_and_the_same_documents(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    bench.run("recreate")
    assert collections.aliases(bench.server)[bench.collection] == f"{bench.collection}-2"
    assert bench.documents() == before
    assert collections.resolve(bench.server, f"{bench.collection}-1") is None


def test_recreating_into_much_less_is_refused_and_tidied(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    fewer = profile(
        bench.collection, exclude=tuple({d["name_normalized"] for d in before.values()})
    )
    with pytest.raises(SafetyStop, match="nothing was removed"):
        bench.run("recreate", profile=fewer)
    assert bench.documents() == before
    assert collections.resolve(bench.server, f"{bench.collection}-2") is None


def test_a_release_that_moved_its_files_is_fetched_again(bench: Bench) -> None:
    bench.run()
    document = next(d for d in bench.documents().values() if not d["is_latest"] and not d["yanked"])
    bench.pypi.tell("yank", name=document["name"], version=document["version"], reason="broken")
    bench.run()
    after = bench.documents()[document["id"]]
    assert after["yanked"] is True
    assert after["yanked_reason"] == "broken"
    assert without_serial({"x": after}) != without_serial({"x": document})


def test_recreating_names_what_does_not_fit(bench: Bench) -> None:
    """A document that no project stands for is refused by name, not dropped silently."""
    bench.run()
    stray = {**next(iter(bench.documents().values())), "id": "stray", "name": ""}
    target = collections.require(bench.server, bench.collection)
    bench.server.call(lambda client: client.collections[target.collection].documents.upsert(stray))
    summary = bench.run("recreate")
    assert [refusal.id for refusal in summary.refused] == ["stray"]
    assert not summary.complete

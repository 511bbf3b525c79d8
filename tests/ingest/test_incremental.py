"""Incremental runs: by serial, exact, nothing lost however long the pause."""

from __future__ import annotations

import random

import pytest

from pyf.aggregator.errors import SafetyStop, UsageError
from pyf.aggregator.ingest.cursor import Cursor

from ..stack import CLASSIFIER, Bench, profile, without_serial

pytestmark = pytest.mark.integration


def same_as_a_full_fetch(bench: Bench) -> None:
    """Compare the collection with one that is built from nothing."""
    other = f"{bench.collection}x"
    from ..stack import remove_collections

    try:
        bench.run(profile=profile(other), cursor_store=type(bench.since)(bench.folder / "other"))
        assert without_serial(bench.documents()) == without_serial(bench.documents(other))
    finally:
        remove_collections(bench.server, other)


def names(bench: Bench) -> list[str]:
    return sorted({d["name"] for d in bench.documents().values()})


def test_every_kind_of_change_is_brought_in(bench: Bench) -> None:
    bench.run()
    one, two, three, four, five, *_ = names(bench)
    old = next(d for d in bench.documents().values() if d["name"] == three and not d["is_latest"])
    tell = bench.pypi.tell
    tell("publish", name=one, version="77.0", classifiers=[CLASSIFIER])
    tell("publish", name="brand.new", version="0.1", classifiers=[CLASSIFIER])
    tell("publish", name=two, version="78.0", classifiers=["Framework :: Django"])
    tell("delete_release", name=three, version=old["version"])
    tell("delete_project", name=four)
    latest = next(d for d in bench.documents().values() if d["name"] == five and d["is_latest"])
    tell("yank", name=five, version=latest["version"], reason="no good")
    bench.pypi.tell("reset_stats")
    summary = bench.run("incremental", may_remove=lambda removed, total: True)
    assert summary.complete
    assert {one, "brand.new"} <= set(names(bench))
    assert not {two, four} & set(names(bench))
    same_as_a_full_fetch(bench)


def test_a_run_without_changes_asks_for_the_journal_only(bench: Bench) -> None:
    bench.run()
    bench.pypi.tell("reset_stats")
    summary = bench.run("incremental")
    asked = bench.pypi.stats()["requests"]
    assert set(asked) <= {"xmlrpc.changelog_since_serial", "xmlrpc.changelog_last_serial"}
    assert bench.pypi.stats()["total"] == len(asked)
    assert summary.indexed == 0


def test_many_changes_of_strangers_cost_no_fetch(bench: Bench) -> None:
    """A busy day of PyPI: only the projects of the profile are asked for."""
    bench.run()
    for number in range(60):
        bench.pypi.tell("publish", name=f"stranger-{number}", version="1.0", classifiers=[])
    bench.pypi.tell("publish", name=names(bench)[0], version="55.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("reset_stats")
    bench.run("incremental")
    assert bench.pypi.asked("project_json") == 1


def test_a_quarantine_hides_nothing_for_good(bench: Bench) -> None:
    """The documents stay with their status, and the status goes when the project comes back."""
    bench.run()
    name = names(bench)[0]
    before = {id_ for id_, d in bench.documents().items() if d["name"] == name}
    bench.pypi.tell("quarantine", name=name)
    bench.run("incremental")
    after = {id_: d for id_, d in bench.documents().items() if d["name"] == name}
    assert set(after) == before
    assert {d["status"] for d in after.values()} == {"quarantined"}
    bench.pypi.tell("clear_quarantine", name=name)
    bench.run("incremental")
    after = {id_: d for id_, d in bench.documents().items() if d["name"] == name}
    assert set(after) == before
    assert {d["status"] for d in after.values()} == {"active"}


def test_an_old_answer_is_asked_for_again(bench: Bench) -> None:
    """PyPI's cache gives the body of before the change for a while."""
    bench.run()
    name = names(bench)[0]
    bench.pypi.tell("set_faults", stale=2)
    bench.pypi.tell("publish", name=name, version="66.0", classifiers=[CLASSIFIER])
    summary = bench.run("incremental")
    assert summary.complete
    assert f"{name}-66.0" in bench.documents()
    assert bench.pypi.stats()["faults"]["stale"] > 0


def test_an_answer_that_stays_old_changes_nothing_and_is_not_forgotten(bench: Bench) -> None:
    bench.run()
    name = names(bench)[0]
    before = bench.documents()
    bench.pypi.tell("set_faults", stale=1000, prefixes=["/pypi/"])
    bench.pypi.tell("publish", name=name, version="66.0", classifiers=[CLASSIFIER])
    summary = bench.run("incremental", settings={"PYPI_STALE_RETRIES": "1"})
    assert not summary.complete
    assert bench.documents() == before
    cursor = bench.since.read(bench.collection)
    assert cursor is not None
    assert len(cursor.retry) == 1
    bench.pypi.tell("reset_faults")
    assert bench.run("incremental").complete
    assert f"{name}-66.0" in bench.documents()
    cursor = bench.since.read(bench.collection)
    assert cursor is not None
    assert cursor.retry == {}


def test_an_outage_deletes_nothing_and_loses_nothing(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    gone, *_ = names(bench)
    bench.pypi.tell("delete_project", name=gone)
    cursor = bench.since.read(bench.collection)
    bench.pypi.tell("set_faults", outage=True, prefixes=["/pypi/", "/simple/"])
    summary = bench.run("incremental", settings={"PYPI_MAX_RETRIES": "0"})
    assert not summary.complete
    assert bench.documents() == before
    bench.pypi.tell("reset_faults")
    bench.run("incremental", may_remove=lambda removed, total: True)
    assert gone not in names(bench)
    assert cursor is not None


def test_removing_too_much_stops_and_asks(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    cursor = bench.since.read(bench.collection)
    for name in names(bench)[:5]:
        bench.pypi.tell("delete_project", name=name)
    with pytest.raises(SafetyStop, match="nothing was removed"):
        bench.run("incremental")
    assert bench.documents() == before
    assert bench.since.read(bench.collection) == cursor
    asked: list[tuple[int, int]] = []

    def agree(removed: int, total: int) -> bool:
        asked.append((removed, total))
        return True

    summary = bench.run("incremental", may_remove=agree)
    assert asked == [(summary.removed, len(before))]
    same_as_a_full_fetch(bench)


def test_without_a_cursor_there_is_one_sentence(bench: Bench) -> None:
    bench.run()
    bench.since.path.unlink()
    with pytest.raises(UsageError, match="run a full fetch"):
        bench.run("incremental")


def test_a_cursor_ahead_of_the_registry_is_told(bench: Bench) -> None:
    """After a change of the index nothing would come any more, and nobody would know."""
    bench.run()
    bench.since.write(bench.collection, Cursor(900_000_000))
    with pytest.raises(UsageError, match="belongs to another index"):
        bench.run("incremental")
    assert bench.since.read(bench.collection) == Cursor(900_000_000)


def test_a_timestamp_of_an_older_version_finds_its_serial(bench: Bench) -> None:
    bench.run()
    moment = max(d["upload_timestamp"] for d in bench.documents().values())
    bench.pypi.tell("publish", name="brand.new", version="0.1", classifiers=[CLASSIFIER])
    bench.since.path.write_text(f"{moment}\n")
    bench.run("incremental")
    assert "brand.new" in names(bench)
    cursor = bench.since.read(bench.collection)
    assert cursor is not None
    assert cursor.serial > 0
    assert cursor.timestamp is None


def test_without_xml_rpc_the_list_of_all_projects_tells_the_same(bench: Bench) -> None:
    bench.run()
    one, two, *_ = names(bench)
    bench.pypi.tell("publish", name=one, version="77.0", classifiers=[CLASSIFIER])
    bench.pypi.tell("delete_project", name=two)
    bench.pypi.tell("set_faults", xmlrpc_limit=0)
    summary = bench.run(
        "incremental",
        may_remove=lambda removed, total: True,
        settings={"PYPI_MAX_RETRIES": "0"},
    )
    assert summary.complete
    assert f"{one}-77.0" in bench.documents()
    assert two not in names(bench)


def test_a_cursor_of_long_ago_catches_up(bench: Bench) -> None:
    """From serial 0 on, the whole journal in pages: the same as a full fetch."""
    bench.run(scope=_few())
    bench.since.write(bench.collection, Cursor(1))
    summary = bench.run("incremental")
    assert summary.complete
    same_as_a_full_fetch(bench)


def test_random_changes_end_as_a_full_fetch_would(bench: Bench) -> None:
    bench.run()
    draw = random.Random(7)
    for step in range(40):
        known = list(bench.documents().values())
        document = draw.choice(known)
        action = draw.choice(["publish", "yank", "unyank", "delete_release", "leave"])
        name, version = document["name"], document["version"]
        if action == "publish":
            new = f"{draw.randint(0, 50)}.{step}"
            bench.pypi.tell("publish", name=name, version=new, classifiers=[CLASSIFIER])
        elif action == "leave":
            bench.pypi.tell("publish", name=name, version=f"90.{step}", classifiers=[])
        else:
            values = {"name": name, "version": version}
            answer = bench.pypi.project(name)
            if version in answer.get("releases", {}) and answer["releases"][version]:
                bench.pypi.tell(action, **values)
        if step % 10 == 9:
            bench.run("incremental", may_remove=lambda removed, total: True)
    same_as_a_full_fetch(bench)


def _few() -> object:
    from pyf.aggregator.ingest.runs import RunScope

    return RunScope(limit=2)

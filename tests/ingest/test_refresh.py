"""Refresh: every indexed project again; what is gone goes, nothing else does."""

from __future__ import annotations

import pytest

from pyf.aggregator.errors import ServiceUnreachable

from ..stack import Bench

pytestmark = pytest.mark.integration


def names(bench: Bench) -> list[str]:
    return sorted({d["name"] for d in bench.documents().values()})


def agree(_removed: int, _total: int) -> bool:
    return True


def test_what_is_gone_is_removed_and_nothing_else(bench: Bench) -> None:
    bench.run()
    gone, strange, *rest = names(bench)
    bench.pypi.tell("delete_project", name=gone)
    bench.pypi.tell("publish", name=strange, version="88.0", classifiers=[])
    summary = bench.run("refresh", may_remove=agree)
    assert names(bench) == [strange, *rest]
    assert f"{strange}-88.0" in bench.documents()
    assert summary.removed > 0
    assert summary.complete


def test_the_status_is_learnt_although_no_serial_moves(bench: Bench) -> None:
    bench.run()
    name = names(bench)[0]
    bench.pypi.tell("archive", name=name)
    bench.run("refresh")
    assert {d["status"] for d in bench.documents().values() if d["name"] == name} == {"archived"}
    bench.run()
    assert {d["status"] for d in bench.documents().values() if d["name"] == name} == {"archived"}
    bench.pypi.tell("unarchive", name=name)
    bench.run("refresh")
    assert {d["status"] for d in bench.documents().values() if d["name"] == name} == {"active"}


def test_unchanged_releases_are_not_fetched_again(bench: Bench) -> None:
    bench.run()
    bench.pypi.tell("reset_stats")
    bench.run("refresh")
    assert bench.pypi.asked("release_json") == 0
    assert bench.pypi.asked("project_json") == len(names(bench))


def test_an_outage_removes_nothing(bench: Bench) -> None:
    """No answer is not the answer that there is nothing."""
    bench.run()
    before = bench.documents()
    bench.pypi.tell("set_faults", outage=True)
    try:
        summary = bench.run("refresh", settings={"PYPI_MAX_RETRIES": "1"}, may_remove=agree)
        assert len(summary.failed) == len({d["name"] for d in before.values()})
    except ServiceUnreachable:
        pass
    assert bench.documents() == before


def test_a_404_of_one_interface_alone_removes_nothing(bench: Bench) -> None:
    """The JSON API says 404 to quarantined projects as well; the Simple page tells them apart."""
    bench.run()
    before = set(bench.documents())
    for name in names(bench)[:8]:
        bench.pypi.tell("quarantine", name=name)
    bench.run("refresh")
    assert set(bench.documents()) == before

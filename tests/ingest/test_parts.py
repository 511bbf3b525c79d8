"""A run that is told to end early says how far it came, and another one goes on from there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pyf.aggregator.errors import SafetyStop
from pyf.aggregator.ingest.runs import RunScope

from ..stack import Bench

pytestmark = pytest.mark.integration


def after(calls: int) -> Callable[[], bool]:
    """Say yes from the call of that number on."""
    left = [calls]

    def stop() -> bool:
        left[0] -= 1
        return left[0] < 0

    return stop


def names(bench: Bench) -> list[str]:
    return sorted({document["name_normalized"] for document in bench.documents().values()})


def test_a_full_fetch_in_parts_ends_as_one_at_a_stretch(bench: Bench) -> None:
    settings = {"PYPI_MAX_WORKERS": "2"}
    first = bench.run(settings=settings, stop=after(4))
    assert first.stopped_after
    assert not first.complete
    assert bench.since.read(bench.collection) is None
    parts = bench.documents()
    bench.pypi.tell("reset_stats")
    last = bench.run(settings=settings)
    assert last.complete
    assert last.unchanged == first.matched > 0
    assert bench.since.read(bench.collection) is not None
    assert parts.items() <= bench.documents().items()


def test_a_refresh_goes_on_behind_the_project_it_came_to(bench: Bench) -> None:
    bench.run()
    every = names(bench)
    bench.pypi.tell("reset_stats")
    first = bench.run("refresh", settings={"PYPI_MAX_WORKERS": "1"}, stop=after(4))
    assert first.stopped_after == every[4]
    second = bench.run("refresh", scope=RunScope(after=first.stopped_after))
    assert second.complete
    assert first.seen + second.seen == len(every)
    assert bench.pypi.asked("project_json") == len(every)


def test_what_earlier_parts_removed_counts_against_the_share(bench: Bench) -> None:
    bench.run()
    total = len(bench.documents())
    bench.pypi.tell("delete_project", name=names(bench)[0])
    with pytest.raises(SafetyStop, match=f"of {2 * total} documents"):
        bench.run("refresh", removed_before=total)

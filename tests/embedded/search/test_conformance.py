"""The server answers as a recorded Typesense 29.0 did."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.shared import SHARED, needs_shared

from .running import KEY, Running, running

# Cases of a part that may differ today: a bar that may fall, and must not rise.
MAY_DIFFER = {
    "accents": 28,
    "aliases": 0,
    "collections": 0,
    "documents": 0,
    "facet": 0,
    "filter": 0,
    "group": 0,
    "highlight": 0,
    "keys": 0,
    "multi": 0,
    "nested": 23,
    "precedence": 26,
    "sort": 0,
    "stem": 53,
    "text": 1,
    "vector": 14,
}


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server without the collections of other tests: the recorded lists are whole."""
    with running(tmp_path_factory.mktemp("conformance")) as started:
        yield started


@needs_shared
@pytest.mark.parametrize("part", sorted(MAY_DIFFER))
def test_answers_agree_with_the_recorded_ones(fresh: Running, part: str):
    replay = [sys.executable, str(SHARED / "conformance" / "run.py")]

    done = subprocess.run(
        [*replay, "--url", fresh.url, "--api-key", KEY, "--part", part],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    totals = re.search(rf"^{part}: (\d+) agree, (\d+) differ$", done.stdout, re.MULTILINE)
    assert totals, done.stdout + done.stderr
    assert int(totals[1]) > 0
    assert int(totals[2]) <= MAY_DIFFER[part], done.stdout


@needs_shared
def test_every_recorded_part_has_a_bar():
    recorded = {path.stem for path in (SHARED / "conformance" / "cases").glob("*.jsonl")}

    assert recorded == set(MAY_DIFFER)

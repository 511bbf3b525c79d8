"""The whole system as processes, with faults: nothing missing, stale, or written in vain."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .running import redis_server

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(redis_server() is None, reason="no Redis server is on this machine"),
]


@pytest.mark.timeout(450)
# A worker is killed after a sixth of the time: on a busy machine it needs some seconds to start.
@pytest.mark.parametrize(
    "how", [["--seconds", "20"], ["--seconds", "60", "--faults"]], ids=["calm", "faults"]
)
def test_what_is_published_is_soon_searchable(how: list[str]) -> None:
    """A smaller run of the benchmark, whose figures have to hold at any size."""
    command = [sys.executable, "-m", "benchmarks.freshness", "--releases", "330", "--json"]
    run = subprocess.run(
        [*command, *how],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    assert figures["published"] == 330
    assert figures["matched"] == 99
    wrong = ("missing", "absent", "surplus", "stale", "wasted_writes", "dead_letters")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert figures["lag_max_s"] < 90

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


@pytest.mark.parametrize("faults", [[], ["--faults"]], ids=["calm", "faults"])
def test_what_is_published_is_soon_searchable(faults: list[str]) -> None:
    """A shorter run of the benchmark, whose figures have to hold at any length."""
    command = [sys.executable, "-m", "benchmarks.freshness", "--seconds", "20", "--json"]
    run = subprocess.run(
        [*command, "--releases", "330", *faults],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    figures = json.loads(run.stdout)
    assert figures["published"] == 330
    assert figures["matched"] == 99
    wrong = ("missing", "absent", "surplus", "stale", "wasted_writes", "dead_letters")
    assert {name: figures[name] for name in wrong} == dict.fromkeys(wrong, 0)
    assert figures["lag_max_s"] < 90

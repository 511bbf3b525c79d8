"""Faults of the upstream, of the run itself and of the search server: the end is the same."""

from __future__ import annotations

import contextlib
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import SearchServer
from pyf.aggregator.settings.value_types import nodes

from .. import stack
from ..stack import Bench, profile, remove_collections

FAULTS = {"rate_429": 0.05, "rate_503": 0.05, "rate_reset": 0.02, "rate_truncated": 0.01}


@contextlib.contextmanager
def faultless(bench: Bench) -> Iterator[dict[str, dict[str, object]]]:
    """The documents of a run in which nothing goes wrong."""
    other = f"{bench.collection}x"
    since = type(bench.since)(bench.folder / "other")
    try:
        bench.run(profile=profile(other), cursor_store=since)
        yield bench.documents(other)
    finally:
        remove_collections(bench.server, other)


@pytest.mark.integration
@pytest.mark.parametrize("seed", [1, 2])
def test_upstream_faults_cost_time_only(bench: Bench, seed: int) -> None:
    """5 % 429, 5 % 503, 2 % resets, 1 % truncated bodies: exactly the same documents."""
    with faultless(bench) as expected:
        bench.pypi.tell("set_faults", **FAULTS, retry_after=0.05, seed=seed)
        summary = bench.run()
        assert summary.complete, summary.failed
        assert summary.retries > 0
        assert bench.documents() == expected


@pytest.mark.integration
def test_malformed_bodies_cost_time_only(bench: Bench) -> None:
    with faultless(bench) as expected:
        bench.pypi.tell("set_faults", rate_malformed=0.05)
        assert bench.run().complete
        assert bench.documents() == expected


@pytest.mark.integration
def test_a_short_outage_in_the_middle_costs_time_only(bench: Bench) -> None:
    with faultless(bench) as expected:
        bench.pypi.tell("set_faults", latency=0.05)
        run = threading.Thread(target=bench.run, kwargs={"settings": {"PYPI_MAX_WORKERS": "2"}})
        run.start()
        time.sleep(1)
        bench.pypi.tell("set_faults", outage=True)
        time.sleep(1)
        bench.pypi.tell("reset_faults")
        run.join(60)
        assert not run.is_alive()
        bench.run()
        assert bench.documents() == expected


@pytest.mark.integration
def test_killed_at_random_and_run_again_ends_the_same(bench: Bench) -> None:
    draw = random.Random(3)
    command = [sys.executable, "-m", "pyf.aggregator.cli.main", "pypi", "-f", "--yes"]
    own = (bench.folder / "profiles.yaml").resolve()
    own.write_text(_profile_file(bench))
    environment = bench.environment(PYF_PROFILES=str(own), PYPI_MAX_WORKERS="2")
    killed = 0
    with faultless(bench) as expected:
        bench.pypi.tell("set_faults", latency=0.03)
        for _ in range(5):
            child = subprocess.Popen(
                [*command, "-p", bench.collection],
                env=environment,
                cwd=bench.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(draw.uniform(0.8, 2.5))
            if child.poll() is None:
                child.send_signal(signal.SIGKILL)
                killed += 1
            child.wait()
        bench.pypi.tell("reset_faults")
        last = subprocess.run(
            [*command, "-p", bench.collection],
            env=environment,
            cwd=bench.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert last.returncode == 0, last.stderr
        assert killed > 0
        assert stack.without_serial(bench.documents()) == stack.without_serial(expected)


@pytest.mark.slow
def test_a_search_server_that_is_away_for_20_seconds_costs_time_only(tmp_path: Path) -> None:
    """The local search server is killed in the middle of a run and comes back on its data."""
    key, port = secrets.token_hex(16), _free_port()
    arguments = ("--port", str(port), "--api-key", key, "--data-dir", str(tmp_path / "search"))
    with stack.sample_pypi() as pypi, contextlib.ExitStack() as servers:
        first = ServerProcess(stack.SEARCH, *arguments)
        servers.callback(first.stop)
        server = SearchServer(nodes().parse(first.url), key)
        bench = Bench(pypi, server, tmp_path, "away")
        with faultless(bench) as expected:
            pypi.tell("set_faults", latency=0.05)
            settings = {"PYPI_MAX_WORKERS": "2", "PYPI_BATCH_SIZE": "5"}
            run = threading.Thread(target=bench.run, kwargs={"settings": settings})
            run.start()
            time.sleep(1.5)
            first.process.kill()
            assert run.is_alive()
            time.sleep(20)
            servers.callback(ServerProcess(stack.SEARCH, *arguments).stop)
            run.join(120)
            assert not run.is_alive()
            assert bench.documents() == expected


def _profile_file(bench: Bench) -> str:
    lines = [f"profiles:\n  {bench.collection}:\n    name: Test\n    classifiers:\n"]
    return "".join([*lines, *(f'      - "{c}"\n' for c in bench.profile.classifiers)])


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])

"""Ctrl-C while the search server is away: the run ends, it does not wait for the server."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.index import SearchServer
from pyf.aggregator.settings.value_types import nodes

from .. import stack


def test_one_ctrl_c_ends_the_wait_for_a_search_server(tmp_path: Path) -> None:
    key = secrets.token_hex(16)
    arguments = ("--port", "0", "--api-key", key, "--data-dir", str(tmp_path / "search"))
    with stack.sample_pypi() as pypi, ServerProcess(stack.SEARCH, *arguments) as search:
        server = SearchServer(nodes().parse(search.url), key)
        bench = stack.Bench(pypi, server, tmp_path, "away")
        pypi.tell("set_faults", latency=0.1)
        run = subprocess.Popen(
            [sys.executable, "-m", "pyf.aggregator.cli.main", "pypi", "-f", "-p", "plone"],
            env=bench.environment(PYPI_BATCH_SIZE="1", PYPI_MAX_WORKERS="2"),
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
        )
        while not pypi.asked("release_json"):
            time.sleep(0.1)
        search.process.kill()
        time.sleep(2)
        assert run.poll() is None
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=30)
    assert run.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said

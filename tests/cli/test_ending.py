"""Commands that are told to end: what they leave behind, whoever tells them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import requests

from ..stack import Bench

TOLD = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def start(
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    *switched_off: signal.Signals,
) -> subprocess.Popen[str]:
    """Start ``pyfa`` as a shell does, with some signals switched off."""
    folder.mkdir(exist_ok=True)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in switched_off}
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "pyf.aggregator.cli.main", *arguments],
            env={**environment, "TMPDIR": str(folder)},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.integration
@pytest.mark.parametrize("number", TOLD)
def test_a_run_clears_up(bench: Bench, number: signal.Signals) -> None:
    bench.pypi.tell("set_faults", latency=0.2)
    folder = bench.folder / "here"
    run = ["pypi", "-f", "-p", "plone", "-t", bench.collection]
    child = start(run, folder, bench.environment())
    wait_for(lambda: bench.pypi.asked("project_json"))
    assert list(folder.glob("pyf-run-*"))
    child.send_signal(number)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    assert "interrupted" in said
    assert "Traceback" not in said
    assert list(folder.iterdir()) == []


@pytest.mark.integration
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_is_switched_off_stays_off(bench: Bench, number: signal.Signals) -> None:
    bench.pypi.tell("set_faults", latency=0.2)
    run = ["pypi", "-f", "-p", "plone", "-t", bench.collection]
    child = start(run, bench.folder / "here", bench.environment(), number)
    wait_for(lambda: bench.pypi.asked("project_json"))
    child.send_signal(number)
    bench.pypi.tell("reset_faults")
    _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("number", TOLD)
def test_the_demo_takes_its_servers_and_its_folder_along(
    tmp_path: Path, number: signal.Signals, early: bool
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    folder = tmp_path / "here"
    child = start(["demo", "--projects", "20000"], folder, environment)
    process = psutil.Process(child.pid)
    wait_for(process.children if early else lambda: len(process.children()) == 2)
    servers = process.children()
    assert not any("--api-key" in server.cmdline() for server in servers)
    child.send_signal(number)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130, said
    assert psutil.wait_procs(servers, timeout=10)[1] == []
    assert list(folder.glob("pyf-*")) == []


@pytest.mark.parametrize("switched_off", [(), (signal.SIGINT,)])
def test_the_demo_that_is_kept_ends_when_told(
    tmp_path: Path, switched_off: tuple[signal.Signals, ...]
) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    folder = tmp_path / "here"
    child = start(["demo", "--keep", "--projects", "200"], folder, environment, *switched_off)
    children: list[psutil.Process] = []
    servers = 0
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("The stack runs"):
            children = psutil.Process(child.pid).children()
            commands = [" ".join(c.cmdline()) for c in children]
            rooms = ("pyf.aggregator.embedded", "pyf.aggregator.samples")
            servers = sum(any(room in command for room in rooms) for command in commands)
            child.send_signal(signal.SIGTERM)
    child.communicate(timeout=30)
    assert child.returncode == 0
    assert servers == 2
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert list(folder.glob("pyf-*")) == []


def test_the_site_of_the_demo_needs_the_demo_to_stay(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    child = start(["demo", "--web-port", "0"], tmp_path, environment)
    out, said = child.communicate(timeout=30)
    assert (child.returncode, out) == (2, "")
    assert "--web-port needs --keep" in said


@pytest.mark.slow
def test_the_demo_with_a_site_shows_half_a_year_and_ends_when_told(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    folder = tmp_path / "here"
    arguments = ["demo", "--keep", "--web-port", "0", "--projects", "400", "-p", "django"]
    child = start(arguments, folder, environment)
    servers: list[psutil.Process] = []
    top: requests.Response | None = None
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("The site: "):
            site = line.removeprefix("The site: ").strip()
            # The site looks for new loads every few seconds, not at each request.
            wait_for(lambda: requests.get(f"{site}/api/top", timeout=10).json()["data"])  # noqa: B023
            top = requests.get(f"{site}/api/top", timeout=10)
        elif line.startswith("The stack runs"):
            servers = psutil.Process(child.pid).children()
            child.send_signal(signal.SIGTERM)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert top is not None
    assert top.status_code == 200
    assert top.json()["data"], top.text
    assert len(servers) >= 5
    assert psutil.wait_procs(servers, timeout=10)[1] == []
    assert list(folder.glob("pyf-*")) == []

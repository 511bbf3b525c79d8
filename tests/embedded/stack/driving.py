"""A supervisor in a process of its own, and what tests ask of it."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil

from pyf.aggregator.running_stack.stack_state import ServiceState, lock_holder, read_state

WITHIN = 30.0
QUICK = {"initial_delay": 0.05, "max_delay": 0.2, "start_timeout": 20.0}
"""A policy that does not let tests wait."""

STAY = "import time\nprint('ready')\ntime.sleep(100)"
"""A service that is ready and stays."""
DEAF = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAY
"""A service that does not end when asked to."""


def until(what: Callable[[], Any], within: float = WITHIN) -> Any:
    """Wait until something is true; return it."""
    deadline = time.monotonic() + within
    while not (value := what()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
    return value


def toy(name: str, code: str = STAY, **more: Any) -> dict[str, Any]:
    """A service that runs a few lines of Python."""
    return {"name": name, "code": code, **more}


class Driven:
    """A running supervisor."""

    def __init__(self, folder: Path, order: dict[str, Any]) -> None:
        self.folder = folder
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("driver.py")), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin
        with self.process.stdin as pipe:
            json.dump({"policy": QUICK, **order}, pipe)

    def hear(self, part: str) -> str:
        """Read lines up to one that contains this; return it."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if part in line:
                return self.lines[-1]
        raise AssertionError(f"{part!r} was not said: {self.lines}")

    def rest(self) -> list[str]:
        """Read to the end and wait; all lines."""
        assert self.process.stdout
        if self.process.stdout.closed:
            return self.lines
        self.lines += [line.rstrip("\n") for line in self.process.stdout]
        self.process.wait(WITHIN)
        return self.lines

    def service(self, name: str) -> ServiceState:
        """What the supervisor tells about a service."""
        found = read_state(self.folder, self.process.pid).services
        return next(service for service in found if service.name == name)

    def family(self) -> list[psutil.Process]:
        """The supervisor's descendants, its guard among them."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> list[str]:
        """End it as Ctrl-C does; all lines."""
        self.process.send_signal(signal.SIGINT)
        return self.rest()


@contextlib.contextmanager
def driven(folder: Path, *services: dict[str, Any], **more: Any) -> Iterator[Driven]:
    """Run a supervisor; end it and see that it is gone."""
    run = Driven(folder, {"services": services, **more})
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.terminate()
        run.rest()
        until(lambda: lock_holder(folder) is None)


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those of them that still run."""
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

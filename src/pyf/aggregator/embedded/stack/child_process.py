"""One service as a child process: started, listened to, ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import IO

from ...running_stack.stack_state import UP, WAITING, ServiceState
from .health_checks import is_healthy
from .launch import command_line
from .logs import RotatingLog
from .stack_plan import StackService

MAX_LINE_BYTES = 16 * 1024
"""Bytes of a line; a longer one is cut into several."""
POLL = 0.05
OUTPUT_TIMEOUT_S = 1.0
"""Seconds to wait for the rest of what an ended process said; a grandchild may hold its pipe."""

Listener = Callable[[str, str], None]


class ChildProcess:
    """A service's process and what is known about it. Start it from the main thread:

    its tie to its parent is, for the system, one to the thread that made it.
    """

    def __init__(
        self,
        service: StackService,
        environment: Mapping[str, str],
        log: RotatingLog,
        heard: Listener,
        mask: Callable[[str], str],
    ) -> None:
        self.service = service
        self.state = WAITING
        self.restarts = 0
        self.quick_deaths = 0
        self.was_up = False
        self.changed = time.monotonic()
        self.retry_at = 0.0
        self._environment = {"PYTHONUNBUFFERED": "1", **environment}
        self._log = log
        self._heard = heard
        self._mask = mask
        self._process: subprocess.Popen[bytes] | None = None
        self._since: float | None = None
        self._said = threading.Event()
        self._last: deque[str] = deque(maxlen=1)
        self._pump: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def uptime(self) -> float:
        """Seconds since it was ready; 0 where it is not."""
        return time.monotonic() - self.changed if self.state == UP else 0.0

    def set_state(self, state: str) -> None:
        """Note a new state and the time."""
        self.state, self.changed = state, time.monotonic()

    def start(self) -> int:
        """Start the process; return its pid."""
        self._said.clear()
        self._last.clear()
        process = subprocess.Popen(
            command_line(os.getpid(), self.service.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._process, self._since = process, time.time()
        if process.stdin:
            with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                pipe.write(json.dumps(self._environment).encode())
        if process.stdout:
            self._pump = threading.Thread(
                target=self._read_output, args=(process.stdout,), daemon=True
            )
            self._pump.start()
        return process.pid

    def is_ready(self) -> bool:
        """Whether it answers, or has said that it is ready."""
        service = self.service
        return is_healthy(service.check, service.secret) if service.check else self._said.is_set()

    def has_ended(self) -> bool:
        """Whether the process that was started runs no more."""
        return self._process is not None and self._process.poll() is not None

    def reap(self) -> str:
        """Sweep up what an ended process left behind; return how it ended, in words."""
        code = self.kill()
        if self._pump:
            self._pump.join(OUTPUT_TIMEOUT_S)
        self._process, self._since = None, None
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"status {code}: {self._last[-1]}" if self._last else f"status {code}"

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Ask it to end, more and more firmly; ``hurry`` says whether to kill it at once."""
        for number, seconds in self.service.stop:
            if self._process and self._process.poll() is None and not hurry():
                self._process.send_signal(number)
                self._wait(seconds, hurry)
        self.reap()

    def kill(self) -> int:
        """Kill the process and all of its group, and reap it; return its exit code."""
        if self._process is None:
            return 0
        # The process may have ended and left others; it may also have left nobody.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def service_state(self) -> ServiceState:
        """How it is, for others."""
        name, address, check = self.service.name, self.service.address, self.service.check
        return ServiceState(name, self.state, self.pid, address, self._since, self.restarts, check)

    def _wait(self, seconds: float, hurry: Callable[[], bool]) -> None:
        deadline = time.monotonic() + seconds
        while self._process and self._process.poll() is None and time.monotonic() < deadline:
            if hurry():
                return
            time.sleep(POLL)

    def _read_output(self, pipe: IO[bytes]) -> None:
        with pipe:
            for raw in iter(lambda: pipe.readline(MAX_LINE_BYTES), b""):
                self._handle_line(self._mask(raw.decode("utf-8", "replace").rstrip()))

    def _handle_line(self, line: str) -> None:
        if not line:
            return
        self._last.append(line)
        if self.service.ready_text and self.service.ready_text in line:
            self._said.set()
        self._log.write(line)
        # Nobody may be reading any more; the service must not stop for that.
        with contextlib.suppress(OSError):
            self._heard(self.service.name, line)

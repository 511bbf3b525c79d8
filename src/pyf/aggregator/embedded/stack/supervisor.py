"""Keeps the services of a plan running, in one thread, until it is told to end."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Protocol

import orjson

from ...errors import AggregatorError
from ...running_stack.process_guard import ProcessGuard
from ...running_stack.stack_state import (
    DOWN,
    EXTERNAL,
    FAILED,
    RESTARTING,
    STARTING,
    STATE,
    STOPPING,
    UP,
    WAITING,
    ServiceState,
    StackState,
    replace_file,
    write_state,
)
from .child_process import ChildProcess
from .logs import FOLDER, mask_secrets, service_log
from .stack_plan import StackPlan, StackService

POLL_INTERVAL_S = 0.1
OWN_LOG = "up"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceFailed(AggregatorError):
    """A service cannot be started, or dies again and again."""


class Reporter(Protocol):
    """Who is told what happens. ``line`` is called from other threads."""

    def event(self, text: str) -> None:
        """Something happened to a service."""

    def line(self, name: str, text: str) -> None:
        """A service said something."""

    def ready(self, state: StackState) -> None:
        """All services are up for the first time."""


@dataclass(frozen=True)
class RestartPolicy:
    """How long to wait and how often to try, in seconds."""

    start_timeout: float = 60.0
    quick_exit_seconds: float = 10.0
    max_quick_exits: int = 5
    initial_delay: float = 0.5
    max_delay: float = 30.0

    def restart_delay(self, quick_deaths: int) -> float:
        """Seconds before a service is started again."""
        return min(self.initial_delay * 2.0 ** max(quick_deaths - 1, 0), self.max_delay)


class Supervisor:
    """Runs a plan. ``lock`` is the descriptor of the data folder's lock."""

    def __init__(
        self, plan: StackPlan, lock: int, reporter: Reporter, policy: RestartPolicy | None = None
    ) -> None:
        self._plan = plan
        self._reporter = reporter
        self._policy = policy or RestartPolicy()
        self._lock = lock
        self._log = service_log(plan.data_dir, OWN_LOG)
        self._children = [self._child(service) for service in plan.services]
        self._asked = 0
        self._started: list[ChildProcess] = []
        self._published: list[Path] = []
        self._announced = False

    def run(self) -> None:
        """Start the services in order and keep them up until a signal or :meth:`stop` comes.

        Raises :class:`ServiceFailed` where one of them cannot be kept up; none runs afterwards.
        """
        for item in self._plan.external:
            self._report(f"{item.name}: {item.setting} is set, so {item.address} is used")
        with self._handle_signals(), contextlib.closing(ProcessGuard(held=(self._lock,))) as guard:
            self._guard = guard
            guard.watch_file(self._plan.data_dir / STATE)
            try:
                while not self._asked:
                    self._tick()
                    time.sleep(POLL_INTERVAL_S)
            except Exception as error:
                self._log_line(f"ending: {error}")
                raise
            finally:
                self._stop_services()

    def stop(self) -> None:
        """End the services and return from :meth:`run`; asked twice, kill them."""
        self._asked += 1

    def state(self) -> StackState:
        """How everything is."""
        own = (child.service_state() for child in self._children)
        foreign = (ServiceState(e.name, EXTERNAL, address=e.address) for e in self._plan.external)
        return StackState(os.getpid(), (*own, *foreign))

    def _child(self, service: StackService) -> ChildProcess:
        secrets = self._plan.secrets
        environment = dict(service.environment)
        for other in self._plan.services:
            if other.name in service.depends_on:
                environment |= other.provides
        return ChildProcess(
            service,
            environment,
            service_log(self._plan.data_dir, service.name),
            self._reporter.line,
            lambda line: mask_secrets(line, secrets),
        )

    def _tick(self) -> None:
        for child in self._children:
            if child.state == WAITING and self._dependencies_are_up(child):
                self._start(child)
            elif child.state in (STARTING, UP) and child.has_ended():
                self._handle_exit(child)
            elif child.state == STARTING:
                self._check_ready(child)
            elif child.state == RESTARTING and time.monotonic() >= child.retry_at:
                child.restarts += 1
                self._start(child)
        if not self._announced and all(child.state == UP for child in self._children):
            self._announced = True
            self._reporter.ready(self.state())

    def _dependencies_are_up(self, child: ChildProcess) -> bool:
        names = child.service.depends_on
        return all(other.state == UP for other in self._children if other.service.name in names)

    def _start(self, child: ChildProcess) -> None:
        self._guard.watch(child.start())
        if not child.restarts:
            self._started.append(child)
        self._set_state(child, STARTING)

    def _check_ready(self, child: ChildProcess) -> None:
        """See whether a service that was started is ready by now."""
        if child.is_ready():
            self._publish(child.service)
            self._set_state(child, UP)
            again = " again" if child.was_up else ""
            where = f" at {child.service.address}" if child.service.address else ""
            self._report(f"{child.service.name} is up{again}{where} (pid {child.pid})")
            child.was_up = True
        elif time.monotonic() - child.changed > self._policy.start_timeout:
            self._handle_exit(child, f"not ready within {self._policy.start_timeout:g} seconds")

    def _handle_exit(self, child: ChildProcess, why: str = "") -> None:
        """Start it again after a pause, or give up."""
        name, policy = child.service.name, self._policy
        child.quick_deaths = (
            child.quick_deaths + 1 if child.uptime < policy.quick_exit_seconds else 0
        )
        how = self._reap(child, why)
        if not child.was_up:
            raise self._failure(child, f"{name} did not start ({how})")
        if child.quick_deaths >= policy.max_quick_exits:
            raise self._failure(
                child, f"{name} died {child.quick_deaths} times in a row, the last time: {how}"
            )
        pause = policy.restart_delay(child.quick_deaths)
        child.retry_at = time.monotonic() + pause
        self._set_state(child, RESTARTING)
        self._report(f"{name} died ({how}); it is started again in {pause:g} seconds")

    def _reap(self, child: ChildProcess, why: str) -> str:
        pid, how = child.pid, child.reap()
        self._guard.unwatch(pid or 0)
        return why or how

    def _failure(self, child: ChildProcess, what: str) -> ServiceFailed:
        self._set_state(child, FAILED)
        path = self._plan.data_dir / FOLDER / f"{child.service.name}.log"
        return ServiceFailed(f"{what}; what it said is in {path}")

    def _stop_services(self) -> None:
        """End the services, the last one that was started first."""
        for child in reversed(self._started):
            if (pid := child.pid) is None:
                continue
            self._set_state(child, STOPPING)
            child.stop(hurry=lambda: self._asked > 1)
            self._guard.unwatch(pid)
            self._set_state(child, DOWN)
            # The reader may be gone, and this has to go on.
            with contextlib.suppress(OSError):
                self._report(f"{child.service.name} ended")
        for path in (*self._published, self._plan.data_dir / STATE):
            path.unlink(missing_ok=True)

    def _publish(self, service: StackService) -> None:
        """Let commands of this machine find the service."""
        if service.endpoint:
            path = self._plan.data_dir / service.endpoint.file
            self._guard.watch_file(path)
            replace_file(path, orjson.dumps(service.endpoint.content))
            self._published.append(path)

    def _set_state(self, child: ChildProcess, state: str) -> None:
        child.set_state(state)
        # What is told there is no reason to end the stack, even where the disk is full.
        with contextlib.suppress(OSError):
            write_state(self._plan.data_dir, self.state())

    def _report(self, text: str) -> None:
        self._log_line(text)
        self._reporter.event(text)

    def _log_line(self, text: str) -> None:
        self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    @contextlib.contextmanager
    def _handle_signals(self) -> Iterator[None]:
        """Let signals ask for the end; a second one hurries."""

        def ask(number: int, frame: FrameType | None) -> None:
            self.stop()

        before = {number: signal.signal(number, ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

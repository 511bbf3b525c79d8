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
from ...running_stack.guard import Guard
from ...running_stack.state import (
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
    replace,
    write,
)
from .child import Child
from .logs import FOLDER, log_of, masked
from .service import Plan, Service

TICK = 0.1
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
class Policy:
    """How long to wait and how often to try, in seconds."""

    start_within: float = 60.0
    quick: float = 10.0
    most_quick_deaths: int = 5
    first_pause: float = 0.5
    longest_pause: float = 30.0

    def pause(self, quick_deaths: int) -> float:
        """Seconds before a service is started again."""
        return min(self.first_pause * 2.0 ** max(quick_deaths - 1, 0), self.longest_pause)


class Supervisor:
    """Runs a plan. ``lock`` is the descriptor of the data folder's lock."""

    def __init__(
        self, plan: Plan, lock: int, reporter: Reporter, policy: Policy | None = None
    ) -> None:
        self._plan = plan
        self._reporter = reporter
        self._policy = policy or Policy()
        self._lock = lock
        self._log = log_of(plan.data_dir, OWN_LOG)
        self._children = [self._child(service) for service in plan.services]
        self._asked = 0
        self._started: list[Child] = []
        self._published: list[Path] = []
        self._announced = False

    def run(self) -> None:
        """Start the services in order and keep them up until a signal or :meth:`stop` comes.

        Raises :class:`ServiceFailed` where one of them cannot be kept up; none runs afterwards.
        """
        for item in self._plan.external:
            self._say(f"{item.name}: {item.setting} is set, so {item.address} is used")
        with self._signals(), contextlib.closing(Guard(held=(self._lock,))) as guard:
            self._guard = guard
            guard.file(self._plan.data_dir / STATE)
            try:
                while not self._asked:
                    self._tick()
                    time.sleep(TICK)
            except Exception as error:
                self._note(f"ending: {error}")
                raise
            finally:
                self._end()

    def stop(self) -> None:
        """End the services and return from :meth:`run`; asked twice, kill them."""
        self._asked += 1

    def state(self) -> StackState:
        """How everything is."""
        own = (child.told() for child in self._children)
        foreign = (ServiceState(e.name, EXTERNAL, address=e.address) for e in self._plan.external)
        return StackState(os.getpid(), (*own, *foreign))

    def _child(self, service: Service) -> Child:
        secrets = self._plan.secrets
        environment = dict(service.environment)
        for other in self._plan.services:
            if other.name in service.depends_on:
                environment |= other.provides
        return Child(
            service,
            environment,
            log_of(self._plan.data_dir, service.name),
            self._reporter.line,
            lambda line: masked(line, secrets),
        )

    def _tick(self) -> None:
        for child in self._children:
            if child.state == WAITING and self._depends_are_up(child):
                self._start(child)
            elif child.state in (STARTING, UP) and child.has_ended():
                self._died(child)
            elif child.state == STARTING:
                self._look_at(child)
            elif child.state == RESTARTING and time.monotonic() >= child.retry_at:
                child.restarts += 1
                self._start(child)
        if not self._announced and all(child.state == UP for child in self._children):
            self._announced = True
            self._reporter.ready(self.state())

    def _depends_are_up(self, child: Child) -> bool:
        names = child.service.depends_on
        return all(other.state == UP for other in self._children if other.service.name in names)

    def _start(self, child: Child) -> None:
        self._guard.watch(child.start())
        if not child.restarts:
            self._started.append(child)
        self._enter(child, STARTING)

    def _look_at(self, child: Child) -> None:
        """See whether a service that was started is ready by now."""
        if child.ready():
            self._publish(child.service)
            self._enter(child, UP)
            again = " again" if child.was_up else ""
            where = f" at {child.service.address}" if child.service.address else ""
            self._say(f"{child.service.name} is up{again}{where} (pid {child.pid})")
            child.was_up = True
        elif time.monotonic() - child.changed > self._policy.start_within:
            self._died(child, f"not ready within {self._policy.start_within:g} seconds")

    def _died(self, child: Child, why: str = "") -> None:
        """Start it again after a pause, or give up."""
        name, policy = child.service.name, self._policy
        child.quick_deaths = child.quick_deaths + 1 if child.been_up < policy.quick else 0
        how = self._bury(child, why)
        if not child.was_up:
            raise self._failure(child, f"{name} did not start ({how})")
        if child.quick_deaths >= policy.most_quick_deaths:
            raise self._failure(
                child, f"{name} died {child.quick_deaths} times in a row, the last time: {how}"
            )
        pause = policy.pause(child.quick_deaths)
        child.retry_at = time.monotonic() + pause
        self._enter(child, RESTARTING)
        self._say(f"{name} died ({how}); it is started again in {pause:g} seconds")

    def _bury(self, child: Child, why: str) -> str:
        pid, how = child.pid, child.bury()
        self._guard.forget(pid or 0)
        return why or how

    def _failure(self, child: Child, what: str) -> ServiceFailed:
        self._enter(child, FAILED)
        path = self._plan.data_dir / FOLDER / f"{child.service.name}.log"
        return ServiceFailed(f"{what}; what it said is in {path}")

    def _end(self) -> None:
        """End the services, the last one that was started first."""
        for child in reversed(self._started):
            if (pid := child.pid) is None:
                continue
            self._enter(child, STOPPING)
            child.stop(hurry=lambda: self._asked > 1)
            self._guard.forget(pid)
            self._enter(child, DOWN)
            # The reader may be gone, and this has to go on.
            with contextlib.suppress(OSError):
                self._say(f"{child.service.name} ended")
        for path in (*self._published, self._plan.data_dir / STATE):
            path.unlink(missing_ok=True)

    def _publish(self, service: Service) -> None:
        """Let commands of this machine find the service."""
        if service.endpoint:
            path = self._plan.data_dir / service.endpoint.file
            self._guard.file(path)
            replace(path, orjson.dumps(service.endpoint.content))
            self._published.append(path)

    def _enter(self, child: Child, state: str) -> None:
        child.enter(state)
        # What is told there is no reason to end the stack, even where the disk is full.
        with contextlib.suppress(OSError):
            write(self._plan.data_dir, self.state())

    def _say(self, text: str) -> None:
        self._note(text)
        self._reporter.event(text)

    def _note(self, text: str) -> None:
        self._log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        """Let signals ask for the end; a second one hurries."""

        def ask(number: int, frame: FrameType | None) -> None:
            self.stop()

        before = {number: signal.signal(number, ask) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

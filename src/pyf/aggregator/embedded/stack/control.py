"""What the commands do: run a stack here or in the background, look at one, end one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import orjson

from ...errors import AggregatorError
from ...running_stack.stack_state import (
    CLEANUP_TIMEOUT_S,
    POLL,
    SILENT,
    STOPPING,
    UP,
    LockHolder,
    ServiceState,
    StackState,
    lock_folder,
    lock_holder,
    read_state,
)
from ...settings import Settings
from .arguments import arguments_for
from .health_checks import is_healthy
from .service_definitions import StackOptions, make_plan
from .supervisor import Reporter, RestartPolicy, Supervisor

MODULE = "pyf.aggregator.embedded.stack"
STOP_TIMEOUT_S = 90.0
"""Seconds that a stack gets to end; it is longer than its services get together."""


class StartFailed(AggregatorError):
    """The stack in the background could not be started; ``exit_status`` is the one it had."""

    def __init__(self, sentence: str, exit_status: int = 1) -> None:
        super().__init__(sentence)
        self.exit_status = exit_status


class StopFailed(AggregatorError):
    """A stack does not end, or is not ours to end."""


@dataclass(frozen=True)
class StopResult:
    """A stack that was ended; ``killed`` where it did not end when asked to."""

    pid: int
    services: tuple[str, ...]
    seconds: float
    killed: bool


def run_stack(
    settings: Settings,
    choice: StackOptions,
    reporter: Reporter,
    policy: RestartPolicy | None = None,
) -> None:
    """Run the stack in this process, in its main thread, until a signal ends it."""
    with lock_folder(settings.pyf_data_dir.resolve()) as lock:
        Supervisor(make_plan(settings, choice), lock, reporter, policy).run()


def start_in_background(choice: StackOptions, event: Callable[[str], None]) -> StackState:
    """Run the stack in the background; return once everything is up.

    It reads its settings by itself, from the same environment and working directory. Raises
    :class:`StartFailed` with what it said where it could not start.
    """
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE, "--report", str(writing), *arguments_for(choice)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(writing,),
    )
    os.close(writing)
    with os.fdopen(reading, "rb") as reports:
        try:
            return _read_reports(reports, event)
        except BaseException:
            process.terminate()
            process.wait()
            raise


def stack_status(data_dir: Path) -> StackState | None:
    """How the stack of a data folder is, asked of its services too; None where none runs."""
    data_dir = data_dir.resolve()
    found = lock_holder(data_dir)
    if found is None:
        return None
    state = read_state(data_dir, found.pid)
    seen = (_probe_service(service, found) for service in state.services)
    return replace(state, services=tuple(seen))


def stop_stack(data_dir: Path, within: float = STOP_TIMEOUT_S) -> StopResult | None:
    """End the stack of a data folder and wait until it has; None where none runs.

    One that has not ended within so many seconds is killed. Raises :class:`StopFailed`.
    """
    data_dir = data_dir.resolve()
    begun = time.monotonic()
    found = lock_holder(data_dir)
    if found is None:
        return None
    services = tuple(s.name for s in read_state(data_dir, found.pid).services if s.pid)
    killed = not _signal_and_wait(data_dir, found, signal.SIGTERM, within)
    if killed and not _signal_and_wait(data_dir, found, signal.SIGKILL, CLEANUP_TIMEOUT_S):
        raise StopFailed(f"the stack (pid {found.pid}) does not end")
    return StopResult(found.pid, services, time.monotonic() - begun, killed)


def _read_reports(reports: IO[bytes], event: Callable[[str], None]) -> StackState:
    """Read what the stack in the background reports, up to its being ready."""
    for line in reports:
        told = orjson.loads(line)
        if "event" in told:
            event(told["event"])
        elif "error" in told:
            raise StartFailed(told["error"], told["status"])
        else:
            services = tuple(ServiceState(**service) for service in told["services"])
            return StackState(told["pid"], services)
    raise StartFailed("the stack ended at its start without a word")


def _probe_service(service: ServiceState, found: LockHolder) -> ServiceState:
    """A service with its state as it shows itself from outside."""
    if not found.alive:
        return replace(service, state=STOPPING)
    if service.state == UP and service.check and not is_healthy(service.check):
        return replace(service, state=SILENT)
    return service


def _signal_and_wait(
    data_dir: Path, found: LockHolder, number: signal.Signals, within: float
) -> bool:
    """Send a signal and wait; return whether nothing runs any more."""
    if found.alive:
        try:
            os.kill(found.pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            raise StopFailed(f"the stack (pid {found.pid}) belongs to another user") from None
    deadline = time.monotonic() + within
    while (now := lock_holder(data_dir)) is not None and now.pid == found.pid:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True

"""Whether a stack runs in a data folder, whose it is, and how its services are.

The lock tells whether: the system drops it with the process, so that a file left behind or a pid
used again by another program misleads nobody. The guard holds it too, until it has tidied up.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from ..errors import AggregatorError, UsageError
from .process_guard import process_start

LOCK = "stack.lock"
STATE = "stack.json"
CLEANUP_TIMEOUT_S = 45.0
"""Seconds that the guard of a supervisor that was killed has to end what it left behind."""
POLL = 0.05

WAITING, STARTING, UP, RESTARTING, STOPPING, DOWN, FAILED, SILENT, EXTERNAL = (
    *("waiting", "starting", "up", "restarting", "stopping", "down", "failed"),
    *("not answering", "external"),
)
"""States of a service. ``external``: it is the user's own and only used."""


class AlreadyUp(AggregatorError):
    """Another stack runs in the data folder."""


class StackFolderUnusable(UsageError):
    """The data folder cannot be made, read or written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"cannot use the folder {folder} (PYF_DATA_DIR): {error.strerror}")


class LockHolder(NamedTuple):
    """Who holds the lock; ``alive`` is false while a guard tidies up after it."""

    pid: int
    alive: bool


@dataclass(frozen=True)
class ServiceState:
    """A service as it is; ``since`` is seconds of the epoch, ``check`` carries no password."""

    name: str
    state: str
    pid: int | None = None
    address: str = ""
    since: float | None = None
    restarts: int = 0
    check: str = ""


@dataclass(frozen=True)
class StackState:
    """A running stack."""

    pid: int
    services: tuple[ServiceState, ...] = ()

    @property
    def is_healthy(self) -> bool:
        """Whether every service that is run here is up."""
        return bool(self.services) and all(s.state in (UP, EXTERNAL) for s in self.services)


@contextlib.contextmanager
def lock_folder(data_dir: Path) -> Iterator[int]:
    """Hold the lock of a data folder, which is made if missing; gives the lock's descriptor."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StackFolderUnusable(data_dir, error) from None
    try:
        _wait_for_lock(lock)
        _write_holder(lock, f"{os.getpid()} {process_start(os.getpid())}\n")
        yield lock
        _write_holder(lock, "")
    finally:
        os.close(lock)


def lock_holder(data_dir: Path) -> LockHolder | None:
    """Who runs a stack in this folder; None where nobody does."""
    try:
        lock = os.open(data_dir / LOCK, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StackFolderUnusable(data_dir, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _read_holder(lock)
    else:
        return None
    finally:
        os.close(lock)


def read_state(data_dir: Path, pid: int) -> StackState:
    """What the supervisor with this pid wrote last; no services where it wrote nothing yet."""
    try:
        told: dict[str, Any] = orjson.loads((data_dir / STATE).read_bytes())
        services = tuple(ServiceState(**service) for service in told["services"])
    except (OSError, ValueError, KeyError, TypeError):
        return StackState(pid)
    return StackState(pid, services if told.get("pid") == pid else ())


def write_state(data_dir: Path, state: StackState) -> None:
    """Tell how the services are; readers see the old state or the new one, never half of one."""
    replace_file(data_dir / STATE, orjson.dumps(dataclasses.asdict(state)))


def replace_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 in one step."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
    beside.replace(path)


def _wait_for_lock(lock: int) -> None:
    """Take the lock; wait where whoever holds it is gone and only its guard is left."""
    deadline = time.monotonic() + CLEANUP_TIMEOUT_S
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            other = _read_holder(lock)
        if other.alive or time.monotonic() > deadline:
            raise AlreadyUp(
                f"the stack runs already (pid {other.pid}); "
                "`pyfa status` shows it, `pyfa down` ends it"
            )
        time.sleep(POLL)


def _write_holder(lock: int, text: str) -> None:
    os.ftruncate(lock, 0)
    os.pwrite(lock, text.encode(), 0)


def _read_holder(lock: int) -> LockHolder:
    pid, _, start = os.pread(lock, 200, 0).decode("ascii", "replace").strip().partition(" ")
    number = int(pid) if pid.isdigit() else 0
    return LockHolder(number, bool(number) and process_start(number) == start)

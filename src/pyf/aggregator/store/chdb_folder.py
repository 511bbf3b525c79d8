"""A folder that chDB keeps a store in."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ..errors import UsageError

STATUS = "status"
"""The file that the engine holds locked while it has the folder open."""


def is_open_elsewhere(folder: Path) -> bool:
    """Whether another process has the folder open; asked first, since the engine says it badly."""
    try:
        status = os.open(folder / STATUS, os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(status, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return os.pread(status, 200, 0) != b"" and not _is_ours(status)
    else:
        return False
    finally:
        os.close(status)


def make_usable(folder: Path) -> None:
    """Make the folder where it is not there; ``UsageError`` where the engine cannot work in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"the folder {folder} of the store cannot be made: {error.strerror}"
        ) from None
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise UsageError(
            f"the folder {folder} of the store has to be writable, for reading, too: "
            "permission denied"
        )


def _is_ours(status: int) -> bool:
    """Whether the lock is this process's own: the engine writes its pid first."""
    first = os.pread(status, 200, 0).decode("ascii", "replace").split("\n", 1)[0]
    return first == f"PID: {os.getpid()}"

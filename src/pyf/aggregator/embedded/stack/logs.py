"""What services say: a file for each, bounded in size, with secrets taken out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

FOLDER = "logs"
MAX_LOG_BYTES = 5 * 1024 * 1024
"""Bytes of a log file before it is put aside."""
MAX_ROTATED_FILES = 3
"""Files kept beside the current one."""
MASK = "***"


class RotatingLog:
    """A file that lines are added to; ``name.log.1`` is the newest of those put aside.

    What cannot be written is lost: a full disk must not stop the services.
    """

    def __init__(self, path: Path, limit: int = MAX_LOG_BYTES) -> None:
        self.path = path
        self._limit = limit
        self._lock = Lock()

    def write(self, line: str) -> None:
        """Add one line."""
        with self._lock, contextlib.suppress(OSError):
            if self._size() >= self._limit:
                self._rotate()
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(line + "\n")

    def _size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def _rotate(self) -> None:
        for number in range(MAX_ROTATED_FILES, 0, -1):
            older = self._rotated_path(number - 1) if number > 1 else self.path
            if older.exists():
                older.replace(self._rotated_path(number))

    def _rotated_path(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")


def service_log(data_dir: Path, name: str) -> RotatingLog:
    """The log of a service."""
    return RotatingLog(data_dir / FOLDER / f"{name}.log")


def mask_secrets(line: str, secrets: Iterable[str]) -> str:
    """The line without secrets."""
    for secret in secrets:
        line = line.replace(secret, MASK)
    return line

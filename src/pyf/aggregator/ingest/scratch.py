"""Folders for one run, and what runs left behind that were killed.

A folder is locked as long as its run lives, by the kernel: the lock ends with the process, however
that ends, and is seen from other containers that share the folder of temporary files.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class ScratchFolder:
    """A folder for a run, gone with it; ``path`` is where. Use as a context manager, or close it.

    Before it is made, the folders that dead runs of the same ``name`` left are removed.
    """

    def __init__(self, name: str) -> None:
        root = Path(tempfile.gettempdir())
        _remove_stale(root, name)
        # It gets the name that others look for when it is locked already.
        made = Path(tempfile.mkdtemp(prefix=f".{name}-"))
        self._lock = os.open(made, os.O_RDONLY)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.path = made.rename(root / made.name[1:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


class ScratchDatabase(ScratchFolder):
    """A folder for a run with an SQLite database in it; every statement stands by itself."""

    def __init__(self, name: str, schema: str) -> None:
        super().__init__(name)
        self._db = sqlite3.connect(
            self.path / "list.sqlite", isolation_level=None, check_same_thread=False
        )
        self._db.executescript(schema)

    def close(self) -> None:
        """Close the database, remove the folder."""
        self._db.close()
        super().close()

    def _execute_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement with each of the rows, in one transaction."""
        self._db.execute("BEGIN")
        try:
            self._db.executemany(statement, rows)
        finally:
            self._db.execute("COMMIT")


def _remove_stale(root: Path, name: str) -> None:
    """Remove the folders of this name that nobody holds; those of other users stay."""
    for folder in root.glob(f"{name}-*"):
        with suppress(OSError):
            _remove_if_dead(folder)


def _remove_if_dead(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid == os.geteuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)

"""The since-file: up to which serial each collection is complete.

One line a collection, ``<collection> <serial>``; and ``<collection> retry <project> <serial>`` for
a change that could not be brought in yet, so that it holds up nothing and is not lost. A file of
older versions with a single serial or timestamp is understood; it stands for every collection
that has no line of its own.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..errors import UsageError
from ..registries.pypi import PyPI
from ..registries.pypi.xmlrpc import PAGE

FIRST_TIMESTAMP = 1_000_000_000
"""Numbers from here on are Unix times: serials are far below, and no index is older than 2001."""
MARGIN = 3600
"""Seconds by which a timestamp of an older version is taken back, for clocks that differ."""
LINE = re.compile(r"(?P<collection>\S+) (?:(?P<serial>\d+)|retry (?P<name>\S+) (?P<wanted>\d+))")


@dataclass(frozen=True)
class Cursor:
    """How far a collection has come. ``timestamp`` (Unix seconds) only from old files."""

    serial: int = 0
    timestamp: float | None = None
    retry: dict[str, int] = field(default_factory=dict)


class CursorStore(Protocol):
    """Where cursors are kept; its text is how users are told of the place."""

    def read(self, collection: str) -> Cursor | None:
        """Return the collection's cursor, ``None`` without one."""

    def write(self, collection: str, cursor: Cursor) -> None:
        """Set the collection's cursor, wholly or not at all."""


class SinceFile:
    """Read and write one since-file. Other collections' lines stay as they are."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return f"the since-file {self.path}"

    def check_writable(self) -> None:
        """Raise ``UsageError`` before any work is done that could not be noted at its end."""
        # The file is replaced as a whole, so its folder has to be writable as well.
        targets = [self._file.parent, *([self._file] if self._file.exists() else [])]
        if self._file.is_dir() or not all(map(_is_writable, targets)):
            raise UsageError(f"the since-file {self.path} cannot be written")

    def read(self, collection: str) -> Cursor | None:
        """Return the collection's cursor, ``None`` without one; ``UsageError`` if unreadable."""
        cursors, old = self._load()
        return cursors.get(collection, old)

    def write(self, collection: str, cursor: Cursor) -> None:
        """Set the collection's cursor; the file is replaced as a whole or not at all."""
        with self._file_lock():
            cursors, old = self._load()
            cursors[collection] = cursor
            lines = [line for name in sorted(cursors) for line in _lines(name, cursors[name])]
            if old is not None:
                lines.append(str(old.serial or old.timestamp))
            self._replace("\n".join(lines) + "\n")

    @property
    def _file(self) -> Path:
        """The file itself: a link to it stays a link."""
        return self.path.resolve()

    @contextmanager
    def _file_lock(self) -> Iterator[None]:
        """Keep other runs with the same file from writing between reading and replacing it."""
        try:
            folder = os.open(self._file.parent, os.O_RDONLY)
        except OSError as error:
            raise UsageError(f"the since-file {self.path} cannot be written: {error}") from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _load(self) -> tuple[dict[str, Cursor], Cursor | None]:
        try:
            lines = self.path.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return {}, None
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the since-file {self.path} cannot be read: {error}") from None
        cursors: dict[str, Cursor] = {}
        old: Cursor | None = None
        for line in filter(None, map(str.strip, lines)):
            match = LINE.fullmatch(line)
            if match and int(match["serial"] or match["wanted"]) < FIRST_TIMESTAMP:
                _parse_line(cursors, match)
            else:
                old = self._parse_old_line(line)
        if not cursors and old is None:
            raise UsageError(f"the since-file {self.path} is empty; delete it and run with -f")
        return cursors, old

    def _parse_old_line(self, line: str) -> Cursor:
        moment = _timestamp(line)
        if moment is None:
            raise UsageError(
                f"the since-file {self.path} is corrupt: {line[:60]!r} is neither a serial nor a "
                "time; mend or delete it, then run with -f"
            )
        if line.isdigit() and moment < FIRST_TIMESTAMP:
            return Cursor(serial=int(line))
        return Cursor(timestamp=moment)

    def _replace(self, text: str) -> None:
        try:
            mode = self._file.stat().st_mode & 0o777 if self._file.exists() else 0o644
            with tempfile.NamedTemporaryFile(
                "w", dir=self._file.parent, prefix=self.path.name, delete=False
            ) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).chmod(mode)
            Path(file.name).replace(self._file)
        except OSError as error:
            raise UsageError(f"the since-file {self.path} cannot be written: {error}") from None


async def serial_at(pypi: PyPI, timestamp: float) -> int:
    """Return the last serial before a moment, found by bisection over the journal."""
    low, high = 0, await pypi.last_serial()
    wanted = timestamp - MARGIN
    while high - low > PAGE:
        middle = (low + high) // 2
        first = await anext(pypi.changes(middle), None)
        if first and first[0].timestamp < wanted:
            low = middle
        else:
            high = middle
    async for page in pypi.changes(low):
        for change in page:
            if change.timestamp >= wanted:
                return change.serial - 1
        low = page[-1].serial
    return low


def _parse_line(cursors: dict[str, Cursor], match: re.Match[str]) -> None:
    name = match["collection"]
    cursor = cursors.get(name, Cursor())
    if match["serial"]:
        cursors[name] = Cursor(int(match["serial"]), None, cursor.retry)
    else:
        retry = {**cursor.retry, match["name"]: int(match["wanted"])}
        cursors[name] = Cursor(cursor.serial, None, retry)


def _lines(collection: str, cursor: Cursor) -> list[str]:
    retries = [
        f"{collection} retry {name} {serial}" for name, serial in sorted(cursor.retry.items())
    ]
    return [f"{collection} {cursor.serial}", *retries]


def _timestamp(text: str) -> float | None:
    """Read a number or an ISO date; ``None`` for what is neither or cannot have been yet."""
    try:
        moment = float(text)
    except ValueError:
        moment = _iso(text)
    tomorrow = time.time() + 86_400
    return moment if 0 <= moment <= tomorrow else None


def _iso(text: str) -> float:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return -1.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()


def _is_writable(path: Path) -> bool:
    """Say whether a file or folder is meant to be written, also to somebody who may do all."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)

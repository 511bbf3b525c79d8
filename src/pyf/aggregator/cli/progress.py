"""Progress of documents that go from one place to another, on stderr."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from . import output


class DocumentProgress:
    """A bar for each collection on a terminal, otherwise a line every ten seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._last = time.monotonic()
        self._tasks: dict[str, TaskID] = {}
        self._bars: Progress | None = None
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self._bars = Progress(*columns, console=Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars:
            self._bars.stop()

    def __call__(self, collection: str, done: int, total: int) -> None:
        if self._bars:
            if collection not in self._tasks:
                label = f"{self._what} {collection}"
                self._tasks[collection] = self._bars.add_task(label, total=max(done, total))
            self._bars.update(self._tasks[collection], completed=done, total=max(done, total))
        elif time.monotonic() - self._last > output.LINE_EVERY:
            self._last = time.monotonic()
            output.note(f"{self._what} {collection}: {done} of {total} documents")

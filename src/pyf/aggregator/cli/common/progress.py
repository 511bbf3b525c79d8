"""Progress on stderr: bars on a terminal, a line every ten seconds otherwise."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from ...ingest.fetch_result import FetchResult
from . import actions, output

LINE_EVERY = 10.0
"""Seconds between two plain lines."""


class Bars:
    """What both kinds of progress share; ``bars`` is ``None`` where stderr is no terminal."""

    def __init__(self, *more: ProgressColumn) -> None:
        self._last = time.monotonic()
        self.bars: Progress | None = None
        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), *more)
            self.bars = Progress(*columns, console=Console(stderr=True), transient=True)

    def __enter__(self) -> Self:
        if self.bars:
            self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bars:
            self.bars.stop()

    def line(self, text: str) -> None:
        """Print a plain line, unless the last one was a moment ago."""
        if time.monotonic() - self._last > LINE_EVERY:
            self._last = time.monotonic()
            output.note(text)

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Take the bar away while somebody is asked something; Ctrl-C then ends the run at once."""
        # A run under way turns it into an orderly end, which would wait for the answer.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        if self.bars:
            self.bars.stop()
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            if self.bars:
                self.bars.start()

    def confirm(self, consequence: str) -> bool:
        """Ask in the middle of a run; no without a terminal to ask on."""
        if not actions.is_terminal():
            return False
        with self.pause():
            return actions.answers_yes(consequence)


class RunProgress(Bars):
    """Progress of a run: projects seen of those there are, and how many matched."""

    def __init__(self, label: str) -> None:
        super().__init__(TextColumn("{task.fields[more]}"), TimeRemainingColumn())
        self._label = label
        if self.bars:
            self._task = self.bars.add_task(label, total=None, more="")

    def __enter__(self) -> Self:
        if not self.bars:
            output.note(f"{self._label} ...")
        return super().__enter__()

    def step(self, what: str, done: int, total: int) -> None:
        """Show a step that goes over documents."""
        if self.bars:
            label = f"{self._label}: {what}"
            self.bars.update(self._task, description=label, completed=done, total=total, more="")
        else:
            self.line(f"{self._label}: {what} {done} of {total} documents")

    def __call__(self, summary: FetchResult, total: int) -> None:
        if self.bars:
            self.bars.update(self._task, description=self._label)
            more = f"{summary.matched} matched"
            self.bars.update(self._task, completed=summary.seen, total=total, more=more)
        else:
            seen = f"{summary.seen} of {total} projects"
            self.line(f"{self._label}: {seen}, {summary.matched} matched")


class PartsProgress(Bars):
    """Progress of several things, a bar for each; ``label`` names one of them."""

    def __init__(self, label: Callable[[str], str], unit: str = "") -> None:
        super().__init__(TimeRemainingColumn())
        self._label = label
        self._unit = f" {unit}" if unit else ""
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, part: str, done: int, total: int) -> None:
        label, most = self._label(part), max(done, total)
        if not self.bars:
            self.line(f"{label}: {done} of {total}{self._unit}")
            return
        if part not in self._tasks:
            self._tasks[part] = self.bars.add_task(label, total=most)
        self.bars.update(self._tasks[part], completed=done, total=most)


class DocumentProgress(PartsProgress):
    """Progress of documents that go from one place to another, a bar for each collection."""

    def __init__(self, what: str) -> None:
        super().__init__(lambda collection: f"{what} {collection}", "documents")


class CountProgress(Bars):
    """Progress of one thing that is done project by project."""

    def __init__(self, label: str) -> None:
        super().__init__(TimeRemainingColumn())
        self._label = label
        if self.bars:
            self._task = self.bars.add_task(label, total=None)

    def __call__(self, done: int, total: int) -> None:
        if self.bars:
            self.bars.update(self._task, completed=done, total=total)
        else:
            self.line(f"{self._label}: {done} of {total} projects")

"""Every operation of a profile one after the other, in one run with one report.

An operation that lacks something that was never set up is skipped; one that fails does not keep
the others from being done. The schedule of the queue runs the same, each at its own time.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AggregatorError
from ..index import collections
from ..store import StoreNotSetUp
from .context import Context
from .downloads import DOWNLOADS
from .fetch import FETCH
from .github import GITHUB
from .health import HEALTH
from .operation import EXIT_PARTIAL, Operation, Progress, Stop, never_stop
from .report import Report, State
from .security import SECURITY

OPERATIONS: tuple[Operation[Any], ...] = (FETCH, GITHUB, DOWNLOADS, SECURITY, HEALTH)
"""In their order: each comes after those whose facts it needs."""


@dataclass(frozen=True)
class PipelineOptions:
    """Options of all operations; each takes those that it has a field for.

    ``skip`` names operations to leave out. ``limit`` is of projects, in each operation.
    """

    skip: Collection[str] = ()
    full: bool = False
    discovery_method: str = "auto"
    limit: int | None = None
    longest_wait: float = 300.0
    ask_api: bool = True
    report_dir: Path | None = None
    may_remove: Callable[[int, int], bool] = lambda _removed, _total: False

    def options_for(self, operation: Operation[Any]) -> Any:
        """The options of one operation."""
        names = (each.name for each in dataclasses.fields(operation.options))
        return operation.options(**{name: getattr(self, name) for name in names})


def run(
    context: Context,
    options: PipelineOptions,
    progress: Progress | None = None,
    stop: Stop = never_stop,
) -> Report:
    """Run the operations and return a report with one of each as its steps.

    Raises the error of an operation that leaves no documents that others could work on.
    """
    progress = progress or Progress()
    started = time.monotonic()
    steps = []
    for operation in OPERATIONS:
        if operation.name in options.skip:
            continue
        progress.start(operation.name)
        step = _run_step(context, operation, options, progress, stop)
        progress.finish(step)
        steps.append(step)
    return _summarize(context, tuple(steps), time.monotonic() - started)


def _run_step(
    context: Context,
    operation: Operation[Any],
    options: PipelineOptions,
    progress: Progress,
    stop: Stop,
) -> Report:
    try:
        return operation.run_timed(context, options.options_for(operation), progress, stop)
    except StoreNotSetUp as error:
        return Report(
            operation.name,
            context.collection,
            context.profile.key,
            state="skipped",
            reason=str(error),
        )
    except AggregatorError as error:
        target = collections.resolve(context.server, context.collection)
        if target is None or not collections.document_count(context.server, target.collection):
            raise
        return Report(
            operation.name,
            context.collection,
            context.profile.key,
            state="failed",
            reason=str(error),
            exit_status=error.exit_status,
        )


def _summarize(context: Context, steps: tuple[Report, ...], seconds: float) -> Report:
    """Exit status 0, 4 where something is missing, or the first failure's if nothing was done."""
    failures = [step.exit_status for step in steps if step.state == "failed"]
    was_any_done = any(step.state in ("done", "partly") for step in steps)
    state: State = "done" if all(step.is_complete for step in steps) else "partly"
    status = 0 if state == "done" else EXIT_PARTIAL
    if failures and not was_any_done:
        state, status = "failed", failures[0]
    return Report(
        "run",
        context.collection,
        context.profile.key,
        state=state,
        seconds=seconds,
        exit_status=status,
        steps=steps,
    )

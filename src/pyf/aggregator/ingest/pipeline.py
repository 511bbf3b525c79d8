"""Many projects at once, one writer: the run's machinery.

Workers look at projects and put what has to be written into a short queue; one consumer writes it
in a thread. Nothing grows with the number of projects but the list on disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from ..errors import AggregatorError
from ..http import Fetcher, UpstreamError
from ..index import BulkWriter, RefusedDocument
from .fetch_result import FetchResult
from .project import (
    IndexChange,
    InvalidRelease,
    PatchDocument,
    ProjectDone,
    ProjectInspector,
    PutDocument,
    RemoveDocuments,
)
from .worklist import WorkItem, Worklist

log = logging.getLogger(__name__)

ROUNDS = 3
"""How often a project is looked at when there is no usable answer for it."""
QUEUE_SIZE = 16
"""Changes that wait for the writer at the most."""


class Pipeline:
    """Work off a list: inspect each project, write what follows, account for it.

    ``report`` is called after each project with the summary so far, from the event loop's thread.
    Once ``stop`` says so no further project is begun.
    """

    def __init__(
        self,
        worklist: Worklist,
        inspector: ProjectInspector,
        fetcher: Fetcher,
        writer: BulkWriter,
        summary: FetchResult,
        *,
        report: Callable[[FetchResult], None] = lambda _: None,
        on_mismatch: Callable[[WorkItem, int], None] = lambda _task, _serial: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._list = worklist
        self._inspector = inspector
        self._writer = writer
        self._summary = summary
        self._report = report
        self._on_mismatch = on_mismatch
        self._stop = stop
        self._begun = ""
        self._fetcher = fetcher
        self._workers = fetcher.policy.workers
        self._in_a_row = 0

    async def run(self) -> None:
        """Work off the list; what still fails after the last round is in ``summary.failed``.

        Raises ``ServiceUnreachable`` when the upstream or the search server stays away.
        """
        for round_ in range(ROUNDS):
            if round_:
                if not self._list.failures(round_):
                    break
                await asyncio.sleep(self._fetcher.policy.backoff)
            await self._round(round_)
            if self._summary.stopped_after:
                break
        self._summary.failed.update(
            {task.name: reason for task, reason in self._list.failures(round_ + 1)}
        )
        refused = {refusal.project for refusal in self._writer.refused}
        await asyncio.to_thread(self._writer.reset_serial, sorted(refused - {""}))

    async def _round(self, round_: int) -> None:
        tasks = self._list.tasks(round_)
        changes: asyncio.Queue[IndexChange | None] = asyncio.Queue(QUEUE_SIZE)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(changes, round_))
                workers = [
                    group.create_task(self._work(tasks, changes, round_))
                    for _ in range(self._workers)
                ]
                await asyncio.gather(*workers)
                await changes.put(None)
        except BaseExceptionGroup as errors:
            raise _first_user_error(errors) from None

    async def _work(
        self, tasks: Iterator[WorkItem], changes: asyncio.Queue[IndexChange | None], round_: int
    ) -> None:
        for task in tasks:
            # In the first round only: what failed once and waits has to be accounted for.
            if not round_ and self._begun and self._stop():
                self._summary.stopped_after = self._begun
                return
            self._begun = task.name
            try:
                async for change in self._inspector.changes(
                    task, self._list.known_releases(task.name)
                ):
                    await changes.put(change)
            except Exception as error:
                # One project's fault must not end the run for all others; it is told at the end.
                log.debug("inspecting %s failed", task.name, exc_info=True)
                await changes.put(ProjectDone(task, failure=f"{type(error).__name__}: {error}"))

    async def _write(self, changes: asyncio.Queue[IndexChange | None], round_: int) -> None:
        ended = False
        while not ended:
            batch = [await changes.get()]
            while not changes.empty():
                batch.append(changes.get_nowait())
            ended = batch[-1] is None
            await asyncio.to_thread(self._apply, [change for change in batch if change])
            for change in batch:
                if isinstance(change, ProjectDone):
                    self._record_result(change, round_)
        await asyncio.to_thread(self._writer.flush)

    def _apply(self, batch: list[IndexChange]) -> None:
        for change in batch:
            match change:
                case PutDocument(document, problems, bare):
                    self._writer.upsert(document)
                    self._summary.bare += bare
                    self._summary.problems.update(problem.field for problem in problems)
                case PatchDocument(fields):
                    self._writer.update(fields)
                case RemoveDocuments(ids, reason):
                    self._list.remove(ids, reason)
                case InvalidRelease(id_, reason):
                    self._writer.refused.append(RefusedDocument(id_, reason))

    def _record_result(self, done: ProjectDone, round_: int) -> None:
        if done.failure:
            self._list.retry_later(done.task, round_ + 1, done.failure)
            self._stop_if_unavailable(done)
            return
        self._in_a_row = 0
        self._summary.seen += 1
        self._summary.matched += done.matched
        if not done.matched:
            self._on_mismatch(done.task, done.serial)
        self._report(self._summary)

    def _stop_if_unavailable(self, done: ProjectDone) -> None:
        """An upstream that fails for everybody is away; going on would only wear it down."""
        self._in_a_row = self._in_a_row + 1 if done.unavailable else 0
        if self._in_a_row >= max(50, 3 * self._workers):
            raise UpstreamError(
                self._fetcher.base,
                f"{self._in_a_row} projects in a row had no answer, the last one {done.failure}",
            )


def _first_user_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error to tell of when several tasks fell together: one that is meant for users if any."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, AggregatorError)), leaves[0])


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error

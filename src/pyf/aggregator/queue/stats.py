"""Counts of what the tasks did, by UTC day and in total, in Redis hashes.

Fields are ``<task>:<outcome>`` with the outcomes below, ``<task>:seconds``, and the names of
``Work``; ``unreachable:<service>`` counts failures by upstream. Counting never fails a task.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Mapping
from typing import Literal

from ..ingest.multi_profile import InspectResult
from .redis_client import UNAVAILABLE, Client, Pipeline

log = logging.getLogger(__name__)

TaskOutcome = Literal["succeeded", "failed", "retried", "refused"]
"""``refused``: ended without effect because somebody else does the same."""

WorkCounter = Literal[
    "documents_written",
    "documents_updated",
    "documents_removed",
    "documents_refused",
    "projects_fetched",
    "projects_current",
    "wasted",
    "feed_entries_queued",
    "feed_entries_known",
]
"""``projects_current`` were not fetched because the index shows them; ``wasted`` were fetched
although nothing was new."""

TOTAL = "pyf:stats:total"
RETENTION = 35 * 86_400
"""Seconds for which the counts of a day are kept."""
PROGRESS_RETENTION = 7 * 86_400


class TaskStats:
    """Count, and read the counts."""

    def __init__(self, client: Client) -> None:
        self._redis = client

    def record_start(self, task: str, *, periodic: bool = False) -> None:
        """Count a start; of a periodic task the time is noted, which shows that beat is alive."""
        self._add({f"{task}:started": 1}, beat=task if periodic else "")

    def record_end(self, task: str, how: TaskOutcome, seconds: float = 0.0) -> None:
        """Count an end and the time that the task took."""
        self._add({f"{task}:{how}": 1, f"{task}:seconds": round(seconds, 4)})

    def record_unreachable(self, service: str) -> None:
        """Count a try that a service or upstream failed."""
        self._add({f"unreachable:{service}": 1})

    def record_work(self, counts: Mapping[WorkCounter, int]) -> None:
        """Count what was done."""
        self._add(counts)

    def record_inspection(self, outcome: InspectResult) -> None:
        """Count a look at a project."""
        self.record_work(
            {
                "documents_written": outcome.written,
                "documents_updated": outcome.updated,
                "documents_removed": outcome.removed,
                "documents_refused": len(outcome.refused),
                "projects_fetched": int(outcome.fetched),
                "projects_current": int(not outcome.fetched),
                "wasted": int(outcome.is_wasted),
            }
        )

    def record_progress(self, run: str, seen: int, total: int) -> None:
        """Note how far a long run is: projects seen of those there are."""
        key = f"pyf:progress:{run}"
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.hset(key, items=["seen", seen, "total", total, "time", round(time.time(), 3)])
        pipeline.expire(key, PROGRESS_RETENTION)
        self._execute(pipeline)

    def day(self, day: dt.date | None = None) -> dict[str, float]:
        """Return the counts of a UTC day, of today by default."""
        return self._read(_key(day or dt.datetime.now(dt.UTC).date()))

    def total(self) -> dict[str, float]:
        """Return the counts since there are any; they only grow."""
        return self._read(TOTAL)

    def beats(self) -> dict[str, float]:
        """Return when each periodic task was last started, in Unix seconds."""
        keys = sorted(self._redis.scan_iter("pyf:beat:*"))
        values = self._redis.mget(keys) if keys else []
        return {
            str(key).removeprefix("pyf:beat:"): float(value)
            for key, value in zip(keys, values, strict=True)
            if value
        }

    def _add(self, counts: Mapping[str, float] | Mapping[WorkCounter, int], beat: str = "") -> None:
        key = _key(dt.datetime.now(dt.UTC).date())
        pipeline = self._redis.pipeline(transaction=False)
        for field, count in counts.items():
            if count:
                pipeline.hincrbyfloat(key, field, count)
                pipeline.hincrbyfloat(TOTAL, field, count)
        pipeline.expire(key, RETENTION)
        if beat:
            pipeline.set(f"pyf:beat:{beat}", f"{time.time():.3f}")
        self._execute(pipeline)

    def _execute(self, pipeline: Pipeline) -> None:
        try:
            pipeline.execute()
        except UNAVAILABLE as error:
            log.debug("not counted, Redis is away: %s", error)

    def _read(self, key: str) -> dict[str, float]:
        return {str(field): float(value) for field, value in self._redis.hgetall(key).items()}


def _key(day: dt.date) -> str:
    return f"pyf:stats:{day.isoformat()}"

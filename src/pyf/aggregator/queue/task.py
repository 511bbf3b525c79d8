"""The base of all tasks: time limits, retries, counts, dead letters."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from celery import Task
from celery.exceptions import Reject, SoftTimeLimitExceeded
from celery.utils.log import get_task_logger
from kombu.exceptions import OperationalError

from ..errors import AggregatorError, NotFound, ServiceUnreachable
from ..names import normalize_name
from ..settings import mask_credentials
from . import context, time_limits
from .config import PREFIX
from .dead_letters import dead_letter_key
from .locks import Busy
from .redis_client import UNAVAILABLE, with_retry

log = get_task_logger(__name__)

# A collection that is gone may be the one that a recreation has just replaced.
RETRYABLE = (
    ServiceUnreachable,
    Busy,
    NotFound,
    SoftTimeLimitExceeded,
    OperationalError,
    *UNAVAILABLE,
)
LONGEST_PAUSE = 300.0
"""Seconds between two tries at the most; below the broker's visibility timeout."""
BUSY_PAUSE = 3.0
"""The same while somebody else is at it: all tries together outlast the lock of a dead worker."""
MAX_DELIVERIES = 10
"""How often a message comes back from workers that died before it is parked."""


class TooManyDeliveries(AggregatorError):
    """A task that took its worker along again and again."""


class QueueTask(Task[Any, Any]):
    """A task of this project.

    ``periodic`` marks those that beat queues. A task that fails for a reason that may pass is
    queued again with growing pauses; one that fails for good becomes a dead letter.
    """

    abstract = True
    acks_late = True
    reject_on_worker_lost = True
    ignore_result = True
    max_retries = 20
    pause = 1.0
    """Seconds before the first retry, about; it doubles each time."""
    periodic = False

    @property
    def short_name(self) -> str:
        """The name without the package."""
        return str(self.name).removeprefix(PREFIX)

    def subject(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """What the task is about; failures with the same subject are one dead letter."""
        return json.dumps([list(args), dict(kwargs)], sort_keys=True, default=repr)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task within its time; called directly it raises what a worker would retry."""
        room = context.get_context()
        room.stats.record_start(self.short_name, periodic=self.periodic)
        begun = time.monotonic()
        try:
            self._check_deliveries(room)
            with time_limits.time_limit(self.seconds):
                result = self.run(*args, **kwargs)
        except RETRYABLE as error:
            room.stats.record_end(self.short_name, "retried", time.monotonic() - begun)
            self._retry_later(room, error)
        else:
            room.stats.record_end(self.short_name, "succeeded", time.monotonic() - begun)
            self._clear_dead_letter(room, args, kwargs)
            return result

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Put the task on the list of those that failed for good."""
        room = context.get_context()
        room.stats.record_end(self.short_name, "failed")
        reason = mask_credentials(f"{type(exc).__name__}: {exc}")
        subject = self.subject(args, kwargs)
        with_retry(lambda: room.dead.add(str(self.name), subject, args, kwargs, reason))

    @property
    def seconds(self) -> float:
        """The soft time limit."""
        return float(self.soft_time_limit or self.app.conf.task_soft_time_limit)

    def _retry_later(self, room: context.WorkerContext, error: Exception) -> None:
        if isinstance(error, ServiceUnreachable):
            room.stats.record_unreachable(mask_credentials(error.service))
        if isinstance(error, NotFound):
            room.active_profiles.invalidate()
        longest = BUSY_PAUSE if isinstance(error, Busy) else LONGEST_PAUSE
        step = min(longest, self.pause * 2.0 ** (self.request.retries or 0))
        countdown = step * random.uniform(0.5, 1.0)  # noqa: S311 - jitter is no secret
        log.info("again in %.0f s: %s", countdown, error)
        try:
            raise self.retry(exc=error, countdown=countdown)
        except Reject as rejected:
            # The new message could not be sent; the old one must not be thrown away for it.
            raise Reject(str(rejected), requeue=True) from error

    def _clear_dead_letter(
        self, room: context.WorkerContext, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> None:
        """What works now has not failed for good."""
        try:
            room.dead.remove(dead_letter_key(str(self.name), self.subject(args, kwargs)))
        except UNAVAILABLE:
            return

    def _check_deliveries(self, room: context.WorkerContext) -> None:
        if not (self.request.delivery_info or {}).get("redelivered"):
            return
        key = f"pyf:redelivered:{self.request.id}"
        times = int(room.redis.incr(key))
        room.redis.expire(key, 86_400)
        if times > MAX_DELIVERIES:
            raise TooManyDeliveries(
                f"{times} workers died or were stopped while they had this task"
            )


class ProjectTask(QueueTask):
    """A task about one project, whichever way its name is given."""

    abstract = True

    def subject(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
        """The project."""
        given = args[0] if args else next(iter(kwargs.values()), "")
        name = given.get("package_id") or given.get("name") if isinstance(given, dict) else given
        return normalize_name(str(name))

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Let the next feed bring the project again, too."""
        super().on_failure(exc, task_id, args, kwargs, einfo)
        if kwargs.get("dedup"):
            context.get_context().dedup.release(str(kwargs["dedup"]))


class LongTask(QueueTask):
    """A task that ends before its time is over and goes on in another one."""

    abstract = True

    def stop(self) -> Callable[[], bool]:
        """Return what says, counted from now, that nothing new is to be begun."""
        until = time.monotonic() + 0.9 * self.seconds
        return lambda: time.monotonic() >= until

    def continue_later(self, arguments: Mapping[str, Any] | None) -> None:
        """Queue this task again with the arguments that are left, if there are any."""
        if arguments is not None:
            self.apply_async(kwargs=dict(arguments))

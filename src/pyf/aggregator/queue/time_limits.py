"""How much time the task under way has left. It holds in every kind of worker pool."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Iterator
from contextlib import contextmanager

_until: contextvars.ContextVar[float] = contextvars.ContextVar("until")


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Let what is done inside have so many seconds."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


def remaining_seconds(without: float) -> float:
    """Return the seconds left, never below 0; ``without`` where no limit is set."""
    until = _until.get(None)
    return without if until is None else max(0.0, until - time.monotonic())

"""GitHub's limits: points an hour for each resource, and requests a minute for all."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class RateLimitWindow:
    """Points of one resource in one window of time."""

    limit: int
    seconds: float
    clock: Callable[[], float] = time.time
    used: int = 0
    reset: float = 0.0

    def remaining(self) -> int:
        """Points that are left now."""
        if self.clock() >= self.reset:
            self.used, self.reset = 0, self.clock() + self.seconds
        return max(0, self.limit - self.used)

    def take(self, points: int) -> bool:
        """Use points; false where there are too few."""
        if self.remaining() < points:
            return False
        self.used += points
        return True

    def headers(self, resource: str) -> Mapping[str, str]:
        """The headers that tell of it."""
        left = self.remaining()
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(math.ceil(self.reset)),
            "X-RateLimit-Resource": resource,
        }


@dataclass
class GitHubRateLimits:
    """What a client may do: ``points`` in ``window`` seconds, ``per_minute`` in ``minute``."""

    points: int = 5_000
    anonymous: int = 60
    window: float = 3_600.0
    per_minute: int = 900
    minute: float = 60.0
    _windows: dict[str, RateLimitWindow] = field(default_factory=dict)

    def window_for(self, resource: str, *, with_token: bool) -> RateLimitWindow:
        """The hour of a resource: ``core`` or ``graphql``."""
        limit = self.points if with_token else self.anonymous
        key = f"{resource}|{with_token}"
        return self._windows.setdefault(key, RateLimitWindow(limit, self.window))

    def minute_window(self) -> RateLimitWindow:
        """The minute of the secondary limit."""
        return self._windows.setdefault("minute", RateLimitWindow(self.per_minute, self.minute))

    def set_limits(self, values: Mapping[str, Any]) -> None:
        """Set limits anew and begin new windows."""
        for name, value in values.items():
            setattr(self, name, value)
        self._windows.clear()

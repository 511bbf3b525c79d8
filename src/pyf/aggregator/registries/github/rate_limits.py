"""GitHub's limits, obeyed as its headers tell them.

A used-up hour (``x-ratelimit-remaining: 0``) lasts until ``x-ratelimit-reset``. A secondary limit
comes as a 403 or 429 with ``Retry-After``, or with nothing but its message: then a minute, the
next time two, and so on. Whoever goes on asking meanwhile can be banned.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Mapping

import orjson

from ...errors import PartialFailure
from ...http import HttpResponse, retry_after

MIN_PAUSE = 60.0
"""Seconds for which a secondary limit lasts at least, where it does not say."""
LIMIT_STATUSES = (403, 429)


class LimitReached(PartialFailure):
    """GitHub's limit is used up for longer than one waits; ``until`` is UTC."""

    def __init__(self, until: dt.datetime) -> None:
        self.until = until
        super().__init__(
            f"GitHub's limit is used up until {until:%Y-%m-%d %H:%M:%S} UTC; "
            "what was fetched is kept, run it again then to go on"
        )


class RateLimiter:
    """Lets requests through while the limit allows them.

    ``longest`` are the seconds that one wait may last; a longer one raises ``LimitReached``.
    ``told`` is called with the seconds of each wait before it.
    """

    def __init__(self, longest: float, told: Callable[[float], None]) -> None:
        self.waited = 0.0
        self._longest = longest
        self._told = told
        self._closed_until = 0.0
        self._in_a_row = 0

    async def wait(self) -> None:
        """Wait until the next request may be sent."""
        seconds = self._closed_until - time.time()
        if seconds <= 0:
            return
        if seconds > self._longest:
            raise LimitReached(dt.datetime.fromtimestamp(self._closed_until, dt.UTC))
        self._told(seconds)
        self.waited += seconds
        await asyncio.sleep(seconds)

    def read_headers(self, answer: HttpResponse) -> bool:
        """Take in what an answer tells of limits; true if it was refused because of one."""
        if answer.status in LIMIT_STATUSES and (pause := self._pause(answer)) is not None:
            self._in_a_row += 1
            self.close_for(pause)
            return True
        self._in_a_row = 0
        if answer.headers.get("x-ratelimit-remaining") == "0":
            self.close_until(_number(answer.headers, "x-ratelimit-reset"))
        return False

    def close_for(self, seconds: float) -> None:
        """Let nothing through for so many seconds."""
        self.close_until(time.time() + seconds)

    def close_until(self, moment: float) -> None:
        """Let nothing through before that moment, in Unix seconds."""
        self._closed_until = max(self._closed_until, moment)

    def record_refusal(self, headers: Mapping[str, str]) -> None:
        """Take in a refusal that came in a body of status 200."""
        self._in_a_row += 1
        pause = MIN_PAUSE * 2.0 ** (self._in_a_row - 1)
        if (reset := _number(headers, "x-ratelimit-reset")) > time.time():
            self.close_until(reset)
        else:
            self.close_for(pause)

    def _pause(self, answer: HttpResponse) -> float | None:
        """Seconds to wait after a 403 or 429; None for one that has nothing to do with limits."""
        asked = retry_after(answer.headers.get("Retry-After"))
        if asked is not None:
            return asked
        if answer.headers.get("x-ratelimit-remaining") == "0":
            # A second more: the reset is told in whole seconds, and clocks differ.
            return max(0.0, _number(answer.headers, "x-ratelimit-reset") - time.time()) + 1.0
        if answer.status == 429 or _tells_of_limit(answer.body):
            return MIN_PAUSE * 2.0**self._in_a_row
        return None


def _tells_of_limit(body: bytes) -> bool:
    text = message(body).lower()
    return "rate limit" in text or "abuse detection" in text


def message(body: bytes) -> str:
    """What GitHub says in the body of an error; empty for nothing that can be read."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(said.get("message") or "") if isinstance(said, dict) else ""


def _number(headers: Mapping[str, str], name: str) -> float:
    try:
        return float(headers.get(name) or 0)
    except ValueError:
        return 0.0

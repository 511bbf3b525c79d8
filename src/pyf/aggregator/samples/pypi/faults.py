"""Deciding which fault befalls a request, the same way in every run."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum

from .http_messages import Headers, SampleResponse
from .options import Faults


class Fault(Enum):
    """What can befall an answer."""

    OUTAGE = "outage"
    TOO_MANY = "429"
    UNAVAILABLE = "503"
    RESET = "reset"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """What happens to one answer: a delay in seconds, and a fault or none."""

    delay: float = 0.0
    fault: Fault | None = None


_NO_FAULT = FaultDecision()


class FaultInjector:
    """Draws from seed, path and the number of the request for that path.

    So the order in which concurrent requests arrive changes nothing.
    """

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._asked: Counter[str] = Counter()
        self._rates = (
            (faults.rate_429, Fault.TOO_MANY),
            (faults.rate_503, Fault.UNAVAILABLE),
            (faults.rate_reset, Fault.RESET),
            (faults.rate_truncated, Fault.TRUNCATED),
            (faults.rate_malformed, Fault.MALFORMED),
        )
        self._harmless = not (
            faults.outage or faults.latency or faults.jitter or any(rate for rate, _ in self._rates)
        )

    def applies_to(self, path: str) -> bool:
        """Tell whether a path is among those that faults are meant for."""
        return not self.faults.prefixes or path.startswith(self.faults.prefixes)

    def next_decision(self, path: str) -> FaultDecision:
        """Return the fate of the next request for a path."""
        if self._harmless or not self.applies_to(path):
            return _NO_FAULT
        if self.faults.outage:
            return FaultDecision(self.faults.latency, Fault.OUTAGE)
        self._asked[path] += 1
        key = f"{self.faults.seed}|{path}|{self._asked[path]}".encode()
        digest = hashlib.blake2b(key, digest_size=16).digest()
        chance, spread = (int.from_bytes(part) / 2**64 for part in (digest[:8], digest[8:]))
        return FaultDecision(self.faults.latency + spread * self.faults.jitter, self._pick(chance))

    def _pick(self, chance: float) -> Fault | None:
        for rate, fault in self._rates:
            if chance < rate:
                return fault
            chance -= rate
        return None

    def refusal(self, fault: Fault, now: float) -> SampleResponse:
        """Return the answer of a 429 or else a 503; ``now`` in seconds since 1970."""
        status = 429 if fault is Fault.TOO_MANY else 503
        headers: Headers = (("Content-Type", "text/plain; charset=UTF-8"),)
        if (wait := self.faults.retry_after) is not None:
            # A date has whole seconds: the next one after the wait, never an earlier one.
            date = formatdate(int(now + wait) + 1, usegmt=True)
            value = date if self.faults.retry_after_date else f"{wait:g}"
            headers = (*headers, ("Retry-After", value))
        return SampleResponse(status, f"{status}\n".encode(), headers)


class CallQuota:
    """Counts calls in fixed windows; ``limit`` None allows any number."""

    def __init__(
        self, limit: int | None, window: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._window, self._clock = limit, window, clock
        self._begun, self._used = clock(), 0

    def retry_after(self) -> float | None:
        """Count a call; return None if it is allowed, else the seconds to wait."""
        if self._limit is None:
            return None
        now = self._clock()
        if now - self._begun >= self._window:
            self._begun, self._used = now, 0
        self._used += 1
        return None if self._used <= self._limit else self._begun + self._window - now

    def headers(self) -> Headers:
        """Return the draft headers that tell of the limit."""
        if self._limit is None:
            return ()
        left = max(0, self._limit - self._used)
        reset = max(0, round(self._begun + self._window - self._clock()))
        return (
            ("RateLimit-Policy", f'"xmlrpc.client";q={self._limit};w={self._window:g};pk=:ip:'),
            ("RateLimit", f'"xmlrpc.client";r={left};t={reset}'),
        )

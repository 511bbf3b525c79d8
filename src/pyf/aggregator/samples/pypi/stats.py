"""Counting what clients ask for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_MOST_AGENTS = 100


@dataclass(slots=True)
class RequestStats:
    """Counts since the start or the last reset; control requests are not among them."""

    requests: Counter[str] = field(default_factory=Counter)
    """By kind of endpoint: ``project_json``, ``xmlrpc.browse``, ..."""
    statuses: Counter[str] = field(default_factory=Counter)
    """By HTTP status as it was sent; a reset connection has none."""
    faults: Counter[str] = field(default_factory=Counter)
    """Injected faults by kind, and answers from before a change as ``stale``."""
    user_agents: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    bytes_sent: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0

    def begin(self, agent: str) -> None:
        """Count a request that has arrived."""
        if agent in self.user_agents or len(self.user_agents) < _MOST_AGENTS:
            self.user_agents[agent] += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def reset(self) -> None:
        """Begin anew; requests under way stay counted as such."""
        for counter in (self.requests, self.statuses, self.faults, self.user_agents):
            counter.clear()
        self.connections = self.bytes_sent = 0
        self.peak_in_flight = self.in_flight

    def as_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, ``total`` being that of all requests."""
        return {
            "total": self.requests.total(),
            "requests": dict(self.requests),
            "statuses": dict(self.statuses),
            "faults": dict(self.faults),
            "user_agents": dict(self.user_agents),
            "connections": self.connections,
            "bytes_sent": self.bytes_sent,
            "peak_in_flight": self.peak_in_flight,
        }

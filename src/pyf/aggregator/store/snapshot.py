"""Which load of each day counts at one moment, so that a page never mixes two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

SNAPSHOT_SQL = """
SELECT day,
  argMax(id, (scope = 'full', finished, id)) AS load_id,
  argMax(finished, (scope = 'full', finished, id)) AS loaded_at,
  max(scope = 'full') AS is_full
FROM loads
WHERE status IN ('published', 'retired')
GROUP BY day
HAVING argMax(status, (scope = 'full', finished, id)) = 'published'
"""
"""The load that counts for each day whose detail is still kept: the last one of all packages that
was published, or, on a day that has none, the last one of some packages."""


@dataclass(frozen=True)
class Snapshot:
    """The published loads of one moment: ``days`` names the load that counts for each day.

    ``id`` changes with each publication and each day that is retired. ``data_through`` is the
    last day there is, ``loaded_at`` (UTC, with zone) when the youngest of the loads was published;
    both are None in an empty store. A day that is not in ``days`` is unknown, not 0. The days of
    ``partial`` are known for the packages that have rows there and unknown for all others.
    """

    days: Mapping[date, int] = field(default_factory=dict)
    loaded_at: datetime | None = None
    partial: frozenset[date] = frozenset()

    @cached_property
    def id(self) -> str:
        """A name of exactly this set of loads: 16 hexadecimal digits."""
        pairs = sorted((day.isoformat(), load) for day, load in self.days.items())
        return hashlib.sha256(repr(pairs).encode()).hexdigest()[:16]

    @property
    def data_through(self) -> date | None:
        """The last day that is loaded."""
        return max(self.days, default=None)

    def load_ids(self, first: date | None = None, last: date | None = None) -> list[int]:
        """The loads of the days from ``first`` to ``last``, both included, in order of the days.

        ``load_id IN {loads:Array(UInt64)}`` with them keeps exactly the rows that count.
        """
        return [
            load
            for day, load in sorted(self.days.items())
            if (first is None or day >= first) and (last is None or day <= last)
        ]


def take_snapshot(query: Callable[[str], list[tuple[Any, ...]]]) -> Snapshot:
    """Ask for the published loads, with one statement."""
    rows = query(SNAPSHOT_SQL)
    return Snapshot(
        {day: load for day, load, _, _ in rows},
        max((_with_zone(loaded) for _, _, loaded, _ in rows), default=None),
        frozenset(day for day, _, _, is_full in rows if not is_full),
    )


def _with_zone(moment: datetime) -> datetime:
    """The driver gives moments in UTC without a zone."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

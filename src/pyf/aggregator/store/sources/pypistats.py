"""Source ``pypistats``: the JSON API of pypistats.org, for a few packages.

One answer holds all days that the service keeps, so a run asks four times for each package,
however many days it loads. What it gives is about these packages only: such a load never stands in
for a day that was loaded as a whole.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa

from ...errors import UsageError
from ...names import normalize_name
from ...registries.pypistats import DIMENSIONS, open_pypistats
from ...settings import Settings
from .base import CostEstimate, NoData, Scope

Counts = dict[dt.date, list[tuple[str, str, str, int]]]
"""Rows by day: dimension, package, category, downloads."""


class PypistatsSource:
    """pypistats.org, asked at the rate of PYPISTATS_RATE_LIMIT_DELAY; 429 is waited for."""

    name = "pypistats"
    scope: Scope = "part"
    grouped = True
    remainders: tuple[str, ...] = ()

    def __init__(self, settings: Settings, packages: Sequence[str]) -> None:
        named = (settings.stats_packages or "").split(",")
        chosen = packages or [name for name in named if name.strip()]
        self.packages = tuple(dict.fromkeys(map(normalize_name, chosen)))
        """Names that are asked for."""
        self._settings = settings
        self._counts: Counts | None = None

    def estimate(self, day: dt.date) -> CostEstimate:
        """Costs time only."""
        requests = len(self.packages) * len(DIMENSIONS)
        seconds = requests * self._settings.pypistats_rate_limit_delay
        return CostEstimate(0, f"{requests} requests, about {seconds / 60:.0f} minutes")

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """The rows of a day; all packages are asked for at the first call."""
        if not self.packages:
            raise UsageError("the source pypistats needs names of packages in STATS_PACKAGES")
        if self._counts is None:
            self._counts = asyncio.run(self._fetch_all())
        rows = self._counts.get(day)
        if not rows:
            raise NoData(f"pypistats has nothing of {day} for {len(self.packages)} packages")
        names = ("dimension", "package", "category", "downloads")
        yield pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    async def _fetch_all(self) -> Counts:
        counts: Counts = {}
        async with open_pypistats(self._settings) as client:
            for package in self.packages:
                for dimension in DIMENSIONS:
                    for category, day, downloads in await client.rows(package, dimension):
                        counts.setdefault(day, []).append((dimension, package, category, downloads))
        return counts

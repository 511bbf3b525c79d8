"""Source ``pypistats``: the JSON API of pypistats.org, for a few packages.

One answer holds all days that the service keeps, so a run asks four times for each package,
however many days it loads. What it gives is about these packages only: such a load never stands in
for a day that was loaded as a whole.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pyarrow as pa

from ...errors import UsageError
from ...http import Answer, BadBody, Fetcher, Policy, expect
from ...names import normalize
from ...settings import Settings
from .base import Estimate, NoData, Scope

ENDPOINTS = ("overall", "python_major", "python_minor", "system")
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
        self.packages = tuple(dict.fromkeys(map(normalize, chosen)))
        """Names that are asked for."""
        self._settings = settings
        self._counts: Counts | None = None

    def estimate(self, day: dt.date) -> Estimate:
        """Costs time only."""
        requests = len(self.packages) * len(ENDPOINTS)
        seconds = requests * self._settings.pypistats_rate_limit_delay
        return Estimate(0, f"{requests} requests, about {seconds / 60:.0f} minutes")

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """The rows of a day; all packages are asked for at the first call."""
        if not self.packages:
            raise UsageError("the source pypistats needs names of packages in STATS_PACKAGES")
        if self._counts is None:
            self._counts = asyncio.run(self._ask_all())
        rows = self._counts.get(day)
        if not rows:
            raise NoData(f"pypistats has nothing of {day} for {len(self.packages)} packages")
        names = ("dimension", "package", "category", "downloads")
        yield pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))

    async def _ask_all(self) -> Counts:
        settings = self._settings
        policy = Policy(
            workers=1,
            delay=settings.pypistats_rate_limit_delay,
            retries=settings.pypistats_max_retries,
            backoff=settings.pypistats_retry_backoff,
        )
        counts: Counts = {}
        async with Fetcher(settings.pypistats_url, policy, contact=settings.pyf_contact) as fetcher:
            for package in self.packages:
                for dimension in ENDPOINTS:
                    found = await fetcher.get(f"/api/packages/{package}/{dimension}", check=_series)
                    for day, category, downloads in found:
                        counts.setdefault(day, []).append((dimension, package, category, downloads))
        return counts


def _series(answer: Answer) -> list[tuple[dt.date, str, int]]:
    """Day, category and downloads; nothing for a package that is not there."""
    if expect(answer, 200, 404).status == 404:
        return []
    try:
        return [_point(row) for row in orjson.loads(answer.body)["data"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadBody(f"{answer.url}: no series of downloads") from error


def _point(row: Any) -> tuple[dt.date, str, int]:
    return dt.date.fromisoformat(row["date"]), str(row["category"]), int(row["downloads"])

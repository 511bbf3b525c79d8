"""One package's downloads day by day: what the questions about its course begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..client import Store
from ..snapshot import Snapshot
from .base import WITHOUT_MIRRORS, QueryResult
from .series import download_series
from .windows import Window


@dataclass(frozen=True, kw_only=True)
class DailyDownloads(QueryResult):
    """Downloads without mirrors of every day of a range; None is unknown, 0 is none."""

    package: str
    window: Window | None
    days: tuple[tuple[date, int | None], ...]


def daily_downloads(
    store: Store,
    package: str,
    *,
    start: date | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> DailyDownloads:
    """Every day of the range, of all that is stored by default."""
    found = download_series(
        store, package, categories=[WITHOUT_MIRRORS], start=start, end=end, snapshot=snapshot
    )
    starts = (bucket.start for bucket in found.buckets)
    return DailyDownloads(
        snapshot=found.snapshot,
        package=found.package,
        window=found.window,
        days=tuple(zip(starts, found.values(WITHOUT_MIRRORS), strict=True)),
    )

"""One package's downloads day by day: what the questions about its course begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ..client import Store
from ..snapshot import Snapshot
from .base import WITHOUT_MIRRORS, Answer
from .series import series
from .windows import Window


@dataclass(frozen=True, kw_only=True)
class Daily(Answer):
    """Downloads without mirrors of every day of a range; None is unknown, 0 is none."""

    package: str
    window: Window | None
    days: tuple[tuple[date, int | None], ...]


def daily(
    store: Store,
    package: str,
    *,
    start: date | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> Daily:
    """Every day of the range, of all that is stored by default."""
    found = series(
        store, package, categories=[WITHOUT_MIRRORS], start=start, end=end, snapshot=snapshot
    )
    starts = (bucket.start for bucket in found.buckets)
    return Daily(
        snapshot=found.snapshot,
        package=found.package,
        window=found.window,
        days=tuple(zip(starts, found.values(WITHOUT_MIRRORS), strict=True)),
    )

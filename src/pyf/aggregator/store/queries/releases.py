"""What a release did to a package's downloads: two weeks before it against two weeks after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from ..client import Store
from ..snapshot import Snapshot
from . import measures
from .base import QueryResult, package_name
from .daily import daily_downloads

DAYS = 14


class ReleaseDay(NamedTuple):
    """A version and the UTC day on which it came out."""

    version: str
    day: date


class ImpactOfRelease(NamedTuple):
    """Mean downloads a day in the 14 days before a release and in the 14 days after it.

    The day of the release is in neither. Each weekday weighs the same on both sides; ``change`` is
    relative (0.25 is a quarter more), None where it cannot be told. ``known_*`` are days.
    """

    release: ReleaseDay
    before: float | None
    after: float | None
    change: float | None
    known_before: int
    known_after: int

    @property
    def complete(self) -> bool:
        """Whether all days before and after are known."""
        return self.known_before == self.known_after == DAYS


@dataclass(frozen=True, kw_only=True)
class ReleaseImpact(QueryResult):
    """The impact of each release, in the order given."""

    package: str
    impacts: tuple[ImpactOfRelease, ...]


def release_impact(
    store: Store,
    package: str,
    releases: Iterable[tuple[str, date]],
    *,
    snapshot: Snapshot | None = None,
) -> ReleaseImpact:
    """Compare the downloads before and after each release (version and day)."""
    asked = [ReleaseDay(version, day) for version, day in releases]
    found = daily_downloads(store, package, snapshot=snapshot)
    known = {day: value for day, value in found.days if value is not None}
    return ReleaseImpact(
        snapshot=found.snapshot,
        package=package_name(package),
        impacts=tuple(impact_of_release(release, known) for release in asked),
    )


def impact_of_release(release: ReleaseDay, known: Mapping[date, float]) -> ImpactOfRelease:
    """The impact of a release by what is known of each day. Pure."""
    before = _around(release.day, range(-DAYS, 0), known)
    after = _around(release.day, range(1, DAYS + 1), known)
    means = measures.balanced_means(before, after)
    earlier, later = means or (None, None)
    return ImpactOfRelease(
        release,
        earlier,
        later,
        measures.change(*means[::-1]) if means else None,
        len(before),
        len(after),
    )


def _around(day: date, offsets: range, known: Mapping[date, float]) -> list[tuple[date, float]]:
    days = (day + timedelta(days=offset) for offset in offsets)
    return [(each, known[each]) for each in days if each in known]

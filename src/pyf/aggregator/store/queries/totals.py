"""All downloads of a package, how they are shared out among categories, and its best day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from ...errors import UsageError
from ..client import Store
from ..snapshot import Snapshot
from .base import (
    NO_ROWS,
    WITH_MIRRORS,
    WITHOUT_MIRRORS,
    Answer,
    Days,
    Dimension,
    current,
    filled,
    known_dimension,
    package_days,
    package_name,
    retired_months,
    span,
    visible,
)
from .windows import Window

TOTAL = """
SELECT toString(category) AS name, sum(downloads)
FROM (
    SELECT category, downloads FROM downloads
    WHERE dimension = 'overall' AND package = {package:String} AND $visible
    UNION ALL
    SELECT category, downloads FROM downloads_monthly FINAL
    WHERE dimension = 'overall' AND package = {package:String}
        AND month IN {months:Array(Date)}
)
GROUP BY name
"""
SHARES = """
SELECT toString(dimension) AS kind, toString(category) AS name, sum(downloads) AS downloads
FROM downloads
WHERE dimension IN {dimensions:Array(String)} AND package = {package:String} AND $visible
GROUP BY kind, name
ORDER BY downloads DESC, name
"""
PEAK = """
SELECT day, downloads FROM downloads
WHERE $counted AND package = {package:String} AND $visible
ORDER BY downloads DESC, day
LIMIT 1
"""


@dataclass(frozen=True, kw_only=True)
class Total(Answer):
    """Everything that is stored of a package, since ``first`` (a day, or a month's first day).

    ``months`` are those of which only sums are kept, with the days that each sum is of;
    ``window`` the days kept one by one. ``found`` is whether there is any row.
    """

    package: str
    downloads: int
    with_mirrors: int
    first: date | None
    months: Mapping[date, int]
    window: Window | None
    found: bool


class Share(NamedTuple):
    """Downloads of a category and their part (0 to 1) of all those of the dimension."""

    category: str
    downloads: int
    share: float


@dataclass(frozen=True, kw_only=True)
class Shares(Answer):
    """A dimension's categories over a window, the largest first.

    ``rest`` sums up those beyond the limit that was asked for, None where there are none.
    """

    package: str
    dimension: Dimension
    window: Window | None
    total: int
    shares: tuple[Share, ...]
    rest: Share | None = None


@dataclass(frozen=True, kw_only=True)
class Peak(Answer):
    """The day with most downloads (the first of several); None where there is no download."""

    package: str
    window: Window | None
    day: date | None
    downloads: int


def total(store: Store, package: str, *, snapshot: Snapshot | None = None) -> Total:
    """All downloads stored, the sums of retired months included."""
    package, snapshot = package_name(package), current(store, snapshot)
    months = retired_months(store, snapshot)
    days = package_days(store, snapshot, [package])[package]
    window = span(snapshot, None, None, days)
    params: dict[str, Any] = {
        "package": package,
        "months": list(months),
        **(visible(snapshot.days, window) if window else NO_ROWS),
    }
    found = dict(store.query(filled(TOTAL), params)) if window or months else {}
    return total_of(snapshot, package, days, months, found)


def total_of(
    snapshot: Snapshot,
    package: str,
    days: Days,
    months: Mapping[date, int],
    sums: Mapping[str, int],
) -> Total:
    """The same from the sum of each category, retired months included; none without a row."""
    window = span(snapshot, None, None, days)
    return Total(
        snapshot=snapshot,
        package=package,
        downloads=sums.get(WITHOUT_MIRRORS, 0),
        with_mirrors=sums.get(WITH_MIRRORS, 0),
        first=min((*months, *([window.start] if window else [])), default=None),
        months=months,
        window=window,
        found=bool(sums),
    )


def shares(
    store: Store,
    package: str,
    dimension: str,
    *,
    start: date | None = None,
    end: date | None = None,
    limit: int | None = None,
    snapshot: Snapshot | None = None,
) -> Shares:
    """The part of every category in the downloads of a range; see :func:`all_shares`."""
    return all_shares(
        store, package, [dimension], start=start, end=end, limit=limit, snapshot=snapshot
    )[0]


def all_shares(
    store: Store,
    package: str,
    dimensions: Iterable[str],
    *,
    start: date | None = None,
    end: date | None = None,
    limit: int | None = None,
    snapshot: Snapshot | None = None,
) -> tuple[Shares, ...]:
    """The parts of every category of several dimensions, in one query.

    Not for ``overall``, of which one category contains the other. Sums are divided, not daily
    shares averaged, so that busy days weigh more.
    """
    package, snapshot = package_name(package), current(store, snapshot)
    asked = [known_dimension(dimension) for dimension in dimensions]
    if "overall" in asked:
        raise UsageError("overall has no shares: downloads with mirrors contain those without")
    window = span(snapshot, start, end, package_days(store, snapshot, [package])[package])
    found: dict[str, list[tuple[str, int]]] = {dimension: [] for dimension in asked}
    if window:
        params = {"package": package, "dimensions": asked, **visible(snapshot.days, window)}
        for dimension, category, downloads in store.query(filled(SHARES), params):
            found[dimension].append((category, downloads))
    return tuple(shares_of(snapshot, package, each, window, found[each], limit) for each in asked)


def shares_of(
    snapshot: Snapshot,
    package: str,
    dimension: Dimension,
    window: Window | None,
    rows: list[tuple[str, int]],
    limit: int | None,
) -> Shares:
    """The shares from the sum of each category, the largest first."""
    whole = sum(downloads for _, downloads in rows)
    listed = [Share(category, downloads, _part(downloads, whole)) for category, downloads in rows]
    kept = len(listed) if limit is None else limit
    return Shares(
        snapshot=snapshot,
        package=package,
        dimension=dimension,
        window=window,
        total=whole,
        shares=tuple(listed[:kept]),
        rest=_rest(listed[kept:], whole),
    )


def peak(
    store: Store,
    package: str,
    *,
    start: date | None = None,
    end: date | None = None,
    snapshot: Snapshot | None = None,
) -> Peak:
    """The day of a range on which a package had most downloads, without mirrors."""
    package, snapshot = package_name(package), current(store, snapshot)
    window = span(snapshot, start, end, package_days(store, snapshot, [package])[package])
    params = {"package": package, **visible(snapshot.days, window)} if window else {}
    rows = store.query(filled(PEAK), params) if window else []
    day, downloads = rows[0] if rows else (None, 0)
    return Peak(snapshot=snapshot, package=package, window=window, day=day, downloads=downloads)


def _part(downloads: int, whole: int) -> float:
    return downloads / whole if whole else 0.0


def _rest(others: list[Share], whole: int) -> Share | None:
    if not others:
        return None
    downloads = sum(share.downloads for share in others)
    return Share("other", downloads, _part(downloads, whole))

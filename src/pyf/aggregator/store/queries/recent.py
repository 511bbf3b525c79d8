"""Downloads of the last day, week and month, with pypistats.org's windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ..client import Store
from ..snapshot import Snapshot
from .base import Answer, current, filled, last_days, package_days, package_name, visible
from .windows import PERIOD_DAYS, Period, Window

RECENT = """
SELECT
    sumIf(downloads, day >= {day:Date}),
    sumIf(downloads, day >= {week:Date}),
    sum(downloads),
    count()
FROM downloads
WHERE $counted AND package = {package:String} AND $visible
"""


@dataclass(frozen=True, kw_only=True)
class Recent(Answer):
    """Downloads without mirrors of the last 1, 7 and 30 days that end with the last day loaded.

    A figure is the sum of the window's known days, None where no day of it is known;
    ``windows`` says what is missing. ``found`` is whether the package has any row in the month.
    """

    package: str
    last_day: int | None
    last_week: int | None
    last_month: int | None
    windows: Mapping[Period, Window]
    found: bool


def recent(
    store: Store, package: str, *, end: date | None = None, snapshot: Snapshot | None = None
) -> Recent:
    """The downloads of the last day, week and month; ``end`` moves the last day back."""
    package, snapshot = package_name(package), current(store, snapshot)
    days = package_days(store, snapshot, [package])[package] or snapshot.days
    month = last_days(days, PERIOD_DAYS["month"], end)
    if month is None:
        return Recent(
            snapshot=snapshot,
            package=package,
            last_day=None,
            last_week=None,
            last_month=None,
            windows={},
            found=False,
        )
    windows = {
        period: window
        for period, length in PERIOD_DAYS.items()
        if (window := last_days(days, length, month.end))
    }
    params = {
        "package": package,
        "day": windows["day"].start,
        "week": windows["week"].start,
        **visible(days, month),
    }
    [(*sums, rows)] = store.query(filled(RECENT), params) if month.known else [(0, 0, 0, 0)]
    day, week, whole = (
        int(value) if window.known else None
        for value, window in zip(sums, windows.values(), strict=True)
    )
    return Recent(
        snapshot=snapshot,
        package=package,
        last_day=day,
        last_week=week,
        last_month=whole,
        windows=windows,
        found=rows > 0,
    )

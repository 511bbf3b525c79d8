"""What every question shares: names at the edge, the snapshot, visible rows, retired months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from string import Template
from typing import Any, Literal, get_args

from ...errors import UsageError
from ...names import normalize_name
from ..client import Store
from ..snapshot import Snapshot
from .windows import Window, next_start, trailing_window, window

ALL = "__all__"
"""The package that stands for the whole registry."""
WITH_MIRRORS, WITHOUT_MIRRORS = "with_mirrors", "without_mirrors"
UNKNOWN = "null"
"""The category of downloads whose client did not tell."""

Dimension = Literal[
    "overall", "python_major", "python_minor", "system", "installer", "country", "version"
]
DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

Days = Mapping[date, int]
"""Days that are known, and the load that counts for each."""

VISIBLE = "load_id IN {loads:Array(UInt64)} AND day BETWEEN {first:Date} AND {last:Date}"
"""Rows that count: ``loads`` belong to one day each; the days let whole partitions be skipped."""
COUNTED = "dimension = 'overall' AND category = 'without_mirrors'"
"""The rows that totals and leaderboards are made of."""

COVERED = """
SELECT DISTINCT package, day FROM downloads
WHERE dimension = 'overall' AND package IN {packages:Array(String)} AND $visible
"""
"""On which days of partial loads a package has figures."""
RETIRED = """
SELECT toStartOfMonth(day) AS month, count() AS days
FROM (
    SELECT day FROM loads WHERE status IN ('published', 'retired') GROUP BY day
    HAVING argMax(status, (scope = 'full', finished, id)) = 'retired'
)
GROUP BY month
"""
"""Months whose detail is gone, and how many of their days the monthly sums hold."""


@dataclass(frozen=True, kw_only=True)
class QueryResult:
    """What every result says of its data: the snapshot it was read from."""

    snapshot: Snapshot = field(repr=False)

    @property
    def data_through(self) -> date | None:
        """The last day loaded; None in an empty store."""
        return self.snapshot.data_through

    @property
    def loaded_at(self) -> datetime | None:
        """When the youngest load was published, UTC."""
        return self.snapshot.loaded_at


def fill_template(text: str, **parts: str) -> str:
    """A statement whose ``$parts`` are put in: SQL of this package, never a value.

    A part may have parts itself; ``$visible`` and ``$counted`` always stand for
    :data:`VISIBLE` and :data:`COUNTED`.
    """
    parts = {"visible": VISIBLE, "counted": COUNTED, **parts}
    while "$" in text:
        text = Template(text).substitute(parts)
    return text


def package_name(name: str) -> str:
    """The name as the store has it: PEP 503, or ``__all__``."""
    return ALL if name.strip() == ALL else normalize_name(name)


def package_names(names: Iterable[str]) -> list[str]:
    """Names as the store has them, each once, in the order given."""
    return list(dict.fromkeys(map(package_name, names)))


def check_dimension(dimension: str) -> Dimension:
    """The dimension of this name; raises :class:`UsageError` where there is none."""
    for known in DIMENSIONS:
        if known == dimension:
            return known
    raise UsageError(f"unknown dimension {dimension!r}; there are: {', '.join(DIMENSIONS)}")


def current_snapshot(store: Store, snapshot: Snapshot | None) -> Snapshot:
    """The snapshot given, or that of this moment."""
    return store.snapshot() if snapshot is None else snapshot


def shared_days(snapshot: Snapshot) -> Days:
    """The days that are known for every package: what leaderboards and ranks are made of.

    A store that was never loaded with all packages is taken for what it has of some.
    """
    full = {day: load for day, load in snapshot.days.items() if day not in snapshot.partial}
    return full or snapshot.days


def package_days(store: Store, snapshot: Snapshot, packages: Sequence[str]) -> Mapping[str, Days]:
    """The days that are known for each package: every full load's, and its own of partial ones."""
    full = {day: load for day, load in snapshot.days.items() if day not in snapshot.partial}
    found = {package: dict(full) for package in packages}
    if snapshot.partial:
        params = {
            "packages": list(packages),
            **visible_params_between(snapshot.days, min(snapshot.partial), max(snapshot.partial)),
        }
        for package, day in store.query(fill_template(COVERED), params):
            found[package][day] = snapshot.days[day]
    return found


def last_days(days: Days, length: int, end: date | None = None) -> Window | None:
    """The window of so many days that ends with ``end``, or the last known day; None without."""
    end = end or max(days, default=None)
    return trailing_window(end, length, days) if end else None


def clip_range(
    snapshot: Snapshot, start: date | None, end: date | None, known: Days | None = None
) -> Window | None:
    """The range asked for, as far as the store has days; None where it holds none of it.

    Without ``start`` from the first day loaded, without ``end`` to the last. A range is cut to
    these, so that what is missing in it are gaps in the data. ``known``: the days that count.
    """
    if start and end and end < start:
        return window(start, end, ())  # raises
    if not snapshot.days:
        return None
    first, last = min(snapshot.days), max(snapshot.days)
    start, end = max(start or first, first), min(end or last, last)
    return window(start, end, snapshot.days if known is None else known) if start <= end else None


def visible_params(days: Days, over: Window) -> dict[str, Any]:
    """The parameters of :data:`VISIBLE` for the days of a window."""
    return visible_params_between(days, over.start, over.end)


def visible_params_between(days: Days, first: date, last: date) -> dict[str, Any]:
    """The parameters of :data:`VISIBLE` from one day to another, both included."""
    loads = [load for day, load in sorted(days.items()) if first <= day <= last]
    return {"loads": loads, "first": first, "last": last}


def retired_months(store: Store, snapshot: Snapshot) -> Mapping[date, int]:
    """Months of which only sums are left, and how many days of each were loaded.

    A month of which the snapshot still has days is not among them: it counts by its days.
    """
    live = {day.replace(day=1) for day in snapshot.days}
    return {month: days for month, days in sorted(store.query(RETIRED)) if month not in live}


def months_within(
    months: Mapping[date, int], start: date | None, end: date | None
) -> dict[date, int]:
    """Those of the months that lie wholly in the range."""
    return {
        month: days
        for month, days in months.items()
        if (start is None or month >= start) and (end is None or next_start(month, "month") <= end)
    }


EPOCH = date(1970, 1, 1)
NO_ROWS: Mapping[str, Any] = visible_params_between({}, EPOCH, EPOCH)
"""Parameters of :data:`VISIBLE` that no row fits."""


@dataclass(frozen=True)
class PackageCondition:
    """A condition on ``package`` in ClickHouse's SQL, with the parameters it names.

    For instance ``Condition("package NOT IN (SELECT name FROM flags)")``: it is SQL, so nothing of
    a user's stands in it.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def __and__(self, other: PackageCondition) -> PackageCondition:
        """Both."""
        return PackageCondition(f"({self.sql}) AND ({other.sql})", {**self.params, **other.params})


def package_condition(
    among: Iterable[str] | None, exclude: Iterable[str], condition: PackageCondition | None
) -> PackageCondition:
    """All packages but ``__all__``; those of ``among`` only, without those of ``exclude``."""
    chosen = PackageCondition(f"package != '{ALL}'")
    if among is not None:
        chosen &= PackageCondition(
            "package IN {among:Array(String)}", {"among": package_names(among)}
        )
    if names := package_names(exclude):
        chosen &= PackageCondition("package NOT IN {exclude:Array(String)}", {"exclude": names})
    return chosen & condition if condition else chosen
